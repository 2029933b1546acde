//! What is appended to an auction's log reaches the queues of those who asked the event bus for it. The records are
//! those of a real stream; the function runs in the test's own process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use gatehouse_auction::{AuctionId, Entry, Event};
use gatehouse_event_store::Snapshot;
use gatehouse_tests::auction_log::{Room, envelope, place};
use gatehouse_tests::event_bus::{EventBus, Publisher};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn link(id: AuctionId, entry: &Entry) -> Value {
    json!({ "auctionId": id, "position": entry.position, "at": entry.at, "hash": entry.hash })
}

fn sequence_number(record: &Value) -> String {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn every_event_of_an_auction_is_told_once_and_nothing_else_of_the_table() {
    let (room, bus) = (Room::new().await, EventBus::create("everything").await);
    let mut publisher = Publisher::new(&room.table, &bus).await;
    let id = room.open_for(Some("7"), SignedDuration::from_hours(24)).await;
    let first = place(&room.log, id, "anna", &envelope("planted ")).await.unwrap();
    let second = place(&room.log, id, "bert", &envelope("planted ")).await.unwrap();
    let (store, _) = room.table.store().await;
    let body = "planted".to_owned();
    store
        .save_snapshot(&id.to_string(), &Snapshot { version: 3, body })
        .await
        .unwrap();
    let cancelled = Event::AuctionCancelled {
        reason: "planted".to_owned(),
    };
    let head = second.head();
    let last = room.log.append(id, &head, &cancelled, None, Timestamp::now());
    let last = last.await.unwrap();

    let records = publisher.new_records().await;
    assert_eq!(records.len(), 6, "four events, an alias and a snapshot");
    assert!(publisher.deliver(records).await.is_empty());
    let told = bus.told(4).await;
    let types: Vec<&str> = told
        .iter()
        .map(|event| event["detail-type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["AuctionOpened", "BidPlaced", "BidPlaced", "AuctionCancelled"]);
    for (event, entry) in told.iter().skip(1).zip([first, second, last]) {
        assert_eq!(event["detail"], link(id, &entry));
        assert_eq!(event["source"], "gatehouse.auction");
    }
    let opened = &told[0]["detail"];
    assert_eq!(
        (&opened["title"], &opened["currency"]),
        (&json!("A bridge"), &json!("EUR"))
    );
    let everything = serde_json::to_string(&told).unwrap();
    assert!(!everything.contains("planted") && !everything.contains("anna") && !everything.contains("bert"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn events_whose_writer_died_while_the_bus_could_not_be_reached_are_told_when_it_can() {
    let (room, bus) = (Room::new().await, EventBus::create("outage").await);
    let mut publisher = Publisher::new(&room.table, &bus).await;
    let id = room.open().await;
    // Placed by a process that told nobody and is gone: the stream has it.
    let (writer, _) = room.instance().await;
    place(&writer, id, "anna", &envelope("")).await.unwrap();
    drop(writer);
    let records = publisher.new_records().await;

    let all: Vec<String> = records.iter().map(sequence_number).collect();
    assert_eq!(publisher.deliver_cut_off(records.clone()).await, all);
    assert!(publisher.deliver(records).await.is_empty());
    let told = bus.told(2).await;
    assert_eq!(
        (&told[0]["detail-type"], &told[1]["detail-type"]),
        (&json!("AuctionOpened"), &json!("BidPlaced"))
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn records_that_come_again_are_told_again_with_what_tells_them_apart() {
    let (room, bus) = (Room::new().await, EventBus::create("again").await);
    let mut publisher = Publisher::new(&room.table, &bus).await;
    let id = room.open().await;
    let placed = place(&room.log, id, "anna", &envelope("")).await.unwrap();
    let records = publisher.new_records().await;
    for _ in 0..2 {
        assert!(publisher.deliver(records.clone()).await.is_empty());
    }
    let told = bus.told(4).await;
    assert_eq!(told[0]["detail"], told[1]["detail"]);
    assert_eq!(
        (&told[2]["detail"], &told[3]["detail"]),
        (&link(id, &placed), &link(id, &placed))
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_record_that_nobody_can_read_comes_back_until_it_is_given_up_and_keeps_no_other_from_being_told() {
    let (room, bus) = (Room::new().await, EventBus::create("unreadable").await);
    let mut publisher = Publisher::new(&room.table, &bus).await;
    let id = room.open().await;
    place(&room.log, id, "anna", &envelope("")).await.unwrap();
    place(&room.log, id, "bert", &envelope("")).await.unwrap();
    let mut records = publisher.new_records().await;
    records[1]["dynamodb"]["NewImage"]["body"] = json!({ "S": "{}" });
    let handed_back = publisher.deliver(records.clone()).await;
    assert_eq!(handed_back, [sequence_number(&records[1])]);
    let told = bus.told(2).await;
    let positions: Vec<u64> = told
        .iter()
        .map(|event| event["detail"]["position"].as_u64().unwrap())
        .collect();
    assert_eq!(positions, [1, 3]);
    assert!(publisher.given_up().await.is_empty());

    publisher.lose_patience();
    assert!(publisher.deliver(vec![records[1].clone()]).await.is_empty());
    let given_up = publisher.given_up().await;
    let place = json!({
        "keys": records[1]["dynamodb"]["Keys"], "sequenceNumber": sequence_number(&records[1]), "type": "bid-placed",
    });
    assert_eq!(given_up.len(), 1);
    assert_eq!(
        (given_up[0].reason.as_str(), &given_up[0].record),
        ("malformed-event-record", &place)
    );
}
