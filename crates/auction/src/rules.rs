//! The decisions: each says which event a request becomes, or why it is refused. They read nothing and write nothing.
//!
//! The hot path, [`place_bid`], needs no more than the terms, which never change, and the phase, which follows from the
//! last event. Whoever appends has to append on exactly the head that was decided on: a close that came in between then
//! makes the append fail, and the next decision refuses.
//!
//! `now` is the server's time. An entry never has an earlier time than the one before it, so a clock that lags can't put
//! a bid before the close that it comes after.

use jiff::Timestamp;

use crate::envelope::Envelope;
use crate::event::{Event, Phase, Seal, Terms};
use crate::id::{AuctionId, is_subject, is_text};
use crate::legacy;
use crate::refusal::Refusal;
use crate::settlement::Outcome;
use crate::state::Auction;
use crate::time::cut;

/// Opens an auction on these terms, their times cut to milliseconds.
///
/// # Errors
///
/// [`Refusal::Title`], [`Refusal::Contract`], [`Refusal::ClosesAt`], [`Refusal::Reserve`], [`Refusal::Subject`].
pub fn open(auction: AuctionId, terms: Terms, now: Timestamp) -> Result<Event, Refusal> {
    let terms = Terms {
        opens_at: cut(terms.opens_at),
        closes_at: cut(terms.closes_at),
        ..terms
    };
    if !is_text(&terms.title, 200) {
        return Err(Refusal::Title);
    }
    if let Some(contract) = &terms.contract
        && (!is_text(contract, 128) || contract.contains('/'))
    {
        return Err(Refusal::Contract);
    }
    if terms.closes_at <= terms.opens_at || terms.closes_at <= now {
        return Err(Refusal::ClosesAt);
    }
    if terms
        .reserve
        .is_some_and(|reserve| reserve.currency() != terms.currency)
    {
        return Err(Refusal::Reserve);
    }
    if !is_subject(&terms.opened_by) {
        return Err(Refusal::Subject);
    }
    Ok(Event::AuctionOpened { auction, terms })
}

/// Takes a sealed bid in, after everything was checked that can be checked unopened.
///
/// # Errors
///
/// [`Refusal::NotOpenYet`], [`Refusal::Closed`], [`Refusal::Settled`], [`Refusal::Cancelled`], [`Refusal::Subject`],
/// [`Refusal::Envelope`].
pub fn place_bid(
    terms: &Terms,
    auction: AuctionId,
    phase: Phase,
    now: Timestamp,
    bidder: &str,
    envelope: &Envelope,
) -> Result<Event, Refusal> {
    takes_bids(terms, phase, now)?;
    envelope.check(auction, bidder, &terms.key)?;
    bid(bidder, Seal::Jwe, envelope.sha256())
}

/// Takes a bid of an older system's file in: a KMS ciphertext in base64.
///
/// # Errors
///
/// As [`place_bid`].
pub fn place_kms_ciphertext(
    terms: &Terms,
    phase: Phase,
    now: Timestamp,
    bidder: &str,
    ciphertext: &str,
) -> Result<Event, Refusal> {
    takes_bids(terms, phase, now)?;
    legacy::check(ciphertext)?;
    bid(bidder, Seal::KmsCiphertext, crate::Hash::of(ciphertext))
}

fn bid(bidder: &str, seal: Seal, envelope_sha256: crate::Hash) -> Result<Event, Refusal> {
    if !is_subject(bidder) {
        return Err(Refusal::Subject);
    }
    let bidder = bidder.to_owned();
    Ok(Event::BidPlaced {
        bidder,
        seal,
        envelope_sha256,
    })
}

/// Takes a bid back, if it is the bidder's standing one.
///
/// # Errors
///
/// [`Refusal::NoSuchBid`], also for a bid of somebody else; [`Refusal::NotOpenYet`], [`Refusal::Closed`],
/// [`Refusal::Settled`], [`Refusal::Cancelled`].
pub fn withdraw(auction: &Auction, bidder: &str, bid: u64, now: Timestamp) -> Result<Event, Refusal> {
    takes_bids(auction.terms(), auction.phase(), now)?;
    match auction.standing_bid(bidder) {
        Some(standing) if standing.bid == bid => Ok(Event::BidWithdrawn {
            bidder: bidder.to_owned(),
            bid,
        }),
        _ => Err(Refusal::NoSuchBid),
    }
}

/// Calls an auction off. Only who opened it may, and only before the close.
///
/// # Errors
///
/// [`Refusal::NotYourAuction`], [`Refusal::Closed`], [`Refusal::Settled`], [`Refusal::Cancelled`], [`Refusal::Reason`].
pub fn cancel(terms: &Terms, phase: Phase, now: Timestamp, caller: &str, reason: &str) -> Result<Event, Refusal> {
    if caller != terms.opened_by {
        return Err(Refusal::NotYourAuction);
    }
    not_ended(terms, phase, now)?;
    if !reason.is_empty() && !is_text(reason, 500) {
        return Err(Refusal::Reason);
    }
    Ok(Event::AuctionCancelled {
        reason: reason.to_owned(),
    })
}

/// Closes an auction whose time has come.
///
/// # Errors
///
/// [`Refusal::NotClosedYet`] before `closes_at`; [`Refusal::Closed`], [`Refusal::Settled`], [`Refusal::Cancelled`] if
/// it needs no closing any more.
pub fn close(terms: &Terms, phase: Phase, now: Timestamp) -> Result<Event, Refusal> {
    is_open(phase)?;
    if now < terms.closes_at {
        return Err(Refusal::NotClosedYet);
    }
    Ok(Event::AuctionClosed {})
}

/// Ends an auction with its outcome.
///
/// # Errors
///
/// [`Refusal::NotClosedYet`], [`Refusal::Settled`], [`Refusal::Cancelled`]; [`Refusal::OtherLog`] if the outcome was
/// not found on this very log.
pub fn settle(auction: &Auction, outcome: Outcome) -> Result<Event, Refusal> {
    match auction.phase() {
        Phase::Open => Err(Refusal::NotClosedYet),
        Phase::Settled => Err(Refusal::Settled),
        Phase::Cancelled => Err(Refusal::Cancelled),
        Phase::Closed if !auction.is_outcome(&outcome) => Err(Refusal::OtherLog),
        Phase::Closed => Ok(Event::AuctionSettled { outcome }),
    }
}

/// Whether bids are taken now.
///
/// # Errors
///
/// [`Refusal::NotOpenYet`], [`Refusal::Closed`], [`Refusal::Settled`], [`Refusal::Cancelled`].
pub fn takes_bids(terms: &Terms, phase: Phase, now: Timestamp) -> Result<(), Refusal> {
    not_ended(terms, phase, now)?;
    if now < terms.opens_at {
        Err(Refusal::NotOpenYet)
    } else {
        Ok(())
    }
}

fn not_ended(terms: &Terms, phase: Phase, now: Timestamp) -> Result<(), Refusal> {
    is_open(phase)?;
    if now >= terms.closes_at {
        Err(Refusal::Closed)
    } else {
        Ok(())
    }
}

fn is_open(phase: Phase) -> Result<(), Refusal> {
    match phase {
        Phase::Open => Ok(()),
        Phase::Closed => Err(Refusal::Closed),
        Phase::Settled => Err(Refusal::Settled),
        Phase::Cancelled => Err(Refusal::Cancelled),
    }
}
