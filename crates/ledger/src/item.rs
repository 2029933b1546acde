//! The names of an item's attributes, and the item as a refused write shows it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// Partition key: `BUCKET/KEY`. A bucket's name has no slash.
pub(crate) const PK: &str = "pk";
pub(crate) const BUCKET: &str = "bucket";
pub(crate) const KEY: &str = "key";
/// Of the newest upload that was accepted, in the form that compares as text.
pub(crate) const SEQUENCER: &str = "sequencer";
pub(crate) const SOURCE_ETAG: &str = "sourceETag";
/// Empty where the bucket keeps no versions.
pub(crate) const SOURCE_VERSION: &str = "sourceVersion";
pub(crate) const STATE: &str = "state";
/// What workers were about to write: each 8 bytes of time and the 32 of a SHA-256.
pub(crate) const INTENTS: &str = "intents";
/// What S3 answered to our last recorded write.
pub(crate) const OUTPUT_ETAG: &str = "outputETag";
pub(crate) const OUTPUT_VERSION: &str = "outputVersion";
/// Why an upload was rejected.
pub(crate) const REASON: &str = "reason";
/// The tracing header of whoever accepted the upload, since the stream carries none. Absent where nothing is traced.
pub(crate) const TRACE: &str = "trace";
/// Epoch seconds, for DynamoDB's TTL.
pub(crate) const EXPIRES_AT: &str = "expiresAt";

/// An upload waits.
pub(crate) const PENDING: &str = "pending";
/// A redaction is about to be written.
pub(crate) const WRITING: &str = "writing";
/// The object under the key is redacted.
pub(crate) const DONE: &str = "done";
/// The upload can never be processed.
pub(crate) const REJECTED: &str = "rejected";

/// An item as it was when a condition did not hold.
pub(crate) struct Item(pub HashMap<String, AttributeValue>);

impl Item {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }
}
