//! `gatehouse auction verify`

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_auction::{Entry, Event, Hash, Head, Link, Outcome, Seal, Winner};
use serde_json::{Value, json};

use crate::house::{AUCTION, BIDDER, Done, Files, auction, gatehouse};
use crate::server::{Answer, Server};

const BIDS: u64 = 9;
/// Where `BIDDER`'s bid stands.
const MINE: usize = 5;
const DOES_NOT_OPEN: &str = "envelope-does-not-open";

/// A log of some bids, the close and the settlement.
struct Log(Vec<Link>);

impl Log {
    fn new() -> Self {
        Self::with_envelope_of("mine")
    }

    /// The same, with a bid of `BIDDER`'s that came out of an older system's file.
    fn with_imported_bid() -> Self {
        Self::with_bid(&bid_placed(BIDDER, Seal::KmsCiphertext, "mine"))
    }

    /// The same, with something else in `BIDDER`'s envelope: a history rewritten with all its hashes.
    fn with_envelope_of(mine: &str) -> Self {
        Self::with_bid(&bid_placed(BIDDER, Seal::Jwe, mine))
    }

    fn with_bid(mine: &Event) -> Self {
        let bid = |number: u64| match usize::try_from(number).unwrap() {
            MINE => mine.clone(),
            _ => bid_placed("somebody", Seal::Jwe, &number.to_string()),
        };
        let mut head = Head::start(auction());
        let mut links = Vec::new();
        let mut append = |event: &Event| {
            let at = format!("2026-03-01T12:00:{:02}.123Z", head.position).parse().unwrap();
            let entry = Entry::following(&head, at, event, None).unwrap();
            head = entry.head();
            links.push(entry.link());
            head.hash
        };
        for number in 1..=BIDS {
            append(&bid(number));
        }
        let log_head = append(&Event::AuctionClosed {});
        append(&settled(log_head));
        Self(links)
    }

    fn json(&self) -> Value {
        json!({ "auctionId": AUCTION, "links": self.0 })
    }

    /// The receipt of `BIDDER`'s bid.
    fn receipt(&self) -> Value {
        let link = &self.0[MINE - 1];
        json!({
            "auctionId": AUCTION, "bidId": link.position.to_string(), "position": link.position, "at": link.at,
            "envelopeSha256": Hash::of("mine"), "digest": link.digest, "hash": link.hash, "bidder": BIDDER,
        })
    }

    /// The result that the last entry says, as it is shown to the auctioneer.
    fn result(&self) -> Value {
        json!({
            "auctionId": AUCTION, "winner": { "bidId": MINE.to_string(), "bidder": BIDDER }, "bids": 2, "valid": 1,
            "invalid": [{ "bidId": "9", "reason": DOES_NOT_OPEN }], "logHead": self.0[9].hash, "sealed": "encrypted",
            "currency": "EUR", "price": "5.00",
        })
    }

    fn verify(&self, options: &str) -> Done {
        let files = Files::new();
        let log = files.put("log.json", self.json());
        gatehouse(&format!("auction verify --log {} {options}", log.display()))
    }

    fn verify_with(&self, option: &str, document: &Value) -> Done {
        let files = Files::new();
        self.verify(&format!(
            "--{option} {}",
            files.put("document.json", document).display()
        ))
    }
}

fn bid_placed(bidder: &str, seal: Seal, envelope: &str) -> Event {
    Event::BidPlaced {
        bidder: bidder.to_owned(),
        seal,
        envelope_sha256: Hash::of(envelope),
    }
}

fn settled(log_head: Hash) -> Event {
    let winner = Winner {
        bid: MINE as u64,
        bidder: BIDDER.to_owned(),
    };
    let outcome = Outcome {
        winner: Some(winner),
        bids: 2,
        valid: 1,
        invalid: BTreeMap::from([(DOES_NOT_OPEN.to_owned(), BTreeSet::from([9]))]),
        log_head,
        sealed: Some("encrypted".to_owned()),
    };
    Event::AuctionSettled { outcome }
}

fn assert_wrong(done: &Done, reason: &str, position: usize) {
    done.assert_refused(reason);
    assert!(done.complained.contains(&format!("position {position}")), "{done:?}");
}

#[test]
fn a_whole_log_is_said_to_be_whole_with_its_head() {
    let log = Log::new();
    let last = log.0.last().unwrap();
    let done = log.verify("");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.said.contains("11 entries") && done.said.contains(&last.hash.to_string()),
        "{done:?}"
    );
    let head = json!({ "position": 11, "at": last.at, "hash": last.hash });
    assert_eq!(
        log.verify("--json").json(),
        json!({ "auctionId": AUCTION, "head": head, "receipts": [] })
    );
}

