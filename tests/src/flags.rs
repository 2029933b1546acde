//! Runtime flags for tests: a stand-in for the Parameter Store that can be down, the two queues for what is held back, and
//! the command that throws the flags of the deployed stack.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use gatehouse_core::flags::{CacheTime, Flags, Injection, Settings};
use gatehouse_core::hold::Hold;
use gatehouse_photo::gate::Gate;
use serde_json::{Value, json};

use crate::rekognition::serve;
use crate::stack::variable;

/// How long flags count as fresh in these tests: the shortest that can be set.
pub const CACHE: Duration = Duration::from_secs(2);

/// A Parameter Store with one parameter.
pub struct ParameterStore {
    url: String,
    document: Arc<Mutex<Option<String>>>,
    reads: Arc<AtomicUsize>,
}

impl ParameterStore {
    /// Starts one whose parameter is this document.
    pub async fn start(document: &Value) -> Self {
        let document = Arc::new(Mutex::new(Some(document.to_string())));
        let reads = Arc::new(AtomicUsize::new(0));
        let (answer, count) = (Arc::clone(&document), Arc::clone(&reads));
        let handler = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = match answer.lock().unwrap().clone() {
                Some(document) => (StatusCode::OK, json!({ "Parameter": { "Value": document } })),
                None => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    json!({ "__type": "InternalServerError" }),
                ),
            };
            async move { (answer.0, answer.1.to_string()).into_response() }
        };
        let url = serve(Router::new().route("/", post(handler))).await;
        Self { url, document, reads }
    }

    /// Throws the flags.
    pub fn throw(&self, document: &Value) {
        *self.document.lock().unwrap() = Some(document.to_string());
    }

    /// From now on it answers with 500, until flags are thrown.
    pub fn goes_down(&self) {
        *self.document.lock().unwrap() = None;
    }

    /// How often it was read.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// The flags of a new process that reads them here.
    pub fn flags(&self, aws: &SdkConfig, injection: Injection) -> Flags {
        let aws = aws.to_builder().endpoint_url(&self.url).build();
        let settings = Settings {
            parameter: "/test/flags".into(),
            cache: CacheTime(CACHE),
            injection,
        };
        Flags::new(Some(settings), &aws)
    }
}

/// A hold queue and a release queue of a test's own. What is handed back can be received again at once.
pub struct HoldQueues {
    sqs: aws_sdk_sqs::Client,
    /// The URL of the hold queue.
    pub hold: String,
    /// The URL of the release queue.
    pub release: String,
}

impl HoldQueues {
    /// Makes both.
    pub async fn new(aws: &SdkConfig, name: &str) -> Self {
        let sqs = aws_sdk_sqs::Client::new(aws);
        let hold = made(&sqs, &format!("{name}-hold")).await;
        let release = made(&sqs, &format!("{name}-release")).await;
        Self { sqs, hold, release }
    }

    /// A gate with these queues and these flags.
    pub fn gate(&self, flags: Flags) -> Gate {
        Gate::with(flags, Hold::new(self.sqs.clone(), &self.hold, &self.release))
    }

    /// How many messages are in a queue.
    pub async fn depth(&self, url: &str) -> usize {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let request = self
            .sqs
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(name.clone());
        let attributes = request.send().await.unwrap().attributes.unwrap();
        attributes[&name].parse().unwrap()
    }

    /// Hands ten messages of a queue to a handler, as Lambda does, and deletes those that it does not hand back; their
    /// number.
    pub async fn deliver(&self, url: &str, handler: impl AsyncFn(Value) -> Vec<String>) -> usize {
        let request = self.sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            return 0;
        }
        let name = url.rsplit('/').next().unwrap();
        let records: Vec<Value> = messages.iter().map(|message| as_lambda_has_it(message, name)).collect();
        let handed_back = handler(json!({ "Records": records })).await;
        let done = messages
            .iter()
            .filter(|message| !handed_back.contains(message.message_id.as_ref().unwrap()));
        let mut count = 0;
        for message in done {
            let handle = message.receipt_handle.as_ref().unwrap();
            let request = self.sqs.delete_message().queue_url(url).receipt_handle(handle);
            request.send().await.unwrap();
            count += 1;
        }
        count
    }
}

async fn made(sqs: &aws_sdk_sqs::Client, name: &str) -> String {
    let request = sqs.create_queue().queue_name(name);
    let request = request.attributes(QueueAttributeName::VisibilityTimeout, "0");
    request.send().await.expect("a queue").queue_url.unwrap()
}

fn as_lambda_has_it(message: &Message, queue: &str) -> Value {
    let sent = message.attributes.as_ref().unwrap()[&MessageSystemAttributeName::SentTimestamp].clone();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": { "SentTimestamp": sent },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
        "awsRegion": "us-east-1",
    })
}

/// The flags of the deployed stack. When it goes, they are as deployed again.
pub struct Thrown(());

impl Thrown {
    /// Throws flags with the command that people use, as `publish=off`.
    pub fn new(changes: &[&str]) -> Self {
        throw(changes);
        Self(())
    }

    /// Throws more of them.
    pub fn and(&self, changes: &[&str]) {
        throw(changes);
    }
}

impl Drop for Thrown {
    fn drop(&mut self) {
        throw(&["detector=as-deployed", "publish=on", "intake=on", "failure-injection=0"]);
    }
}

fn throw(changes: &[&str]) {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/flags.py");
    let mut command = Command::new("python3");
    let thrown = command
        .arg(tools)
        .arg(variable("GATEHOUSE_STACK"))
        .args(changes)
        .status();
    assert!(thrown.unwrap().success(), "{changes:?}");
}
