//! What can go wrong, and what becomes of the request then.

use gatehouse_auction::{AuctionId, Entry, LogError, Refusal};
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_event_store::{AppendError as NotAppended, StoreError};

use crate::NoTimeLeft;

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The event store did not answer, or holds what it did not write. As the error says.
    #[error(transparent)]
    Store(#[from] StoreError),

    /// The log is not what the rules make: the chain is broken, or an event is unknown or out of turn. Reject.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Failure for ReadError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Store(error) => error.disposition(),
            Self::Log(_) => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Store(error) => error.reason(),
            Self::Log(error) => error.code(),
        }
    }
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The head is another by now: this entry follows the one that was decided on. Nothing was changed.
    /// Retry, after deciding again.
    #[error("position {} of the log was appended by somebody else", .0.position)]
    Overtaken(Box<Entry>),

    /// Another auction has this contract's name. Nothing was changed. Reject.
    #[error("the contract's name belongs to the auction {auction}")]
    ContractTaken {
        /// Which one.
        auction: String,
    },

    /// The event store did not take it. As the error says.
    #[error(transparent)]
    NotAppended(NotAppended),

    /// What is in the way is no entry, or the event can't be written. As the error says.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<LogError> for AppendError {
    fn from(error: LogError) -> Self {
        Self::Read(error.into())
    }
}

impl Failure for AppendError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Overtaken(_) => Disposition::Retry,
            Self::ContractTaken { .. } => Disposition::Reject,
            Self::NotAppended(error) => error.disposition(),
            Self::Read(error) => error.disposition(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Overtaken(_) => "lost-race",
            Self::ContractTaken { .. } => "contract-taken",
            Self::NotAppended(error) => error.reason(),
            Self::Read(error) => error.reason(),
        }
    }
}

/// Why a request did not become an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// There is no such auction. Reject.
    #[error("there is no auction {0}")]
    NotFound(AuctionId),

    /// The rules refuse it. Reject.
    #[error(transparent)]
    Refused(#[from] Refusal),

    /// Too many others appended at the same time. Retry.
    #[error(transparent)]
    NoTimeLeft(#[from] NoTimeLeft),

    /// It could not be appended. As the error says.
    #[error(transparent)]
    Append(AppendError),
}

impl From<ReadError> for PlaceError {
    fn from(error: ReadError) -> Self {
        Self::Append(error.into())
    }
}

impl From<LogError> for PlaceError {
    fn from(error: LogError) -> Self {
        Self::Append(error.into())
    }
}

impl Failure for PlaceError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::NotFound(_) | Self::Refused(_) => Disposition::Reject,
            Self::NoTimeLeft(_) => Disposition::Retry,
            Self::Append(error) => error.disposition(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "no-such-auction",
            Self::Refused(refusal) => refusal.code(),
            Self::NoTimeLeft(_) => "deadline",
            Self::Append(error) => error.reason(),
        }
    }
}
