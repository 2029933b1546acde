//! An HTTP client that writes down each request and plays answers back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::{EventStore, Record};

/// What comes back for one request.
#[derive(Debug, Clone)]
pub enum Answer {
    Done(Value),
    Refused(u16, Value),
    Lost,
}

/// The wire. Its clones are the same wire.
#[derive(Debug, Clone, Default)]
pub struct Wire(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    requests: Vec<(String, Value)>,
    answers: VecDeque<Answer>,
}

/// A store on a wire with these answers, one for each request.
pub fn store(answers: &[Answer]) -> (EventStore, Wire) {
    let wire = Wire::default();
    wire.0.lock().unwrap().answers.extend(answers.iter().cloned());
    let connector = SharedHttpConnector::new(wire.clone());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .http_client(http_client_fn(move |_, _| connector.clone()));
    (EventStore::new(Client::from_conf(config.build()), "events"), wire)
}

/// An error by name, with what else it says.
pub fn refused(name: &str, mut more: Value) -> Answer {
    more["__type"] = format!("com.amazonaws.dynamodb.v20120810#{name}").into();
    Answer::Refused(400, more)
}

/// A record as DynamoDB shows it.
pub fn item(record: &Record) -> Value {
    json!({
        "pk": { "S": "stream" }, "sk": { "N": record.version.to_string() }, "at": { "S": record.at },
        "type": { "S": record.kind }, "body": { "S": record.body }, "hash": { "S": record.hash },
    })
}

impl Wire {
    /// The requests so far: operation and body.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().requests.clone()
    }

    /// The names of the requests so far.
    pub fn operations(&self) -> Vec<String> {
        self.requests().into_iter().map(|(operation, _)| operation).collect()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let mut inner = self.0.lock().unwrap();
        inner.requests.push((operation, body));
        let (status, answer) = match inner.answers.pop_front().expect("an answer") {
            Answer::Done(answer) => (200, answer),
            Answer::Refused(status, answer) => (status, answer),
            Answer::Lost => return HttpConnectorFuture::ready(Err(ConnectorError::timeout("no answer".into()))),
        };
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}
