//! Auctions: opened, shown, cancelled.

use std::sync::Arc;

use gatehouse_auction::{AuctionId, Currency, Entry, Event, Head, Phase, PublicKey, Rule, Terms, rules};
use gatehouse_auction_log::{AppendError, ReadError};
use gatehouse_core::deadline::Deadline;
use jiff::Timestamp;
use metrics::counter;
use serde::Serialize;
use tracing::info;

use crate::answer::Answer;
use crate::caller::Caller;
use crate::error::IntakeError;
use crate::new_auction::NewAuction;
use crate::once::{Identity, once};
use crate::request::{Request, fields};
use crate::{Deps, enough_time};

/// An auction, as anybody may see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: AuctionId,
    title: &'a str,
    opens_at: Timestamp,
    closes_at: Timestamp,
    rule: Rule,
    currency: Currency,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<&'a str>,
    phase: Phase,
    key: &'a PublicKey,
}

impl<'a> Shown<'a> {
    fn new(id: AuctionId, terms: &'a Terms, phase: Phase) -> Self {
        Self {
            id,
            title: &terms.title,
            opens_at: terms.opens_at,
            closes_at: terms.closes_at,
            rule: terms.rule,
            currency: terms.currency,
            reserve: terms.reserve.map(|reserve| reserve.amount()),
            contract: terms.contract.as_deref(),
            phase,
            key: &terms.key,
        }
    }
}

/// `POST /auctions`.
///
/// # Errors
/// As [`Caller::auctioneer`], [`Request::body`], [`Request::idempotency_key`], [`NewAuction::read`] and [`once`];
/// [`NewAuction::check_time`], [`IntakeError::ContractTaken`]: Reject. KMS, DynamoDB, EventBridge Scheduler: Retry.
pub async fn open(deps: &Deps, request: &Request<'_>, deadline: Deadline) -> Result<Answer, IntakeError> {
    let caller = Caller::auctioneer(request.event)?;
    let body = request.body()?;
    let key = request.idempotency_key()?;
    let new = NewAuction::read(fields(&body)?)?;
    let identity = Identity {
        caller: &caller.subject,
        key: &key,
        asked: "auction",
        body: &body,
    };
    let id = new.id(identity)?;
    let work = async {
        enough_time(deadline)?;
        let (terms, phase) = match find(deps, id).await? {
            // An earlier try of this request got as far as here, and the auction may have gone further since.
            Some(found) => found,
            None => (begin(deps, id, new, &caller).await?.into(), Phase::Open),
        };
        let answer = Answer::created(&format!("/auctions/{id}"), &Shown::new(id, &terms, phase));
        answer.map_err(|_| IntakeError::Answer("written"))
    };
    once(&deps.idempotency, identity, deadline, work).await
}

/// First what is harmless if the auction then does not come into being: its schedule deletes itself. Then the
/// key, then the one write that makes it an auction. A contract that is taken is refused by that write; it is looked
/// up before, so that no key is made in vain. That of a cancelled auction goes over to this one.
async fn begin(deps: &Deps, id: AuctionId, new: NewAuction, caller: &Caller) -> Result<Terms, IntakeError> {
    new.check_time(deps.now())?;
    let cancelled = match &new.contract {
        Some(contract) => cancelled_with(deps, contract, id).await?,
        None => None,
    };
    deps.schedules.create(id, new.closes_at).await?;
    let key = deps.keys.for_auction(id, new.closes_at).await?;
    let now = deps.now();
    let event = rules::open(id, new.terms(key, &caller.subject, now), now)?;
    let opening = Entry::following(&Head::start(id), now, &event, None).map_err(AppendError::from);
    let opening = opening.map_err(IntakeError::Append)?;
    let opened = match cancelled {
        Some(cancelled) => deps.log.open_after_cancelled(&opening, cancelled).await,
        None => deps.log.open(&opening).await,
    };
    let event = match opened {
        Ok(()) => event,
        Err(AppendError::ContractTaken { .. }) => return Err(IntakeError::ContractTaken),
        // Only this very request makes this id: it is at work twice, and the other was faster.
        Err(AppendError::Overtaken(standing)) => standing
            .event()
            .map_err(AppendError::from)
            .map_err(IntakeError::Append)?,
        Err(error) => return Err(IntakeError::Append(error)),
    };
    match event {
        Event::AuctionOpened { terms, .. } => {
            counter!("AuctionsOpened").increment(1);
            info!(auction = %id, closesAt = %terms.closes_at, "opened");
            Ok(terms)
        }
        _ => Err(IntakeError::Answer("read")),
    }
}

