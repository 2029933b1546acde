//! A test's own bucket, ledger and rejected queue, and the two handlers that replace photos in
//! place, run in this very process: for faults and orders of delivery that a deployed stack can't be
//! made to have. The bucket, the table and its stream are the local stack's.

pub mod deployed;
pub mod faults;
pub mod poller;
pub(crate) mod stream;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ObjectVersion, VersioningConfiguration};
use gatehouse_core::config::Environment;
use gatehouse_core::rejected::{RejectedQueue, Rejection};
use serde_json::Value;

use crate::notifications::Notifications;
use crate::{bucket, events, room};
use faults::{Faults, Faulty};
use stream::Stream;

static WORLDS: AtomicU32 = AtomicU32::new(0);
/// Rounds of deliveries after which a test says that this never ends.
const MOST_ROUNDS: usize = 20;

/// A bucket in which photos are replaced, and everything around it.
pub struct InPlace {
    /// What notes uploads. A test may change it.
    pub record: dedupe_record::Deps,
    /// What replaces photos. A test may change it.
    pub process: dedupe_process::Deps,
    /// What goes wrong with the handlers' calls, and how many there were.
    pub faults: Arc<Faults>,
    /// The bucket's name.
    pub bucket: String,
    /// The ledger's table.
    pub table: String,
    /// A client that may do everything, and that nothing goes wrong with.
    pub s3: aws_sdk_s3::Client,
    /// The same for DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    /// The URL of the rejected queue.
    pub rejected_queue_url: String,
    failure_queue_url: String,
    stream: Stream,
    notifications: Notifications,
}

