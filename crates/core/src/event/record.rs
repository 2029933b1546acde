//! One S3 record: which object was written, and when in the order of its key; or which object was found in its bucket.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{ReadRecord, Sequencer};
use crate::disposition::{Disposition, Failure};

/// An object that was created or overwritten, or that a [`listing`](super::listing) found.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: String,
    /// The version, if the bucket is versioned.
    pub version_id: Option<String>,
    /// The entity tag without quotation marks, where the event tells it.
    pub etag: Option<String>,
    /// The order of this write among the writes of the same key; [`Sequencer::before_all`] if it was listed.
    pub sequencer: Sequencer,
    /// Whether the object was found in its bucket, and no event told of its upload. It has an entity tag then, and no
    /// version: it may be another object by now.
    pub listed: bool,
    /// The object's size in bytes, where the event tells it.
    pub size: Option<u64>,
    /// The record as it arrived, for the rejected queue.
    pub raw: Value,
}

/// A record that can't be read. It is rejected: the next delivery would be the same.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Malformed {
    /// The record as it arrived.
    pub raw: Value,
    /// The field that is wrong, as a path from the record.
    pub field: &'static str,
    /// What is wrong with it. It never holds the value.
    pub problem: &'static str,
}

impl Malformed {
    pub(crate) fn new(raw: impl Into<Value>, field: &'static str, problem: &'static str) -> Self {
        let raw = raw.into();
        Self { raw, field, problem }
    }
}

impl Failure for Malformed {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        "malformed-event"
    }
}

/// The event is of a bucket that the function was not set up for. Reject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the event is of the bucket {bucket}, but this function works for {expected}")]
pub struct UnexpectedBucket {
    /// The bucket in the event.
    pub bucket: String,
    /// The bucket in the function's settings.
    pub expected: String,
}

impl UnexpectedBucket {
    /// Makes sure that the bucket is the expected one.
    ///
    /// # Errors
    /// [`UnexpectedBucket`] if it is not.
    pub fn check(bucket: &str, expected: &str) -> Result<(), Self> {
        if bucket == expected {
            return Ok(());
        }
        let (bucket, expected) = (bucket.to_owned(), expected.to_owned());
        Err(Self { bucket, expected })
    }
}

impl Failure for UnexpectedBucket {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        "unexpected-bucket"
    }
}

impl Record {
    /// Reads an element of an S3 notification's `Records` (S3 user guide, "Event message
    /// structure"). None for an event that created no object, such as a delete.
    pub(super) fn from_notification(raw: Value) -> Option<ReadRecord> {
        match raw.get("eventName").and_then(Value::as_str) {
            None => Some(Err(Malformed::new(raw, "eventName", "is missing"))),
            Some(name) if !name.trim_start_matches("s3:").starts_with("ObjectCreated:") => None,
            Some(_) => Some(Self::read(raw, &NOTIFICATION)),
        }
    }

    /// Reads an EventBridge event of the source `aws.s3` (S3 user guide, "EventBridge event
    /// message structure"). None for any other detail type than `Object Created`.
    pub(super) fn from_eventbridge(raw: Value) -> Option<ReadRecord> {
        let of_s3 = raw.get("source").and_then(Value::as_str) == Some("aws.s3");
        if !of_s3 {
            return Some(Err(Malformed::new(raw, "source", "should be aws.s3")));
        }
        let created = raw.get("detail-type").and_then(Value::as_str) == Some("Object Created");
        created.then(|| Self::read(raw, &EVENTBRIDGE))
    }

    /// Reads an object that was found in its bucket ([`listing`](super::listing)).
    pub(super) fn from_listing(raw: Value) -> ReadRecord {
        let record = Self::read(raw, &LISTING)?;
        match record.etag {
            Some(_) => Ok(record),
            None => Err(Malformed::new(record.raw, LISTING.etag, "is missing")),
        }
    }

