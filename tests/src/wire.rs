//! Between a handler and AWS: an HTTP client that writes down each call, and lets a test come in
//! between.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

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
use tokio::sync::Notify;

type Between = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What happens to a call.
enum Twist {
    /// Something else happens before it.
    Before(Between),
    /// S3 answers with this status and code, and does nothing.
    Refused(u16, &'static str),
    /// It is carried out, but its answer is lost.
    AnswerLost,
    /// It is carried out, and then the process dies.
    CrashAfter,
}

/// The wire of one handler.
#[derive(Default)]
pub struct Wire {
    calls: Mutex<Vec<String>>,
    next: Mutex<Option<(&'static str, Twist)>>,
    crashed: Notify,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// The configuration of clients on this wire. They try each call this often.
    pub(crate) fn config(self: &Arc<Self>, aws: &SdkConfig, attempts: u32) -> SdkConfig {
        let retries = RetryConfig::standard().with_max_attempts(attempts);
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let inner = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        let wire = Arc::clone(self);
        let client = Tapped { inner, wire };
        aws.to_builder().retry_config(retries).http_client(client).build()
    }

    /// Lets this happen before the next call with this method.
    pub fn before(&self, method: &'static str, between: impl Future<Output = ()> + Send + 'static) {
        self.twist(method, Twist::Before(Box::pin(between)));
    }

    /// Lets S3 refuse the next call with this method.
    pub fn refuse(&self, method: &'static str, status: u16, code: &'static str) {
        self.twist(method, Twist::Refused(status, code));
    }

    /// Lets the answer to the next call with this method be lost.
    pub fn lose_answer(&self, method: &'static str) {
        self.twist(method, Twist::AnswerLost);
    }

    /// Lets the process die right after the next call with this method.
    pub fn crash_after(&self, method: &'static str) {
        self.twist(method, Twist::CrashAfter);
    }

    fn twist(&self, method: &'static str, twist: Twist) {
        *self.next.lock().unwrap() = Some((method, twist));
    }

    /// The methods of the calls since the last time, in their order.
    pub fn calls(&self) -> Vec<String> {
        assert!(
            self.next.lock().unwrap().is_none(),
            "what was to happen has not happened"
        );
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Runs a handler to its end, or to the crash that was asked for: then it is dropped where it
    /// stands.
    pub(crate) async fn until_crash<T>(&self, handler: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = handler => Some(answer),
            () = self.crashed.notified() => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Tapped {
    inner: SharedHttpClient,
    wire: Arc<Wire>,
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Arc<Wire>,
}

impl HttpClient for Tapped {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            wire: Arc::clone(&self.wire),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, wire) = (self.inner.clone(), Arc::clone(&self.wire));
        HttpConnectorFuture::new(async move {
            wire.calls.lock().unwrap().push(request.method().to_owned());
            let due = wire
                .next
                .lock()
                .unwrap()
                .take_if(|(method, _)| *method == request.method());
            match due.map(|(_, twist)| twist) {
                None => inner.call(request).await,
                Some(Twist::Before(between)) => {
                    between.await;
                    inner.call(request).await
                }
                Some(Twist::Refused(status, code)) => Ok(refusal(status, code)),
                Some(Twist::AnswerLost) => {
                    inner.call(request).await?;
                    Err(ConnectorError::timeout("a test lost this answer".into()))
                }
                Some(Twist::CrashAfter) => {
                    inner.call(request).await?;
                    wire.crashed.notify_one();
                    std::future::pending().await
                }
            }
        })
    }
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code><Message>said the test</Message></Error>");
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}
