//! What holds of the state after any sequence of events.

use proptest::prelude::*;

use super::*;
use crate::testing::{Log, at, id, terms};
use crate::{Refusal, Rule, Tally, Winner, rules};

/// What somebody may try. Bidders, envelopes and bids are few, so that they meet.
#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Bid {
        bidder: u8,
        envelope: u8,
    },
    /// By the rules: refused if that bid does not stand.
    Withdraw {
        bidder: u8,
        bid: u64,
    },
    /// Appended whether that bid stands or not, as when a replacement came in between.
    WithdrawLate {
        bidder: u8,
        bid: u64,
    },
    Cancel,
    Close,
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..120_i64).prop_map(Step::Wait),
        8 => (0..4_u8, 0..3_u8).prop_map(|(bidder, envelope)| Step::Bid { bidder, envelope }),
        2 => (0..4_u8, 1..12_u64).prop_map(|(bidder, bid)| Step::Withdraw { bidder, bid }),
        2 => (0..4_u8, 1..12_u64).prop_map(|(bidder, bid)| Step::WithdrawLate { bidder, bid }),
        1 => prop_oneof![9 => Just(Step::Close), 1 => Just(Step::Cancel)],
        1 => Just(Step::Settle),
    ];
    proptest::collection::vec(step, 0..40)
}

/// Which event a step becomes, if the rules let it.
fn decide(auction: &Auction, now: Timestamp, step: &Step) -> Result<(Event, Option<String>), Refusal> {
    let (terms, phase) = (auction.terms(), auction.phase());
    let event = match step {
        Step::Wait(_) => return Err(Refusal::NotOpenYet),
        Step::Bid { bidder, envelope } => {
            let text = base64_of(*envelope);
            let event = rules::place_kms_ciphertext(terms, phase, now, &bidder.to_string(), &text)?;
            return Ok((event, Some(text)));
        }
        Step::Withdraw { bidder, bid } => rules::withdraw(auction, &bidder.to_string(), *bid, now)?,
        Step::WithdrawLate { bidder, bid } => {
            rules::takes_bids(terms, phase, now)?;
            Event::BidWithdrawn {
                bidder: bidder.to_string(),
                bid: *bid,
                envelope_sha256: Hash::of(""),
            }
        }
        Step::Cancel => rules::cancel(terms, phase, now, "auctioneer", "")?,
        Step::Close => rules::close(terms, phase, now)?,
        Step::Settle => {
            let mut tally = Tally::new(terms.currency);
            auction
                .bids_by_position()
                .iter()
                .for_each(|(_, bid)| tally.invalid(bid.bid, "never opened"));
            rules::settle(auction, tally.outcome(auction.head().hash, None))?
        }
    };
    Ok((event, None))
}

fn base64_of(envelope: u8) -> String {
    format!("AAA{}", char::from(b'A' + envelope))
}

/// The rule by its words, over all events: the last bid of each bidder, unless it was withdrawn, an envelope that they
/// ever placed before being no new bid.
fn standing(events: &[(u64, Event)], bidder: &str) -> Option<u64> {
    let mut standing = None;
    let mut placed = Vec::new();
    for (position, event) in events {
        match event {
            Event::BidPlaced {
                bidder: by,
                envelope_sha256,
                ..
            } if by == bidder => {
                if !placed.contains(envelope_sha256) {
                    standing = Some(*position);
                }
                placed.push(*envelope_sha256);
            }
            Event::BidWithdrawn { bidder: by, bid, .. } if by == bidder => {
                standing = standing.filter(|position| position != bid);
            }
            _ => {}
        }
    }
    standing
}

/// Every event there is, to be tried where none may follow.
fn every_event(auction: &Auction) -> Vec<Event> {
    let bidder = "0".to_owned();
    let outcome = Tally::new(auction.terms().currency).outcome(auction.head().hash, None);
    let terms = auction.terms().clone();
    vec![
        Event::AuctionOpened { auction: id(), terms },
        Event::BidPlaced {
            bidder: bidder.clone(),
            seal: Seal::Jwe,
            envelope_sha256: Hash::of(""),
        },
        Event::BidWithdrawn {
            bidder,
            bid: 2,
            envelope_sha256: Hash::of(""),
        },
        Event::AuctionClosed {},
        Event::AuctionSettled { outcome },
        Event::AuctionCancelled { reason: String::new() },
    ]
}

