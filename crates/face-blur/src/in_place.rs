//! Photos in place, with a marker: what lies under the key, and the write over it.
//!
//! There is no state but the object itself. A write of ours carries a proof that only we can make
//! ([`crate::proof`]); everything else under a key is an upload, whatever its metadata says. An event
//! only says where to look: what lies there now is what gets redacted.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode};
use gatehouse_core::event::Record;
use gatehouse_core::recursion::RecursionGuard;
use gatehouse_photo::fetch::{Original, fetch_if_match, quoted};
use gatehouse_photo::publish::Copy;
use gatehouse_photo::{PhotoError, Source};

use crate::error::PublishError;
use crate::proof::{Digest, ProofKey};
use crate::target::skipped;

/// The metadata entry with the proof. The copy of an upload drops all entries of such names.
const PROOF: &str = "gatehouse-proof";

/// The bucket that photos are replaced in.
#[derive(Debug, Clone)]
pub struct InPlace {
    s3: aws_sdk_s3::Client,
    bucket: String,
    key: ProofKey,
    max_bytes: u64,
    recursion: RecursionGuard,
}

/// The object that was read, and that may be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    etag: String,
    content: Digest,
}

impl InPlace {
    /// The bucket of this name, and the secret; objects of at most this size are read.
    pub fn new(s3: aws_sdk_s3::Client, bucket: impl Into<String>, key: ProofKey, max_bytes: u64) -> Self {
        Self {
            s3,
            bucket: bucket.into(),
            key,
            max_bytes,
            recursion: RecursionGuard::default(),
        }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The photo that lies under the record's key. None if there is nothing to do: it is ours, it was
    /// deleted, or it was replaced at this moment, and then what replaced it has an event of its own.
    ///
    /// # Errors
    /// As [`fetch_if_match`].
    pub async fn fetch(&self, record: &Record) -> Result<Option<(Original, Source, Seen)>, PublishError> {
        let Some(object) = self.head(&record.key).await? else {
            return Ok(skipped("replaced-or-deleted"));
        };
        if self.is_ours(&record.key, &object) {
            return Ok(skipped("own-write"));
        }
        // Without an entity tag, a write could not be kept from overwriting a newer upload.
        let etag = object
            .e_tag
            .ok_or("no ETag")
            .map_err(PhotoError::storage("HeadObject"))?;
        let mut source = Source {
            bucket: self.bucket.clone(),
            key: record.key.clone(),
            version_id: None,
        };
        match fetch_if_match(&self.s3, &source, &etag, self.max_bytes).await {
            Ok(original) => {
                source.version_id.clone_from(&original.version_id);
                let content = Digest::of(&original.bytes);
                Ok(Some((original, source, Seen { etag, content })))
            }
            Err(PhotoError::ObjectChanged | PhotoError::ObjectMissing) => Ok(skipped("replaced-or-deleted")),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the redaction over what was seen, as long as that still lies there. None if it does
    /// not: a newer upload came first, the object was deleted, or another worker, or an earlier try of
    /// this very call, has written already. None, too, if there was nothing to hide.
    ///
    /// # Errors
    /// [`PhotoError::MetadataTooLarge`] (Reject); [`PublishError::Conflict`],
    /// [`PhotoError::Storage`] (Retry).
    pub async fn replace(&self, seen: &Seen, record: &Record, photo: &Copy) -> Result<Option<()>, PublishError> {
        let content = Digest::of(photo.bytes());
        if content == seen.content {
            // It also ends the circle of two functions that don't know each other's secret.
            return Ok(skipped("nothing-to-hide"));
        }
        let request = photo.request(&self.s3, &self.bucket, &record.key);
        let request = request
            .metadata(PROOF, self.key.proof(&self.bucket, &record.key, content))
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(content.to_base64())
            .if_match(quoted(&seen.etag));
        match request.send().await {
            Ok(_) => {
                self.recursion.wrote(&record.key);
                Ok(Some(()))
            }
            Err(error) => match error.code() {
                Some("PreconditionFailed" | "NoSuchKey") => Ok(skipped("replaced-or-deleted")),
                Some("ConditionalRequestConflict") => Err(PublishError::Conflict),
                Some("MetadataTooLarge") => Err(PhotoError::MetadataTooLarge.into()),
                _ => Err(PhotoError::storage("PutObject")(error).into()),
            },
        }
    }

    fn is_ours(&self, key: &str, object: &HeadObjectOutput) -> bool {
        let proof = object.metadata().and_then(|metadata| metadata.get(PROOF));
        let (Some(proof), Some(content)) = (proof, Digest::kept_by_s3(object)) else {
            return false;
        };
        self.key.holds(proof, &self.bucket, key, content)
    }

    async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, PhotoError> {
        let request = self.s3.head_object().bucket(&self.bucket).key(key);
        match request.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(PhotoError::storage("HeadObject")(error)),
        }
    }
}
