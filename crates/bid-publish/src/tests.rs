//! Records as the table's stream gives them, and an EventBridge that answers as it is told.

mod bus;

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use gatehouse_auction::{AuctionId, Entry, Event, Head};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

use super::*;
use bus::{Answer, deps};

const AUCTION: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// A change of the table as the stream tells it, with the sequence number 100 + `sk`.
fn change(name: &str, sk: i64, item: Value) -> Value {
    let mut image = item;
    image["pk"] = json!({ "S": AUCTION });
    image["sk"] = json!({ "N": sk.to_string() });
    json!({
        "eventName": name,
        "dynamodb": {
            "SequenceNumber": (100 + sk).to_string(),
            "Keys": { "pk": image["pk"], "sk": image["sk"] },
            "NewImage": image,
        },
    })
}

fn insert(position: i64, event: &Value) -> Value {
    let item = json!({
        "at": { "S": "2030-01-02T03:04:05.120Z" }, "type": { "S": event["type"] }, "body": { "S": event.to_string() },
        "hash": { "S": HASH }, "attachment": { "S": "planted-envelope" },
    });
    change("INSERT", position, item)
}

fn bid() -> Value {
    json!({ "type": "bid-placed", "bidder": "planted-bidder", "seal": "jwe", "envelopeSha256": HASH })
}

fn opening() -> Value {
    let modulus = format!("{}_w", "_".repeat(340));
    let key =
        json!({ "kty": "RSA", "n": modulus, "e": "AQAB", "kid": "planted-kid", "alg": "RSA-OAEP-256", "use": "enc" });
    json!({ "type": "auction-opened", "auction": AUCTION, "terms": {
        "title": "A bridge", "contract": "7", "opensAt": "2030-01-01T00:00:00Z", "closesAt": "2030-02-01T00:00:00Z",
        "rule": "second-price", "currency": "EUR", "reserve": { "amount": "987654.00", "currency": "EUR" }, "key": key,
        "kmsKey": "planted-arn", "openedBy": "planted-auctioneer",
    }})
}

fn settlement() -> Value {
    json!({ "type": "auction-settled", "outcome": {
        "winner": { "bid": 42, "bidder": "winner" }, "bids": 9, "valid": 8,
        "invalid": { "bid-other-currency": [7] }, "logHead": HASH, "sealed": "planted-price",
    }})
}

async fn tell(deps: &Deps, records: Vec<Value>) -> DynamoDbEventResponse {
    let mut context = Context::default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    context.deadline = (now.as_millis() + 60_000) as u64;
    handle(deps, LambdaEvent::new(StreamEvent { records }, context))
        .await
        .unwrap()
}

async fn handed_back(deps: &Deps, records: Vec<Value>) -> Vec<String> {
    let failures = tell(deps, records).await.batch_item_failures.into_iter();
    failures.map(|failure| failure.item_identifier.unwrap()).collect()
}

#[tokio::test]
async fn of_each_event_its_link_is_told_and_of_openings_and_settlements_what_anyone_may_know() {
    let (deps, bus) = deps(&[]);
    let records = vec![insert(1, &opening()), insert(42, &bid()), insert(51, &settlement())];
    assert!(handed_back(&deps, records).await.is_empty());
    let told: HashMap<String, Value> = bus.told().into_iter().collect();
    let link = |position: u64| json!({ "auctionId": AUCTION, "position": position, "at": "2030-01-02T03:04:05.12Z", "hash": HASH });
    let with = |mut link: Value, more: Value| {
        link.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        link
    };
    let opened =
        json!({ "title": "A bridge", "closesAt": "2030-02-01T00:00:00Z", "rule": "second-price", "currency": "EUR" });
    let settled = json!({ "winner": { "bidId": "42", "bidder": "winner" }, "bids": 9, "valid": 8, "logHead": HASH });
    assert_eq!(told["AuctionOpened"], with(link(1), opened));
    assert_eq!(told["BidPlaced"], link(42));
    assert_eq!(told["AuctionSettled"], with(link(51), settled));
}

