//! How a redacted photo is written: with what S3 kept beside the original, and our own notes.
//!
//! The notes are information for people. Whoever may upload can write metadata, so a handler that
//! replaces photos in place must never take them for proof.

use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Redacted;
use crate::fetch::Kept;

/// Everything that we note on a written object starts so; an uploader's own entries of that
/// name are dropped, so that nobody can pass off a file as redacted.
const PREFIX: &str = "gatehouse-";
const FACES: &str = "gatehouse-faces";
const ENGINE: &str = "gatehouse-engine";
/// The entry that notes which object a photo was made from: its entity tag, with quotation marks.
pub const SOURCE_ETAG: &str = "gatehouse-source-etag";
/// The entry that notes which upload a photo was made from.
pub const SOURCE_SEQUENCER: &str = "gatehouse-source-sequencer";

/// A photo that is ready to be written, as often as it takes: its bytes are shared, not copied.
#[derive(Debug, Clone)]
pub struct Copy {
    bytes: Bytes,
    faces: usize,
    engine: &'static str,
    kept: Kept,
    sequencer: String,
}

impl Copy {
    /// The copy of an upload: its redacted bytes, and what S3 kept beside the original.
    pub fn new(redacted: Redacted, kept: Kept, sequencer: impl ToString) -> Self {
        let Redacted { bytes, faces, engine } = redacted;
        Self {
            bytes: bytes.into(),
            faces,
            engine,
            kept,
            sequencer: sequencer.to_string(),
        }
    }

    /// The file that is to be written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The request that writes it. The caller adds the precondition.
    pub fn request(&self, s3: &aws_sdk_s3::Client, bucket: &str, key: &str) -> PutObjectFluentBuilder {
        let kept = self.kept.clone();
        let theirs = kept.metadata.into_iter().filter(|(name, _)| !name.starts_with(PREFIX));
        s3.put_object()
            .bucket(bucket)
            .key(key)
            .set_content_type(kept.content_type)
            .set_cache_control(kept.cache_control)
            .set_content_disposition(kept.content_disposition)
            .set_content_language(kept.content_language)
            .set_expires(kept.expires)
            .set_tagging((!kept.tags.is_empty()).then(|| query(&kept.tags)))
            .set_metadata(Some(theirs.collect()))
            .metadata(FACES, self.faces.to_string())
            .metadata(ENGINE, self.engine)
            .metadata(SOURCE_SEQUENCER, &self.sequencer)
            .metadata(SOURCE_ETAG, kept.etag.unwrap_or_default())
            .body(ByteStream::from(self.bytes.clone()))
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
