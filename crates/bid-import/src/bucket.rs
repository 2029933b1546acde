//! The bucket that files are dropped into.

use aws_sdk_s3::error::ProvideErrorMetadata;
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::Record;

/// The bucket, as far as it is read.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: aws_sdk_s3::Client,
    max_bytes: u64,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// It was deleted since, or its version was. Reject.
    #[error("the file is not there any more")]
    Missing,
    /// It is larger than is taken. Reject.
    #[error("the file has more than {0} bytes")]
    TooManyBytes(u64),
    /// S3 did not give it. Retry.
    #[error("S3 did not give the file")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure for BucketError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Missing | Self::TooManyBytes(_) => Disposition::Reject,
            Self::Unavailable(_) => Disposition::Retry,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "object-missing",
            Self::TooManyBytes(_) => "too-many-bytes",
            Self::Unavailable(_) => "storage-unavailable",
        }
    }
}

impl Bucket {
    /// Files of at most this size are read.
    pub fn new(s3: aws_sdk_s3::Client, max_bytes: u64) -> Self {
        Self { s3, max_bytes }
    }

    /// Opens the connection to S3, so that the first file doesn't wait for it. What it answers does not matter.
    pub async fn warm_up(&self, bucket: &str) {
        let _ = self.s3.head_bucket().bucket(bucket).send().await;
    }

    /// The file that an event is of: that version, where the bucket is versioned.
    ///
    /// # Errors
    /// [`BucketError`]
    pub async fn read(&self, record: &Record) -> Result<Vec<u8>, BucketError> {
        let request = self.s3.get_object().bucket(&record.bucket).key(&record.key);
        let answer = request.set_version_id(record.version_id.clone()).send().await;
        let mut object = answer.map_err(|error| match error.code() {
            // A delete marker answers "MethodNotAllowed" when it is asked for by its version.
            Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => BucketError::Missing,
            _ => BucketError::Unavailable(error.into()),
        })?;
        let mut file = Vec::new();
        while let Some(chunk) = object
            .body
            .try_next()
            .await
            .map_err(|error| BucketError::Unavailable(error.into()))?
        {
            // What the object's header says of its length is not asked: this holds whatever it says.
            if (file.len() + chunk.len()) as u64 > self.max_bytes {
                return Err(BucketError::TooManyBytes(self.max_bytes));
            }
            file.extend_from_slice(&chunk);
        }
        Ok(file)
    }
}
