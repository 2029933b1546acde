//! Step 3: the photo as it was uploaded, with everything that its copy has to keep.

use std::collections::HashMap;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use gatehouse_core::event::Record;

use crate::error::PhotoError;

/// A photo from the source bucket.
#[derive(Debug)]
pub struct Original {
    /// The file.
    pub bytes: Vec<u8>,
    /// What has to be the same on the published photo.
    pub keep: Kept,
}

/// What S3 keeps beside an object's bytes, and so do we.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    /// The entity tag of the source object.
    pub etag: Option<String>,
    /// `Content-Type`
    pub content_type: Option<String>,
    /// `Cache-Control`
    pub cache_control: Option<String>,
    /// `Content-Disposition`
    pub content_disposition: Option<String>,
    /// `Content-Language`
    pub content_language: Option<String>,
    /// `Expires`
    pub expires: Option<DateTime>,
    /// User metadata, without the prefix `x-amz-meta-`.
    pub metadata: HashMap<String, String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// Fetches the object version that the record names.
///
/// # Errors
/// [`PhotoError::ObjectMissing`], [`PhotoError::ObjectArchived`], [`PhotoError::TooManyBytes`]
/// (Reject); [`PhotoError::Storage`] (Retry).
pub async fn fetch(s3: &aws_sdk_s3::Client, record: &Record, max_bytes: u64) -> Result<Original, PhotoError> {
    let request = s3.get_object().bucket(&record.bucket).key(&record.key);
    let request = request.set_version_id(record.version_id.clone());
    let mut object = request.send().await.map_err(|error| match error.code() {
        // A delete marker answers "MethodNotAllowed" when it is asked for by its version.
        Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => PhotoError::ObjectMissing,
        Some("InvalidObjectState") => PhotoError::ObjectArchived,
        _ => PhotoError::storage("GetObject")(error),
    })?;
    let announced = object.content_length().and_then(|bytes| u64::try_from(bytes).ok());
    let body = std::mem::take(&mut object.body);
    let bytes = read(body, announced.unwrap_or(0), max_bytes).await?;
    let tags = match object.tag_count() {
        None | Some(0) => Vec::new(),
        Some(_) => tags(s3, record).await?,
    };
    Ok(Original {
        bytes,
        keep: kept(object, tags),
    })
}

/// Reads a body of at most `limit` bytes, and no more than that if the announcement was wrong.
async fn read(mut body: ByteStream, announced: u64, limit: u64) -> Result<Vec<u8>, PhotoError> {
    let check = |bytes: u64| match bytes > limit {
        true => Err(PhotoError::TooManyBytes { bytes, limit }),
        false => Ok(()),
    };
    check(announced)?;
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
    while let Some(chunk) = body.try_next().await.map_err(PhotoError::storage("GetObject"))? {
        bytes.extend_from_slice(&chunk);
        check(bytes.len() as u64)?;
    }
    Ok(bytes)
}

async fn tags(s3: &aws_sdk_s3::Client, record: &Record) -> Result<Vec<(String, String)>, PhotoError> {
    let request = s3.get_object_tagging().bucket(&record.bucket).key(&record.key);
    let request = request.set_version_id(record.version_id.clone());
    let tagging = request.send().await.map_err(PhotoError::storage("GetObjectTagging"))?;
    let tags = tagging.tag_set.into_iter().map(|tag| (tag.key, tag.value));
    Ok(tags.collect())
}

fn kept(object: GetObjectOutput, tags: Vec<(String, String)>) -> Kept {
    // The SDK keeps `Expires` as it was sent; a date that can't be read is no date to keep.
    let expires = object.expires_string.as_deref();
    let http_date = aws_sdk_s3::primitives::DateTimeFormat::HttpDate;
    Kept {
        etag: object.e_tag,
        content_type: object.content_type,
        cache_control: object.cache_control,
        content_disposition: object.content_disposition,
        content_language: object.content_language,
        expires: expires.and_then(|text| DateTime::from_str(text, http_date).ok()),
        metadata: object.metadata.unwrap_or_default(),
        tags,
    }
}
