//! Photos apart from the uploads, in another bucket or under another prefix: what is published for a
//! key already, and the conditional write that replaces it.
//!
//! The published object itself remembers which upload it came from, in its metadata. There is no
//! other state, so nothing can disagree with it.
//!
//! An object that was listed, not uploaded just now, has no place in the order of uploads. It counts
//! as published if what is published was made from an object with its entity tag. If not, the write
//! takes place only while the object is still the newest under its key, and replaces only what was
//! seen before that was found out; and it notes no newer place in the order than was noted there
//! before. So any event of an upload that comes, however early or late, still decides as it would
//! have without the listing.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use gatehouse_core::event::{Record, Sequencer};
use gatehouse_photo::PhotoError;
use gatehouse_photo::fetch::unquoted;
use gatehouse_photo::publish::{Copy, SOURCE_ETAG, SOURCE_SEQUENCER};

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

/// What is published under a key.
struct Current {
    etag: String,
    sequencer: Option<Sequencer>,
    source_etag: Option<String>,
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
            let noted = current.as_ref().and_then(|current| current.sequencer.clone());
            if record.listed && noted.is_some() && !self.is_newest(record).await? {
                return Ok(skipped("replaced-or-deleted"));
            }
            let request = photo.request(&self.s3, &self.bucket, key);
            let request = match noted {
                Some(noted) if record.listed => request.metadata(SOURCE_SEQUENCER, noted.to_string()),
                _ => request,
            };
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
        let Some(object) = self.head(&self.bucket, key).await? else {
            return Ok(None);
        };
        let noted = |name: &str| object.metadata().and_then(|metadata| metadata.get(name));
        Ok(Some(Current {
            etag: object.e_tag().unwrap_or_default().to_owned(),
            // An object without it was not published by us: any upload is newer.
            sequencer: noted(SOURCE_SEQUENCER).and_then(|text| text.parse().ok()),
            source_etag: noted(SOURCE_ETAG).map(|etag| unquoted(etag).to_owned()),
        }))
    }

    /// Whether a listed object is still what lies under its key.
    async fn is_newest(&self, record: &Record) -> Result<bool, PhotoError> {
        let object = self.head(&record.bucket, &record.key).await?;
        let etag = object.as_ref().and_then(HeadObjectOutput::e_tag).map(unquoted);
        Ok(etag.is_some() && etag == record.etag.as_deref())
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<Option<HeadObjectOutput>, PhotoError> {
        match self.s3.head_object().bucket(bucket).key(key).send().await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(PhotoError::storage("HeadObject")(error)),
        }
    }
}

impl Current {
    /// Whether this was made from the record's upload or from a newer one; of a listed object, from an object with the
    /// same entity tag.
    fn is_of(&self, record: &Record) -> bool {
        let Some(sequencer) = &self.sequencer else {
            return false;
        };
        if record.listed {
            return self.source_etag == record.etag;
        }
        *sequencer >= record.sequencer
    }
}
