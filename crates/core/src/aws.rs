//! How our functions talk to AWS: the same retries and time-outs for every client.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// Tries of one call, the first included. More would eat up the invocation; the queue retries too.
const ATTEMPTS: u32 = 3;
/// A connection inside of a region takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// One try of one call, up to the first byte of its answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// The configuration that every client is made from: credentials and region of the function, and
/// `AWS_ENDPOINT_URL` where it is set.
pub async fn config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts)
        .load()
        .await
}

/// The same configuration, where one try of one call has this long: for a function that somebody waits for, and a service
/// that answers in milliseconds. A connection that hangs is then given up while there is time for another.
pub fn with_attempt_timeout(aws: &SdkConfig, timeout: Duration) -> SdkConfig {
    let timeouts = aws.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
    aws.to_builder()
        .timeout_config(timeouts.operation_attempt_timeout(timeout).build())
        .build()
}