#[test]
fn an_entry_removed_is_found_at_its_position() {
    for gone in 0..10 {
        let mut log = Log::new();
        log.0.remove(gone);
        assert_wrong(&log.verify(""), "log-broken", gone + 1);
    }
}

#[test]
fn an_entry_altered_is_found_at_its_position() {
    for index in 0..11 {
        let alter: [fn(&mut Link); 4] = [
            |link| link.digest = Hash::of("another event"),
            |link| link.hash = Hash::of("another hash"),
            |link| link.at += jiff::SignedDuration::from_millis(1),
            |link| link.position += 1,
        ];
        for change in alter {
            let mut log = Log::new();
            change(&mut log.0[index]);
            assert_wrong(&log.verify(""), "log-broken", index + 1);
        }
    }
}

#[test]
fn entries_in_another_order_are_found_at_the_first_of_them() {
    let mut log = Log::new();
    log.0.swap(2, 7);
    assert_wrong(&log.verify(""), "log-broken", 3);
    // Renumbered, so that only the hashes tell.
    log.0[2].position = 3;
    log.0[7].position = 8;
    assert_wrong(&log.verify(""), "log-broken", 3);
}

#[test]
fn the_log_of_another_auction_is_not_taken_for_this_ones() {
    let log = Log::new();
    let done = log.verify("--auction 01JZ8W6T3B9Q4VXK5M7N2P0RSE");
    done.assert_refused("other-auction");
    let files = Files::new();
    let mut document = log.json();
    document["auctionId"] = json!("01JZ8W6T3B9Q4VXK5M7N2P0RSE");
    let renamed = files.put("log.json", document);
    assert_wrong(
        &gatehouse(&format!("auction verify --log {}", renamed.display())),
        "log-broken",
        1,
    );
}

#[test]
fn a_receipt_agrees_with_the_log_that_it_is_from() {
    let log = Log::new();
    let done = log.verify_with("receipt", &log.receipt());
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.said.contains("position 5"), "{done:?}");
}

#[test]
fn a_receipt_of_an_imported_bid_agrees_with_the_log_that_it_is_from() {
    let log = Log::with_imported_bid();
    let done = log.verify_with("receipt", &log.receipt());
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn a_receipt_that_says_another_seal_than_the_log_does_not_agree_with_it() {
    for (log, other) in [
        (Log::new(), Log::with_imported_bid()),
        (Log::with_imported_bid(), Log::new()),
    ] {
        let mut receipt = log.receipt();
        receipt["digest"] = other.receipt()["digest"].clone();
        assert_wrong(&log.verify_with("receipt", &receipt), "receipt-not-in-log", MINE);
    }
}

#[test]
fn a_history_rewritten_with_all_its_hashes_does_not_agree_with_the_receipt() {
    let rewritten = Log::with_envelope_of("another");
    assert_eq!(rewritten.verify("").code, 0, "the chain alone can't tell");
    let done = rewritten.verify_with("receipt", &Log::new().receipt());
    assert_wrong(&done, "receipt-not-in-log", MINE);
    assert_eq!(
        done.complained.lines().count(),
        2,
        "another event, and so another hash: {done:?}"
    );
}

#[test]
fn a_log_cut_off_before_the_receipts_bid_does_not_have_it() {
    let mut log = Log::new();
    log.0.truncate(MINE - 1);
    assert_eq!(log.verify("").code, 0, "the chain alone can't tell");
    assert_wrong(
        &log.verify_with("receipt", &Log::new().receipt()),
        "receipt-not-in-log",
        MINE,
    );
}

#[test]
fn a_receipt_with_any_member_changed_is_found_out() {
    let log = Log::new();
    for (member, value, reason) in [
        ("position", json!(4), "receipt-not-in-log"),
        ("at", json!("2026-03-01T12:00:05.123Z"), "receipt-not-in-log"),
        ("hash", json!(Hash::of("another")), "receipt-not-in-log"),
        ("envelopeSha256", json!(Hash::of("another")), "receipt-not-in-log"),
        ("bidder", json!("somebody-else"), "receipt-not-in-log"),
        ("digest", json!(Hash::of("another")), "bad-receipt"),
        ("bidId", json!("4"), "bad-receipt"),
        ("auctionId", json!("01JZ8W6T3B9Q4VXK5M7N2P0RSE"), "bad-receipt"),
    ] {
        let mut receipt = log.receipt();
        receipt[member] = value;
        log.verify_with("receipt", &receipt).assert_refused(reason);
    }
}

#[test]
fn a_result_agrees_with_the_log_that_ends_with_it() {
    let log = Log::new();
    let done = log.verify_with("result", &log.result());
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.said.contains("ends with the result"), "{done:?}");
}

