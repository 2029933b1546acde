//! What becomes of the key of an auction that had its own, and of one that auctions share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use bid_settle::message;
use gatehouse_auction::{AuctionId, Event};
use gatehouse_tests::settling::auction::{Special, after_the_close, closes_at, opens_at};
use gatehouse_tests::settling::faults::Fault;
use gatehouse_tests::settling::{Delivered, Settling, sealing_key};
use jiff::{SignedDuration, Timestamp};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_key_of_one_auction_is_deleted_after_it_and_one_that_auctions_share_never_is() {
    let room = Settling::new(&[]).await;
    let (own, public) = sealing_key(&room.kms).await;
    let mut auction = room.auction_with_key(&own, &public, Special::default()).await;
    room.tag_key(&own, auction.id).await;
    let best = auction.bid("anna", "100.00").await;
    let shared = room.auction(Special::default()).await;
    room.settle(auction.id, MINUTE).await;
    room.settle(shared.id, MINUTE).await;
    let outcome = auction.outcome().await.unwrap();
    assert_eq!(outcome.winner.unwrap().bid, best);
    assert!(room.is_pending_deletion(&own).await);
    assert!(!room.is_pending_deletion(&room.kms_key).await);
    // Again, as if the message had come twice.
    assert_eq!(room.settle(auction.id, MINUTE).await, 1);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn no_key_is_deleted_if_it_is_not_known_which_one_auctions_share() {
    let room = Settling::new(&[("SEALING_KEY_ARN", "")]).await;
    let (own, public) = sealing_key(&room.kms).await;
    let auction = room.auction_with_key(&own, &public, Special::default()).await;
    room.tag_key(&own, auction.id).await;
    room.settle(auction.id, MINUTE).await;
    assert!(!room.is_pending_deletion(&own).await);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_key_that_auctions_shared_once_or_that_is_another_auctions_stays_and_the_auction_is_done() {
    let room = Settling::new(&[]).await;
    let (once_shared, public) = sealing_key(&room.kms).await;
    for tagged in [false, true] {
        let auction = room.auction_with_key(&once_shared, &public, Special::default()).await;
        if tagged {
            room.tag_key(&once_shared, AuctionId::generate(opens_at())).await;
        }
        // As the policy of a key that auctions share has it.
        room.faults.next("ScheduleKeyDeletion", 1, Fault::Denied);
        assert_eq!(room.deliver(message::about(auction.id), MINUTE).await, Delivered::Done);
        assert!(auction.outcome().await.is_some());
        assert!(!room.is_pending_deletion(&once_shared).await);
        assert!(!room.schedules().await.contains(&auction.id.to_string()));
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_key_of_an_auction_that_was_called_off_stays_until_the_close() {
    let mut room = Settling::new(&[]).await;
    let (own, public) = sealing_key(&room.kms).await;
    let mut auction = room.auction_with_key(&own, &public, Special::default()).await;
    room.tag_key(&own, auction.id).await;
    auction
        .append(Event::AuctionCancelled { reason: String::new() }, None)
        .await;
    let at: [(fn() -> Timestamp, _, _); 3] = [
        (opens_at, "0", false),
        (|| closes_at() - SignedDuration::from_secs(10), "1", false),
        (after_the_close, "1", true),
    ];
    for (now, delayed, gone) in at {
        room.deps.now = now;
        room.deps.log = room.deps.log.clone().with_clock(now);
        assert_eq!(room.deliver(message::about(auction.id), MINUTE).await, Delivered::Done);
        assert_eq!(room.delayed().await, delayed);
        assert_eq!(room.is_pending_deletion(&own).await, gone);
        assert_eq!(room.schedules().await.is_empty(), gone);
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn no_snapshot_says_which_key_is_deleted() {
    let room = Settling::new(&[]).await;
    let (own, public) = sealing_key(&room.kms).await;
    let (others, _) = sealing_key(&room.kms).await;
    let auction = room.auction_with_key(&own, &public, Special::default()).await;
    for key in [&own, &others] {
        room.tag_key(key, auction.id).await;
    }
    room.settle(auction.id, MINUTE).await;
    auction.put_snapshot_with_key(&others).await;
    room.settle(auction.id, MINUTE).await;
    assert!(!room.is_pending_deletion(&others).await);
    assert!(room.is_pending_deletion(&own).await);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_whose_own_key_does_not_open_yet_is_put_off_after_its_close() {
    let mut room = Settling::new(&[]).await;
    let (own, public) = sealing_key(&room.kms).await;
    let mut auction = room.auction_with_key(&own, &public, Special::default()).await;
    let best = auction.bid("anna", "100.00").await;
    let mut shared = room.auction(Special::default()).await;
    shared.bid("anna", "100.00").await;

    // The whole second of the close, at which the key's policy begins to allow it, by a clock that KMS may not have.
    let at_the_close = || closes_at() + SignedDuration::from_millis(999);
    room.deps.now = at_the_close;
    room.deps.log = room.deps.log.clone().with_clock(at_the_close);
    assert_eq!(room.deliver(message::about(auction.id), MINUTE).await, Delivered::Done);
    assert_eq!(room.delayed().await, "1");
    assert_eq!(auction.kinds_since().await, ["auction-closed"]);
    assert_eq!(room.faults.count("Decrypt"), 0);
    room.settle(shared.id, MINUTE).await;
    assert!(shared.outcome().await.is_some(), "what auctions share opens at once");

    room.deps.now = after_the_close;
    room.settle(auction.id, MINUTE).await;
    assert_eq!(auction.outcome().await.unwrap().winner.unwrap().bid, best);
}
