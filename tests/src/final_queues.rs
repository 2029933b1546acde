//! A test's own queues on the local stack, under the names of a stack's outputs: what fails, and where it came from.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use gatehouse_queues::listing::{self, Depth};
use gatehouse_queues::{Queue, Stack};
use serde_json::{Value, json};

use crate::operations::Operations;

static HOUSES: AtomicU32 = AtomicU32::new(0);

/// The queues that each of them has.
const QUEUES: [&str; 6] = [
    "UploadQueueUrl",
    "DeadLetterQueueUrl",
    "SettleQueueUrl",
    "ImportQueueUrl",
    "RejectedQueueUrl",
    "StreamFailureQueueUrl",
];
/// The functions that reject: the output, and the name.
pub const FUNCTIONS: [(&str, &str); 4] = [
    ("FaceBlurFunctionName", "test-face-blur"),
    ("BidSettleFunctionName", "test-bid-settle"),
    ("BidImportFunctionName", "test-bid-import"),
    ("DedupeProcessFunctionName", "test-dedupe-process"),
];

/// Some queues, and a wire to them on which things can go wrong.
pub struct FinalQueues {
    /// What the commands are given.
    pub stack: Stack,
    /// The wire of the commands.
    pub operations: Operations,
    /// The configuration of the commands' clients.
    pub aws: SdkConfig,
    /// A client on that wire.
    pub tapped: Client,
    /// A client that nothing goes wrong with.
    pub sqs: Client,
}

impl FinalQueues {
    /// Makes empty ones. `others` are more outputs of the stack.
    pub async fn new(others: &[(&str, &str)]) -> Self {
        let aws = gatehouse_core::aws::config();
        let sqs = Client::new(&aws);
        let house = format!(
            "queues-{}-{}",
            std::process::id(),
            HOUSES.fetch_add(1, Ordering::Relaxed)
        );
        let mut outputs: Vec<(String, String)> = Vec::new();
        for key in QUEUES {
            let made = sqs.create_queue().queue_name(format!("{house}-{key}")).send().await;
            outputs.push((key.to_owned(), made.expect("a queue").queue_url.unwrap()));
        }
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        outputs.extend(FUNCTIONS.iter().map(owned));
        outputs.extend(others.iter().map(owned));
        let operations = Operations::default();
        let aws = operations.config(&aws);
        Self {
            stack: Stack::new(house, outputs),
            operations,
            tapped: Client::new(&aws),
            aws,
            sqs,
        }
    }

    /// A queue that only a person takes from.
    pub fn queue(&self, name: &str) -> Queue {
        self.stack.queue(name).unwrap()
    }

    /// A queue that a function reads, as the commands see it.
    pub fn work_queue(&self, name: &str) -> Queue {
        let failed = self.queue("rejected");
        let url = failed.url.replace("RejectedQueueUrl", name);
        Queue { url, ..failed }
    }

    /// Puts a message into a queue, with an attribute.
    pub async fn send(&self, queue: &Queue, body: &str) {
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("kept");
        let request = self.sqs.send_message().queue_url(&queue.url).message_body(body);
        let request = request.message_attributes("mark", attribute.build().unwrap());
        request.send().await.expect("a message");
    }

    /// Puts what a function rejects into a queue.
    pub async fn reject(&self, queue: &Queue, function: &str, reason: &str, record: Value) {
        let rejection = json!({ "reason": reason, "detail": "said the test", "record": record, "function": function,
            "rejectedAt": "2026-01-02T03:04:05Z" });
        self.send(queue, &rejection.to_string()).await;
    }

    /// How many messages are in a queue.
    pub async fn depth(&self, queue: &Queue) -> Depth {
        listing::depth(&self.sqs, queue).await.unwrap()
    }

    /// Takes everything out of a queue that can be received: the bodies, in the order of their text, each with its mark.
    pub async fn drain(&self, queue: &Queue) -> Vec<(String, Option<String>)> {
        let mut bodies = Vec::new();
        loop {
            let request = self
                .sqs
                .receive_message()
                .queue_url(&queue.url)
                .max_number_of_messages(10);
            let received = request.message_attribute_names("All").send().await.unwrap();
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                bodies.sort();
                return bodies;
            }
            for message in messages {
                let mark = message
                    .message_attributes
                    .and_then(|mut attributes| attributes.remove("mark"));
                bodies.push((message.body.unwrap(), mark.and_then(|mark| mark.string_value)));
                let request = self.sqs.delete_message().queue_url(&queue.url);
                request
                    .receipt_handle(message.receipt_handle.unwrap())
                    .send()
                    .await
                    .unwrap();
            }
        }
    }

    /// The same without the marks.
    pub async fn bodies(&self, queue: &Queue) -> Vec<String> {
        self.drain(queue).await.into_iter().map(|(body, _)| body).collect()
    }
}