proptest! {
    #[test]
    fn the_invariants_hold_after_any_valid_sequence(steps in steps()) {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        let mut now = at(-50);
        for step in &steps {
            if let Step::Wait(milliseconds) = step {
                now += jiff::SignedDuration::from_millis(*milliseconds);
            } else if let Ok((event, envelope)) = decide(&log.auction, now, step) {
                prop_assert_eq!(log.append(now, &event, envelope), Ok(()), "{:?} was decided", event);
            }
        }

        let positions: Vec<u64> = log.entries.iter().map(|entry| entry.position).collect();
        prop_assert_eq!(positions, (1..=log.entries.len() as u64).collect::<Vec<_>>());
        prop_assert!(log.entries.is_sorted_by_key(|entry| entry.at));

        let numbered = |entry: &Entry| (entry.position, entry.event().unwrap());
        let events: Vec<(u64, Event)> = log.entries.iter().map(numbered).collect();
        for bidder in (0..4).map(|bidder: u8| bidder.to_string()) {
            let stands = log.auction.standing_bid(&bidder).map(|standing| standing.bid);
            prop_assert_eq!(stands, standing(&events, &bidder), "{}", bidder);
        }

        let ends = |event: &Event| matches!(Phase::after(event), Phase::Settled | Phase::Cancelled);
        prop_assert!(events.iter().rev().skip(1).all(|(_, event)| !ends(event)));
        let after_close = events.iter().skip_while(|(_, event)| *event != Event::AuctionClosed {}).skip(1);
        let settles = |event: &Event| matches!(event, Event::AuctionSettled { .. });
        prop_assert!(after_close.into_iter().all(|(_, event)| settles(event)));
        prop_assert_eq!(log.auction.phase(), Phase::after(&events.last().unwrap().1));

        prop_assert_eq!(&Auction::fold(id(), &log.entries), &Ok(log.auction.clone()));
        let snapshot = serde_json::to_string(&log.auction).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Auction>(&snapshot).unwrap(), &log.auction);
    }

    #[test]
    fn the_order_of_unrelated_bids_of_one_time_does_not_matter(
        order in Just((0..8_u32).collect::<Vec<_>>()).prop_shuffle(),
        counting in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
        cents in proptest::collection::hash_set(0..1_000_000_u32, 8),
        second_price: bool,
    ) {
        let cents: Vec<u32> = cents.into_iter().collect();
        let rule = if second_price { Rule::SecondPrice } else { Rule::FirstPrice };
        let won = |order: &[u32], counting: &[usize]| {
            let mut log = Log::opened(terms(rule));
            for bidder in order {
                log.bid(at(5), &bidder.to_string(), &format!("envelope of {bidder}"));
            }
            log.close();
            let mut tally = Tally::new(log.auction.terms().currency);
            let bids = log.auction.bids_by_position();
            for number in counting {
                let (bidder, StandingBid { bid, at, .. }) = bids[*number];
                let cents = cents[bidder.parse::<usize>().unwrap()];
                let amount = crate::testing::eur(&format!("{}.{:02}", cents / 100, cents % 100));
                tally.valid(crate::Candidate { bid, bidder: bidder.to_owned(), at, amount });
            }
            let award = tally.award(log.auction.terms()).unwrap();
            (award.winner.bidder, award.price)
        };
        let in_order: Vec<u32> = (0..8).collect();
        prop_assert_eq!(won(&order, &counting), won(&in_order, &[0, 1, 2, 3, 4, 5, 6, 7]));
    }
}

/// A log at its end, in the two ways that there are.
fn ended() -> [Log; 2] {
    let mut settled = Log::opened(terms(Rule::FirstPrice));
    settled.close();
    let outcome = Tally::new(settled.auction.terms().currency).outcome(settled.auction.head().hash, None);
    let event = rules::settle(&settled.auction, outcome).unwrap();
    settled.append(at(2000), &event, None).unwrap();

    let mut cancelled = Log::opened(terms(Rule::FirstPrice));
    let event = rules::cancel(cancelled.auction.terms(), Phase::Open, at(5), "auctioneer", "sold").unwrap();
    cancelled.append(at(5), &event, None).unwrap();
    [settled, cancelled]
}

#[test]
fn nothing_follows_the_end() {
    for mut log in ended() {
        let before = log.auction.clone();
        for event in every_event(&log.auction) {
            for now in [at(5), at(2000)] {
                assert!(
                    matches!(log.append(now, &event, None), Err(LogError::OutOfTurn { .. })),
                    "{event:?}"
                );
            }
        }
        assert_eq!(log.auction, before);
    }
}

#[test]
fn only_the_settlement_follows_the_close() {
    for event in every_event(&ended()[0].auction) {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        log.close();
        let event = match event {
            Event::AuctionSettled { outcome } => Event::AuctionSettled {
                outcome: Outcome {
                    log_head: log.auction.head().hash,
                    ..outcome
                },
            },
            other => other,
        };
        let settles = matches!(event, Event::AuctionSettled { .. });
        assert_eq!(log.append(at(1000), &event, None).is_ok(), settles, "{event:?}");
    }
}

#[test]
fn a_bid_outside_of_the_time_is_not_folded() {
    let event = &every_event(&Log::opened(terms(Rule::FirstPrice)).auction)[1];
    for (now, good) in [(at(-1), false), (at(0), true), (at(999), true), (at(1000), false)] {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        assert_eq!(log.append(now, event, None).is_ok(), good, "{now}");
    }
}

