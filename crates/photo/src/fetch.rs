//! The photo as it was uploaded, with everything that its copy has to keep.

use std::collections::HashMap;

use crate::{PhotoError, Source};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};

/// A photo as it was uploaded.
#[derive(Debug)]
pub struct Original {
    /// The file.
    pub bytes: Vec<u8>,
    /// What has to be the same on its copy.
    pub keep: Kept,
    /// The version that was read, if the bucket is versioned.
    pub version_id: Option<String>,
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

/// Fetches the version of the object that the source names.
///
/// # Errors
/// [`PhotoError::ObjectMissing`], [`PhotoError::ObjectArchived`], [`PhotoError::TooManyBytes`]
/// (Reject); [`PhotoError::Storage`] (Retry).
pub async fn fetch(s3: &aws_sdk_s3::Client, source: &Source, max_bytes: u64) -> Result<Original, PhotoError> {
    fetch_if(s3, source, None, max_bytes).await
}

/// Fetches the object as long as it has this entity tag (RFC 9110, section 13.1.1, "If-Match").
///
/// # Errors
/// As [`fetch`], and [`PhotoError::ObjectChanged`] (Reject) if the object is another one by now.
pub async fn fetch_if_match(
    s3: &aws_sdk_s3::Client,
    source: &Source,
    etag: &str,
    max_bytes: u64,
) -> Result<Original, PhotoError> {
    fetch_if(s3, source, Some(quoted(etag)), max_bytes).await
}

/// An entity tag as HTTP writes it. S3's events leave the quotation marks out.
pub fn quoted(etag: &str) -> String {
    format!("\"{}\"", unquoted(etag))
}

/// An entity tag as S3's events write it.
pub fn unquoted(etag: &str) -> &str {
    etag.trim_matches('"')
}

async fn fetch_if(
    s3: &aws_sdk_s3::Client,
    source: &Source,
    if_match: Option<String>,
    max_bytes: u64,
) -> Result<Original, PhotoError> {
    let request = s3.get_object().bucket(&source.bucket).key(&source.key);
    let request = request.set_version_id(source.version_id.clone()).set_if_match(if_match);
    let mut object = request.send().await.map_err(|error| match error.code() {
        Some("PreconditionFailed") => PhotoError::ObjectChanged,
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
        Some(_) => tags(s3, source, object.version_id.clone()).await?,
    };
    Ok(Original {
        bytes,
        version_id: object.version_id.clone(),
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

/// The tags of the version that was read.
async fn tags(
    s3: &aws_sdk_s3::Client,
    source: &Source,
    version: Option<String>,
) -> Result<Vec<(String, String)>, PhotoError> {
    let request = s3.get_object_tagging().bucket(&source.bucket).key(&source.key);
    let request = request.set_version_id(version);
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
