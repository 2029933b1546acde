//! Everything that can go wrong with one upload, and what becomes of it then.

use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::UnexpectedBucket;
use gatehouse_ledger::LedgerError;
use gatehouse_photo::PhotoError;

/// Why a photo was not replaced. In none of these cases is the object changed by us, unless the
/// answer to the write itself was lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InPlaceError {
    /// The stream record's item is not as the ledger writes it. Reject.
    #[error("the ledger's item has no readable {0}")]
    MalformedItem(&'static str),

    /// The item is of an object in another bucket. Reject.
    #[error(transparent)]
    UnexpectedBucket(#[from] UnexpectedBucket),

    /// The photo could not be fetched, redacted or written: Retry or Reject, as the cause says.
    #[error(transparent)]
    Photo(#[from] PhotoError),

    /// The ledger could not be written. Retry.
    #[error(transparent)]
    Ledger(#[from] LedgerError),

    /// Somebody deleted the object's item from the ledger while its upload waited. Reject: without the
    /// item, our own write could not be told from an upload.
    #[error("the ledger has no item of the object any more; upload it again")]
    Forgotten,

    /// The rejected queue did not take an upload that can never be processed. Retry.
    #[error("the rejected queue did not take the record")]
    NotRejected,

    /// Another write of the same key was under way at this very moment (S3 answers 409). Retry.
    #[error("another write of the same key is under way")]
    Conflict,
}

impl Failure for InPlaceError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::MalformedItem(_) | Self::Forgotten => Disposition::Reject,
            Self::UnexpectedBucket(error) => error.disposition(),
            Self::Photo(error) => error.disposition(),
            Self::Ledger(error) => error.disposition(),
            Self::Conflict | Self::NotRejected => Disposition::Retry,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::MalformedItem(_) => "malformed-event",
            Self::UnexpectedBucket(error) => error.reason(),
            Self::Photo(error) => error.reason(),
            Self::Ledger(error) => error.reason(),
            Self::Forgotten => "ledger-item-missing",
            Self::NotRejected => "rejected-queue-unavailable",
            Self::Conflict => "lost-race",
        }
    }
}
