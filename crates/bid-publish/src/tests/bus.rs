//! EventBridge and the failure queue behind the SDK's HTTP client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use gatehouse_core::patience::Limit;
use gatehouse_core::rejected::Rejection;
use serde_json::{Value, json};

use crate::Deps;
use crate::config::Config;

/// How a request is answered that does not go well.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// The next request's entry fails with this code.
    EntryFailed(&'static str),
    /// The next request that tells of this position fails with this code.
    Position(u64, &'static str),
    /// Status 200, and not a word about the entry.
    NoEntries,
    /// Not allowed at all.
    Down,
}

#[derive(Debug, Clone, Default)]
pub struct Wire(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    answers: Vec<Answer>,
    sent: Vec<String>,
    told: Vec<(String, Value)>,
    given_up: Vec<Rejection>,
}

/// A handler on a bus that answers so, and well to everything else.
pub fn deps(answers: &[Answer]) -> (Deps, Wire) {
    let wire = Wire::default();
    wire.0.lock().unwrap().answers = answers.to_vec();
    let connector = SharedHttpConnector::new(wire.clone());
    let credentials = Credentials::new("id", "secret", None, None, "test");
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .http_client(http_client_fn(move |_, _| connector.clone()));
    let config = Config {
        event_bus: "auctions".to_owned(),
        stream_failure_queue_url: "https://sqs.us-east-1.amazonaws.com/000000000000/failures".to_owned(),
        give_up_after: Limit::default(),
        concurrency: 10,
    };
    (Deps::new(config, &aws.build()), wire)
}

impl Wire {
    /// The requests' bodies.
    pub fn sent(&self) -> Vec<String> {
        self.0.lock().unwrap().sent.clone()
    }

    /// What the bus has taken: type and detail of each event.
    pub fn told(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().told.clone()
    }

    /// What the failure queue has taken.
    pub fn given_up(&self) -> Vec<Rejection> {
        self.0.lock().unwrap().given_up.clone()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap().to_owned();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let mut inner = self.0.lock().unwrap();
        let (status, answer) = match target.ends_with("SendMessage") {
            true => inner.take_message(&body),
            false => inner.answer(body),
        };
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl Inner {
    fn take_message(&mut self, body: &str) -> (u16, Value) {
        let request: Value = serde_json::from_str(body).unwrap();
        let message = request["MessageBody"].as_str().unwrap();
        self.given_up.push(serde_json::from_str(message).unwrap());
        (200, json!({ "MessageId": "1" }))
    }

    fn answer(&mut self, body: String) -> (u16, Value) {
        let request: Value = serde_json::from_str(&body).unwrap();
        self.sent.push(body);
        let entry = &request["Entries"][0];
        let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        let is_meant =
            |answer: &Answer| !matches!(answer, Answer::Position(position, _) if detail["position"] != *position);
        let index = self.answers.iter().position(is_meant);
        match index.map(|index| self.answers.remove(index)) {
            None => {
                self.told
                    .push((entry["DetailType"].as_str().unwrap().to_owned(), detail));
                (200, json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }] }))
            }
            Some(Answer::EntryFailed(code) | Answer::Position(_, code)) => (
                200,
                json!({ "FailedEntryCount": 1, "Entries": [{ "ErrorCode": code, "ErrorMessage": "said the test" }] }),
            ),
            Some(Answer::NoEntries) => (200, json!({})),
            Some(Answer::Down) => (400, json!({ "__type": "AccessDeniedException" })),
        }
    }
}