impl InPlace {
    /// Makes an empty one. The handlers' clients try each call this often.
    pub async fn new(attempts: u32) -> Self {
        let aws = gatehouse_core::aws::config();
        let (s3, sqs) = (aws_sdk_s3::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
        let dynamodb = aws_sdk_dynamodb::Client::new(&aws);
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("in-place-{}-{number}", std::process::id());
        make_bucket(&s3, &name).await;
        let stream = stream::make_table(&dynamodb, &aws, &name).await;
        let queue = sqs.create_queue().queue_name(format!("{name}-rejected")).send().await;
        let rejected_queue_url = queue.expect("a queue").queue_url.unwrap();
        let queue = sqs.create_queue().queue_name(format!("{name}-failures")).send().await;
        let failure_queue_url = queue.expect("a queue").queue_url.unwrap();

        let variables = [
            ("BUCKET", name.as_str()),
            ("LEDGER_TABLE", &name),
            ("REJECTED_QUEUE_URL", &rejected_queue_url),
            ("STREAM_FAILURE_QUEUE_URL", &failure_queue_url),
        ];
        let environment = || Environment::from_iter(variables);
        let faults = Arc::new(Faults::new(s3.clone(), &name));
        let faulty = faulty(&aws, &faults, attempts);
        let record = dedupe_record::config::Config::read(environment()).unwrap();
        let process = dedupe_process::config::Config::read(environment()).unwrap();
        Self {
            record: dedupe_record::Deps::new(record, &faulty),
            process: dedupe_process::Deps::new(process, &faulty, room::EMBEDDED.clone()),
            faults,
            bucket: name.clone(),
            table: name,
            s3,
            dynamodb,
            sqs,
            rejected_queue_url,
            failure_queue_url,
            stream,
            notifications: Notifications::new(),
        }
    }

    /// Uploads a file.
    pub async fn upload(&self, key: &str, file: &[u8]) {
        let request = self.s3.put_object().bucket(&self.bucket).key(key);
        let request = request.content_type("image/jpeg").body(ByteStream::from(file.to_vec()));
        request.send().await.expect("an upload");
    }

    /// The events that S3 sends for what was written since the last time, ours and others', oldest
    /// first.
    pub async fn new_events(&mut self) -> Vec<Value> {
        let versions = self.versions().await;
        self.notifications.of(&self.bucket, versions)
    }

    /// Hands each event, in a message of its own, to dedupe-record; those that come back.
    pub async fn note(&self, events: &[Value]) -> Vec<Value> {
        if events.is_empty() {
            return Vec::new();
        }
        let bodies: Vec<Value> = events
            .iter()
            .map(|event| events::notification(std::slice::from_ref(event)))
            .collect();
        let invocation = events::invocation(events::sqs_batch(&bodies));
        let Some(answer) = self
            .faults
            .until_crash(dedupe_record::handle(&self.record, invocation))
            .await
        else {
            return events.to_vec();
        };
        let failures = answer.unwrap().unwrap().batch_item_failures.into_iter();
        let place = |id: String| id[1..].parse::<usize>().unwrap();
        failures
            .map(|failure| events[place(failure.item_identifier)].clone())
            .collect()
    }

    /// The ledger's changes since the last time, as its stream tells of them.
    pub async fn new_changes(&mut self) -> Vec<Value> {
        self.stream.new_records().await
    }

    /// Hands a batch to dedupe-process; what Lambda would deliver again.
    pub async fn process(&self, records: &[Value]) -> Vec<Value> {
        if records.is_empty() {
            return Vec::new();
        }
        let invocation = events::stream_invocation(records);
        let handled = self
            .faults
            .until_crash(dedupe_process::handle(&self.process, invocation));
        let Some(answer) = handled.await else {
            return records.to_vec();
        };
        let failures = answer.unwrap().batch_item_failures;
        let Some(lowest) = failures.into_iter().next().and_then(|failure| failure.item_identifier) else {
            return Vec::new();
        };
        let from = records
            .iter()
            .position(|record| record["dynamodb"]["SequenceNumber"] == *lowest);
        records[from.expect("a sequence number of this batch")..].to_vec()
    }

    /// Delivers events and changes, those that come back too, until nothing is left.
    pub async fn settle(&mut self) {
        let (mut events, mut changes) = (Vec::new(), Vec::new());
        for _ in 0..MOST_ROUNDS {
            events.extend(self.new_events().await);
            events = self.note(&events).await;
            changes.extend(self.new_changes().await);
            changes = self.process(&changes).await;
            if events.is_empty() && changes.is_empty() && self.is_told().await {
                return;
            }
        }
        panic!("after {MOST_ROUNDS} rounds there is still work");
    }

    async fn is_told(&self) -> bool {
        self.notifications.has_told(&self.versions().await)
    }

    /// What lies under a key.
    pub async fn file(&self, key: &str) -> Option<Vec<u8>> {
        bucket::file(&self.s3, &self.bucket, key).await
    }

    /// How often something was written under any key.
    pub async fn writes(&self) -> usize {
        self.versions().await.len()
    }

    /// All versions, newest first.
    async fn versions(&self) -> Vec<ObjectVersion> {
        let list = self
            .s3
            .list_object_versions()
            .bucket(&self.bucket)
            .send()
            .await
            .unwrap();
        list.versions.unwrap_or_default()
    }

    /// The ledger's item of a key.
    pub async fn item(&self, key: &str) -> Option<HashMap<String, AttributeValue>> {
        let pk = AttributeValue::S(format!("{}/{key}", self.bucket));
        let request = self.dynamodb.get_item().table_name(&self.table).key("pk", pk);
        request.consistent_read(true).send().await.unwrap().item
    }

    /// What the ledger says of a key.
    pub async fn state(&self, key: &str) -> String {
        let item = self.item(key).await.expect("an item");
        item["state"].as_s().unwrap().clone()
    }

    /// Takes everything out of the rejected queue, in the order of its reasons.
    pub async fn rejections(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.rejected_queue_url).await
    }

    /// A queue that takes nothing.
    pub fn no_queue(&self) -> RejectedQueue {
        RejectedQueue::new(
            self.sqs.clone(),
            format!("{}-that-is-not-there", self.failure_queue_url),
        )
    }

    /// Takes everything out of the stream failure queue.
    pub async fn given_up(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.failure_queue_url).await
    }
}

fn faulty(aws: &SdkConfig, faults: &Arc<Faults>, attempts: u32) -> SdkConfig {
    let retries = RetryConfig::standard().with_max_attempts(attempts);
    let client = Faulty::new(Arc::clone(faults));
    aws.to_builder().retry_config(retries).http_client(client).build()
}

async fn make_bucket(s3: &aws_sdk_s3::Client, name: &str) {
    s3.create_bucket().bucket(name).send().await.expect("a bucket");
    let versioned = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    let request = s3
        .put_bucket_versioning()
        .bucket(name)
        .versioning_configuration(versioned);
    request.send().await.expect("a versioned bucket");
}
