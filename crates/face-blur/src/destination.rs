//! Steps 2 and 6: what is published for a key already, and the conditional write that replaces it.
//!
//! The published object itself remembers which upload it came from, in its metadata. There is no
//! other state, so nothing can disagree with it.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use gatehouse_core::event::{Record, Sequencer};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::PhotoError;
use crate::fetch::Kept;

/// Everything that we note on a published object starts so; an uploader's own entries of that
/// name are dropped, so that nobody can pass off a file as redacted.
const PREFIX: &str = "gatehouse-";
const FACES: &str = "gatehouse-faces";
const ENGINE: &str = "gatehouse-engine";
const SOURCE_SEQUENCER: &str = "gatehouse-source-sequencer";
const SOURCE_ETAG: &str = "gatehouse-source-etag";

/// How often a lost race is run again before the message goes back.
const ATTEMPTS: usize = 5;

/// The bucket that photos are published in.
#[derive(Debug, Clone)]
pub struct Destination {
    s3: aws_sdk_s3::Client,
    bucket: String,
}

/// A photo that is ready to be published.
#[derive(Debug)]
pub struct Redacted {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many regions were hidden.
    pub faces: usize,
    /// The engine that hid them.
    pub engine: &'static str,
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
    /// [`PhotoError::MetadataTooLarge`] (Reject); [`PhotoError::LostRace`],
    /// [`PhotoError::Storage`] (Retry).
    pub async fn publish(&self, record: &Record, kept: &Kept, redacted: Redacted) -> Result<Outcome, PhotoError> {
        let Redacted { bytes, faces, engine } = redacted;
        // Shared between attempts without copying it.
        let bytes = bytes::Bytes::from(bytes);
        for _ in 0..ATTEMPTS {
            let current = self.current(&record.key).await?;
            if current.as_ref().is_some_and(|current| current.is_of(record)) {
                return Ok(Outcome::Superseded);
            }
            let request = self
                .request(record, kept.clone())
                .metadata(FACES, faces.to_string())
                .metadata(ENGINE, engine)
                .body(ByteStream::from(bytes.clone()));
            let request = match current {
                Some(current) => request.if_match(current.etag),
                None => request.if_none_match("*"),
            };
            match request.send().await {
                Ok(_) => return Ok(Outcome::Published),
                Err(error) => match error.code() {
                    // The object changed, was written at this moment, or went away.
                    Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey") => {}
                    Some("MetadataTooLarge") => return Err(PhotoError::MetadataTooLarge),
                    _ => return Err(PhotoError::storage("PutObject")(error)),
                },
            }
        }
        Err(PhotoError::LostRace(ATTEMPTS))
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

    fn request(&self, record: &Record, kept: Kept) -> PutObjectFluentBuilder {
        let theirs = kept.metadata.into_iter().filter(|(name, _)| !name.starts_with(PREFIX));
        let request = self.s3.put_object().bucket(&self.bucket).key(&record.key);
        request
            .set_content_type(kept.content_type)
            .set_cache_control(kept.cache_control)
            .set_content_disposition(kept.content_disposition)
            .set_content_language(kept.content_language)
            .set_expires(kept.expires)
            .set_tagging((!kept.tags.is_empty()).then(|| query(&kept.tags)))
            .set_metadata(Some(theirs.collect()))
            .metadata(SOURCE_SEQUENCER, record.sequencer.to_string())
            .metadata(SOURCE_ETAG, kept.etag.unwrap_or_default())
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

/// Tags as the header `x-amz-tagging` wants them: a URL query.
fn query(tags: &[(String, String)]) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = tags
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}
