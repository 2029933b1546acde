//! Settlements in this very process, on the local stack's tables, keys, queues and schedules: who wins, which bids do not
//! count, and what becomes of messages that come at the wrong time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bid_settle::message;
use gatehouse_auction::{AuctionId, Event, Hash, Money, PublicKey, Rule, Seal, envelope};
use gatehouse_core::event::Invocation;
use gatehouse_tests::settling::auction::{Special, TestAuction, after_the_close, closes_at, euro, opens_at};
use gatehouse_tests::settling::faults::Fault;
use gatehouse_tests::settling::{Delivered, Settling, sealing_key};
use jiff::SignedDuration;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

fn under(rule: Rule, reserve: Option<&str>) -> Special {
    let reserve = reserve.map(euro);
    Special {
        rule,
        reserve,
        ..Special::default()
    }
}

/// The winner, with what they bid and what they pay.
async fn result(room: &Settling, auction: &TestAuction) -> Option<(u64, String, String)> {
    let outcome = auction.outcome().await.expect("a result");
    let winner = outcome.winner?;
    let price = room.price(auction.id, &outcome.sealed.unwrap()).await;
    Some((winner.bid, price.amount.amount(), price.price.amount()))
}

fn won(bid: u64, amount: &str, price: &str) -> Option<(u64, String, String)> {
    Some((bid, amount.to_owned(), price.to_owned()))
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_highest_bid_wins_and_pays_what_the_rule_says() {
    let room = Settling::new(&[]).await;
    for (special, expected) in [
        (under(Rule::FirstPrice, None), won(3, "310.00", "310.00")),
        (under(Rule::SecondPrice, None), won(3, "310.00", "250.50")),
        (under(Rule::SecondPrice, Some("300.00")), won(3, "310.00", "300.00")),
        (under(Rule::FirstPrice, Some("310.01")), None),
    ] {
        let mut auction = room.auction(special).await;
        auction.bid("anna", "250.50").await;
        auction.bid("ben", "310").await;
        auction.bid("cleo", "99.99").await;
        assert_eq!(room.settle(auction.id, MINUTE).await, 1);

        assert_eq!(result(&room, &auction).await, expected);
        let outcome = auction.outcome().await.unwrap();
        assert_eq!((outcome.bids, outcome.valid, outcome.invalid.len()), (3, 3, 0));
        assert_eq!(auction.kinds_since().await, ["auction-closed", "auction-settled"]);
        assert!(room.progress(auction.id).await.is_none());
    }
    assert!(room.schedules().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_equal_bids_the_earliest_wins_and_what_was_replaced_or_withdrawn_does_not_count() {
    let room = Settling::new(&[]).await;
    let mut auction = room.auction(under(Rule::SecondPrice, None)).await;
    auction.bid("anna", "900.00").await;
    let first = auction.bid("ben", "500.00").await;
    auction.bid("cleo", "500.00").await;
    auction.bid("anna", "100.00").await;
    let envelope = auction.sealed("dora", &euro("800.00"));
    let event = Event::BidWithdrawn {
        bidder: "dora".into(),
        envelope_sha256: Hash::of(&envelope),
        bid: auction.place("dora", Seal::Jwe, envelope).await,
    };
    auction.append(event, None).await;
    room.settle(auction.id, MINUTE).await;
    assert_eq!(result(&room, &auction).await, won(first, "500.00", "500.00"));
    assert_eq!(auction.outcome().await.unwrap().bids, 3);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_without_bids_is_settled_without_a_winner() {
    let room = Settling::new(&[]).await;
    let auction = room.auction(Special::default()).await;
    room.settle(auction.id, MINUTE).await;
    assert_eq!(result(&room, &auction).await, None);
    assert_eq!(room.faults.count("Decrypt"), 0);
}

/// The same envelope with one of its parts replaced.
fn with_part(envelope: &str, number: usize, part: &[u8]) -> String {
    let part = URL_SAFE_NO_PAD.encode(part);
    let mut parts: Vec<&str> = envelope.split('.').collect();
    parts[number] = &part;
    parts.join(".")
}

fn part(envelope: &str, number: usize) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(envelope.split('.').nth(number).unwrap())
        .unwrap()
}

/// The same envelope with one bit of a part turned around.
fn flipped(envelope: &str, number: usize) -> String {
    let mut bytes = part(envelope, number);
    bytes[0] ^= 1;
    with_part(envelope, number, &bytes)
}

/// A content key of 31 bytes, wrapped rightly.
async fn short_key(room: &Settling) -> Vec<u8> {
    let request = room.kms.encrypt().key_id(&room.kms_key).plaintext(Blob::new([7; 31]));
    let request = request.encryption_algorithm(EncryptionAlgorithmSpec::RsaesOaepSha256);
    request.send().await.unwrap().ciphertext_blob.unwrap().into_inner()
}

/// The public half of a KMS key under another name.
async fn under_the_name(room: &Settling, kid: &str, arn: &str) -> PublicKey {
    let answer = room.kms.get_public_key().key_id(arn).send().await.unwrap();
    PublicKey::from_spki_der(kid, answer.public_key.unwrap().as_ref()).unwrap()
}

/// One of each kind, by bidders of these names, with the reason that it is listed for.
async fn bad_envelopes(room: &Settling, auction: &TestAuction, bidders: &[String]) -> Vec<(&'static str, String)> {
    let high = euro("999999.99");
    let dollars = Money::parse("999999.99", "USD".parse().unwrap()).unwrap();
    let (stranger, _) = sealing_key(&room.kms).await;
    let other_key = under_the_name(room, room.key.kid(), &stranger).await;
    let other_name = under_the_name(room, "another", &room.kms_key).await;
    let short_key = short_key(room).await;
    let sealed = |key: &PublicKey, id: AuctionId, bidder: &str| envelope::seal(key, id, bidder, &high).unwrap();
    let good = |number: usize| sealed(&room.key, auction.id, &bidders[number]);
    vec![
        ("envelope-not-five-parts", "garbage".into()),
        ("envelope-too-large", "a".repeat(9000)),
        (
            "envelope-other-auction",
            sealed(&room.key, AuctionId::generate(opens_at()), &bidders[2]),
        ),
        ("envelope-other-bidder", sealed(&room.key, auction.id, "anna")),
        ("envelope-other-key", sealed(&other_name, auction.id, &bidders[4])),
        ("envelope-does-not-open", sealed(&other_key, auction.id, &bidders[5])),
        ("envelope-does-not-open", flipped(&good(6), 1)),
        ("envelope-does-not-open", flipped(&good(7), 2)),
        ("envelope-does-not-open", flipped(&good(8), 3)),
        ("envelope-does-not-open", flipped(&good(9), 4)),
        ("envelope-does-not-open", with_part(&good(10), 1, &short_key)),
        (
            "envelope-encrypted-key-length",
            with_part(&good(11), 1, &part(&good(11), 1)[1..]),
        ),
        ("bid-other-currency", auction.sealed(&bidders[12], &dollars)),
    ]
}

/// The same in the old format.
async fn bad_ciphertexts(room: &Settling) -> Vec<(&'static str, String)> {
    let mut ciphertexts = vec![
        ("bid-not-kms-ciphertext", "no base64".to_owned()),
        ("envelope-does-not-open", STANDARD.encode([7; 100])),
        ("envelope-too-large", STANDARD.encode(vec![0; 6147])),
    ];
    for (reason, plaintext) in [
        ("bid-malformed", &b"12.50"[..]),
        ("bid-malformed", b"\xFF\xFE"),
        ("bid-amount-not-decimal", b"-5"),
        ("bid-amount-not-decimal", b"1e9"),
        ("bid-amount-not-decimal", b"NaN"),
        ("bid-amount-not-decimal", b"  "),
        ("bid-amount-too-large", b"1234567890123456789"),
    ] {
        ciphertexts.push((reason, STANDARD.encode(room.legacy(plaintext).await)));
    }
    ciphertexts
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_bad_bid_is_listed_with_its_reason_and_stops_no_other() {
    let room = Settling::new(&[]).await;
    let mut auction = room.auction(under(Rule::SecondPrice, None)).await;
    let bidders: Vec<String> = (0..30).map(|number| format!("mallory-{number}")).collect();
    let envelopes = bad_envelopes(&room, &auction, &bidders).await;
    let envelopes = envelopes
        .into_iter()
        .map(|(reason, envelope)| (reason, Seal::Jwe, envelope));
    let ciphertexts = bad_ciphertexts(&room).await.into_iter();
    let ciphertexts = ciphertexts.map(|(reason, envelope)| (reason, Seal::KmsCiphertext, envelope));

    auction.bid("anna", "250.50").await;
    let mut expected = Vec::new();
    for ((reason, seal, envelope), bidder) in envelopes.chain(ciphertexts).zip(&bidders) {
        let bid = auction.place(bidder, seal, envelope).await;
        expected.push((bid, reason));
    }
    let best = auction.bid("ben", "310.00").await;
    room.settle(auction.id, MINUTE).await;

    let outcome = auction.outcome().await.unwrap();
    assert_eq!(Vec::from_iter(outcome.invalid_by_id()), expected);
    assert_eq!((outcome.bids, outcome.valid), (25, 2));
    assert_eq!(result(&room, &auction).await, won(best, "310.00", "250.50"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_that_was_tampered_with_in_the_table_is_listed_and_stops_no_other() {
    let room = Settling::new(&[]).await;
    let mut auction = room.auction(under(Rule::FirstPrice, None)).await;
    let gone = auction.bid("anna", "900.00").await;
    let swapped = auction.bid("ben", "800.00").await;
    let best = auction.bid("cleo", "700.00").await;
    let number = auction.bid("dora", "600.00").await;
    let other = AttributeValue::S(auction.sealed("ben", &euro("1.00")));
    auction.tamper_with(gone, None).await;
    auction.tamper_with(swapped, Some(other)).await;
    auction.tamper_with(number, Some(AttributeValue::N("1".into()))).await;
    room.settle(auction.id, MINUTE).await;
    let outcome = auction.outcome().await.unwrap();
    assert_eq!(
        Vec::from_iter(outcome.invalid_by_id()),
        [gone, swapped, number].map(|bid| (bid, "log-envelope-differs"))
    );
    assert_eq!(result(&room, &auction).await, won(best, "700.00", "700.00"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bids_of_the_old_format_count_in_whole_units_beside_the_others() {
    let room = Settling::new(&[]).await;
    let mut auction = room.auction(under(Rule::SecondPrice, None)).await;
    auction.bid("anna", "499.99").await;
    let old = STANDARD.encode(room.legacy(b"500").await);
    let best = auction.place("ben", Seal::KmsCiphertext, old).await;
    room.settle(auction.id, MINUTE).await;
    assert_eq!(result(&room, &auction).await, won(best, "500.00", "499.99"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn without_a_key_for_the_old_format_nothing_is_settled_and_no_bid_is_called_invalid() {
    let mut room = Settling::new(&[]).await;
    let key = room.deps.config.legacy_key_arn.take();
    let mut auction = room.auction(Special::default()).await;
    let old = STANDARD.encode(room.legacy(b"500").await);
    let bid = auction.place("ben", Seal::KmsCiphertext, old).await;
    assert_eq!(
        room.deliver(message::about(auction.id), MINUTE).await,
        Delivered::HandedBack
    );
    assert_eq!(auction.kinds_since().await, ["auction-closed"]);

    room.deps.config.legacy_key_arn = key;
    room.settle(auction.id, MINUTE).await;
    assert_eq!(result(&room, &auction).await, won(bid, "500.00", "500.00"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_old_bid_of_somebody_elses_key_is_listed_once_another_one_opens_and_else_says_nothing() {
    let room = Settling::new(&[]).await;
    // KMS, as others tell of it: the ciphertext's key may not be used, though another one is named.
    let strangers = [STANDARD.encode([7; 100]), STANDARD.encode([8; 100])];
    let good = STANDARD.encode(room.legacy(b"500").await);
    let mut auction = room.auction(under(Rule::SecondPrice, None)).await;
    let mut listed = Vec::new();
    for (bidder, stranger) in ["mallory-1", "mallory-2"].into_iter().zip(&strangers) {
        let bid = auction.place(bidder, Seal::KmsCiphertext, stranger.clone()).await;
        listed.push((bid, "envelope-does-not-open"));
    }
    let best = auction.place("ben", Seal::KmsCiphertext, good.clone()).await;
    let [first, second] = strangers.each_ref().map(String::as_str);

    // The key may not be used at all: nobody's bid is called invalid for it.
    room.faults.deny(&[first, second, &good]);
    let delivered = room.deliver(message::about(auction.id), MINUTE).await;
    assert_eq!(delivered, Delivered::HandedBack);
    assert_eq!(auction.kinds_since().await, ["auction-closed"]);

    room.faults.deny(&[first, second]);
    assert_eq!(room.settle(auction.id, MINUTE).await, 1);
    let outcome = auction.outcome().await.unwrap();
    assert_eq!(Vec::from_iter(outcome.invalid_by_id()), listed);
    assert_eq!(result(&room, &auction).await, won(best, "500.00", "500.00"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn throttling_by_kms_is_waited_out_and_makes_no_bid_invalid() {
    let room = Settling::new(&[("DECRYPT_CONCURRENCY", "4")]).await;
    let mut auction = room.auction(under(Rule::FirstPrice, None)).await;
    let bidders: Vec<String> = (0..12).map(|number| format!("bidder-{number}")).collect();
    for bidder in &bidders {
        auction.bid(bidder, "100.00").await;
    }
    room.faults.next("Decrypt", 30, Fault::Throttled);
    assert_eq!(room.settle(auction.id, MINUTE).await, 1);
    let outcome = auction.outcome().await.unwrap();
    assert_eq!((outcome.valid, outcome.invalid), (12, BTreeMap::new()));
    assert_eq!(room.faults.count("Decrypt"), 12 + 30);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_key_that_can_not_be_used_for_now_makes_no_bid_invalid_and_what_was_counted_stays_counted() {
    let room = Settling::new(&[("DECRYPT_CONCURRENCY", "1")]).await;
    let mut auction = room.auction(under(Rule::FirstPrice, None)).await;
    for bidder in ["anna", "ben", "cleo"] {
        auction.bid(bidder, "100.00").await;
    }
    room.faults.after("Decrypt", 2, 1, Fault::Denied);
    assert_eq!(
        room.deliver(message::about(auction.id), MINUTE).await,
        Delivered::HandedBack
    );
    assert!(room.progress(auction.id).await.is_some());
    assert_eq!(auction.kinds_since().await, ["auction-closed"]);

    let before = room.faults.count("Decrypt");
    room.settle(auction.id, MINUTE).await;
    assert_eq!(auction.outcome().await.unwrap().valid, 3);
    // One of the progress, one of the bid that was left.
    assert_eq!(room.faults.count("Decrypt") - before, 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_message_that_comes_shortly_before_the_close_is_put_off() {
    let mut room = Settling::new(&[]).await;
    let early = || closes_at() - SignedDuration::from_secs(10);
    room.deps.now = early;
    room.deps.log = room.deps.log.with_clock(early);
    let auction = room.auction(Special::default()).await;
    assert_eq!(room.deliver(message::about(auction.id), MINUTE).await, Delivered::Done);
    assert_eq!(room.delayed().await, "1");
    assert!(auction.kinds_since().await.is_empty(), "it still takes bids");
    assert_eq!(room.schedules().await, [auction.id.to_string()]);
    assert!(room.rejections().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_message_that_comes_long_before_the_close_is_rejected_and_the_auction_goes_on() {
    let mut room = Settling::new(&[]).await;
    room.deps.now = opens_at;
    room.deps.log = room.deps.log.with_clock(opens_at);
    let auction = room.auction(Special::default()).await;
    assert_eq!(room.deliver(message::about(auction.id), MINUTE).await, Delivered::Done);
    let rejections = room.rejections().await;
    assert_eq!(
        (rejections.len(), rejections[0].reason.as_str()),
        (1, "auction-still-open")
    );
    assert_eq!(rejections[0].record, message::about(auction.id));
    assert!(auction.kinds_since().await.is_empty(), "it still takes bids");
    assert_eq!(room.schedules().await, [auction.id.to_string()]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_schedule_without_an_auction_is_deleted_unless_the_auction_may_be_about_to_open() {
    let room = Settling::new(&[]).await;
    let young = AuctionId::generate(after_the_close() - SignedDuration::from_secs(5));
    let old = AuctionId::generate(opens_at());
    let ahead = AuctionId::generate(after_the_close() + SignedDuration::from_secs(61));
    for id in [young, old, ahead] {
        room.schedule(id).await;
    }
    assert_eq!(room.deliver(message::about(ahead), MINUTE).await, Delivered::Done);
    assert_eq!(room.delayed().await, "0", "its own schedule will come");
    assert_eq!(room.deliver(message::about(young), MINUTE).await, Delivered::Done);
    assert_eq!(room.deliver(message::about(old), MINUTE).await, Delivered::Done);
    assert_eq!(room.schedules().await, [young.to_string(), ahead.to_string()]);
    assert_eq!(room.delayed().await, "1");
    assert!(room.rejections().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_names_no_auction_is_rejected() {
    let room = Settling::new(&[]).await;
    for message in [json!("not JSON"), json!({}), json!({ "auction": "no id" })] {
        assert_eq!(room.deliver(message, MINUTE).await, Delivered::Done);
    }
    let rejections = room.rejections().await;
    assert_eq!(rejections.len(), 3);
    assert!(
        rejections
            .iter()
            .all(|rejection| rejection.reason == "malformed-message")
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_that_was_called_off_is_only_cleared_up() {
    let room = Settling::new(&[]).await;
    let mut auction = room.auction(Special::default()).await;
    auction.bid("anna", "100.00").await;
    auction
        .append(Event::AuctionCancelled { reason: String::new() }, None)
        .await;
    room.settle(auction.id, MINUTE).await;
    assert!(auction.kinds_since().await.is_empty());
    assert_eq!(room.faults.count("Decrypt"), 0);
    assert!(room.schedules().await.is_empty());
}

#[test]
fn every_sample_event_names_an_auction_or_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/bid-settle");
    let samples = [("from-schedule", true), ("by-hand", true), ("unreadable-body", false)];
    for (name, is_message) in samples {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let message = match serde_json::from_str(&text).unwrap() {
            Invocation::Batch(batch) => message::in_body(batch.records[0].body.clone().unwrap()),
            Invocation::Direct(event) => event,
        };
        assert_eq!(message::auction(&message).is_ok(), is_message, "{name}");
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, samples.len(), "an event without a line here");
}
