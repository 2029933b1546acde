//! One moment of "photos in place": the bucket, the ledger with its stream, and the workers; and what must hold in it.

use arrayvec::ArrayVec;

use crate::explore::BOUNDED;
use crate::pictures::{Content, ETag, Intents, Photo};

/// No face can be seen when nothing is under way.
pub const NO_FACE: &str = "no face is left when all is quiet";
/// The object is the redaction of the last upload, or that one is in the rejected queue.
pub const LAST_UPLOAD: &str = "the object is the redaction of the last upload when all is quiet";
/// Our own write never causes another.
pub const NO_LOOP: &str = "our own write causes no other write";
/// An upload is replaced at most once.
pub const ONE_WRITE: &str = "an upload is replaced at most once";
/// A worker replaces what it has redacted, and nothing else.
pub const NEWER_UPLOAD: &str = "no worker overwrites a newer upload";
/// What the ledger says of the accepted upload is so.
pub const LEDGER: &str = "the ledger calls nothing done or rejected that is not";

/// Versions of the object, and events: each has a number that grows, which is sequencer and version id at once.
pub type Number = u8;

/// A version in S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    pub(crate) content: Content,
    pub(crate) by_us: bool,
    /// Its event has been delivered at least once.
    pub(crate) delivered: bool,
}

/// `state` of the ledger's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Progress {
    /// The attribute is not there.
    #[default]
    Unset,
    /// An upload waits.
    Pending,
    /// A redaction is about to be written.
    Writing,
    /// The redaction is recorded.
    Done,
    /// The upload can't be redacted.
    Rejected,
}

/// The ledger's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Item {
    /// Sequencer and entity tag of the newest upload that was accepted; none in an item that only somebody else wrote.
    pub(crate) accepted: Option<(Number, ETag)>,
    pub(crate) progress: Progress,
    pub(crate) intents: Intents,
    pub(crate) output: Option<(ETag, Number)>,
    /// An attribute that is not ours was changed.
    pub(crate) touched: bool,
}

/// A record of the stream that came through the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    pub(crate) sequencer: Number,
    pub(crate) source: ETag,
    pub(crate) intents: Intents,
    /// It was worked through at least once.
    pub(crate) completed: bool,
}

/// The next call of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Claim the write in the ledger.
    Claim,
    /// PUT the output.
    Put,
    /// Record the output in the ledger.
    Record,
    /// Send the upload to the rejected queue.
    Reject,
    /// Note the rejection in the ledger.
    MarkRejected,
}

/// A run of `dedupe-process` on one stream record, between GET and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Worker {
    pub(crate) record: usize,
    pub(crate) fetched: Number,
    pub(crate) output: Content,
    /// The version to be recorded as the output.
    pub(crate) version: Number,
    /// The output was found among the intents: this worker has not written it.
    pub(crate) found: bool,
    pub(crate) step: Step,
}

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) versions: ArrayVec<Version, 8>,
    pub(crate) uploaded: usize,
    pub(crate) item: Option<Item>,
    pub(crate) records: ArrayVec<Record, 14>,
    pub(crate) workers: ArrayVec<Option<Worker>, 3>,
    /// Sequencers of what is in the rejected queue, as bits.
    pub(crate) rejected: u8,
    /// Events before this one will not be delivered any more.
    pub(crate) forgotten: Number,
    pub(crate) expired: bool,
    pub(crate) flaw: Option<&'static str>,
}

impl State {
    pub(crate) fn version(&self, number: Number) -> Version {
        self.versions[usize::from(number)]
    }

    pub(crate) fn put(&mut self, content: Content, by_us: bool) {
        self.uploaded += usize::from(!by_us);
        let version = Version {
            content,
            by_us,
            delivered: false,
        };
        if self.versions.try_push(version).is_err() {
            self.flaw = Some(BOUNDED);
        }
    }

    pub(crate) fn is_at_work_on(&self, record: usize) -> bool {
        self.workers.iter().flatten().any(|worker| worker.record == record)
    }

    /// Whether what the ledger calls done, or rejected, is.
    pub(crate) fn ledger_is_true(&self) -> bool {
        let Some(Item {
            accepted: Some((sequencer, _)),
            progress,
            ..
        }) = self.item
        else {
            return true;
        };
        let replaced = self.versions.len() > usize::from(sequencer) + 1;
        match progress {
            Progress::Done => replaced || !self.version(sequencer).content.shows_a_face(),
            Progress::Rejected => self.rejected & 1 << sequencer != 0,
            Progress::Unset | Progress::Pending | Progress::Writing => true,
        }
    }

    /// Invariants of quiet states that are broken.
    pub(crate) fn wrong_at_the_end(&self) -> Vec<&'static str> {
        let Some(object) = self.versions.last() else {
            return Vec::new();
        };
        let Some(last) = self.versions.iter().rposition(|version| !version.by_us) else {
            return Vec::new();
        };
        let right = match self.versions[last].content {
            Content::Photo(Photo::Broken) => self.rejected & 1 << last != 0 && !object.by_us,
            upload @ Content::Photo(_) => (0..2).any(|bytes| upload.redact(bytes) == Some(object.content)),
            // An uploader has uploaded a redaction: it may stay as it is, and it may be redacted as any other file.
            redaction => object.content == redaction || object.content == Content::RedactedTwice,
        };
        let mut wrong = Vec::new();
        if object.content.shows_a_face() {
            wrong.push(NO_FACE);
        }
        if !right {
            wrong.push(LAST_UPLOAD);
        }
        wrong
    }
}

/// An index as a number.
pub(crate) fn number(index: usize) -> Number {
    Number::try_from(index).expect("a handful of versions")
}
