//! The deployed stack, as `make test` leaves it in the environment.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::NotificationConfiguration;
use aws_sdk_sqs::types::QueueAttributeName;
use gatehouse_core::rejected::Rejection;

use crate::{bucket, eventually};

/// How long a test waits for a photo. Nothing is measured by it: it only ends a test that hangs.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// The stack that `sam deploy` made of `template.yaml`.
pub struct Stack {
    /// A client that may do everything.
    pub s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    /// The source bucket's name.
    pub source: String,
    /// The destination bucket's name.
    pub destination: String,
    queue_url: String,
    dead_letter_queue_url: String,
    rejected_queue_url: String,
}

/// Where `sam build` put the `bootstrap` of face-blur.
pub fn bootstrap() -> PathBuf {
    variable("GATEHOUSE_BOOTSTRAP").into()
}

/// Where `sam build` put the `bootstrap` of dedupe-record.
pub fn record_bootstrap() -> PathBuf {
    variable("GATEHOUSE_DEDUPE_RECORD_BOOTSTRAP").into()
}

/// Where `sam build` put the `bootstrap` of dedupe-process.
pub fn process_bootstrap() -> PathBuf {
    variable("GATEHOUSE_DEDUPE_PROCESS_BOOTSTRAP").into()
}

/// Where `sam build` put the `bootstrap` of the function that this variable is named after.
pub fn bootstrap_of(name: &str) -> PathBuf {
    variable(name).into()
}

pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; `make test` sets it"))
}

impl Stack {
    /// The stack of this test run, with its rejected queue emptied.
    pub async fn connect() -> Self {
        let aws = gatehouse_core::aws::config();
        let stack = Self {
            s3: aws_sdk_s3::Client::new(&aws),
            sqs: aws_sdk_sqs::Client::new(&aws),
            source: variable("GATEHOUSE_SOURCE_BUCKET"),
            destination: variable("GATEHOUSE_DESTINATION_BUCKET"),
            queue_url: variable("GATEHOUSE_QUEUE_URL"),
            dead_letter_queue_url: variable("GATEHOUSE_DEAD_LETTER_QUEUE_URL"),
            rejected_queue_url: variable("GATEHOUSE_REJECTED_QUEUE_URL"),
        };
        stack.rejections().await;
        stack
    }

    /// Uploads a file.
    pub async fn upload(&self, key: &str, file: &[u8], content_type: &str) {
        let request = self.s3.put_object().bucket(&self.source).key(key);
        let request = request.content_type(content_type).body(ByteStream::from(file.to_vec()));
        request.send().await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
    }

    /// Uploads files so that no event tells of them: what lay in the bucket before the stack looked at it.
    ///
    /// Nobody else may upload meanwhile: nothing would tell of that either.
    pub async fn upload_untold(&self, files: &[(String, Vec<u8>)]) {
        let told = self.s3.get_bucket_notification_configuration().bucket(&self.source);
        let told = told.send().await.expect("the bucket's notifications");
        let told = NotificationConfiguration::builder().set_queue_configurations(told.queue_configurations);
        self.tell(NotificationConfiguration::builder().build()).await;
        for some in files.chunks(20) {
            let uploads = some.iter().map(|(key, file)| self.upload(key, file, "image/jpeg"));
            futures_util::future::join_all(uploads).await;
        }
        self.tell(told.build()).await;
    }

    async fn tell(&self, configuration: NotificationConfiguration) {
        let request = self.s3.put_bucket_notification_configuration().bucket(&self.source);
        let request = request.notification_configuration(configuration);
        request.send().await.expect("the bucket's notifications are changed");
    }

    /// The published file, as soon as there is one.
    pub async fn published(&self, key: &str) -> Vec<u8> {
        eventually(&format!("{key} published"), PATIENCE, || self.published_now(key)).await
    }

    /// The published file, if there is one now.
    pub async fn published_now(&self, key: &str) -> Option<Vec<u8>> {
        bucket::file(&self.s3, &self.destination, key).await
    }

    /// The keys in the destination that start so, each as often as it has versions.
    pub async fn published_versions(&self, prefix: &str) -> Vec<String> {
        bucket::versions(&self.s3, &self.destination, prefix).await
    }

    /// Waits until nothing is waiting or being worked on.
    pub async fn settle(&self) {
        eventually("the upload queue empty", PATIENCE, || async {
            let (waiting, at_work) = self.depth(&self.queue_url).await;
            (waiting + at_work == 0).then_some(())
        })
        .await;
    }

    /// Messages in the dead-letter queue.
    pub async fn dead_letters(&self) -> u32 {
        self.depth(&self.dead_letter_queue_url).await.0
    }

    /// Takes everything out of the rejected queue, in the order of its reasons.
    pub async fn rejections(&self) -> Vec<Rejection> {
        crate::room::drain(&self.sqs, &self.rejected_queue_url).await
    }

    /// Messages that wait, and messages that are being worked on.
    async fn depth(&self, url: &str) -> (u32, u32) {
        let request = self.sqs.get_queue_attributes().queue_url(url);
        let request = request.attribute_names(QueueAttributeName::All);
        let attributes = request.send().await.unwrap().attributes.unwrap();
        let number = |name| attributes[&name].parse::<u32>().unwrap();
        let waiting = number(QueueAttributeName::ApproximateNumberOfMessages);
        (
            waiting,
            number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        )
    }
}