#[test]
fn the_same_envelope_again_keeps_the_earlier_time() {
    let mut log = Log::opened(terms(Rule::FirstPrice));
    let first = log.bid(at(1), "alice", "one");
    log.bid(at(2), "alice", "one");
    let standing = log.auction.standing_bid("alice").unwrap();
    assert_eq!((standing.bid, standing.at), (first, at(1)));
}

#[test]
fn an_envelope_that_comes_again_brings_no_replaced_or_withdrawn_bid_back() {
    let mut log = Log::opened(terms(Rule::FirstPrice));
    log.bid(at(1), "alice", "one");
    let second = log.bid(at(2), "alice", "two");
    log.bid(at(3), "alice", "one");
    assert_eq!(
        log.auction.standing_bid("alice").unwrap().bid,
        second,
        "one was replaced"
    );

    let event = rules::withdraw(&log.auction, "alice", second, at(4)).unwrap();
    log.append(at(4), &event, None).unwrap();
    for envelope in ["one", "two"] {
        log.bid(at(5), "alice", envelope);
        assert_eq!(log.auction.standing_bid("alice"), None, "{envelope}");
    }
    let others = log.bid(at(6), "bob", "one");
    assert_eq!(
        log.auction.standing_bid("bob").unwrap().bid,
        others,
        "it is another bidder's"
    );
    let third = log.bid(at(7), "alice", "three");
    assert_eq!(log.auction.standing_bid("alice").unwrap().bid, third);
}

#[test]
fn a_withdrawal_of_a_replaced_bid_changes_nothing() {
    let mut log = Log::opened(terms(Rule::FirstPrice));
    let first = log.bid(at(1), "alice", "one");
    let second = log.bid(at(2), "alice", "two");
    let withdrawn = |bid, bidder: &str| Event::BidWithdrawn {
        bidder: bidder.into(),
        bid,
        envelope_sha256: Hash::of("two"),
    };
    log.append(at(3), &withdrawn(first, "alice"), None).unwrap();
    log.append(at(3), &withdrawn(second, "bob"), None).unwrap();
    assert_eq!(log.auction.standing_bid("alice").unwrap().bid, second);
    log.append(at(4), &withdrawn(second, "alice"), None).unwrap();
    assert_eq!(log.auction.standing_bid("alice"), None);
}

#[test]
fn a_log_begins_with_the_opening_of_this_auction() {
    assert_eq!(Auction::fold(id(), Vec::<Entry>::new()), Err(LogError::Empty));
    let closed = Entry::following(&Head::start(id()), at(0), &Event::AuctionClosed {}, None).unwrap();
    assert_eq!(Auction::fold(id(), [closed]), Err(LogError::OutOfTurn { position: 1 }));
    let auction = AuctionId::generate(at(0));
    let other = Event::AuctionOpened {
        auction,
        terms: terms(Rule::FirstPrice),
    };
    let other = Entry::following(&Head::start(id()), at(0), &other, None).unwrap();
    assert_eq!(Auction::fold(id(), [other]), Err(LogError::OutOfTurn { position: 1 }));
}

#[test]
fn an_outcome_of_another_log_does_not_settle_this_one() {
    let mut log = Log::opened(terms(Rule::FirstPrice));
    let bid = log.bid(at(1), "alice", "one");
    log.close();
    let winner = |bidder: &str, bid| {
        Some(Winner {
            bid,
            bidder: bidder.into(),
        })
    };
    let good = Outcome {
        winner: winner("alice", bid),
        bids: 1,
        valid: 1,
        invalid: std::collections::BTreeMap::new(),
        log_head: log.auction.head().hash,
        sealed: Some("sealed".into()),
    };
    assert!(rules::settle(&log.auction, good.clone()).is_ok());
    let wrong = [
        Outcome {
            log_head: Hash::of("another"),
            ..good.clone()
        },
        Outcome {
            bids: 2,
            ..good.clone()
        },
        Outcome {
            bids: 2,
            valid: 2,
            ..good.clone()
        },
        Outcome {
            winner: winner("bob", bid),
            ..good.clone()
        },
        Outcome {
            winner: winner("alice", 1),
            ..good.clone()
        },
        Outcome {
            winner: None,
            ..good.clone()
        },
        Outcome { sealed: None, ..good },
    ];
    for outcome in wrong {
        assert_eq!(
            rules::settle(&log.auction, outcome.clone()),
            Err(Refusal::OtherLog),
            "{outcome:?}"
        );
        let settled = Event::AuctionSettled { outcome };
        assert!(matches!(
            log.append(at(1000), &settled, None),
            Err(LogError::OutOfTurn { .. })
        ));
    }
}
