//! How our functions talk to AWS: the same retries and time-outs for every client.
//!
//! Lambda puts credentials and region into a function's environment ("Working with Lambda environment variables" in its
//! developer guide), so that is where they are read from, and nowhere else. The SDK's own loader would look through profiles,
//! containers and machines too: that is for a person at a keyboard, and half a megabyte of every function.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_types::origin::Origin;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Tries of one call, the first included. More would eat up the invocation; the queue retries too.
const ATTEMPTS: u32 = 3;
/// A connection inside of a region takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// One try of one call, up to the first byte of its answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// A client of this SDK crate with this configuration: `client!(aws_sdk_s3, aws)`. Each call of it is in its trace
/// ([`AwsCalls`](crate::telemetry::trace::AwsCalls)).
#[macro_export]
macro_rules! client {
    ($sdk:ident, $aws:expr) => {
        $sdk::Client::from_conf(
            $sdk::config::Builder::from($aws)
                .interceptor($crate::telemetry::trace::AwsCalls)
                .build(),
        )
    };
}

/// The configuration that every client of a function is made from. Of the environment it reads `AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ENDPOINT_URL`, also for a single
/// service (`AWS_ENDPOINT_URL_S3`), `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`: "Settings reference" in the AWS
/// SDKs and Tools Reference Guide. Credentials are read at the first call: one without them fails, and says so.
pub fn config() -> SdkConfig {
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .identity_cache(IdentityCache::lazy().build())
        .region(region.map(Region::new))
        .service_config(ServiceVariables)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .retry_config(retries())
        .timeout_config(timeouts())
        .use_fips(is_on("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"));
    builder.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    // Or DynamoDB's client would choose a number of its own.
    builder.insert_origin("retry_config", Origin::shared_config());
    builder.build()
}

/// Three tries of each call.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

/// Two seconds for a connection, fifteen for one try of one call.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}

/// The same configuration, where one try of one call has this long: for a function that somebody waits for, and a service
/// that answers in milliseconds. A connection that hangs is then given up while there is time for another.
pub fn with_attempt_timeout(aws: &SdkConfig, timeout: Duration) -> SdkConfig {
    let timeouts = aws.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    aws.to_builder()
        .timeout_config(timeouts.operation_attempt_timeout(timeout).build())
        .build()
}

/// What the environment says for one service alone.
#[derive(Debug)]
struct ServiceVariables;

impl LoadServiceConfig for ServiceVariables {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        variable(&of_service(key.env(), key.service_id()))
    }
}

/// `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS` of `AWS_ENDPOINT_URL` and `CloudWatch Logs`.
fn of_service(name: &str, service: &str) -> String {
    format!("{name}_{}", service.replace(' ', "_").to_uppercase())
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn is_on(name: &str) -> bool {
    variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_of_one_service_has_its_name_at_the_end() {
        assert_eq!(of_service("AWS_ENDPOINT_URL", "SQS"), "AWS_ENDPOINT_URL_SQS");
        let of_logs = of_service("AWS_ENDPOINT_URL", "CloudWatch Logs");
        assert_eq!(of_logs, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS");
    }

    #[test]
    fn every_client_tries_three_times_and_gives_up_a_try_after_fifteen_seconds() {
        let aws = config();
        assert_eq!(aws.retry_config().map(RetryConfig::max_attempts), Some(3));
        assert!(aws.get_origin("retry_config").is_client_config());
        let timeout = aws.timeout_config().and_then(TimeoutConfig::operation_attempt_timeout);
        assert_eq!(timeout, Some(Duration::from_secs(15)));
    }
}
