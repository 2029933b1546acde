//! The write for each S3 event: an upload waits, unless it is none.

use gatehouse_core::telemetry::trace;

use crate::item::{
    BUCKET, Item, KEY, OUTPUT_ETAG, OUTPUT_VERSION, PENDING, REASON, SEQUENCER, SOURCE_ETAG, SOURCE_VERSION, STATE,
    TRACE,
};
use crate::{Ledger, LedgerError, Upload, Written, send, text};

/// What became of an S3 event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The upload waits to be processed.
    Accepted,
    /// There is nothing to do.
    Skipped(Skip),
}

/// Why there is nothing to do for an event. Only for the log and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It tells of a write of ours.
    OwnWrite,
    /// It was there before.
    Duplicate,
    /// A newer upload of the key was accepted before.
    Late,
}

impl Skip {
    /// A code for the log and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnWrite => "own-write",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
        }
    }
}

// Not `attribute_not_exists(pk)`: an item that somebody else's update made has no sequencer either, and every upload of
// its key would be skipped from then on.
const IS_NEWER: &str = "(attribute_not_exists(#sequencer) OR #sequencer < :sequencer)";
// A comparison with an attribute that is not there is false: an object that we never wrote has no
// output to be equal to.
const IS_NOT_OURS: &str = "NOT (#outputETag = :etag AND #outputVersion = :version)";
// `intents` and the output stay: the next event may be that of our own write.
const UPLOAD_WAITS: &str = "SET #bucket = :bucket, #key = :key, #sequencer = :sequencer, #sourceETag = :etag, \
     #sourceVersion = :version, #state = :pending, #expiresAt = :expiresAt";

impl Ledger {
    /// Notes that an upload waits, unless it is late, a duplicate, or a write of ours.
    ///
    /// An item that expired, but is not deleted yet, decides as before: a sequencer only ever grows,
    /// so what it calls late is late. An item that is gone lets an old event through: then the object
    /// has another ETag by now, and processing skips it, or it is redacted a second time.
    ///
    /// # Errors
    /// [`LedgerError`] (Retry).
    pub async fn accept(&self, upload: &Upload) -> Result<Acceptance, LedgerError> {
        let update = self
            .update(upload)
            .expression_attribute_names("#bucket", BUCKET)
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#sequencer", SEQUENCER)
            .expression_attribute_names("#sourceETag", SOURCE_ETAG)
            .expression_attribute_names("#sourceVersion", SOURCE_VERSION)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#trace", TRACE)
            .expression_attribute_values(":bucket", text(&upload.bucket))
            .expression_attribute_values(":key", text(&upload.key))
            .expression_attribute_values(":sequencer", text(&upload.sequencer))
            .expression_attribute_values(":etag", text(&upload.etag))
            .expression_attribute_values(":version", text(&upload.version))
            .expression_attribute_values(":pending", text(PENDING));
        // That of an older upload must not stay.
        let update = match trace::here() {
            Some(header) => update
                .update_expression(format!("{UPLOAD_WAITS}, #trace = :trace REMOVE #reason"))
                .expression_attribute_values(":trace", text(header)),
            None => update.update_expression(format!("{UPLOAD_WAITS} REMOVE #reason, #trace")),
        };
        let update = if upload.version.is_empty() {
            // Without versions an ETag would be all there is, and an uploader can make two files with one. So the content
            // decides, later.
            update.condition_expression(IS_NEWER)
        } else {
            update
                .condition_expression(format!("{IS_NEWER} AND {IS_NOT_OURS}"))
                .expression_attribute_names("#outputETag", OUTPUT_ETAG)
                .expression_attribute_names("#outputVersion", OUTPUT_VERSION)
        };
        Ok(match send(update).await? {
            Written::Yes => Acceptance::Accepted,
            Written::No(item) => Acceptance::Skipped(why(item, upload)),
        })
    }
}

fn why(item: Option<Item>, upload: &Upload) -> Skip {
    let noted = |name| item.as_ref().and_then(|item| item.text(name));
    let is_output = !upload.version.is_empty()
        && noted(OUTPUT_ETAG) == Some(&upload.etag)
        && noted(OUTPUT_VERSION) == Some(&upload.version);
    match noted(SEQUENCER) {
        _ if is_output => Skip::OwnWrite,
        Some(sequencer) if sequencer == upload.sequencer => Skip::Duplicate,
        _ => Skip::Late,
    }
}
