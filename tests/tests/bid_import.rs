//! Files of the older system, imported in this very process, on the local stack's bucket, table and queues.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::iter::repeat_n;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bid_import::bidder::{UnexpectedKey, of_key};
use futures_util::future::{join, join_all};
use gatehouse_auction::{Event, Hash, Seal};
use gatehouse_core::event::{Invocation, records_in_body, records_in_event};
use gatehouse_tests::importing::Importing;
use gatehouse_tests::settling::Delivered;
use gatehouse_tests::settling::auction::{TestAuction, closes_at, opens_at};
use gatehouse_tests::settling::faults::Fault;
use jiff::SignedDuration;
use serde_json::json;

const KEY: &str = "anna/2026/encrypted.csv";
const MINUTE: Duration = Duration::from_secs(60);

/// Something that looks like a KMS ciphertext; another one for each number.
fn ciphertext(number: u8) -> String {
    STANDARD.encode([number; 120])
}

fn file(lines: &[(&str, &str)]) -> String {
    let lines = lines.iter().map(|(contract, bid)| format!("{contract},{bid}\n"));
    format!("[].contract,[].bid\n{}", lines.collect::<String>())
}

/// The ciphertext that stands for this bidder.
async fn standing(room: &Importing, auction: &TestAuction, bidder: &str) -> Option<Hash> {
    let bid = room.state(auction.id).await.standing_bid(bidder)?;
    assert_eq!(bid.seal, Seal::KmsCiphertext);
    Some(bid.envelope_sha256)
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_line_is_a_bid_of_the_contract_that_it_names_in_whatever_order() {
    let room = Importing::new(&[]).await;
    let (one, two) = (room.auction("C-1").await, room.auction("C, 2").await);
    let id = two.id.to_string();
    let lines = [("\"C, 2\"", &*ciphertext(2)), ("C-1", &ciphertext(1))];
    assert_eq!(room.import(KEY, &file(&lines), "01").await, Delivered::Done);
    assert_eq!(
        room.import("ben/encrypted.csv", &file(&[(&id, &ciphertext(3))]), "01")
            .await,
        Delivered::Done
    );

    assert_eq!(standing(&room, &one, "anna").await, Some(Hash::of(ciphertext(1))));
    assert_eq!(standing(&room, &two, "anna").await, Some(Hash::of(ciphertext(2))));
    assert_eq!(standing(&room, &two, "ben").await, Some(Hash::of(ciphertext(3))));
    assert_eq!(
        one.entries().await[1].envelope,
        Some(ciphertext(1)),
        "as it stood in the file"
    );
    assert!(room.rejections().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_bad_line_is_rejected_by_its_number_and_the_others_are_placed() {
    let room = Importing::new(&[]).await;
    let (one, two) = (room.auction("C-1").await, room.auction("C-2").await);
    let mut over = room.auction("over").await;
    over.append(Event::AuctionCancelled { reason: String::new() }, None)
        .await;
    let long = STANDARD.encode(vec![0; 6147]);
    let lines = [
        ("C-1", &*ciphertext(1)),
        ("C-3", &ciphertext(2)),
        ("C-1", "no base64"),
        ("C-1", ""),
        ("over", &ciphertext(3)),
        ("C-1", &long),
        ("", &ciphertext(4)),
        ("01KAC3B3G0W4V8Q9ZJ6M5T7R2D", &ciphertext(5)),
        ("\"C-1", &ciphertext(6)),
        ("C-2", &ciphertext(7)),
    ];
    assert_eq!(room.import(KEY, &file(&lines), "01").await, Delivered::Done);

    let expected = [
        (3, "no-such-contract"),
        (4, "bid-not-kms-ciphertext"),
        (5, "bid-missing"),
        (6, "auction-cancelled"),
        (7, "envelope-too-large"),
        (8, "contract-missing"),
        (9, "no-such-contract"),
        (10, "line-without-two-fields"),
    ];
    let expected = expected.map(|(line, reason)| (line, reason.to_owned()));
    assert_eq!(room.rejections().await, expected);
    assert_eq!(standing(&room, &one, "anna").await, Some(Hash::of(ciphertext(1))));
    assert_eq!(standing(&room, &two, "anna").await, Some(Hash::of(ciphertext(7))));
    assert_eq!(over.kinds_since().await, [""; 0]);

    // Again: nothing is placed or rejected twice.
    assert_eq!(room.deliver(&room.bucket, KEY, "01", MINUTE).await, Delivered::Done);
    assert!(room.rejections().await.is_empty());
    assert_eq!((one.entries().await.len(), two.entries().await.len()), (2, 2));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn ever_so_many_bad_lines_take_a_message_for_each_reason_and_an_unknown_contract_one_look() {
    let room = Importing::new(&[("MAX_LINES", "20000")]).await;
    let auction = room.auction("C-1").await;
    let mut lines = vec![("C-none", "AQID"); 2000];
    lines.push(("C-1", "AQID"));
    lines.extend(repeat_n(("C-1", ""), 11_000));
    lines.extend(repeat_n(("01KAC3B3G0W4V8Q9ZJ6M5T7R2D", "AQID"), 2000));
    assert_eq!(room.import(KEY, &file(&lines), "01").await, Delivered::Done);

    let messages = room.rejected_messages().await;
    let mut numbers: Vec<(String, Vec<u64>)> = Vec::new();
    for message in &messages {
        let record = &message.record;
        assert_eq!((&record["bucket"], &record["key"]), (&json!(room.bucket), &json!(KEY)));
        let lines = serde_json::from_value(record["lines"].clone()).unwrap();
        numbers.push((message.reason.clone(), lines));
    }
    numbers.sort();
    let expected = [
        ("bid-missing".to_owned(), (2003..12_003).collect()),
        ("bid-missing".to_owned(), (12_003..13_003).collect()),
        ("no-such-contract".to_owned(), (2..2002).chain(13_003..15_003).collect()),
    ];
    assert_eq!(numbers, expected);
    assert_eq!(standing(&room, &auction, "anna").await, Some(Hash::of("AQID")));
    let looks = room.faults.count("GetItem");
    assert!(looks < 20, "{looks} for three contracts and the file's note");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn without_a_key_that_opens_it_no_line_becomes_a_bid_that_would_hold_up_the_settlement() {
    let mut room = Importing::new(&[("LEGACY_KEY_ARN", "")]).await;
    let auction = room.auction("C-1").await;
    let bid = file(&[("C-1", &ciphertext(1)), ("C-1", ""), ("C-1", &ciphertext(2))]);
    assert_eq!(room.import(KEY, &bid, "01").await, Delivered::Done);
    let expected = [(2, "legacy-key-not-set"), (3, "bid-missing"), (4, "legacy-key-not-set")];
    assert_eq!(
        room.rejections().await,
        expected.map(|(line, reason)| (line, reason.to_owned()))
    );
    assert_eq!(auction.entries().await.len(), 1);

    // Once there is a key, it may be uploaded again.
    room.deps.config.legacy_key_arn = Some("arn:key".to_owned());
    room.import(KEY, &bid, "02").await;
    assert_eq!(standing(&room, &auction, "anna").await, Some(Hash::of(ciphertext(2))));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn lines_before_the_opening_and_after_the_close_are_refused() {
    let mut room = Importing::new(&[]).await;
    let auction = room.auction("C-1").await;
    let bid = file(&[("C-1", &ciphertext(1))]);
    room.deps.now = || opens_at() - SignedDuration::from_millis(1);
    room.import(KEY, &bid, "01").await;
    assert_eq!(room.rejections().await, [(2, "not-open-yet".to_owned())]);
    room.deps.now = closes_at;
    room.import(KEY, &bid, "02").await;
    assert_eq!(room.rejections().await, [(2, "auction-closed".to_owned())]);
    assert_eq!(auction.entries().await.len(), 1);

    // What was refused too early may be uploaded again in time.
    room.deps.now = || closes_at() - SignedDuration::from_millis(1);
    room.import(KEY, &bid, "03").await;
    assert_eq!(standing(&room, &auction, "anna").await, Some(Hash::of(ciphertext(1))));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_file_that_comes_again_late_brings_no_replaced_or_withdrawn_bid_back() {
    let room = Importing::new(&[]).await;
    let auction = room.auction("C-1").await;
    room.import(KEY, &file(&[("C-1", &ciphertext(1))]), "01").await;
    room.import("anna/later/encrypted.csv", &file(&[("C-1", &ciphertext(2))]), "01")
        .await;
    // The first one again, as a new upload.
    room.import(KEY, &file(&[("C-1", &ciphertext(1))]), "02").await;
    assert_eq!(standing(&room, &auction, "anna").await, Some(Hash::of(ciphertext(2))));
    assert_eq!(auction.entries().await.len(), 3);

    // A file that was overtaken by another one under its key.
    room.upload(KEY, &file(&[("C-1", &ciphertext(3))])).await;
    room.deliver(&room.bucket, KEY, "04", MINUTE).await;
    let other = room.auction("C-2").await;
    room.import(KEY, &file(&[("C-1", &ciphertext(4)), ("C-2", &ciphertext(5))]), "03")
        .await;
    assert_eq!(standing(&room, &other, "anna").await, None);
    assert_eq!(room.rejections().await, [(0, "superseded-file".to_owned())]);
    // The newer one again is only skipped.
    room.deliver(&room.bucket, KEY, "04", MINUTE).await;
    assert!(room.rejections().await.is_empty());
    assert_eq!(standing(&room, &auction, "anna").await, Some(Hash::of(ciphertext(3))));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_two_uploads_at_once_the_newer_ones_bids_stand_in_whatever_call_one_waits_for_the_other() {
    let room = Importing::new(&[]).await;
    let (older, newer) = ([1, 2].map(ciphertext), [3, 4].map(ciphertext));
    let lines = |name: &str, bids: &[String; 2]| {
        let contracts = [1, 2].map(|number| format!("{name}-{number}"));
        file(&[(&contracts[0], &bids[0]), (&contracts[1], &bids[1])])
    };
    room.auction("C-1").await;
    room.auction("C-2").await;
    room.import(KEY, &lines("C", &older), "01").await;
    let calls = room.faults.calls();
    // Before that, whoever waits reads the other one's file.
    let fetched = calls.iter().position(|call| call == "GET").unwrap();

    for (waits, goes_on) in [(("01", &older), ("02", &newer)), (("02", &newer), ("01", &older))] {
        for (number, call) in calls.iter().enumerate().skip(fetched + 1) {
            let name = format!("{}-{number}", waits.0);
            let auctions = [
                room.auction(&format!("{name}-1")).await,
                room.auction(&format!("{name}-2")).await,
            ];
            let key = format!("anna/{name}/encrypted.csv");
            room.upload(&key, &lines(&name, waits.1)).await;
            room.faults.at(room.faults.calls().len() + number, Fault::Held);
            let whole = async {
                room.faults.held().await;
                let delivered = room.import(&key, &lines(&name, goes_on.1), goes_on.0).await;
                room.faults.let_go();
                delivered
            };
            let delivered = join(room.deliver(&room.bucket, &key, waits.0, MINUTE), whole).await;

            let what = format!("{} waits in call {number}, {call}", waits.0);
            assert_eq!(delivered, (Delivered::Done, Delivered::Done), "{what}");
            for (auction, bid) in auctions.iter().zip(&newer) {
                assert_eq!(standing(&room, auction, "anna").await, Some(Hash::of(bid)), "{what}");
            }
            let rejections = room.rejections().await;
            let superseded = (0, "superseded-file".to_owned());
            assert!(
                rejections.len() <= 1 && rejections.iter().all(|one| *one == superseded),
                "{what}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_fault_in_any_call_places_and_rejects_nothing_twice_unless_the_process_dies_at_the_very_end() {
    let room = Importing::new(&[]).await;
    let lines = |contract: &str| {
        file(&[
            (contract, &ciphertext(1)),
            ("C-none", &ciphertext(2)),
            (contract, &ciphertext(3)),
            (contract, "?"),
        ])
    };
    let auction = room.auction("C-first").await;
    room.import("anna/first/encrypted.csv", &lines("C-first"), "01").await;
    let calls = room.faults.calls();
    println!("{} calls: {}", calls.len(), calls.join(", "));
    assert_eq!(auction.entries().await.len(), 3);
    assert_eq!(room.rejections().await.len(), 2);

    for fault in [
        Fault::Throttled,
        Fault::ServerError,
        Fault::NoAnswer,
        Fault::AnswerLost,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ] {
        for (number, call) in calls.iter().enumerate() {
            let contract = format!("C-{fault:?}-{number}");
            let auction = room.auction(&contract).await;
            let key = format!("anna/{contract}/encrypted.csv");
            room.faults.at(room.faults.calls().len() + number, fault);
            let mut delivered = room.import(&key, &lines(&contract), "01").await;
            while delivered != Delivered::Done {
                delivered = room.deliver(&room.bucket, &key, "01", MINUTE).await;
            }
            let what = format!("{fault:?} in call {number}, {call}");
            assert_eq!(auction.entries().await.len(), 3, "{what}");
            assert_eq!(
                standing(&room, &auction, "anna").await,
                Some(Hash::of(ciphertext(3))),
                "{what}"
            );
            let mut rejections = room.rejections().await;
            // From the first message to the rejected queue on: at least once is all that there is.
            let may_be_double = calls[..=number].iter().any(|call| call == "SendMessage");
            if may_be_double {
                rejections.dedup();
            }
            let expected = [(3, "no-such-contract"), (5, "bid-not-kms-ciphertext")];
            assert_eq!(
                rejections,
                expected.map(|(line, reason)| (line, reason.to_owned())),
                "{what}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn two_deliveries_at_once_and_other_bidders_in_between_lose_and_double_nothing() {
    let room = Importing::new(&[]).await;
    let auction = room.auction("C-1").await;
    let numbers: Vec<u8> = (1..=10).collect();
    let bids: Vec<String> = numbers.iter().map(|number| ciphertext(*number)).collect();
    let lines: Vec<_> = bids.iter().map(|bid| ("C-1", bid.as_str())).collect();
    for bidder in ["anna", "ben", "cleo"] {
        room.upload(&format!("{bidder}/encrypted.csv"), &file(&lines)).await;
    }
    let keys = ["anna", "anna", "ben", "ben", "cleo"].map(|bidder| format!("{bidder}/encrypted.csv"));
    let at_once = keys.iter().map(|key| room.deliver(&room.bucket, key, "01", MINUTE));
    assert!(
        join_all(at_once)
            .await
            .iter()
            .all(|delivered| *delivered == Delivered::Done)
    );
    assert_eq!(auction.entries().await.len(), 1 + 3 * 10);
    for bidder in ["anna", "ben", "cleo"] {
        assert_eq!(standing(&room, &auction, bidder).await, Some(Hash::of(ciphertext(10))));
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_file_that_others_are_always_ahead_of_gives_way_to_them_and_comes_back() {
    let room = Importing::new(&[]).await;
    let mut auction = room.auction("C-1").await;
    room.upload(KEY, &file(&[("C-1", &ciphertext(1))])).await;
    // All but the first, which is the file's note.
    room.faults.after("PutItem", 1, usize::MAX, Fault::Held);
    let others = async {
        loop {
            room.faults.held().await;
            auction.place("ben", Seal::KmsCiphertext, ciphertext(2)).await;
            room.faults.let_go();
        }
    };
    let delivered = tokio::select! {
        delivered = room.deliver(&room.bucket, KEY, "01", Duration::from_secs(3)) => delivered,
        () = others => unreachable!("they never end"),
    };
    assert_ne!(delivered, Delivered::Done);
    assert_eq!(standing(&room, &auction, "anna").await, None);
    let tries = room.faults.count("PutItem") - 1;
    println!("{tries} tries");
    assert!((1..30).contains(&tries), "{tries} tries: without a pause");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_file_for_which_there_is_too_little_time_goes_on_where_it_was() {
    let room = Importing::new(&[]).await;
    let auction = room.auction("C-1").await;
    let bids: Vec<String> = (0..30).map(ciphertext).collect();
    let lines: Vec<_> = bids.iter().map(|bid| ("C-1", bid.as_str())).collect();
    room.upload(KEY, &file(&lines)).await;
    room.faults.slow_down("PutItem", || Duration::from_millis(100));
    let mut deliveries = 1;
    while room.deliver(&room.bucket, KEY, "01", Duration::from_secs(2)).await != Delivered::Done {
        deliveries += 1;
        assert!(deliveries < 100, "it goes on for ever");
    }
    println!("{} lines in {deliveries} deliveries", lines.len());
    assert!(deliveries > 1, "the time is too short for one delivery");
    assert_eq!(auction.entries().await.len(), 1 + lines.len());
    assert!(room.faults.count("Query") <= deliveries, "the log is read once in each");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_file_that_is_none_of_ours_is_rejected_whole() {
    let room = Importing::new(&[("MAX_BYTES", "2000"), ("MAX_LINES", "3")]).await;
    let auction = room.auction("C-1").await;
    let bid = ciphertext(1);
    let line = ("C-1", bid.as_str());
    for (key, file, reason) in [
        (KEY, "contract,bid\nC-1,AQID\n".to_owned(), "unexpected-header"),
        (KEY, String::new(), "unexpected-header"),
        (KEY, file(&[line; 4]), "too-many-lines"),
        (KEY, file(&[("C-1", &STANDARD.encode([0; 2000]))]), "too-many-bytes"),
        ("encrypted.csv", file(&[line]), "unexpected-key"),
        ("anna/other.csv", file(&[line]), "unexpected-key"),
    ] {
        assert_eq!(room.import(key, &file, "01").await, Delivered::Done);
        assert_eq!(room.rejections().await, [(0, reason.to_owned())], "{key}");
    }
    room.deliver(&room.bucket, "anna/gone/encrypted.csv", "01", MINUTE)
        .await;
    room.deliver("another-bucket", KEY, "01", MINUTE).await;
    let expected = ["object-missing", "unexpected-bucket"].map(|reason| (0, reason.to_owned()));
    assert_eq!(room.rejections().await, expected);
    assert_eq!(auction.entries().await.len(), 1);
}

#[test]
fn every_sample_event_is_of_a_file_or_of_none() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/bid-import");
    let samples = [
        ("s3-in-sqs", Ok("bidder-1")),
        ("bare-s3", Ok("bidder-1")),
        ("key-without-bidder", Err(UnexpectedKey)),
    ];
    for (name, bidder) in samples {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let mut records = match serde_json::from_str(&text).unwrap() {
            Invocation::Batch(batch) => records_in_body(batch.records[0].body.as_deref().unwrap()),
            Invocation::Direct(event) => records_in_event(event),
        };
        let record = records.remove(0).unwrap();
        assert_eq!(of_key(&record.key), bidder, "{name}");
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, samples.len(), "an event without a line here");
}
