//! Faults between a handler and AWS: an HTTP client that does, once, what it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use tokio::sync::Notify;

/// The calls in the life of a photo, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// dedupe-record's UpdateItem.
    Accept,
    /// GetObject.
    Get,
    /// The UpdateItem that announces the content.
    Claim,
    /// PutObject.
    Put,
    /// The UpdateItem that records the output.
    Record,
    /// The UpdateItem that says why an upload was rejected.
    Reject,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// AWS is throttling.
    Throttled,
    /// AWS answers with a 500.
    ServerError,
    /// Another write of the same key is under way: S3 answers 409.
    Conflict,
    /// The request never arrives, and times out.
    NoAnswer,
    /// The request arrives and is carried out, but its answer is lost, and it times out.
    AnswerLost,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies right after the call was carried out.
    CrashAfter,
    /// Somebody uploads another photo under the same key right before the call.
    OvertakenBefore,
}

/// What is to go wrong, and what was called.
#[derive(Debug)]
pub struct Faults {
    next: Mutex<Option<(Call, Fault)>>,
    poisoned: Mutex<String>,
    carried_out: Mutex<HashMap<Call, usize>>,
    crashed: Notify,
    s3: aws_sdk_s3::Client,
    bucket: String,
    overtaking: Mutex<(String, Vec<u8>)>,
}

impl Faults {
    pub(super) fn new(s3: aws_sdk_s3::Client, bucket: &str) -> Self {
        Self {
            next: Mutex::default(),
            poisoned: Mutex::default(),
            carried_out: Mutex::default(),
            crashed: Notify::new(),
            s3,
            bucket: bucket.to_owned(),
            overtaking: Mutex::default(),
        }
    }

    /// Lets the next call of this kind go wrong, and none after it.
    pub fn once(&self, call: Call, fault: Fault) {
        *self.next.lock().unwrap() = Some((call, fault));
    }

    /// Lets every attempt to fetch the object of this key go wrong from now on; an empty key ends that.
    pub fn poison(&self, key: &str) {
        *self.poisoned.lock().unwrap() = key.to_owned();
    }

    /// The upload that comes in between with [`Fault::OvertakenBefore`].
    pub fn overtake_with(&self, key: &str, file: &[u8]) {
        *self.overtaking.lock().unwrap() = (key.to_owned(), file.to_vec());
    }

    /// How many calls of this kind AWS has carried out.
    pub fn carried_out(&self, call: Call) -> usize {
        self.carried_out.lock().unwrap().get(&call).copied().unwrap_or(0)
    }

    /// Whether the fault has happened.
    pub fn is_over(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }

    /// Runs a handler to its end, or to the crash that was asked for: then it is dropped where it
    /// stands.
    pub(super) async fn until_crash<T>(&self, handler: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = handler => Some(answer),
            () = self.crashed.notified() => None,
        }
    }

    fn take(&self, call: Option<Call>, uri: &str) -> Option<Fault> {
        let poisoned = self.poisoned.lock().unwrap();
        if call == Some(Call::Get) && !poisoned.is_empty() && uri.contains(poisoned.as_str()) {
            return Some(Fault::ServerError);
        }
        let due = self.next.lock().unwrap().take_if(|(at, _)| Some(*at) == call);
        due.map(|(_, fault)| fault)
    }

    fn count(&self, call: Option<Call>) {
        if let Some(call) = call {
            *self.carried_out.lock().unwrap().entry(call).or_default() += 1;
        }
    }

    async fn crash<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }

    async fn overtake(&self) {
        let (key, file) = self.overtaking.lock().unwrap().clone();
        let request = self.s3.put_object().bucket(&self.bucket).key(key);
        request.body(ByteStream::from(file)).send().await.expect("an upload");
    }
}

/// The HTTP client that lets calls go wrong.
#[derive(Debug, Clone)]
pub(super) struct Faulty {
    inner: SharedHttpClient,
    faults: Arc<Faults>,
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    faults: Arc<Faults>,
}

impl Faulty {
    pub(super) fn new(faults: Arc<Faults>) -> Self {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let inner = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
        Self { inner, faults }
    }
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
            let call = kind(&request);
            let is_s3 = matches!(call, Some(Call::Get | Call::Put));
            let fault = faults.take(call, request.uri());
            match fault {
                Some(fault @ (Fault::Throttled | Fault::ServerError | Fault::Conflict)) => {
                    return Ok(refusal(is_s3, fault));
                }
                Some(Fault::NoAnswer) => return Err(time_out()),
                Some(Fault::CrashBefore) => faults.crash().await,
                Some(Fault::OvertakenBefore) => faults.overtake().await,
                Some(Fault::AnswerLost | Fault::CrashAfter) | None => {}
            }
            let answer = inner.call(request).await;
            faults.count(call);
            match fault {
                Some(Fault::AnswerLost) => Err(time_out()),
                Some(Fault::CrashAfter) => faults.crash().await,
                _ => answer,
            }
        })
    }
}

/// Which call a request is. None for others, such as those for credentials or tags.
fn kind(request: &HttpRequest) -> Option<Call> {
    if request.headers().get("x-amz-target").is_some() {
        let body = std::str::from_utf8(request.body().bytes()?).ok()?;
        return [
            ("ADD #intents", Call::Claim),
            ("#state = :state, #outputETag = :etag", Call::Record),
            ("REMOVE #reason", Call::Accept),
            ("#reason = :reason", Call::Reject),
        ]
        .into_iter()
        .find_map(|(part, call)| body.contains(part).then_some(call));
    }
    match request.method() {
        "GET" if request.uri().contains("x-id=GetObject") => Some(Call::Get),
        "PUT" => Some(Call::Put),
        _ => None,
    }
}

fn refusal(is_s3: bool, fault: Fault) -> HttpResponse {
    let (status, code) = match (is_s3, fault) {
        (true, Fault::Conflict) => (409, "ConditionalRequestConflict"),
        (true, Fault::Throttled) => (503, "SlowDown"),
        (true, _) => (500, "InternalError"),
        (false, Fault::Throttled) => (400, "ProvisionedThroughputExceededException"),
        (false, _) => (500, "InternalServerError"),
    };
    let body = match is_s3 {
        true => format!("<Error><Code>{code}</Code><Message>said the test</Message></Error>"),
        false => format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"said the test"}}"#),
    };
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

fn time_out() -> ConnectorError {
    ConnectorError::timeout("a test lets this call time out".into())
}