/// The cancelled auction that has this contract, if one has: the new auction `id` may take it over.
///
/// # Errors
/// [`IntakeError::ContractTaken`] if an auction has it that was not cancelled: Reject. DynamoDB: Retry.
async fn cancelled_with(deps: &Deps, contract: &str, id: AuctionId) -> Result<Option<AuctionId>, IntakeError> {
    let holder = deps.log.by_contract(contract).await?;
    let Some(other) = holder.filter(|other| *other != id) else {
        return Ok(None);
    };
    let last = deps.log.last(other).await?.ok_or(IntakeError::ContractTaken)?;
    match last.event().map_err(ReadError::from)? {
        Event::AuctionCancelled { .. } => Ok(Some(other)),
        _ => Err(IntakeError::ContractTaken),
    }
}

/// `GET /auctions/{auctionId}`.
///
/// # Errors
/// [`IntakeError::AuctionNotFound`]: Reject. [`IntakeError::Read`]: as it says.
pub async fn show(deps: &Deps, request: &Request<'_>) -> Result<Answer, IntakeError> {
    let id = request.auction()?;
    let (terms, phase) = find(deps, id).await?.ok_or(IntakeError::AuctionNotFound)?;
    Answer::ok(&Shown::new(id, &terms, phase)).map_err(|_| IntakeError::Answer("written"))
}

/// An auction's terms, and where it stands; none if there is no such auction.
async fn find(deps: &Deps, id: AuctionId) -> Result<Option<(Arc<Terms>, Phase)>, IntakeError> {
    let Some(terms) = deps.log.terms(id).await? else {
        return Ok(None);
    };
    let last = deps.log.last(id).await?.ok_or(IntakeError::AuctionNotFound)?;
    let phase = phase_now(&last, &terms, deps.now())?;
    Ok(Some((terms, phase)))
}

/// `DELETE /auctions/{auctionId}`. Again changes nothing, but deletes the schedule if that had failed. The schedule
/// of an auction that has a key of its own stays.
///
/// # Errors
/// As [`Caller::auctioneer`]; [`IntakeError::AuctionNotFound`], [`IntakeError::Refused`]: Reject. DynamoDB,
/// EventBridge Scheduler: Retry.
pub async fn cancel(deps: &Deps, request: &Request<'_>, deadline: Deadline) -> Result<Answer, IntakeError> {
    let caller = Caller::auctioneer(request.event)?;
    let id = request.auction()?;
    let decide = |terms: &Terms, phase, _: &Head, now| {
        rules::cancel(terms, phase, now, &caller.subject, "").map(|event| (event, None))
    };
    match deps.log.place(id, decide, deadline).await.map_err(IntakeError::from) {
        Ok(_) => info!(auction = %id, "cancelled"),
        Err(IntakeError::Refused(gatehouse_auction::Refusal::Cancelled)) => (),
        Err(error) => return Err(error),
    }
    // A key of the auction's own has to go. The settlement sees to that, when the schedule tells it of the close:
    // it finds the auction cancelled, and clears up.
    let terms = deps.log.terms(id).await?.ok_or(IntakeError::AuctionNotFound)?;
    if deps.keys.is_shared(&terms.kms_key) {
        deps.schedules.delete(id).await?;
    }
    Ok(Answer::no_content())
}

/// Where an auction stands: by its last event, and by the time, which closes it before the settlement says so.
///
/// # Errors
/// [`IntakeError::Read`] for an entry that is no event: Reject.
pub fn phase_now(last: &Entry, terms: &Terms, now: Timestamp) -> Result<Phase, IntakeError> {
    let event = last.event().map_err(ReadError::from)?;
    Ok(match Phase::after(&event) {
        Phase::Open if now >= terms.closes_at => Phase::Closed,
        phase => phase,
    })
}
