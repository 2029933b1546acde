//! Faults between the settlement and AWS: an HTTP client that counts its calls, and does to one of them what it is told.

use std::collections::BTreeMap;
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
use tokio::sync::Notify;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// AWS is throttling.
    Throttled,
    /// AWS answers with a 500.
    ServerError,
    /// The role may not do this.
    Denied,
    /// The request never arrives, and times out.
    NoAnswer,
    /// The request arrives and is carried out, but its answer is lost, and it times out.
    AnswerLost,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies right after the call was carried out.
    CrashAfter,
    /// The call waits until the test lets it go on.
    Held,
}

/// The wire of a settlement, and what is to go wrong on it.
#[derive(Debug, Default)]
pub struct Faults {
    plan: Mutex<Plan>,
    calls: Mutex<Vec<String>>,
    crashed: Notify,
    held: Notify,
    let_go: Notify,
}

/// What happens to calls of one operation.
#[derive(Debug)]
struct Each {
    spared: usize,
    left: usize,
    fault: Fault,
}

/// How much longer calls of one operation take.
#[derive(Debug, Clone, Copy)]
struct Slow {
    operation: &'static str,
    by: fn() -> Duration,
}

#[derive(Debug, Default)]
struct Plan {
    at: Option<(usize, Fault)>,
    each: BTreeMap<&'static str, Each>,
    denied: Vec<String>,
    slow: Option<Slow>,
}

impl Faults {
    /// Lets the call of this number, from 0, go wrong.
    pub fn at(&self, number: usize, fault: Fault) {
        self.plan.lock().unwrap().at = Some((number, fault));
    }

    /// Lets so many of the next calls of this operation go wrong.
    pub fn next(&self, operation: &'static str, calls: usize, fault: Fault) {
        self.after(operation, 0, calls, fault);
    }

    /// The same, after so many calls of this operation that are spared.
    pub fn after(&self, operation: &'static str, spared: usize, calls: usize, fault: Fault) {
        let each = Each {
            spared,
            left: calls,
            fault,
        };
        self.plan.lock().unwrap().each.insert(operation, each);
    }

    /// From now on, calls may not be made whose bodies hold one of these texts, whatever else is to go wrong.
    pub fn deny(&self, texts: &[&str]) {
        self.plan.lock().unwrap().denied = texts.iter().map(|text| (*text).to_owned()).collect();
    }

    /// How much longer each call of this operation takes from now on.
    pub fn slow_down(&self, operation: &'static str, by: fn() -> Duration) {
        self.plan.lock().unwrap().slow = Some(Slow { operation, by });
    }

    /// Waits until a call is held.
    pub async fn held(&self) {
        self.held.notified().await;
    }

    /// Lets the call go on that is held.
    pub fn let_go(&self) {
        self.let_go.notify_one();
    }

    /// The operations so far.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.calls().iter().filter(|call| *call == operation).count()
    }

    /// The configuration of clients on this wire. They try each call this often.
    pub(crate) fn config(self: &Arc<Self>, aws: &SdkConfig, attempts: u32) -> SdkConfig {
        let retries = RetryConfig::standard().with_max_attempts(attempts);
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let client = Faulty {
            inner: aws_smithy_http_client::Builder::new().tls_provider(tls).build_https(),
            faults: Arc::clone(self),
        };
        aws.to_builder().retry_config(retries).http_client(client).build()
    }

    /// Runs a handler to its end, or to the crash that was asked for: then it is dropped where it stands.
    pub(crate) async fn until_crash<T>(&self, handler: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = handler => Some(answer),
            () = self.crashed.notified() => None,
        }
    }

    /// What is to happen to the call that comes now.
    fn take(&self, operation: &str) -> Option<Fault> {
        let mut calls = self.calls.lock().unwrap();
        let number = calls.len();
        calls.push(operation.to_owned());
        let mut plan = self.plan.lock().unwrap();
        if let Some((_, fault)) = plan.at.take_if(|(at, _)| *at == number) {
            return Some(fault);
        }
        let each = plan.each.get_mut(operation)?;
        if let Some(fewer) = each.spared.checked_sub(1) {
            each.spared = fewer;
            return None;
        }
        each.left = each.left.checked_sub(1)?;
        Some(each.fault)
    }

    fn is_denied(&self, request: &HttpRequest) -> bool {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        let plan = self.plan.lock().unwrap();
        plan.denied.iter().any(|text| body.contains(text))
    }

    fn delay(&self, operation: &str) -> Option<Duration> {
        let slow = self.plan.lock().unwrap().slow?;
        (operation == slow.operation).then(slow.by)
    }

    async fn hold(&self) {
        self.held.notify_one();
        self.let_go.notified().await;
    }

    async fn crash<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }
}

#[derive(Debug, Clone)]
struct Faulty {
    inner: SharedHttpClient,
    faults: Arc<Faults>,
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    faults: Arc<Faults>,
}

impl HttpClient for Faulty {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            faults: Arc::clone(&self.faults),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, faults) = (self.inner.clone(), Arc::clone(&self.faults));
        HttpConnectorFuture::new(async move {
            let operation = operation(&request);
            let mut fault = faults.take(&operation);
            if faults.is_denied(&request) {
                fault = Some(Fault::Denied);
            }
            if let Some(delay) = faults.delay(&operation) {
                tokio::time::sleep(delay).await;
            }
            match fault {
                Some(Fault::Throttled) => return Ok(refusal(400, "ThrottlingException")),
                Some(Fault::ServerError) => return Ok(refusal(500, "InternalServerError")),
                Some(Fault::Denied) => return Ok(refusal(400, "AccessDeniedException")),
                Some(Fault::NoAnswer) => return Err(time_out()),
                Some(Fault::CrashBefore) => faults.crash().await,
                Some(Fault::Held) => faults.hold().await,
                Some(Fault::AnswerLost | Fault::CrashAfter) | None => {}
            }
            let answer = inner.call(request).await;
            match fault {
                Some(Fault::AnswerLost) => Err(time_out()),
                Some(Fault::CrashAfter) => faults.crash().await,
                _ => answer,
            }
        })
    }
}

/// The operation of a request: from its header, or for EventBridge Scheduler and S3 from its method.
fn operation(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target");
    let by_target = target
        .and_then(|target| target.rsplit('.').next())
        .map(ToOwned::to_owned);
    by_target.unwrap_or_else(|| match request.method() {
        "DELETE" => "DeleteSchedule".to_owned(),
        method => method.to_owned(),
    })
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    let body = format!(r#"{{"__type":"{code}","message":"said the test"}}"#);
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-errortype", code.to_owned());
    response
}

fn time_out() -> ConnectorError {
    ConnectorError::timeout("a test lets this call time out".into())
}