#[tokio::test]
async fn nothing_of_an_envelope_a_bidder_a_reserve_or_a_price_leaves_the_table() {
    let (deps, bus) = deps(&[]);
    let withdrawal = json!({ "type": "bid-withdrawn", "bidder": "planted-bidder", "bid": 42, "envelopeSha256": HASH });
    let cancellation = json!({ "type": "auction-cancelled", "reason": "planted-reason" });
    let close = json!({ "type": "auction-closed" });
    let events = [opening(), bid(), withdrawal, close, settlement(), cancellation];
    let records: Vec<Value> = (1..)
        .zip(&events)
        .map(|(position, event)| insert(position, event))
        .collect();
    assert!(handed_back(&deps, records).await.is_empty());
    let sent = bus.sent();
    assert_eq!(sent.len(), events.len());
    for body in sent {
        assert!(!body.contains("planted") && !body.contains("987654"), "{body}");
        assert!(
            body.contains("gatehouse.auction") && body.contains("\"auctions\""),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_settlement_without_a_winner_says_so() {
    let (deps, bus) = deps(&[]);
    let mut event = settlement();
    event["outcome"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name != "winner" && name != "sealed");
    tell(&deps, vec![insert(51, &event)]).await;
    assert_eq!(bus.told()[0].1["winner"], Value::Null);
}

#[tokio::test]
async fn what_is_no_new_event_is_told_to_nobody() {
    let (deps, bus) = deps(&[]);
    let item = || insert(5, &bid())["dynamodb"]["NewImage"].clone();
    let records = vec![
        change("INSERT", 0, json!({ "stream": { "S": AUCTION } })),
        change("INSERT", -20, json!({ "body": { "S": "{}" } })),
        change("MODIFY", 5, item()),
        change("REMOVE", 6, item()),
        change("SOMETHING", 7, item()),
    ];
    assert!(handed_back(&deps, records).await.is_empty());
    assert!(bus.sent().is_empty());
}

#[tokio::test]
async fn an_entry_that_is_throttled_for_a_moment_is_told_without_a_second_delivery() {
    let (deps, bus) = deps(&[
        Answer::EntryFailed("ThrottlingException"),
        Answer::EntryFailed("InternalFailure"),
    ]);
    assert!(handed_back(&deps, vec![insert(2, &bid())]).await.is_empty());
    assert_eq!((bus.sent().len(), bus.told().len()), (3, 1));
}

#[tokio::test]
async fn an_entry_that_stays_throttled_is_handed_back_and_those_after_it_are_told_all_the_same() {
    let throttled = Answer::Position(3, "ThrottlingException");
    let (deps, bus) = deps(&[throttled; 3]);
    let records = (1..=5).map(|position| insert(position, &bid())).collect();
    assert_eq!(handed_back(&deps, records).await, ["103"]);
    let mut told: Vec<u64> = bus
        .told()
        .iter()
        .map(|(_, detail)| detail["position"].as_u64().unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(told, [1, 2, 4, 5]);
}

#[tokio::test]
async fn the_lowest_record_that_failed_comes_first_in_the_answer() {
    let denied = [
        Answer::Position(4, "AccessDeniedException"),
        Answer::Position(2, "AccessDeniedException"),
    ];
    let (deps, _) = deps(&denied);
    let records = (1..=5).map(|position| insert(position, &bid())).collect();
    assert_eq!(handed_back(&deps, records).await, ["102", "104"]);
}

#[tokio::test]
async fn what_is_refused_for_good_is_handed_back_after_one_try() {
    for code in [
        "AccessDeniedException",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
    ] {
        let (deps, bus) = deps(&[Answer::EntryFailed(code)]);
        assert_eq!(handed_back(&deps, vec![insert(2, &bid())]).await, ["102"], "{code}");
        assert_eq!(bus.sent().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_not_taken_for_one() {
    for answer in [Answer::NoEntries, Answer::Down] {
        let (deps, bus) = deps(&[answer]);
        assert_eq!(handed_back(&deps, vec![insert(2, &bid())]).await, ["102"], "{answer:?}");
        assert!(bus.told().is_empty());
    }
}

#[tokio::test]
async fn a_record_that_can_not_be_read_is_handed_back_by_the_attributes_name() {
    let (deps, bus) = deps(&[]);
    for attribute in ["at", "body", "hash"] {
        let mut broken = insert(2, &bid());
        broken["dynamodb"]["NewImage"][attribute] = json!({ "N": "1" });
        let record = StreamRecord::read(broken.clone()).unwrap();
        let error = Announcement::of(&record).unwrap_err();
        assert!(matches!(error, PublishError::MalformedRecord(name) if name == attribute));
        assert_eq!(handed_back(&deps, vec![broken]).await, ["102"]);
    }
    for (key, value) in [("pk", json!({ "S": "nobody" })), ("sk", json!({ "N": "1e30" }))] {
        let mut broken = insert(2, &bid());
        broken["dynamodb"]["Keys"][key] = value;
        assert_eq!(handed_back(&deps, vec![broken]).await, ["102"], "{key}");
    }
    assert!(bus.sent().is_empty());
}

#[tokio::test]
async fn what_fails_for_too_long_is_in_the_failure_queue_by_its_place_and_reason_without_its_item() {
    let denied = Answer::EntryFailed("AccessDeniedException");
    let created = |mut record: Value, seconds: u64| {
        record["dynamodb"]["ApproximateCreationDateTime"] = json!(seconds);
        record
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (young, bus) = deps(&[denied]);
    let records = vec![created(insert(2, &bid()), now - 60)];
    assert_eq!(handed_back(&young, records).await, ["102"]);
    assert!(bus.given_up().is_empty());

    let mut unreadable = insert(3, &bid());
    unreadable["dynamodb"]["NewImage"]["body"] = json!({ "S": "planted-body" });
    let (old, bus) = deps(&[denied]);
    let records = [insert(2, &bid()), unreadable].map(|record| created(record, now - 3601));
    assert!(handed_back(&old, records.to_vec()).await.is_empty());
    let mut messages = bus.given_up();
    messages.sort_by(|a, b| a.reason.cmp(&b.reason));
    for (message, reason, position) in [
        (&messages[0], "event-not-taken", 2),
        (&messages[1], "malformed-event-record", 3),
    ] {
        let keys = json!({ "pk": { "S": AUCTION }, "sk": { "N": position.to_string() } });
        let place = json!({ "keys": keys, "sequenceNumber": (100 + position).to_string(), "type": "bid-placed" });
        assert_eq!((message.reason.as_str(), &message.record), (reason, &place));
        assert!(
            !serde_json::to_string(message).unwrap().contains("planted"),
            "{message:?}"
        );
    }
    assert_eq!(messages.len(), 2);
}

#[tokio::test]
async fn a_record_that_comes_again_is_told_again_in_the_same_words() {
    let (deps, bus) = deps(&[]);
    for _ in 0..2 {
        tell(&deps, vec![insert(2, &bid())]).await;
    }
    let sent = bus.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[test]
fn what_is_read_here_is_what_the_log_writes() {
    let event: Event = serde_json::from_value(opening()).unwrap();
    let id: AuctionId = AUCTION.parse().unwrap();
    let entry = Entry::following(&Head::start(id), "2030-01-01T00:00:00Z".parse().unwrap(), &event, None).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&entry.body).unwrap(), opening());
}

#[tokio::test]
async fn every_sample_event_is_what_its_name_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/bid-publish");
    for (name, told, failed) in [
        ("auction-opened", 1, 0),
        ("bids-placed", 2, 0),
        ("auction-settled", 1, 0),
        ("snapshot-and-alias", 0, 0),
        ("unreadable-item", 0, 1),
    ] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let event: StreamEvent = serde_json::from_str(&text).unwrap();
        let (deps, bus) = deps(&[]);
        let handed_back = handed_back(&deps, event.records).await;
        // The samples' times are ahead of ours until 2030.
        let not_told = handed_back.len() + bus.given_up().len();
        assert_eq!((bus.told().len(), not_told), (told, failed), "{name}");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        5,
        "an event without a line here"
    );
}
