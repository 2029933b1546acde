//! Settlements that go wrong in the middle: a fault in each call that one makes, two at once, too little time, too many
//! bids. The result is the same each time, and there is one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bid_settle::message;
use futures_util::future::join_all;
use gatehouse_auction::{Outcome, Rule, Seal};
use gatehouse_tests::settling::auction::{Special, TestAuction, euro};
use gatehouse_tests::settling::faults::Fault;
use gatehouse_tests::settling::{Delivered, Settling};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);

fn second_price() -> Special {
    Special {
        rule: Rule::SecondPrice,
        ..Special::default()
    }
}

/// An auction with good and bad bids of both formats.
async fn mixed(room: &Settling) -> TestAuction {
    let mut auction = room.auction(second_price()).await;
    auction.bid("anna", "250.50").await;
    auction.place("mallory", Seal::Jwe, "garbage".into()).await;
    auction.bid("ben", "310.00").await;
    let old = STANDARD.encode(room.legacy(b"300").await);
    auction.place("cleo", Seal::KmsCiphertext, old).await;
    auction.bid("dora", "310.00").await;
    auction
}

/// What is the same in each result of [`mixed`].
async fn assert_settled(room: &Settling, auction: &TestAuction, what: &str) {
    let outcome = auction.outcome().await.unwrap_or_else(|| panic!("{what}: no result"));
    let Outcome {
        winner,
        bids,
        valid,
        invalid,
        sealed,
        ..
    } = outcome;
    let winner = winner.unwrap();
    assert_eq!((winner.bid, winner.bidder.as_str()), (4, "ben"), "{what}");
    assert_eq!((bids, valid), (5, 4), "{what}");
    let expected = ("envelope-not-five-parts".to_owned(), BTreeSet::from([3]));
    assert_eq!(invalid, BTreeMap::from([expected]), "{what}");
    let price = room.price(auction.id, &sealed.unwrap()).await;
    assert_eq!((price.amount, price.price), (euro("310.00"), euro("310.00")), "{what}");

    assert_eq!(
        auction.kinds_since().await,
        ["auction-closed", "auction-settled"],
        "{what}"
    );
    assert!(room.progress(auction.id).await.is_none(), "{what}: progress is left");
    assert!(
        !room.schedules().await.contains(&auction.id.to_string()),
        "{what}: a schedule is left"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn whatever_goes_wrong_with_any_call_there_is_one_result_and_it_is_the_same() {
    // Saved after every second bid, so that all kinds of calls are among them; one at a time, so that their order is known.
    let room = Settling::new(&[("SAVE_EVERY", "2"), ("DECRYPT_CONCURRENCY", "1")]).await;
    let auction = mixed(&room).await;
    room.settle(auction.id, MINUTE).await;
    assert_settled(&room, &auction, "without a fault").await;
    let calls = room.faults.calls();
    println!("without a fault: {} calls: {}", calls.len(), calls.join(", "));

    for fault in [
        Fault::Throttled,
        Fault::ServerError,
        Fault::Denied,
        Fault::NoAnswer,
        Fault::AnswerLost,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ] {
        let mut deliveries = Vec::new();
        for (number, call) in calls.iter().enumerate() {
            let auction = mixed(&room).await;
            room.faults.at(room.faults.calls().len() + number, fault);
            deliveries.push(room.settle(auction.id, MINUTE).await);
            assert_settled(&room, &auction, &format!("{fault:?} in call {number}, {call}")).await;
        }
        println!("{fault:?}: deliveries for a fault in each of the calls: {deliveries:?}");
    }
    assert!(room.rejections().await.is_empty());
    assert!(room.schedules().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn settlements_of_one_auction_at_once_end_with_one_result() {
    let room = Settling::new(&[("SAVE_EVERY", "1"), ("DECRYPT_CONCURRENCY", "2")]).await;
    for round in 0..10 {
        let auction = mixed(&room).await;
        let at_once = join_all((0..4).map(|_| room.deliver(message::about(auction.id), MINUTE))).await;
        assert!(
            at_once.contains(&Delivered::Done),
            "round {round}: somebody always comes through: {at_once:?}"
        );
        // Those that were handed back come again.
        for delivered in at_once {
            if delivered == Delivered::HandedBack {
                room.settle(auction.id, MINUTE).await;
            }
        }
        assert_settled(&room, &auction, &format!("round {round}")).await;
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_result_does_not_depend_on_the_order_in_which_kms_answers() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let room = Settling::new(&[]).await;
    // Each call takes another time, and the first ones the longest.
    room.faults.slow_down("Decrypt", || {
        Duration::from_millis(40 * (4 - CALLS.fetch_add(1, Ordering::Relaxed) % 4))
    });
    for round in 0..4 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let auction = mixed(&room).await;
        room.settle(auction.id, MINUTE).await;
        assert_settled(&room, &auction, &format!("round {round}")).await;
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_left_when_an_invocation_ends_goes_on_in_the_next_one_where_it_was() {
    const BIDS: u64 = 20;
    let room = Settling::new(&[("DECRYPT_CONCURRENCY", "2")]).await;
    let mut auction = room.auction(second_price()).await;
    let bids = (0..BIDS).map(|number| (format!("bidder-{number}"), euro(&format!("{}.00", 100 + number))));
    auction.place_many(bids).await;
    room.faults.slow_down("Decrypt", || Duration::from_millis(500));
    let deliveries = room.settle(auction.id, Duration::from_secs(4)).await;
    println!("{BIDS} bids in {deliveries} invocations");

    assert!(deliveries > 1, "the time is too short for one invocation");
    let outcome = auction.outcome().await.unwrap();
    assert_eq!((outcome.valid, outcome.winner.unwrap().bid), (BIDS, BIDS + 1));
    let price = room.price(auction.id, &outcome.sealed.unwrap()).await;
    assert_eq!((price.amount, price.price), (euro("119.00"), euro("118.00")));
    // Each bid once; those under way at an end once more; and the progress at the start of each invocation.
    let most = BIDS as usize + (deliveries - 1) * (2 + 1);
    assert!(
        room.faults.count("Decrypt") <= most,
        "{} decryptions",
        room.faults.count("Decrypt")
    );
    assert_eq!(auction.kinds_since().await, ["auction-closed", "auction-settled"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_invocation_that_could_count_nothing_is_handed_back_and_does_not_go_on_for_ever() {
    let room = Settling::new(&[]).await;
    let auction = mixed(&room).await;
    room.faults.next("Decrypt", usize::MAX, Fault::Throttled);
    assert_eq!(
        room.deliver(message::about(auction.id), Duration::from_secs(2)).await,
        Delivered::HandedBack
    );
    assert!(room.sent_to_itself().await.is_empty());
    assert_eq!(auction.kinds_since().await, ["auction-closed"]);

    room.faults.next("Decrypt", 0, Fault::Throttled);
    room.settle(auction.id, MINUTE).await;
    assert_settled(&room, &auction, "after the throttling").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn progress_that_can_not_be_used_is_a_new_start() {
    let room = Settling::new(&[("DECRYPT_CONCURRENCY", "1"), ("SAVE_EVERY", "1")]).await;
    for body in ["garbage", r#"{"logHead":"00","position":9,"sealed":"","invalid":{}}"#] {
        let auction = mixed(&room).await;
        room.put_progress(auction.id, body).await;
        room.settle(auction.id, MINUTE).await;
        assert_settled(&room, &auction, body).await;
    }
    // That of another auction, as if it were of this one: its ciphertext does not open here.
    let (other, auction) = (mixed(&room).await, mixed(&room).await);
    room.faults.after("Decrypt", 1, 2, Fault::Denied);
    assert_eq!(
        room.deliver(message::about(other.id), MINUTE).await,
        Delivered::HandedBack
    );
    assert_eq!(
        room.deliver(message::about(auction.id), MINUTE).await,
        Delivered::HandedBack
    );
    let mut moved: Value = serde_json::from_str(&room.progress(other.id).await.unwrap()).unwrap();
    moved["logHead"] = json!(auction.entries().await.last().unwrap().hash);
    room.put_progress(auction.id, &moved.to_string()).await;
    room.settle(auction.id, MINUTE).await;
    assert_settled(&room, &auction, "progress of another auction").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn notes_that_somebody_has_changed_are_a_new_start_and_make_no_bid_invalid() {
    let room = Settling::new(&[("DECRYPT_CONCURRENCY", "1")]).await;
    let listed = json!({ "envelope-does-not-open": [4, 6], "envelope-not-five-parts": [3] });
    for (member, forged) in [("position", json!(6)), ("position", json!(1)), ("invalid", listed)] {
        let auction = mixed(&room).await;
        // Two bids are counted, the third one is the best.
        room.faults.after("Decrypt", 1, 1, Fault::Denied);
        let delivered = room.deliver(message::about(auction.id), MINUTE).await;
        assert_eq!(delivered, Delivered::HandedBack);
        let mut notes: Value = serde_json::from_str(&room.progress(auction.id).await.unwrap()).unwrap();
        assert_eq!(notes["position"], 3, "{notes}");
        notes[member] = forged;
        room.put_progress(auction.id, &notes.to_string()).await;
        room.settle(auction.id, MINUTE).await;
        assert_settled(&room, &auction, &notes.to_string()).await;
    }
}

/// `GATEHOUSE_BIDS` bids, or 500. In one delivery, unless the local stack drops one of so many requests at once: over TLS, it
/// does now and then.
#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn many_bids_are_settled() {
    let bids: u64 = std::env::var("GATEHOUSE_BIDS").map_or(500, |bids| bids.parse().unwrap());
    let room = Settling::new(&[]).await;
    let mut auction = room.auction(second_price()).await;
    let amount = |number: u64| euro(&format!("{}.25", 1000 + number * 7919 % bids));
    auction
        .place_many((0..bids).map(|number| (format!("bidder-{number}"), amount(number))))
        .await;
    let start = Instant::now();
    let deliveries = room.settle(auction.id, Duration::from_secs(900)).await;
    let seconds = start.elapsed().as_secs_f64();
    println!("{bids} bids settled in {seconds:.1} s, {deliveries} deliveries");

    let outcome = auction.outcome().await.unwrap();
    assert_eq!((outcome.bids, outcome.valid), (bids, bids));
    let price = room.price(auction.id, &outcome.sealed.unwrap()).await;
    assert_eq!(price.amount, euro(&format!("{}.25", 1000 + bids - 1)));
}