    fn read(raw: Value, layout: &Layout) -> ReadRecord {
        match layout.fields(&raw) {
            Ok(fields) => Ok(Self {
                listed: layout.sequencer.is_none(),
                bucket: fields.bucket,
                key: fields.key,
                version_id: fields.version_id,
                etag: fields.etag,
                sequencer: fields.sequencer,
                size: fields.size,
                raw,
            }),
            Err((field, problem)) => Err(Malformed::new(raw, field, problem)),
        }
    }

    /// The body of a message with this one record, which is read as the same record again.
    pub fn to_body(&self) -> String {
        match self.raw.get("detail-type") {
            Some(_) => self.raw.to_string(),
            None => serde_json::json!({ "Records": [self.raw] }).to_string(),
        }
    }

    /// Makes sure that the record is of the bucket that the function was set up for.
    ///
    /// # Errors
    /// [`UnexpectedBucket`] (Reject).
    pub fn expect_bucket(&self, expected: &str) -> Result<(), UnexpectedBucket> {
        UnexpectedBucket::check(&self.bucket, expected)
    }

    /// Whether this is the empty object that the S3 console makes for a folder.
    pub fn is_folder(&self) -> bool {
        self.key.ends_with('/') && self.size == Some(0)
    }
}

/// Where a kind of event keeps its fields, as JSON pointers (RFC 6901) without the leading slash.
struct Layout {
    bucket: &'static str,
    key: &'static str,
    version_id: &'static str,
    etag: &'static str,
    /// None where no event told of the object.
    sequencer: Option<&'static str>,
    size: &'static str,
    /// S3 form-encodes keys in its notifications, but not in its EventBridge events.
    key_is_encoded: bool,
}

const NOTIFICATION: Layout = Layout {
    bucket: "s3/bucket/name",
    key: "s3/object/key",
    version_id: "s3/object/versionId",
    etag: "s3/object/eTag",
    sequencer: Some("s3/object/sequencer"),
    size: "s3/object/size",
    key_is_encoded: true,
};

const EVENTBRIDGE: Layout = Layout {
    bucket: "detail/bucket/name",
    key: "detail/object/key",
    version_id: "detail/object/version-id",
    etag: "detail/object/etag",
    sequencer: Some("detail/object/sequencer"),
    size: "detail/object/size",
    key_is_encoded: false,
};

const LISTING: Layout = Layout {
    sequencer: None,
    ..EVENTBRIDGE
};

struct Fields {
    bucket: String,
    key: String,
    version_id: Option<String>,
    etag: Option<String>,
    sequencer: Sequencer,
    size: Option<u64>,
}

type Wrong = (&'static str, &'static str);

impl Layout {
    fn fields(&self, raw: &Value) -> Result<Fields, Wrong> {
        let key = text(raw, self.key).ok_or((self.key, "is missing"))?;
        let key = match self.key_is_encoded {
            true => form_decoded(key).ok_or((self.key, "is not form-encoded UTF-8"))?,
            false => key.to_owned(),
        };
        Ok(Fields {
            bucket: text(raw, self.bucket).ok_or((self.bucket, "is missing"))?.to_owned(),
            key,
            version_id: text(raw, self.version_id).map(str::to_owned),
            etag: text(raw, self.etag).map(|etag| etag.trim_matches('"').to_owned()),
            sequencer: self.sequencer(raw)?,
            size: at(raw, self.size).and_then(Value::as_u64),
        })
    }

    fn sequencer(&self, raw: &Value) -> Result<Sequencer, Wrong> {
        let Some(path) = self.sequencer else {
            return Ok(Sequencer::before_all());
        };
        let sequencer = text(raw, path).ok_or((path, "is missing"))?;
        sequencer.parse().map_err(|_| (path, "is not hexadecimal"))
    }
}

fn at<'a>(raw: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(raw, |value, name| value.get(name))
}

fn text<'a>(raw: &'a Value, path: &str) -> Option<&'a str> {
    at(raw, path)?.as_str().filter(|text| !text.is_empty())
}

/// Decodes a key of an S3 notification: `+` is a space, then percent-encoding. The order matters:
/// a plus sign in a key arrives as `%2B`. None if the bytes are no UTF-8.
fn form_decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok();
    decoded.map(Cow::into_owned)
}
