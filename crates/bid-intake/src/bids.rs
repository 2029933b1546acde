//! Bids: placed, shown to their bidder, withdrawn.

use gatehouse_auction::{Auction, AuctionId, Entry, Envelope, Event, Hash, Head, Phase, Refusal, Terms, rules};
use gatehouse_auction_log::{PlaceError, ReadError};
use gatehouse_core::deadline::Deadline;
use jiff::Timestamp;
use metrics::counter;
use serde::Serialize;

use crate::allowance::Tried;
use crate::answer::Answer;
use crate::caller::Caller;
use crate::error::IntakeError;
use crate::once::{Identity, once};
use crate::request::{Request, fields};
use crate::{Deps, enough_time};

/// Proof that a bid is in the log.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Receipt<'a> {
    auction_id: AuctionId,
    bid_id: String,
    position: u64,
    at: Timestamp,
    envelope_sha256: Hash,
    digest: Hash,
    hash: Hash,
    bidder: &'a str,
}

impl<'a> Receipt<'a> {
    fn new(auction_id: AuctionId, entry: &Entry, envelope_sha256: Hash, bidder: &'a str) -> Self {
        Self {
            auction_id,
            bid_id: entry.position.to_string(),
            position: entry.position,
            at: entry.at,
            envelope_sha256,
            digest: entry.digest(),
            hash: entry.hash,
            bidder,
        }
    }
}

/// `POST /auctions/{auctionId}/bids`. When nobody else is faster: a claim, a count, a Query, a PutItem, a completion.
///
/// # Errors
/// As [`Caller::bidder`], [`Request::body`], [`Request::idempotency_key`] and [`once`];
/// [`IntakeError::AuctionNotFound`], [`IntakeError::InvalidFields`], [`IntakeError::Refused`]: Reject.
/// [`IntakeError::Allowance`]: as it says. DynamoDB: Retry.
pub async fn place(deps: &Deps, request: &Request<'_>, deadline: Deadline) -> Result<Answer, IntakeError> {
    let caller = Caller::bidder(request.event)?;
    let id = request.auction()?;
    let body = request.body()?;
    let key = request.idempotency_key()?;
    let mut fields = fields(&body)?;
    let text = fields.text("envelope");
    let text = fields.finish(Some(text))?;
    let envelope = Envelope::parse(&text).map_err(Refusal::from)?;

    let asked = format!("bid in {id}");
    let identity = Identity {
        caller: &caller.subject,
        key: &key,
        asked: &asked,
        body: &body,
    };
    let work = async {
        enough_time(deadline)?;
        let terms = deps.log.terms(id).await?.ok_or(IntakeError::AuctionNotFound)?;
        // What the terms alone refuse costs no try. After the close, only the log says whether this bid stands.
        match rules::place_bid(&terms, id, Phase::Open, deps.now(), &caller.subject, &envelope) {
            Ok(_) | Err(Refusal::Closed) => count(deps, Tried::Bid, id, &terms, &caller).await?,
            Err(refusal) => return Err(refusal.into()),
        }
        let decide = |terms: &Terms, phase, _: &Head, now| {
            let event = rules::place_bid(terms, id, phase, now, &caller.subject, &envelope)?;
            Ok((event, Some(text.clone())))
        };
        let entry = match deps.log.place(id, decide, deadline).await {
            // Too late for a new bid. But this one may stand: an earlier try of the request took effect, and its answer was
            // lost.
            Err(PlaceError::Refused(refusal)) if has_ended(refusal) => {
                let stands = standing(deps, id, &caller, envelope.sha256()).await?;
                stands.ok_or(refusal)?
            }
            placed => placed?,
        };
        counter!("BidsAccepted").increment(1);
        let location = format!("/auctions/{id}/bids/{}", entry.position);
        let receipt = Receipt::new(id, &entry, envelope.sha256(), &caller.subject);
        Answer::created(&location, &receipt).map_err(|_| IntakeError::Answer("written"))
    };
    once(&deps.idempotency, identity, deadline, work).await
}

