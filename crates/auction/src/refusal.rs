//! Why a request is refused. Each refusal has a stable code, which is the API's problem type.

use crate::envelope::EnvelopeError;
use crate::money::MoneyError;

/// Why the rules refuse a request. None of them is worth a retry: all of them are for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Before `opensAt`.
    #[error("the auction is not open yet")]
    NotOpenYet,
    /// At or after `closesAt`, or closed in the log.
    #[error("the auction is closed")]
    Closed,
    /// The auction has its result.
    #[error("the auction is settled")]
    Settled,
    /// The auction was called off.
    #[error("the auction was cancelled")]
    Cancelled,
    /// It can't be closed before `closesAt`.
    #[error("the auction does not close yet")]
    NotClosedYet,
    /// The result does not follow from this log.
    #[error("the result does not follow from this log")]
    OtherLog,
    /// The caller did not open this auction.
    #[error("only who opened the auction may do this")]
    NotYourAuction,
    /// No bid of this caller stands under this id.
    #[error("no bid of yours stands under this id")]
    NoSuchBid,
    /// `title` is not 1 to 200 bytes of text.
    #[error("title: 1 to 200 bytes without control characters")]
    Title,
    /// `contract` is not 1 to 128 bytes of text, or has a `/`, or could be an auction's id.
    #[error("contract: 1 to 128 bytes without control characters and without /, and no auction's id")]
    Contract,
    /// `closesAt` is not after `opensAt` and after now.
    #[error("closesAt: after opensAt and after now")]
    ClosesAt,
    /// `reserve` is in another currency than the auction.
    #[error("reserve: in the currency of the auction")]
    Reserve,
    /// The subject of the caller can't be kept: not 1 to 255 bytes of text.
    #[error("sub: 1 to 255 bytes without control characters")]
    Subject,
    /// `reason` is over 500 bytes, or has control characters.
    #[error("reason: at most 500 bytes without control characters")]
    Reason,
    /// An amount or a currency of the request.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl Refusal {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOpenYet => "not-open-yet",
            Self::Closed => "auction-closed",
            Self::Settled => "auction-settled",
            Self::Cancelled => "auction-cancelled",
            Self::NotClosedYet => "not-closed-yet",
            Self::OtherLog => "result-of-another-log",
            Self::NotYourAuction => "not-your-auction",
            Self::NoSuchBid => "no-such-bid",
            Self::Title => "title-unusable",
            Self::Contract => "contract-unusable",
            Self::ClosesAt => "closes-at-unusable",
            Self::Reserve => "reserve-unusable",
            Self::Subject => "subject-unusable",
            Self::Reason => "reason-unusable",
            Self::Money(error) => error.code(),
            Self::Envelope(error) => error.code(),
        }
    }
}
