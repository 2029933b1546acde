//! Photos apart from the uploads, in another bucket or under another prefix: what is published for a
//! key already, and the conditional write that replaces it.
//!
//! The published object itself remembers which upload it came from, in its metadata. There is no
//! other state, so nothing can disagree with it.

use aws_sdk_s3::error::ProvideErrorMetadata;
use gatehouse_core::event::{Record, Sequencer};
use gatehouse_photo::PhotoError;
use gatehouse_photo::publish::{Copy, SOURCE_SEQUENCER};

use crate::error::PublishError;
use crate::prefixes::Prefixes;
use crate::target::skipped;

/// How often a lost race is run again before the message goes back.
const ATTEMPTS: usize = 5;

/// Where photos are published: a bucket, and what becomes of their keys in it.
#[derive(Debug, Clone)]
pub struct Destination {
    s3: aws_sdk_s3::Client,
    bucket: String,
    prefixes: Prefixes,
}

struct Current {
    etag: String,
    sequencer: Option<Sequencer>,
}

impl Destination {
    /// The bucket of this name, and the prefixes.
    pub fn new(s3: aws_sdk_s3::Client, bucket: impl Into<String>, prefixes: Prefixes) -> Self {
        let bucket = bucket.into();
        Self { s3, bucket, prefixes }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key that the upload is to be published under. None if there is nothing to do: it is not
    /// under the source prefix, or the destination holds it, or a newer one of the same key, already.
    ///
    /// # Errors
    /// [`PublishError::UnusableKey`] (Reject); [`PhotoError::Storage`] (Retry).
    pub async fn wanted(&self, record: &Record) -> Result<Option<String>, PublishError> {
        let Some(key) = self.prefixes.destination_of(&record.key)? else {
            return Ok(skipped("outside-source-prefix"));
        };
        match self.current(&key).await? {
            Some(current) if current.is_of(record) => Ok(skipped("published-or-overtaken")),
            _ => Ok(Some(key)),
        }
    }

    /// Publishes a photo under this key unless the same or a newer upload came first; then, None.
    ///
    /// The write is conditional on what was seen just before it, so of two writers that race, the
    /// newest upload ends up in the bucket, whoever is faster.
    ///
    /// # Errors
    /// [`PhotoError::MetadataTooLarge`] (Reject); [`PublishError::LostRace`],
    /// [`PhotoError::Storage`] (Retry).
    pub async fn publish(&self, key: &str, record: &Record, photo: &Copy) -> Result<Option<()>, PublishError> {
        for _ in 0..ATTEMPTS {
            let current = self.current(key).await?;
            if current.as_ref().is_some_and(|current| current.is_of(record)) {
                return Ok(skipped("published-or-overtaken"));
            }
            let request = photo.request(&self.s3, &self.bucket, key);
            let request = match current {
                Some(current) => request.if_match(current.etag),
                None => request.if_none_match("*"),
            };
            match request.send().await {
                Ok(_) => return Ok(Some(())),
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
