//! One upload of a photo, as an S3 event or a stream record tells of it.

use gatehouse_core::event::{Record, TooManyDigits};
use gatehouse_core::stream::Image;
use gatehouse_core::telemetry::trace::TraceHeader;
use sha2::{Digest as _, Sha256};

use crate::item::{BUCKET, KEY, PENDING, SEQUENCER, SOURCE_ETAG, SOURCE_VERSION, STATE, TRACE};

/// An upload: which object, in which order, with which content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// Its place among the writes of its key, in the form that compares as text
    /// (see [`gatehouse_core::event::Sequencer::stored`]).
    pub sequencer: String,
    /// The object's ETag, without quotation marks.
    pub etag: String,
    /// The object's version; empty where the bucket is not versioned.
    pub version: String,
}

/// What is missing in a stream record's item: the attribute's name.
pub type Missing = &'static str;

impl Upload {
    /// The upload that an S3 event tells of. None if the event has no ETag.
    ///
    /// # Errors
    /// [`TooManyDigits`] in the sequencer.
    pub fn of(record: &Record) -> Result<Option<Self>, TooManyDigits> {
        let sequencer = record.sequencer.stored()?;
        Ok(record.etag.clone().map(|etag| Self {
            bucket: record.bucket.clone(),
            key: record.key.clone(),
            sequencer,
            etag,
            version: chosen_by_s3(record.version_id.as_deref()),
        }))
    }

    /// The upload that waits in this item; None if none does.
    ///
    /// # Errors
    /// The name of an attribute that is missing, or of another type than the ledger writes.
    pub fn pending_in(item: &Image) -> Result<Option<Self>, Missing> {
        if item.text(STATE) != Some(PENDING) {
            return Ok(None);
        }
        let attribute = |name: Missing| item.text(name).map(str::to_owned).ok_or(name);
        Ok(Some(Self {
            bucket: attribute(BUCKET)?,
            key: attribute(KEY)?,
            sequencer: attribute(SEQUENCER)?,
            etag: attribute(SOURCE_ETAG)?,
            version: attribute(SOURCE_VERSION)?,
        }))
    }

    /// The trace that the upload in an item belongs to, if there is one.
    pub fn trace_in(item: &Image) -> Option<TraceHeader> {
        item.text(TRACE).and_then(TraceHeader::read)
    }

    /// The sequencer in an item, if it has one.
    pub fn sequencer_in(item: &Image) -> Option<&str> {
        item.text(SEQUENCER)
    }

    /// The partition key of the object's item.
    pub(crate) fn pk(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

/// A version id that S3 gave out for one write alone. Where versioning is suspended, all writes have the id `null`, which
/// proves nothing; that counts as none.
fn chosen_by_s3(version: Option<&str>) -> String {
    version.filter(|id| *id != "null").unwrap_or_default().to_owned()
}

/// The SHA-256 of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of these bytes.
    pub fn of(file: &[u8]) -> Self {
        Self(Sha256::digest(file).into())
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

/// The object that a write of ours made, as S3 names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its ETag, without quotation marks.
    pub etag: String,
    /// Its version; empty where the bucket keeps no versions.
    pub version: String,
}

impl Output {
    /// The object with this ETag and, if S3 names one, this version.
    pub fn new(etag: &str, version: Option<&str>) -> Self {
        Self {
            etag: etag.to_owned(),
            version: chosen_by_s3(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_core::stream::StreamRecord;
    use serde_json::{Value, json};

    fn item(change: impl FnOnce(&mut Value)) -> Image {
        let mut item = json!({
            "bucket": { "S": "photos" }, "key": { "S": "a.jpg" }, "sequencer": { "S": "0A" },
            "sourceETag": { "S": "e" }, "sourceVersion": { "S": "" }, "state": { "S": "pending" },
        });
        change(&mut item);
        let record = json!({ "dynamodb": { "SequenceNumber": "1", "NewImage": item } });
        StreamRecord::read(record).unwrap().new.unwrap()
    }

    #[test]
    fn an_item_has_the_trace_of_whoever_accepted_its_upload_or_none() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=03995c3f42cd8ad8;Sampled=1";
        let traced = item(|item| item["trace"] = json!({ "S": header }));
        assert_eq!(Upload::trace_in(&traced).unwrap().to_string(), header);
        for nothing in [json!({ "S": "a header" }), json!({ "N": "7" })] {
            assert_eq!(Upload::trace_in(&item(|item| item["trace"] = nothing)), None);
        }
        assert_eq!(Upload::trace_in(&item(|_| {})), None);
    }

    #[test]
    fn only_a_pending_upload_waits_and_what_it_lacks_is_named() {
        assert_eq!(Upload::pending_in(&item(|_| {})).unwrap().unwrap().key, "a.jpg");
        assert_eq!(
            Upload::pending_in(&item(|item| item["state"] = json!({ "S": "done" }))),
            Ok(None)
        );
        let nameless = item(|item| item["key"] = json!({ "N": "7" }));
        assert_eq!(Upload::pending_in(&nameless), Err("key"));
    }
}
