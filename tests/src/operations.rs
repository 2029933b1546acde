//! Between a handler and AWS: an HTTP client that counts requests by their operation, and lets a test refuse, lose or
//! delay them.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

type Between = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What happens to a request.
pub enum Fault {
    /// The service throttles, and does nothing.
    Throttled,
    /// The service refuses with the error of this name, and does nothing.
    Refused(&'static str),
    /// Nobody answers.
    Down,
    /// The connection hangs: there is neither an answer nor an end.
    Hangs,
    /// It takes effect, but its answer is lost.
    AnswerLost,
    /// Something else happens before it.
    Before(Between),
}

/// What is to happen to which request.
struct Planned {
    operation: &'static str,
    skip: u32,
    times: u32,
    fault: Fault,
}

#[derive(Default)]
struct State {
    planned: Vec<Planned>,
    seen: BTreeMap<String, u32>,
}

/// The wire of one handler. Its clones are the same wire.
#[derive(Clone, Default)]
pub struct Operations(Arc<Mutex<State>>);

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operations")
    }
}

impl Operations {
    /// The configuration of clients on this wire: three tries, as our functions have, but next to no wait between.
    pub fn config(&self, aws: &SdkConfig) -> SdkConfig {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let inner = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let operations = self.clone();
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let client = Tapped { inner, operations };
        aws.to_builder().retry_config(retries).http_client(client).build()
    }

    /// Lets this happen to the next requests of this operation, so many of them, after so many that are left alone.
    pub fn plan(&self, operation: &'static str, skip: u32, times: u32, fault: Fault) {
        self.0.lock().unwrap().planned.push(Planned {
            operation,
            skip,
            times,
            fault,
        });
    }

    /// Nothing happens to requests any more.
    pub fn heal(&self) {
        self.0.lock().unwrap().planned.clear();
    }

    /// Whether all that was planned has happened.
    pub fn all_happened(&self) -> bool {
        self.0.lock().unwrap().planned.is_empty()
    }

    /// How often each operation was sent since the last time, tries of the SDK included.
    pub fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut self.0.lock().unwrap().seen)
    }

    fn next(&self, operation: &str) -> Option<Fault> {
        let mut state = self.0.lock().unwrap();
        *state.seen.entry(operation.to_owned()).or_default() += 1;
        let index = state
            .planned
            .iter()
            .position(|planned| planned.operation == operation)?;
        let planned = &mut state.planned[index];
        if planned.skip > 0 {
            planned.skip -= 1;
            return None;
        }
        planned.times -= 1;
        if planned.times == 0 {
            return Some(state.planned.remove(index).fault);
        }
        Some(match planned.fault {
            Fault::Throttled => Fault::Throttled,
            Fault::Refused(name) => Fault::Refused(name),
            Fault::Down => Fault::Down,
            Fault::Hangs => Fault::Hangs,
            Fault::AnswerLost => Fault::AnswerLost,
            Fault::Before(_) => panic!("what happens before a request happens once"),
        })
    }
}

#[derive(Debug, Clone)]
struct Tapped {
    inner: SharedHttpClient,
    operations: Operations,
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    operations: Operations,
}

impl HttpClient for Tapped {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            operations: self.operations.clone(),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, operations) = (self.inner.clone(), self.operations.clone());
        HttpConnectorFuture::new(async move {
            let mut lost = false;
            match operations.next(&operation(&request)) {
                None => (),
                Some(Fault::Throttled) => return Ok(refused(429, "ThrottlingException")),
                Some(Fault::Refused(name)) => return Ok(refused(400, name)),
                Some(Fault::Down) => return Err(ConnectorError::io("a test cut the wire".into())),
                Some(Fault::Hangs) => std::future::pending().await,
                Some(Fault::AnswerLost) => lost = true,
                Some(Fault::Before(between)) => between.await,
            }
            let answer = inner.call(request).await;
            if lost {
                return Err(ConnectorError::timeout("a test lost this answer".into()));
            }
            answer
        })
    }
}

/// The operation's name: services that speak JSON say it in a header, EventBridge Scheduler by method and path.
fn operation(request: &HttpRequest) -> String {
    match (request.headers().get("x-amz-target"), request.method()) {
        (Some(target), _) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        (None, "POST") => "CreateSchedule".to_owned(),
        (None, "DELETE") => "DeleteSchedule".to_owned(),
        (None, other) => other.to_owned(),
    }
}

/// An answer that all services give in one form or another.
fn refused(status: u16, name: &'static str) -> HttpResponse {
    let body = format!(r#"{{"__type":"{name}","message":"said the test"}}"#);
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-errortype", name);
    response
}
