//! One parameter of the Parameter Store, read with `GetParameter` (AWS Systems Manager API reference).
//!
//! The SDK's own crate for Systems Manager has some 150 operations and a third of a million lines, to be compiled for
//! this one. It is made of the same parts as this module: the SDK's runtime, its signer, its credentials and its
//! connections. What it would add is written down here: the protocol (AWS JSON 1.1: a POST of a JSON object, with the
//! operation in `X-Amz-Target`), and, in `endpoint`, the name of the host.

use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde_json::{Value, json};

use super::endpoint::endpoint;

/// A parameter that is read again and again.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    name: String,
    get: Operation<String, String, Answered>,
}

/// The store said something else than a value.
#[derive(Debug, thiserror::Error)]
#[error("answered {status}, {code}")]
pub(super) struct Answered {
    status: u16,
    code: String,
}

/// The parameter could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the flags can't be read")]
pub(super) struct Unreachable(#[source] BoxError);

impl Parameter {
    /// The parameter of this name.
    pub fn new(name: impl Into<String>, aws: &SdkConfig) -> Self {
        let operation = Operation::builder()
            .service_name("SSM")
            .operation_name("GetParameter")
            .behavior_version(aws.behavior_version().unwrap_or_else(BehaviorVersion::latest))
            .endpoint_url(&endpoint(aws))
            .timeout_config(aws.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled))
            .no_retry() // the cache tries again, whatever the cause
            .runtime_plugin(signing(aws));
        let operation = match aws.http_client() {
            Some(client) => operation.http_client(client),
            None => operation,
        };
        Self {
            name: name.into(),
            get: operation.serializer(request).deserializer(value).build(),
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// [`Unreachable`] if the store is down, throttles, does not allow it, or has no such parameter.
    pub async fn read(&self) -> Result<String, Unreachable> {
        let answer = self.get.invoke(self.name.clone()).await;
        answer.map_err(|error| Unreachable(error.into_source().unwrap_or_else(BoxError::from)))
    }
}

/// Signs with the function's credentials (AWS Signature Version 4).
fn signing(aws: &SdkConfig) -> StaticRuntimePlugin {
    let mut settings = Layer::new("GetParameter");
    settings.store_put(AuthSchemeOptionResolverParams::new(()));
    settings.store_put(SigV4OperationSigningConfig::default());
    settings.store_put(SigningName::from_static("ssm"));
    if let Some(region) = aws.region() {
        settings.store_put(SigningRegion::from(region.clone()));
    }
    let mut parts = RuntimeComponentsBuilder::new("GetParameter")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
    if let Some(credentials) = aws.credentials_provider() {
        parts.set_identity_resolver(SCHEME_ID, credentials);
    }
    StaticRuntimePlugin::new()
        .with_config(settings.freeze())
        .with_runtime_components(parts)
}

fn request(name: String) -> Result<HttpRequest, BoxError> {
    let body = json!({ "Name": name }).to_string();
    let length = body.len().to_string();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.1");
    headers.insert("content-length", length);
    headers.insert("x-amz-target", "AmazonSSM.GetParameter");
    Ok(request)
}

fn value(response: &HttpResponse) -> Result<String, OrchestratorError<Answered>> {
    let body = response.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |path: &str| body.pointer(path).and_then(Value::as_str);
    match text("/Parameter/Value") {
        Some(value) if response.status().is_success() => Ok(value.to_owned()),
        _ => {
            let code = text("/__type").and_then(|kind| kind.rsplit('#').next());
            Err(OrchestratorError::operation(Answered {
                status: response.status().as_u16(),
                code: code.unwrap_or("no code").to_owned(),
            }))
        }
    }
}
