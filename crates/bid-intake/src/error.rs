//! Why a request is not granted, and the problem that the client is told.

use std::time::Duration;

use gatehouse_auction::{Phase, Refusal};
use gatehouse_auction_log::{AppendError, PlaceError, ReadError};
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::idempotency::StoreError;

use crate::allowance::AllowanceError;
use crate::keys::SealingKeyError;
use crate::problem::{Invalid, Kind, Problem, kinds};
use crate::result_key::ResultKeyError;
use crate::schedule::ScheduleError;

/// How long a client is asked to wait for a service that we need: throttling passes in about that time.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The longest that a client is asked to wait for the twin of its request: it is done within milliseconds. Its lease lasts as
/// long as its invocation may.
const TWIN_IS_DONE: Duration = Duration::from_secs(2);
/// And how long while the intake is switched off: that is a person's doing, and takes a person's time.
const TRY_LATER: Duration = Duration::from_secs(30);

/// Why a request is not granted. Its words are a sentence for a person, and hold nothing of a body.
///
/// There is no queue behind an HTTP request, so that Retry means here: the client may send it again (503).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// A problem that needs no more than its kind and a sentence. Reject.
    #[error("{1}")]
    Plain(Kind, &'static str),
    /// The body is no JSON object: where it is not. Reject.
    #[error("{0}")]
    MalformedJson(String),
    /// Members of the body. Reject.
    #[error("members of the body can't be used")]
    InvalidFields(Vec<Invalid>),
    /// A parameter of the query. Reject.
    #[error("a parameter of the query can't be used")]
    InvalidParameter(Vec<Invalid>),
    /// There is no such auction. Reject.
    #[error("there is no auction of this id")]
    AuctionNotFound,
    /// There is no such bid of the caller's. Reject.
    #[error("there is no bid of this id by this bidder")]
    NoSuchBid,
    /// There is no result. Reject.
    #[error("the auction is not settled")]
    NotSettled(Phase),
    /// Another auction has the contract. Reject.
    #[error("another auction was opened for this contract")]
    ContractTaken,
    /// The rules refuse. Reject.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A request with the same Idempotency-Key is being worked on. Retry.
    #[error("a request with this Idempotency-Key is being worked on")]
    InFlight(Duration),
    /// The Idempotency-Key was used for another request. Reject.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// The bidder's tries. As it says.
    #[error(transparent)]
    Allowance(#[from] AllowanceError),
    /// The flag `intake` is off. Retry.
    #[error("the intake is switched off (the flag intake)")]
    IntakeOff,
    /// The flag `failure-injection` made this request fail. Retry.
    #[error("a failure was injected (the flag failure-injection)")]
    Injected,
    /// Too little is left of the invocation's time. Retry.
    #[error("too little time is left")]
    OutOfTime,
    /// The table of idempotency records. As it says.
    #[error(transparent)]
    Idempotency(StoreError),
    /// The auction's log could not be read. As it says.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The auction's log took nothing. As it says.
    #[error(transparent)]
    Append(AppendError),
    /// KMS, for a public key. Retry.
    #[error(transparent)]
    SealingKey(#[from] SealingKeyError),
    /// KMS, for a result. As it says.
    #[error(transparent)]
    ResultKey(#[from] ResultKeyError),
    /// EventBridge Scheduler. Retry.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// An answer could not be written, or a stored one not be read. Reject.
    #[error("the answer can't be {0}")]
    Answer(&'static str),
    /// The work panicked. Reject.
    #[error("the work panicked")]
    Panicked,
}

impl IntakeError {
    /// What the client is told.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Plain(kind, detail) => Problem::new(*kind, *detail),
            Self::MalformedJson(detail) => Problem::new(kinds::MALFORMED_JSON, detail),
            Self::InvalidFields(errors) => {
                let detail = "The body has members that can't be used; errors names each.";
                Problem::new(kinds::INVALID_FIELD, detail).with_errors(errors.clone())
            }
            Self::InvalidParameter(errors) => {
                let detail = "The query has a parameter that can't be used; errors names it.";
                Problem::new(kinds::INVALID_PARAMETER, detail).with_errors(errors.clone())
            }
            Self::AuctionNotFound => Problem::new(kinds::AUCTION_NOT_FOUND, "There is no auction of this id."),
            Self::NoSuchBid => no_such_bid(),
            Self::NotSettled(phase) => {
                Problem::new(kinds::NOT_SETTLED, "The auction is not settled.").with_phase(*phase)
            }
            Self::ContractTaken => {
                let error = invalid("#/contract", "is another auction's");
                Problem::new(kinds::CONTRACT_TAKEN, "Another auction was opened for this contract.").with_errors(error)
            }
            Self::Refused(refusal) => refused(*refusal),
            Self::InFlight(retry_after) => {
                let detail = "Send the same request again later.";
                Problem::new(kinds::IDEMPOTENCY_IN_FLIGHT, detail).with_retry_after((*retry_after).min(TWIN_IS_DONE))
            }
            Self::KeyReused => Problem::new(
                kinds::IDEMPOTENCY_KEY_REUSED,
                "Choose a new Idempotency-Key for a new request.",
            ),
            Self::Allowance(AllowanceError::UsedUp) => {
                let detail = "You have used up what you may try in this auction. Sending it again does not help.";
                Problem::new(kinds::TOO_MANY_BIDS, detail)
            }
            Self::IntakeOff => {
                let detail = "Auctions and bids are not taken in at the moment. Send the same request again later.";
                Problem::new(kinds::INTAKE_OFF, detail).with_retry_after(TRY_LATER)
            }
            _ => match self.disposition() {
                Disposition::Retry => {
                    let detail = "A service that we need is throttled or down. Send the same request again.";
                    Problem::new(kinds::UNAVAILABLE, detail).with_retry_after(TRY_AGAIN)
                }
                Disposition::Reject => {
                    let detail = "The fault is ours. Sending the same request again is safe.";
                    Problem::new(kinds::INTERNAL, detail)
                }
            },
        }
    }
}

impl From<PlaceError> for IntakeError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::NotFound(_) => Self::AuctionNotFound,
            PlaceError::Refused(refusal) => Self::Refused(refusal),
            PlaceError::Append(error) => Self::Append(error),
            _ => Self::OutOfTime,
        }
    }
}