/// Counts a try, before anything is read for it that may be long.
async fn count(deps: &Deps, what: Tried, id: AuctionId, terms: &Terms, caller: &Caller) -> Result<(), IntakeError> {
    let until = terms.closes_at.max(deps.now());
    Ok(deps.allowance.count(what, id, &caller.subject, until).await?)
}

/// Whether this is said of an auction that takes no bids any more.
fn has_ended(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::Closed | Refusal::Settled | Refusal::Cancelled)
}

/// The caller's standing bid, if it is this envelope.
async fn standing(deps: &Deps, id: AuctionId, caller: &Caller, envelope: Hash) -> Result<Option<Entry>, IntakeError> {
    let auction = deps.log.load(id).await?;
    let standing = auction.and_then(|auction| auction.standing_bid(&caller.subject));
    match standing.filter(|standing| standing.envelope_sha256 == envelope) {
        Some(standing) => Ok(deps.log.entry(id, standing.bid).await?),
        None => Ok(None),
    }
}

/// `GET /auctions/{auctionId}/bids/{bidId}`. One GetItem.
///
/// # Errors
/// As [`Caller::bidder`]; [`IntakeError::AuctionNotFound`] for what can't be an id,
/// [`IntakeError::NoSuchBid`] for all else that is not this bidder's: Reject. DynamoDB: Retry.
pub async fn show(deps: &Deps, request: &Request<'_>) -> Result<Answer, IntakeError> {
    let caller = Caller::bidder(request.event)?;
    let (id, bid) = (request.auction()?, request.bid()?);
    let (entry, envelope_sha256) = own(deps, id, bid, &caller).await?;
    let receipt = Receipt::new(id, &entry, envelope_sha256, &caller.subject);
    Answer::ok(&receipt).map_err(|_| IntakeError::Answer("written"))
}

/// `DELETE /auctions/{auctionId}/bids/{bidId}`: the bid of this id, or the earlier one that
/// stands with the same envelope.
///
/// # Errors
/// As [`show`]; [`IntakeError::Refused`]: Reject. [`IntakeError::Allowance`]: as it says. DynamoDB: Retry.
pub async fn withdraw(deps: &Deps, request: &Request<'_>, deadline: Deadline) -> Result<Answer, IntakeError> {
    let caller = Caller::bidder(request.event)?;
    let (id, bid) = (request.auction()?, request.bid()?);
    let (_, envelope_sha256) = own(deps, id, bid, &caller).await?;
    let terms = deps.log.terms(id).await?.ok_or(IntakeError::AuctionNotFound)?;
    count(deps, Tried::Withdrawal, id, &terms, &caller).await?;
    let mut one_stands = false;
    let decide = |auction: &Auction, now| {
        let standing = auction.standing_bid(&caller.subject);
        one_stands = standing.is_some();
        // The same envelope may be in the log twice: it was sent again because its answer was lost. Then the
        // earlier entry stands, and the receipt that the bidder has is for the later one.
        let same = standing.filter(|it| it.envelope_sha256 == envelope_sha256);
        let bid = same.map_or(bid, |standing| standing.bid);
        rules::withdraw(auction, &caller.subject, bid, now).map(|event| (event, None))
    };
    match deps.log.change(id, decide, deadline).await.map_err(IntakeError::from) {
        Ok(_) => counter!("BidsWithdrawn").increment(1),
        // Withdrawn before, and the answer was lost perhaps. A bid that was replaced is another matter: one
        // of theirs stands, and they should not think that it doesn't.
        Err(IntakeError::Refused(refusal)) if !one_stands && (refusal == Refusal::NoSuchBid || has_ended(refusal)) => {}
        Err(error) => return Err(error),
    }
    Ok(Answer::no_content())
}

/// A bid of the caller's own, with its envelope's hash.
async fn own(deps: &Deps, id: AuctionId, bid: u64, caller: &Caller) -> Result<(Entry, Hash), IntakeError> {
    let entry = deps.log.entry(id, bid).await?.ok_or(IntakeError::NoSuchBid)?;
    match entry.event().map_err(ReadError::from)? {
        Event::BidPlaced {
            bidder,
            envelope_sha256,
            ..
        } if bidder == caller.subject => Ok((entry, envelope_sha256)),
        _ => Err(IntakeError::NoSuchBid),
    }
}
