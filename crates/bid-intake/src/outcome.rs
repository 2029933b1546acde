//! The result of an auction: to each what they may know of it.

use gatehouse_auction::{AuctionId, Currency, Event, Hash, Outcome, Price};
use gatehouse_auction_log::ReadError;
use serde::Serialize;

use crate::Deps;
use crate::answer::Answer;
use crate::auctions::phase_now;
use crate::caller::Caller;
use crate::error::IntakeError;
use crate::request::Request;

/// A result, as one caller sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    auction_id: AuctionId,
    winner: Option<Winner<'a>>,
    bids: u64,
    valid: u64,
    invalid: Vec<Invalid<'a>>,
    log_head: Hash,
    /// For whoever makes the digest of the log's last event again; it opens by the result key alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<&'a str>,
    #[serde(flatten)]
    amounts: Option<Amounts>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Winner<'a> {
    bid_id: String,
    bidder: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invalid<'a> {
    bid_id: String,
    reason: &'a str,
}

#[derive(Serialize)]
struct Amounts {
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
}

/// `GET /auctions/{auctionId}/result`. KMS is asked only for the winner and the auctioneer who opened it.
///
/// # Errors
/// As [`Caller::of`]; [`IntakeError::AuctionNotFound`], [`IntakeError::NotSettled`]: Reject. DynamoDB: Retry.
/// [`IntakeError::ResultKey`]: as it says.
pub async fn show(deps: &Deps, request: &Request<'_>) -> Result<Answer, IntakeError> {
    let caller = Caller::of(request.event)?;
    let id = request.auction()?;
    let last = deps.log.last(id).await?.ok_or(IntakeError::AuctionNotFound)?;
    let terms = deps.log.terms(id).await?.ok_or(IntakeError::AuctionNotFound)?;
    let Event::AuctionSettled { outcome } = last.event().map_err(ReadError::from)? else {
        return Err(IntakeError::NotSettled(phase_now(&last, &terms, deps.now())?));
    };
    let is_winner = outcome
        .winner
        .as_ref()
        .is_some_and(|winner| winner.bidder == caller.subject);
    let is_opener = caller.is_auctioneer() && terms.opened_by == caller.subject;
    let amounts = match &outcome.sealed {
        Some(sealed) if is_winner || is_opener => {
            let Price { amount, price } = deps.results.open(id, sealed).await?;
            Some(Amounts {
                currency: amount.currency(),
                amount: is_winner.then(|| amount.amount()),
                price: is_opener.then(|| price.amount()),
            })
        }
        _ => None,
    };
    Answer::ok(&shown(id, &outcome, amounts)).map_err(|_| IntakeError::Answer("written"))
}

fn shown(auction_id: AuctionId, outcome: &Outcome, amounts: Option<Amounts>) -> Shown<'_> {
    let winner = outcome.winner.as_ref().map(|winner| Winner {
        bid_id: winner.bid.to_string(),
        bidder: &winner.bidder,
    });
    let invalid = outcome.invalid_by_id().into_iter().map(|(bid, reason)| Invalid {
        bid_id: bid.to_string(),
        reason,
    });
    Shown {
        auction_id,
        winner,
        bids: outcome.bids,
        valid: outcome.valid,
        invalid: invalid.collect(),
        log_head: outcome.log_head,
        sealed: outcome.sealed.as_deref(),
        amounts,
    }
}