impl Failure for IntakeError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::InFlight(_) | Self::IntakeOff | Self::Injected | Self::OutOfTime => Disposition::Retry,
            Self::Allowance(error) => error.disposition(),
            Self::Idempotency(error) => error.disposition(),
            Self::Read(error) => error.disposition(),
            Self::Append(error) => error.disposition(),
            Self::SealingKey(error) => error.disposition(),
            Self::ResultKey(error) => error.disposition(),
            Self::Schedule(error) => error.disposition(),
            _ => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::OutOfTime => "deadline",
            Self::Allowance(error) => error.reason(),
            Self::Injected => "failure-injected",
            Self::Idempotency(error) => error.reason(),
            Self::Read(error) => error.reason(),
            Self::Append(error) => error.reason(),
            Self::SealingKey(error) => error.reason(),
            Self::ResultKey(error) => error.reason(),
            Self::Schedule(error) => error.reason(),
            Self::Answer(_) => "answer",
            Self::Panicked => "panic",
            other => other.problem().code,
        }
    }
}

/// A refusal's own code is the problem's; its status follows from what it is about.
fn refused(refusal: Refusal) -> Problem {
    let kind = |status, title| Kind {
        code: refusal.code(),
        status,
        title,
    };
    let detail = sentence(&refusal.to_string());
    let not_now = |phase| Problem::new(kind(409, "The auction does not allow this now"), &detail).with_phase(phase);
    let field = |pointer: &str| {
        let problem = Problem::new(kind(422, kinds::INVALID_FIELD.title), &detail);
        problem.with_errors(invalid(pointer, &refusal.to_string()))
    };
    match refusal {
        Refusal::NotOpenYet | Refusal::NotClosedYet => not_now(Phase::Open),
        Refusal::Closed => not_now(Phase::Closed),
        Refusal::Settled => not_now(Phase::Settled),
        Refusal::Cancelled => not_now(Phase::Cancelled),
        Refusal::NotYourAuction => Problem::new(kinds::NOT_YOUR_AUCTION, &detail),
        Refusal::NoSuchBid => no_such_bid(),
        Refusal::Title => field("#/title"),
        Refusal::Contract => field("#/contract"),
        Refusal::ClosesAt => field("#/closesAt"),
        Refusal::Reserve | Refusal::Money(_) => field("#/reserve"),
        Refusal::Envelope(_) => {
            let problem = Problem::new(kind(422, "The envelope can't be taken"), &detail);
            problem.with_errors(invalid("#/envelope", &refusal.to_string()))
        }
        _ => Problem::new(kind(422, "The request can't be granted"), &detail),
    }
}

