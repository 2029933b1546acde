//! Everything that can go wrong with a file or a line of it, and what becomes of it then.

use gatehouse_auction::Refusal;
use gatehouse_auction_log::{AppendError, NoTimeLeft, ReadError};
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::UnexpectedBucket;

use crate::bidder::UnexpectedKey;
use crate::bucket::BucketError;
use crate::file::{BadLine, FileError};
use crate::imported::ImportedError;

/// Why a file was not gone through to its end. Lines before that may have been placed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The event is of another bucket. Reject.
    #[error(transparent)]
    UnexpectedBucket(#[from] UnexpectedBucket),
    /// The key names no bidder. Reject.
    #[error(transparent)]
    UnexpectedKey(#[from] UnexpectedKey),
    /// The file could not be read: Retry or Reject, as the cause says.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The file is none of ours. Reject.
    #[error(transparent)]
    File(#[from] FileError),
    /// It could not be said or noted how far it is, or a newer one was begun: Retry or Reject, as the cause says.
    #[error(transparent)]
    Imported(#[from] ImportedError),
    /// A line could be neither placed nor refused for now. Retry.
    #[error("line {line}: {source}")]
    Line {
        /// The line's number.
        line: u64,
        /// Why.
        source: LineError,
    },
    /// The rejected queue did not take the lines that never become bids. Retry.
    #[error("the rejected queue did not take the lines that are rejected")]
    NotRejected,
    /// The invocation is about to end. Retry: the next one goes on, since what was placed is not placed again.
    #[error("no time is left for line {line} and those behind it")]
    OutOfTime {
        /// The first line that was not tried.
        line: u64,
    },
}

impl Failure for ImportError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::UnexpectedBucket(error) => error.disposition(),
            Self::UnexpectedKey(error) => error.disposition(),
            Self::Bucket(error) => error.disposition(),
            Self::File(error) => error.disposition(),
            Self::Imported(error) => error.disposition(),
            Self::Line { .. } | Self::NotRejected | Self::OutOfTime { .. } => Disposition::Retry,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnexpectedBucket(error) => error.reason(),
            Self::UnexpectedKey(error) => error.reason(),
            Self::Bucket(error) => error.reason(),
            Self::File(error) => error.reason(),
            Self::Imported(error) => error.reason(),
            Self::Line { source, .. } => source.reason(),
            Self::NotRejected => "rejected-queue-unavailable",
            Self::OutOfTime { .. } => "deadline",
        }
    }
}

/// Why a line did not become a bid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Its text is none of ours. Reject.
    #[error(transparent)]
    Bad(#[from] BadLine),
    /// The function was given no `LEGACY_KEY_ARN`: the settlement could not open the bid, and would not end. Reject.
    #[error("no key is set that the settlement could open the bid with")]
    NoLegacyKey,
    /// No auction has the contract's name, and none has it as its id. Reject.
    #[error("there is no auction of this contract")]
    NoSuchContract,
    /// The auction's rules refuse it: not open, or not a KMS ciphertext. Reject.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The auction could not be read: Retry, or Reject if its log does not hold together.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The bid could not be appended: Retry or Reject, as the cause says.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Too many others appended at the same time. Retry.
    #[error(transparent)]
    NoTimeLeft(#[from] NoTimeLeft),
    /// It can't be said that its file is still the newest one: the end of the whole file. Retry or Reject, as the cause says.
    #[error(transparent)]
    Imported(#[from] ImportedError),
}

impl Failure for LineError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Bad(_) | Self::NoLegacyKey | Self::NoSuchContract | Self::Refused(_) => Disposition::Reject,
            Self::Read(error) => error.disposition(),
            Self::Append(error) => error.disposition(),
            Self::NoTimeLeft(_) => Disposition::Retry,
            Self::Imported(error) => error.disposition(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Bad(error) => error.reason(),
            Self::NoLegacyKey => "legacy-key-not-set",
            Self::NoSuchContract => "no-such-contract",
            Self::Refused(refusal) => refusal.code(),
            Self::Read(error) => error.reason(),
            Self::Append(error) => error.reason(),
            Self::NoTimeLeft(_) => "deadline",
            Self::Imported(error) => error.reason(),
        }
    }
}