#[test]
fn a_result_is_drawn_from_the_entry_before_the_last() {
    let log = Log::new();
    let drawn_from = |hash: Hash| {
        let mut result = log.result();
        result["logHead"] = json!(hash);
        log.verify_with("result", &result)
    };
    assert_wrong(&drawn_from(log.0[8].hash), "result-not-in-log", 9);
    assert_wrong(&drawn_from(log.0[10].hash), "result-not-in-log", 11);
    drawn_from(Hash::of("another")).assert_refused("result-not-in-log");
}

#[test]
fn a_result_with_any_member_changed_is_found_out() {
    let log = Log::new();
    let unopened = json!({ "bidId": "9", "reason": DOES_NOT_OPEN });
    for (member, value) in [
        ("winner", json!({ "bidId": MINE.to_string(), "bidder": "somebody" })),
        ("winner", json!({ "bidId": "6", "bidder": BIDDER })),
        ("winner", json!({ "bidId": "none", "bidder": BIDDER })),
        ("bids", json!(3)),
        ("valid", json!(2)),
        ("invalid", json!([])),
        ("invalid", json!([unopened, unopened])),
        ("invalid", json!([{ "bidId": "9", "reason": "bid-other-currency" }])),
        ("sealed", json!("other amounts")),
    ] {
        let mut result = log.result();
        result[member] = value;
        assert_wrong(&log.verify_with("result", &result), "result-not-in-log", 11);
    }
    for (member, value) in [
        ("winner", Value::Null),
        ("sealed", Value::Null),
        ("auctionId", json!("01JZ8W6T3B9Q4VXK5M7N2P0RSE")),
        ("bids", json!("two")),
    ] {
        let mut result = log.result();
        result[member] = value;
        log.verify_with("result", &result).assert_refused("bad-result");
    }
}

#[test]
fn a_result_without_a_winner_does_not_agree_with_a_log_that_has_one() {
    let log = Log::new();
    let mut result = log.result();
    result["winner"] = Value::Null;
    result["sealed"] = Value::Null;
    assert_wrong(&log.verify_with("result", &result), "result-not-in-log", 11);
}

#[test]
fn a_log_is_fetched_page_by_page_to_its_end() {
    let log = Log::new();
    let page = |from: usize, to: usize, next: Value| {
        Answer::json(
            200,
            &json!({ "auctionId": AUCTION, "links": log.0[from..to], "next": next }),
        )
    };
    let server = Server::answering([page(0, 4, json!(4)), page(4, 8, json!("8")), page(8, 11, Value::Null)]);
    let done = gatehouse(&format!(
        "auction verify --json --auction {AUCTION} --api {}",
        server.url
    ));
    assert_eq!(done.json()["head"]["position"], 11);
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    let path = |after: u64| format!("/auctions/{AUCTION}/log?after={after}&limit=100");
    assert_eq!(paths, [path(0), path(4), path(8)]);
}

#[test]
fn an_api_that_repeats_a_page_is_not_asked_for_ever() {
    let log = Log::new();
    let page = Answer::json(200, &json!({ "auctionId": AUCTION, "links": log.0[..4], "next": 4 }));
    let server = Server::answering(vec![page; 20]);
    let done = gatehouse(&format!("auction verify --auction {AUCTION} --api {}", server.url));
    done.assert_refused("unexpected-answer");
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_log_that_was_fetched_can_be_verified_later() {
    let log = Log::new();
    let server = Server::answering([Answer::json(200, &log.json())]);
    let fetched = gatehouse(&format!("auction log --auction {AUCTION} --api {}", server.url)).json();
    assert_eq!(fetched, log.json());
}

#[test]
fn one_page_of_a_log_or_anything_else_is_no_log() {
    let files = Files::new();
    let mut page = Log::new().json();
    page["next"] = json!(11);
    for bad in [page, json!([]), json!({ "auctionId": AUCTION })] {
        let file = files.put("log.json", bad);
        gatehouse(&format!("auction verify --log {}", file.display())).assert_refused("bad-log");
    }
}

#[test]
fn a_log_has_to_come_from_somewhere() {
    assert_eq!(gatehouse("auction verify").code, 2);
    assert_eq!(
        gatehouse("auction verify --api http://127.0.0.1:9").code,
        2,
        "of which auction?"
    );
}
