//! Everything that can go wrong with a settlement, and what becomes of its message then.
//!
//! A bid that can't be counted is not among it: it is part of the result.

use gatehouse_auction::Refusal;
use gatehouse_auction_log::{AppendError, PlaceError, ReadError};
use gatehouse_core::disposition::{Disposition, Failure};
use jiff::Timestamp;

use crate::kms::KmsError;
use crate::progress::ProgressError;
use crate::queue::QueueError;
use crate::schedule::ScheduleError;

/// Why an auction was not settled by this invocation. The log is as it was, or closed; another delivery goes on from
/// there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The message names no auction. Reject.
    #[error("{field} {problem}")]
    MalformedMessage {
        /// The field that is wrong.
        field: &'static str,
        /// What is wrong with it; never the value.
        problem: &'static str,
    },

    /// The message came long before the close, so it is not from the auction's schedule, which will start the settlement
    /// in time. Reject: somebody should know that it had no effect.
    #[error("the auction takes bids until {closes_at}")]
    StillOpen {
        /// When it closes.
        closes_at: Timestamp,
    },

    /// The log could not be read, or does not hold together: Retry or Reject, as the cause says.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// The close could not be appended: Retry or Reject, as the cause says.
    #[error(transparent)]
    Close(#[from] PlaceError),

    /// The result could not be appended: Retry or Reject, as the cause says.
    #[error(transparent)]
    Append(#[from] AppendError),

    /// KMS did not do its part. Retry.
    #[error(transparent)]
    Kms(#[from] KmsError),

    /// An auction has bids of the old format, and the function was given no key for them. Retry: give it `LEGACY_KEY_ARN`,
    /// and send the message again from the dead-letter queue.
    #[error("the auction has bids of the old format, but LEGACY_KEY_ARN is not set")]
    NoLegacyKey,

    /// It could not be noted how far the settlement is. Retry.
    #[error(transparent)]
    Progress(#[from] ProgressError),

    /// Another invocation settles the same auction at this moment. Retry: it should be done by then.
    #[error("another invocation is at work on this auction")]
    UnderWay,

    /// The invocation is about to end. Retry, unless some bids were counted: then the rest is left for a new message.
    #[error("no time is left")]
    OutOfTime,

    /// The result could not be written down. It does not happen; if it did, no other result would come of it. Retry.
    #[error("the result does not fit the log: {0}")]
    Result(#[from] Refusal),

    /// A count or a price could not be written as JSON. It does not happen. Retry.
    #[error("{0} could not be written as JSON")]
    Unwritable(&'static str),

    /// The settle queue did not take the message for what is left. Retry.
    #[error(transparent)]
    Queue(#[from] QueueError),

    /// The auction is settled, but its schedule still stands. Retry.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
}

impl Failure for SettleError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::MalformedMessage { .. } | Self::StillOpen { .. } => Disposition::Reject,
            Self::Read(error) => error.disposition(),
            Self::Close(error) => error.disposition(),
            Self::Append(error) => error.disposition(),
            Self::Kms(error) => error.disposition(),
            Self::Progress(error) => error.disposition(),
            Self::Queue(error) => error.disposition(),
            Self::Schedule(error) => error.disposition(),
            Self::NoLegacyKey | Self::UnderWay | Self::OutOfTime | Self::Result(_) | Self::Unwritable(_) => {
                Disposition::Retry
            }
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::MalformedMessage { .. } => "malformed-message",
            Self::StillOpen { .. } => "auction-still-open",
            Self::Read(error) => error.reason(),
            Self::Close(error) => error.reason(),
            Self::Append(error) => error.reason(),
            Self::Kms(error) => error.reason(),
            Self::NoLegacyKey => "legacy-key-not-set",
            Self::Progress(error) => error.reason(),
            Self::UnderWay => "settlement-under-way",
            Self::OutOfTime => "deadline",
            Self::Result(error) => error.code(),
            Self::Unwritable(_) => "result-unwritable",
            Self::Queue(error) => error.reason(),
            Self::Schedule(error) => error.reason(),
        }
    }
}

impl SettleError {
    /// Whether it was time alone that was lacking.
    pub(crate) fn is_lack_of_time(&self) -> bool {
        matches!(self, Self::OutOfTime | Self::Kms(KmsError::OutOfTime(_)))
    }
}
