//! A test's own two buckets and rejected queue on the local stack, and the handler in this very
//! process: for faults that the deployed function can't be made to have.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use face_blur::config::Config;
use face_blur::{Deps, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::rejected::Rejection;
use gatehouse_photo::detector::{Embedded, Rekognition};
use serde_json::Value;
use tracing::Level;

use crate::{bucket, events};

pub(crate) static EMBEDDED: LazyLock<Embedded> = LazyLock::new(|| Embedded::load(None).unwrap());
static ROOMS: AtomicU32 = AtomicU32::new(0);

/// Two buckets, a rejected queue, and the handler.
pub struct Room {
    /// What the handler works with. A test may change it.
    pub deps: Deps,
    /// The source bucket's name.
    pub source: String,
    /// The destination bucket's name.
    pub destination: String,
    /// The URL of the rejected queue.
    pub rejected_queue_url: String,
    /// A client that may do everything.
    pub s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    aws: SdkConfig,
}

impl Room {
    /// Makes an empty room, with these settings beside the buckets and the queue.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        // What the handler warns of stands beside a test that fails.
        let _ = tracing_subscriber::fmt()
            .with_test_writer()
            .with_max_level(Level::WARN)
            .try_init();
        let aws = gatehouse_core::aws::config();
        let (s3, sqs) = (aws_sdk_s3::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
        let name = format!("room-{}-{}", std::process::id(), ROOMS.fetch_add(1, Ordering::Relaxed));
        let (source, destination) = (format!("{name}-in"), format!("{name}-out"));
        for bucket in [&source, &destination] {
            s3.create_bucket().bucket(bucket).send().await.expect("a bucket");
            let versioned = VersioningConfiguration::builder()
                .status(BucketVersioningStatus::Enabled)
                .build();
            let request = s3.put_bucket_versioning().bucket(bucket);
            request
                .versioning_configuration(versioned)
                .send()
                .await
                .expect("a versioned bucket");
        }
        let queue = sqs
            .create_queue()
            .queue_name(format!("{name}-rejected"))
            .send()
            .await
            .expect("a queue");
        let rejected_queue_url = queue.queue_url.unwrap();

        let mut variables = BTreeMap::from([
            ("SOURCE_BUCKET", source.as_str()),
            ("DESTINATION_BUCKET", &destination),
            ("REJECTED_QUEUE_URL", &rejected_queue_url),
        ]);
        variables.extend(settings.iter().copied());
        let config = Config::read(Environment::from_iter(variables)).unwrap();
        let deps = Deps::new(config, &aws, EMBEDDED.clone());
        Self {
            deps,
            source,
            destination,
            rejected_queue_url,
            s3,
            sqs,
            aws,
        }
    }

    /// Lets the handler ask a Rekognition at this address.
    pub fn ask_rekognition_at(&mut self, url: &str) {
        let config = aws_sdk_rekognition::config::Builder::from(&self.aws)
            .endpoint_url(url)
            .build();
        let rekognition = Rekognition::asking_through(aws_sdk_rekognition::Client::from_conf(config));
        self.deps.redactor.detectors.rekognition = rekognition;
    }

    /// Puts a photo into the source bucket, and gives the record that S3 would send.
    pub async fn upload(&self, key: &str, file: Vec<u8>, sequencer: &str) -> Value {
        let request = self
            .s3
            .put_object()
            .bucket(&self.source)
            .key(key)
            .body(ByteStream::from(file));
        let uploaded = request.content_type("image/jpeg").send().await.expect("an upload");
        let mut record = events::record(&self.source, key, sequencer);
        if let Some(version) = uploaded.version_id {
            record["s3"]["object"]["versionId"] = version.into();
        }
        record
    }

    /// Hands one message per body to the handler; the ids (`m0`, `m1`, …) of those handed back.
    pub async fn handle(&self, bodies: &[Value]) -> Vec<String> {
        self.handle_event(events::sqs_batch(bodies)).await
    }

    /// Hands messages, as Lambda has them, to the handler; the ids of those handed back.
    pub async fn handle_event(&self, messages: Value) -> Vec<String> {
        let answer = handle(&self.deps, events::invocation(messages)).await;
        let failures = answer.unwrap().unwrap().batch_item_failures;
        let mut ids: Vec<_> = failures.into_iter().map(|failure| failure.item_identifier).collect();
        ids.sort();
        ids
    }

    /// A notification with this one record, handled; whether it was handed back.
    pub async fn handed_back(&self, record: &Value) -> bool {
        !self
            .handle(&[events::notification(std::slice::from_ref(record))])
            .await
            .is_empty()
    }

    /// The published file, if there is one.
    pub async fn published(&self, key: &str) -> Option<Vec<u8>> {
        bucket::file(&self.s3, &self.destination, key).await
    }

    /// What S3 keeps beside the published file.
    pub async fn headers(&self, key: &str) -> HeadObjectOutput {
        self.s3
            .head_object()
            .bucket(&self.destination)
            .key(key)
            .send()
            .await
            .expect("a published photo")
    }

    /// Every key in the destination bucket, as often as something was published under it.
    pub async fn published_keys(&self) -> Vec<String> {
        bucket::versions(&self.s3, &self.destination, "").await
    }

    /// Takes everything out of the rejected queue, in the order of its reasons.
    pub async fn rejections(&self) -> Vec<Rejection> {
        drain(&self.sqs, &self.rejected_queue_url).await
    }
}

/// Takes all rejections out of a queue, in the order of their reasons.
pub(crate) async fn drain(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<Rejection> {
    let mut rejections: Vec<Rejection> = Vec::new();
    loop {
        let request = sqs.receive_message().queue_url(url).max_number_of_messages(10);
        let messages = request
            .wait_time_seconds(0)
            .send()
            .await
            .unwrap()
            .messages
            .unwrap_or_default();
        if messages.is_empty() {
            rejections.sort_by(|a, b| a.reason.cmp(&b.reason));
            return rejections;
        }
        for message in messages {
            rejections.push(serde_json::from_str(&message.body.unwrap()).unwrap());
            let handle = message.receipt_handle.unwrap();
            sqs.delete_message()
                .queue_url(url)
                .receipt_handle(handle)
                .send()
                .await
                .unwrap();
        }
    }
}
