//! Steps 2 and 6: what is published for a key already, and the conditional write that replaces it.
//!
//! The published object itself remembers which upload it came from, in its metadata. There is no
//! other state, so nothing can disagree with it.

use aws_sdk_s3::error::ProvideErrorMetadata;
use gatehouse_core::event::{Record, Sequencer};
use gatehouse_photo::PhotoError;
use gatehouse_photo::publish::{Copy, SOURCE_SEQUENCER};

use crate::error::PublishError;

/// How often a lost race is run again before the message goes back.
const ATTEMPTS: usize = 5;

/// The bucket that photos are published in.
#[derive(Debug, Clone)]
pub struct Destination {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// How publishing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The photo is in the destination.
    Published,
    /// The destination holds this upload or a newer one already.
    Superseded,
}

struct Current {
    etag: String,
    sequencer: Option<Sequencer>,
}

impl Destination {
    /// The bucket of this name.
    pub fn new(s3: aws_sdk_s3::Client, bucket: impl Into<String>) -> Self {
        let bucket = bucket.into();
        Self { s3, bucket }
    }

    /// Opens the connection to S3, so that the first photo doesn't wait for it. What it answers
    /// does not matter.
    pub async fn warm_up(&self) {
        let _ = self.s3.head_bucket().bucket(&self.bucket).send().await;
    }

    /// Whether the destination holds this upload, or a newer one of the same key, already.
    ///
    /// # Errors
    /// [`PhotoError::Storage`] (Retry).
    pub async fn has(&self, record: &Record) -> Result<bool, PhotoError> {
        let current = self.current(&record.key).await?;
        Ok(current.is_some_and(|current| current.is_of(record)))
    }

    /// Publishes a photo unless the same or a newer upload of its key came first.
    ///
    /// The write is conditional on what was seen just before it, so of two writers that race, the
    /// newest upload ends up in the bucket, whoever is faster.
    ///
    /// # Errors
    /// [`PhotoError::MetadataTooLarge`] (Reject); [`PublishError::LostRace`],
    /// [`PhotoError::Storage`] (Retry).
    pub async fn publish(&self, record: &Record, photo: &Copy) -> Result<Outcome, PublishError> {
        for _ in 0..ATTEMPTS {
            let current = self.current(&record.key).await?;
            if current.as_ref().is_some_and(|current| current.is_of(record)) {
                return Ok(Outcome::Superseded);
            }
            let request = photo.request(&self.s3, &self.bucket, &record.key);
            let request = match current {
                Some(current) => request.if_match(current.etag),
                None => request.if_none_match("*"),
            };
            match request.send().await {
                Ok(_) => return Ok(Outcome::Published),
                Err(error) => match error.code() {
                    // The object changed, was written at this moment, or went away.
                    Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey") => {}
                    Some("MetadataTooLarge") => return Err(PhotoError::MetadataTooLarge.into()),
                    _ => return Err(PhotoError::storage("PutObject")(error).into()),
                },
            }
        }
        Err(PublishError::LostRace(ATTEMPTS))
    }

    async fn current(&self, key: &str) -> Result<Option<Current>, PhotoError> {
        let head = self.s3.head_object().bucket(&self.bucket).key(key).send().await;
        let object = match head {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => {
                return Ok(None);
            }
            Err(error) => return Err(PhotoError::storage("HeadObject")(error)),
        };
        let noted = object.metadata().and_then(|metadata| metadata.get(SOURCE_SEQUENCER));
        Ok(Some(Current {
            etag: object.e_tag().unwrap_or_default().to_owned(),
            // An object without it was not published by us: any upload is newer.
            sequencer: noted.and_then(|text| text.parse().ok()),
        }))
    }
}

impl Current {
    /// Whether this was made from the record's upload or from a newer one.
    fn is_of(&self, record: &Record) -> bool {
        self.sequencer
            .as_ref()
            .is_some_and(|sequencer| *sequencer >= record.sequencer)
    }
}
