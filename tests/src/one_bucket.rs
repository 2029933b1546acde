//! A test's own bucket that photos are uploaded to and published in, and face-blur in this very
//! process: under two prefixes, or in place with a marker.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ObjectVersion, VersioningConfiguration};
use face_blur::config::Config;
use face_blur::{Deps, handle};
use gatehouse_core::config::Environment;
use gatehouse_core::rejected::Rejection;
use serde_json::Value;

use crate::notifications::Notifications;
use crate::wire::Wire;
use crate::{bucket, events, room};

static BUCKETS: AtomicU32 = AtomicU32::new(0);

/// A bucket that tells of everything written to it, and the handler.
pub struct OneBucket {
    /// What the handler works with.
    pub deps: Deps,
    /// What goes between the handler and AWS.
    pub wire: Arc<Wire>,
    /// The bucket's name.
    pub bucket: String,
    /// A client that may do everything, and that no test comes in between.
    pub s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    rejected_queue_url: String,
    notifications: Notifications,
}

impl OneBucket {
    /// Makes an empty bucket, with these settings beside it. The handler tries each call once.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        Self::with_attempts(settings, 1).await
    }

    /// The same; the handler's clients try each call this often.
    pub async fn with_attempts(settings: &[(&str, &str)], attempts: u32) -> Self {
        let aws = gatehouse_core::aws::config();
        let (s3, sqs) = (aws_sdk_s3::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
        let number = BUCKETS.fetch_add(1, Ordering::Relaxed);
        let bucket = format!("one-bucket-{}-{number}", std::process::id());
        s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
        let enabled = BucketVersioningStatus::Enabled;
        let versioned = VersioningConfiguration::builder().status(enabled).build();
        let request = s3.put_bucket_versioning().bucket(&bucket);
        let request = request.versioning_configuration(versioned);
        request.send().await.expect("a versioned bucket");
        let queue = sqs.create_queue().queue_name(format!("{bucket}-rejected"));
        let rejected_queue_url = queue.send().await.expect("a queue").queue_url.unwrap();

        let wire = Arc::new(Wire::default());
        let mut variables = vec![
            ("SOURCE_BUCKET", bucket.as_str()),
            ("DESTINATION_BUCKET", &bucket),
            ("REJECTED_QUEUE_URL", &rejected_queue_url),
        ];
        variables.extend_from_slice(settings);
        let config = Config::read(Environment::from_iter(variables)).unwrap();
        let deps = Deps::new(config, &wire.config(&aws, attempts), room::EMBEDDED.clone());
        Self {
            deps,
            wire,
            bucket,
            s3,
            sqs,
            rejected_queue_url,
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

    /// Hands each event to the handler, in a message of its own; those that come back.
    pub async fn handle(&self, events: &[Value]) -> Vec<Value> {
        let mut back = Vec::new();
        for event in events {
            let message = events::notification(std::slice::from_ref(event));
            let handled = handle(&self.deps, events::invocation(events::sqs_batch(&[message])));
            let answer = self.wire.until_crash(handled).await;
            let is_done = answer.is_some_and(|answer| answer.unwrap().unwrap().batch_item_failures.is_empty());
            if !is_done {
                back.push(event.clone());
            }
        }
        back
    }

    /// Delivers events, those of our own writes and those that come back too, until there are none.
    /// How many were delivered.
    ///
    /// # Panics
    /// If there is no end to it.
    pub async fn settle(&mut self) -> usize {
        let (mut events, mut delivered) = (Vec::new(), 0);
        for _ in 0..10 {
            events.extend(self.new_events().await);
            if events.is_empty() {
                return delivered;
            }
            delivered += events.len();
            events = self.handle(&events).await;
        }
        panic!("after ten rounds there are still events: a loop");
    }

    /// What lies under a key.
    pub async fn file(&self, key: &str) -> Option<Vec<u8>> {
        bucket::file(&self.s3, &self.bucket, key).await
    }

    /// What S3 keeps beside it.
    pub async fn headers(&self, key: &str) -> HeadObjectOutput {
        let request = self.s3.head_object().bucket(&self.bucket).key(key);
        let request = request.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled);
        request.send().await.expect("an object")
    }

    /// Every key that was written, as often as it was.
    pub async fn written(&self) -> Vec<String> {
        bucket::versions(&self.s3, &self.bucket, "").await
    }

    async fn versions(&self) -> Vec<ObjectVersion> {
        let list = self.s3.list_object_versions().bucket(&self.bucket).send().await;
        list.unwrap().versions.unwrap_or_default()
    }

    /// Takes everything out of the rejected queue, in the order of its reasons.
    pub async fn rejections(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.rejected_queue_url).await
    }
}
