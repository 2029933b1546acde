//! The deployed stack's bucket, ledger and queues for photos in place, seen from the outside.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::QueueAttributeName;
use gatehouse_core::rejected::Rejection;
use serde_json::Value;
use tokio::sync::Mutex;

use super::stream::Stream;
use crate::logs::Logs;
use crate::stack::{PATIENCE, variable};
use crate::{bucket, eventually, room};

/// How long nothing may change for a key to be called quiet.
const QUIET: Duration = Duration::from_secs(3);

/// The stack that `sam deploy` made of `template.yaml`, as far as photos are replaced in place.
pub struct Deployed {
    /// A client that may do everything.
    pub s3: aws_sdk_s3::Client,
    /// The same for DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The bucket's name.
    pub bucket: String,
    /// The ledger's table.
    pub table: String,
    /// What the functions for photos in place say, and how often they were invoked.
    pub logs: [Logs; 2],
    sqs: aws_sdk_sqs::Client,
    rejected_queue_url: String,
    final_queue_urls: [String; 2],
    changes: Mutex<(Stream, Vec<Value>)>,
}

impl Deployed {
    /// The stack of this test run, with its rejected queue emptied.
    pub async fn connect() -> Self {
        let aws = gatehouse_core::aws::config();
        let (dynamodb, table) = (aws_sdk_dynamodb::Client::new(&aws), variable("GATEHOUSE_LEDGER_TABLE"));
        let stream = Stream::of(&dynamodb, &aws, &table).await;
        let deployed = Self {
            s3: aws_sdk_s3::Client::new(&aws),
            sqs: aws_sdk_sqs::Client::new(&aws),
            logs: [
                "GATEHOUSE_DEDUPE_RECORD_LOG_GROUP",
                "GATEHOUSE_DEDUPE_PROCESS_LOG_GROUP",
            ]
            .map(|group| Logs::of(&aws, &variable(group))),
            bucket: variable("GATEHOUSE_IN_PLACE_BUCKET"),
            rejected_queue_url: variable("GATEHOUSE_REJECTED_QUEUE_URL"),
            final_queue_urls: [
                variable("GATEHOUSE_RECORD_DEAD_LETTER_QUEUE_URL"),
                variable("GATEHOUSE_STREAM_FAILURE_QUEUE_URL"),
            ],
            changes: Mutex::new((stream, Vec::new())),
            dynamodb,
            table,
        };
        deployed.rejections().await;
        deployed
    }

    /// Uploads a file.
    pub async fn upload(&self, key: &str, file: &[u8]) {
        let request = self.s3.put_object().bucket(&self.bucket).key(key);
        let request = request.content_type("image/jpeg").body(ByteStream::from(file.to_vec()));
        request.send().await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
    }

    /// What lies under the key once the ledger calls it done or rejected, and nothing has changed for a
    /// while.
    pub async fn quiet(&self, key: &str) -> Vec<u8> {
        eventually(&format!("{key} processed"), PATIENCE, || async {
            self.is_over(key).await.then_some(())
        })
        .await;
        loop {
            let before = (self.writes(key).await, self.changes(key).await.len());
            tokio::time::sleep(QUIET).await;
            if before == (self.writes(key).await, self.changes(key).await.len()) && self.is_over(key).await {
                return self.file(key).await.expect("an object");
            }
        }
    }

    /// How often the two functions were invoked since the stack came up: `dedupe-record`, `dedupe-process`.
    pub async fn invocations(&self) -> [usize; 2] {
        let [record, process] = &self.logs;
        [record.invocations().await, process.invocations().await]
    }

    async fn is_over(&self, key: &str) -> bool {
        let state = self.item(key).await.map(|item| item["state"].as_s().unwrap().clone());
        matches!(state.as_deref(), Some("done" | "rejected"))
    }

    /// What lies under the key now.
    pub async fn file(&self, key: &str) -> Option<Vec<u8>> {
        bucket::file(&self.s3, &self.bucket, key).await
    }

    /// How often the key was written, by anybody.
    pub async fn writes(&self, key: &str) -> usize {
        bucket::versions(&self.s3, &self.bucket, key).await.len()
    }

    /// The ledger's item of the key.
    pub async fn item(&self, key: &str) -> Option<HashMap<String, AttributeValue>> {
        let request = self.dynamodb.get_item().table_name(&self.table).key("pk", self.pk(key));
        request.consistent_read(true).send().await.unwrap().item
    }

    /// The partition key of the object's item.
    pub fn pk(&self, key: &str) -> AttributeValue {
        AttributeValue::S(format!("{}/{key}", self.bucket))
    }

    /// Every change of the key's item so far. Each piece of work begins with one.
    pub async fn changes(&self, key: &str) -> Vec<Value> {
        let mut changes = self.changes.lock().await;
        let (stream, seen) = &mut *changes;
        seen.extend(stream.new_records().await);
        let pk = format!("{}/{key}", self.bucket);
        let of_key = |change: &&Value| change["dynamodb"]["Keys"]["pk"]["S"] == *pk;
        seen.iter().filter(of_key).cloned().collect()
    }

    /// Takes everything out of the rejected queue, in the order of its reasons.
    pub async fn rejections(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.rejected_queue_url).await
    }

    /// Messages in the record dead-letter queue and in the stream failure queue.
    pub async fn failures(&self) -> u32 {
        let mut failures = 0;
        for url in &self.final_queue_urls {
            let request = self.sqs.get_queue_attributes().queue_url(url);
            let request = request.attribute_names(QueueAttributeName::All);
            let attributes = request.send().await.unwrap().attributes.unwrap();
            let waiting = &attributes[&QueueAttributeName::ApproximateNumberOfMessages];
            failures += waiting.parse::<u32>().unwrap();
        }
        failures
    }
}