fn no_such_bid() -> Problem {
    Problem::new(kinds::NO_SUCH_BID, "You have no bid of this id in this auction.")
}

fn invalid(pointer: &str, detail: &str) -> Vec<Invalid> {
    let (pointer, detail) = (pointer.to_owned(), detail.to_owned());
    vec![Invalid { pointer, detail }]
}

/// An error's words as a sentence.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_auction::EnvelopeError;

    #[test]
    fn each_refusal_has_its_own_code_and_the_status_of_what_it_is_about() {
        let told = |refusal: Refusal| {
            let problem = IntakeError::from(refusal).problem();
            (problem.status, problem.code)
        };
        assert_eq!(told(Refusal::NotOpenYet), (409, "not-open-yet"));
        assert_eq!(told(Refusal::Closed), (409, "auction-closed"));
        assert_eq!(told(Refusal::Cancelled), (409, "auction-cancelled"));
        assert_eq!(told(Refusal::NotYourAuction), (403, "not-your-auction"));
        assert_eq!(told(Refusal::NoSuchBid), (404, "no-such-bid"));
        assert_eq!(told(Refusal::Title), (422, "title-unusable"));
        for (error, code) in [
            (EnvelopeError::OtherAuction, "envelope-other-auction"),
            (EnvelopeError::OtherBidder, "envelope-other-bidder"),
            (EnvelopeError::OtherKey, "envelope-other-key"),
            (EnvelopeError::Compressed, "envelope-compressed"),
        ] {
            assert_eq!(told(error.into()), (422, code));
        }
    }

    #[test]
    fn nobody_waits_for_the_whole_lease_of_a_twin() {
        let told = |lease: u64| {
            let problem = IntakeError::InFlight(Duration::from_millis(lease)).problem();
            (problem.status, problem.retry_after)
        };
        assert_eq!(told(19_800), (409, Some(Duration::from_secs(2))));
        assert_eq!(told(700), (409, Some(Duration::from_millis(700))));
    }

    #[test]
    fn a_dependency_that_fails_is_503_with_a_time_to_try_again_and_a_fault_of_ours_is_500() {
        let unavailable = IntakeError::Idempotency(StoreError::NoTimeLeft).problem();
        assert_eq!((unavailable.status, unavailable.retry_after), (503, Some(TRY_AGAIN)));
        let off = IntakeError::IntakeOff.problem();
        assert_eq!(
            (off.status, off.code, off.retry_after),
            (503, "intake-off", Some(TRY_LATER))
        );
        let internal = IntakeError::Idempotency(StoreError::Malformed("pk")).problem();
        assert_eq!((internal.status, internal.retry_after), (500, None));
        assert_eq!(IntakeError::Panicked.problem().status, 500);
    }
}
