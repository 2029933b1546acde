//! The decisions: each says which event a request becomes, or why it is refused. They read nothing and write nothing.
//!
//! The hot path, [`place_bid`], needs no more than the terms, which never change, and the phase, which follows from the
//! last event. Whoever appends has to append on exactly the head that was decided on: a close that came in between then
//! makes the append fail, and the next decision refuses.
//!
//! `now` is the server's time. An entry never has an earlier time than the one before it, so a clock that lags can't
//! put a bid before the close that it comes after.

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
        // What an older system's file names is either: a contract, or an auction by its id.
        && (!is_text(contract, 128) || contract.contains('/') || contract.parse::<AuctionId>().is_ok())
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
            envelope_sha256: standing.envelope_sha256,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Log, at, eur, id, key, terms};
    use crate::{Currency, Money, Rule, envelope};

    fn sealed(bidder: &str) -> Envelope {
        Envelope::parse(&envelope::seal(&key(), id(), bidder, &eur("5")).unwrap()).unwrap()
    }

    #[test]
    fn a_bid_counts_from_the_opening_up_to_the_millisecond_before_the_close() {
        let (terms, envelope) = (terms(Rule::FirstPrice), sealed("alice"));
        let place = |now| place_bid(&terms, id(), Phase::Open, now, "alice", &envelope);
        assert_eq!(place(at(-1)), Err(Refusal::NotOpenYet));
        assert!(place(at(0)).is_ok());
        assert!(place(at(999)).is_ok());
        assert_eq!(place(at(1000)), Err(Refusal::Closed));
    }

    #[test]
    fn after_its_end_an_auction_takes_nothing_whatever_the_clock_says() {
        let (terms, envelope) = (terms(Rule::FirstPrice), sealed("alice"));
        for (phase, refusal) in [
            (Phase::Closed, Refusal::Closed),
            (Phase::Settled, Refusal::Settled),
            (Phase::Cancelled, Refusal::Cancelled),
        ] {
            assert_eq!(place_bid(&terms, id(), phase, at(5), "alice", &envelope), Err(refusal));
            assert_eq!(
                place_kms_ciphertext(&terms, phase, at(5), "alice", "AAAA"),
                Err(refusal)
            );
            assert_eq!(cancel(&terms, phase, at(5), "auctioneer", ""), Err(refusal));
            assert_eq!(close(&terms, phase, at(1000)), Err(refusal));
        }
    }

    #[test]
    fn a_bid_is_taken_from_its_own_bidder_for_its_own_auction_and_key_only() {
        let (terms, envelope) = (terms(Rule::FirstPrice), sealed("alice"));
        let other_auction = AuctionId::generate(at(0));
        let place = |auction, bidder, terms| place_bid(terms, auction, Phase::Open, at(5), bidder, &envelope);
        let code = |decision: Result<Event, Refusal>| decision.unwrap_err().code();
        assert_eq!(code(place(other_auction, "alice", &terms)), "envelope-other-auction");
        assert_eq!(code(place(id(), "bob", &terms)), "envelope-other-bidder");
        let private = aws_lc_rs::rsa::PrivateDecryptingKey::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let other_key = Terms {
            key: crate::testing::public(&private, "another"),
            ..terms.clone()
        };
        assert_eq!(code(place(id(), "alice", &other_key)), "envelope-other-key");
    }

    #[test]
    fn a_bidder_takes_back_their_standing_bid_and_no_other() {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        let first = log.bid(at(1), "alice", "one");
        let second = log.bid(at(2), "alice", "two");
        let take_back = |bidder, bid, now| withdraw(&log.auction, bidder, bid, now);
        assert_eq!(take_back("alice", first, at(3)), Err(Refusal::NoSuchBid));
        assert_eq!(take_back("bob", second, at(3)), Err(Refusal::NoSuchBid));
        assert_eq!(take_back("alice", 99, at(3)), Err(Refusal::NoSuchBid));
        assert_eq!(take_back("alice", second, at(1000)), Err(Refusal::Closed));
        assert!(take_back("alice", second, at(999)).is_ok());
    }

    #[test]
    fn who_took_a_bid_back_can_not_be_guessed_from_the_digest() {
        let digest = |envelope| {
            let mut log = Log::opened(terms(Rule::FirstPrice));
            let bid = log.bid(at(1), "alice", envelope);
            let event = withdraw(&log.auction, "alice", bid, at(2)).unwrap();
            crate::Hash::of(event.body().unwrap())
        };
        assert_ne!(
            digest("one"),
            digest("two"),
            "the bidder and the bid alone don't make it"
        );
    }

    #[test]
    fn only_who_opened_it_cancels_and_only_before_the_close() {
        let terms = terms(Rule::FirstPrice);
        let cancel = |caller, now, reason: &str| cancel(&terms, Phase::Open, now, caller, reason);
        assert_eq!(cancel("alice", at(5), ""), Err(Refusal::NotYourAuction));
        assert_eq!(cancel("auctioneer", at(1000), ""), Err(Refusal::Closed));
        assert_eq!(cancel("auctioneer", at(5), &"a".repeat(501)), Err(Refusal::Reason));
        assert!(cancel("auctioneer", at(-500), "").is_ok(), "before it opens, too");
    }

    #[test]
    fn an_auction_closes_when_its_time_has_come() {
        let terms = terms(Rule::FirstPrice);
        assert_eq!(close(&terms, Phase::Open, at(999)), Err(Refusal::NotClosedYet));
        assert_eq!(close(&terms, Phase::Open, at(1000)), Ok(Event::AuctionClosed {}));
    }

    #[test]
    fn terms_that_make_no_sense_are_refused_by_the_field() {
        let good = || terms(Rule::FirstPrice);
        let yen: Currency = "JPY".parse().unwrap();
        let wrong = [
            (
                Terms {
                    title: String::new(),
                    ..good()
                },
                Refusal::Title,
            ),
            (
                Terms {
                    title: "a".repeat(201),
                    ..good()
                },
                Refusal::Title,
            ),
            (
                Terms {
                    title: "a\u{7}".into(),
                    ..good()
                },
                Refusal::Title,
            ),
            (
                Terms {
                    contract: Some(String::new()),
                    ..good()
                },
                Refusal::Contract,
            ),
            (
                Terms {
                    contract: Some("a/b".into()),
                    ..good()
                },
                Refusal::Contract,
            ),
            (
                Terms {
                    contract: Some(AuctionId::generate(at(0)).to_string()),
                    ..good()
                },
                Refusal::Contract,
            ),
            (
                Terms {
                    closes_at: at(0),
                    ..good()
                },
                Refusal::ClosesAt,
            ),
            (
                Terms {
                    opens_at: at(-5000),
                    closes_at: at(-3000),
                    ..good()
                },
                Refusal::ClosesAt,
            ),
            (
                Terms {
                    reserve: Some(Money::parse("1", yen).unwrap()),
                    ..good()
                },
                Refusal::Reserve,
            ),
            (
                Terms {
                    opened_by: String::new(),
                    ..good()
                },
                Refusal::Subject,
            ),
        ];
        for (terms, refusal) in wrong {
            assert_eq!(open(id(), terms, at(-1000)), Err(refusal));
        }
        assert!(open(id(), good(), at(-1000)).is_ok());
    }

    #[test]
    fn times_of_an_auction_are_cut_to_milliseconds() {
        let finer = at(0) + jiff::SignedDuration::from_micros(7);
        let opened = open(
            id(),
            Terms {
                opens_at: finer,
                ..terms(Rule::FirstPrice)
            },
            at(-1),
        )
        .unwrap();
        let Event::AuctionOpened { terms, .. } = opened else {
            panic!("{opened:?}")
        };
        assert_eq!(terms.opens_at, at(0));
    }
}
