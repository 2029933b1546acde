//! The bucket: reading an upload, and replacing it as long as it is still the one that was read.

use aws_sdk_s3::error::ProvideErrorMetadata;
use gatehouse_ledger::{Output, Upload};
use gatehouse_photo::fetch::{Original, fetch_if_match, quoted, unquoted};
use gatehouse_photo::publish::Copy;
use gatehouse_photo::{PhotoError, Source};

use crate::error::InPlaceError;

/// The bucket that photos are replaced in.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: aws_sdk_s3::Client,
    name: String,
    max_bytes: u64,
}

impl Bucket {
    /// The bucket of this name; objects of at most this size are read.
    pub fn new(s3: aws_sdk_s3::Client, name: impl Into<String>, max_bytes: u64) -> Self {
        let name = name.into();
        Self { s3, name, max_bytes }
    }

    /// Opens the connection to S3, so that the first photo doesn't wait for it. What it answers
    /// does not matter.
    pub async fn warm_up(&self) {
        let _ = self.s3.head_bucket().bucket(&self.name).send().await;
    }

    /// The upload, with its source for the detector. None if it was replaced or deleted since: then
    /// there is nothing to do, and what replaced it has an event of its own.
    ///
    /// # Errors
    /// [`PhotoError`], as [`fetch_if_match`].
    pub async fn fetch(&self, upload: &Upload) -> Result<Option<(Original, Source)>, PhotoError> {
        let mut source = Source {
            bucket: self.name.clone(),
            key: upload.key.clone(),
            version_id: None,
        };
        match fetch_if_match(&self.s3, &source, &upload.etag, self.max_bytes).await {
            Ok(original) => {
                source.version_id.clone_from(&original.version_id);
                Ok(Some((original, source)))
            }
            Err(PhotoError::ObjectChanged | PhotoError::ObjectMissing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the redaction over the upload, as long as that one still lies there. None if it does
    /// not: a newer upload came first, the object was deleted, or another worker, or an earlier try of
    /// this very call, has written already.
    ///
    /// # Errors
    /// [`PhotoError::MetadataTooLarge`] (Reject); [`InPlaceError::Conflict`],
    /// [`PhotoError::Storage`] (Retry).
    pub async fn replace(&self, upload: &Upload, photo: &Copy) -> Result<Option<Output>, InPlaceError> {
        let request = photo.request(&self.s3, &self.name, &upload.key);
        match request.if_match(quoted(&upload.etag)).send().await {
            Ok(written) => {
                let etag = unquoted(written.e_tag().unwrap_or_default());
                Ok(Some(Output::new(etag, written.version_id())))
            }
            Err(error) => match error.code() {
                Some("PreconditionFailed" | "NoSuchKey") => Ok(None),
                Some("ConditionalRequestConflict") => Err(InPlaceError::Conflict),
                Some("MetadataTooLarge") => Err(PhotoError::MetadataTooLarge.into()),
                _ => Err(PhotoError::storage("PutObject")(error).into()),
            },
        }
    }
}
