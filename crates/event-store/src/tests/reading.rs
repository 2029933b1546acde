//! Reading: every request strongly consistent unless less is asked for, every page read, and nothing asked for in vain.

use serde_json::{Value, json};

use super::record;
use super::wire::{Answer, Wire, item, refused, store};
use crate::{Snapshot, SnapshotError, StoreError};

fn page(versions: &[u64], goes_on: bool) -> Answer {
    let items: Vec<Value> = versions.iter().map(|version| item(&record(*version))).collect();
    let mut page = json!({ "Items": items });
    if goes_on {
        page["LastEvaluatedKey"] =
            json!({ "pk": { "S": "stream" }, "sk": { "N": versions.last().unwrap().to_string() } });
    }
    Answer::Done(page)
}

fn assert_all_consistent(wire: &Wire) {
    for (operation, body) in wire.requests() {
        assert_eq!(body["ConsistentRead"], true, "{operation}");
    }
}

fn bounds(body: &Value) -> [&str; 2] {
    let values = &body["ExpressionAttributeValues"];
    [":first", ":last"].map(|name| values[name]["N"].as_str().unwrap())
}

#[tokio::test]
async fn every_page_is_read_from_where_the_last_one_ended() {
    let (store, wire) = store(&[page(&[1, 2], true), page(&[3], true), page(&[], false)]);
    let records = store.read("stream").all().await.unwrap();
    assert_eq!(records, [record(1), record(2), record(3)]);
    let starts: Vec<Value> = wire
        .requests()
        .iter()
        .map(|(_, body)| body["ExclusiveStartKey"]["sk"]["N"].clone())
        .collect();
    assert_eq!(starts, [Value::Null, "2".into(), "3".into()]);
    assert_all_consistent(&wire);
}

#[tokio::test]
async fn who_can_do_without_the_newest_records_reads_for_half_the_price() {
    let (store, wire) = store(&[page(&[1], true), page(&[2], false)]);
    let records = store.read("stream").eventually_consistent().all().await.unwrap();
    assert_eq!(records, [record(1), record(2)]);
    for (operation, body) in wire.requests() {
        assert_eq!(body["ConsistentRead"], false, "{operation}");
    }
}

#[tokio::test]
async fn a_page_that_fails_does_not_end_the_reading_and_may_be_asked_for_again() {
    let denied = refused("AccessDeniedException", json!({}));
    let (store, _) = store(&[page(&[1], true), denied, page(&[2], false)]);
    let mut reading = store.read("stream");
    assert_eq!(reading.next_page().await.unwrap().unwrap(), [record(1)]);
    assert!(matches!(
        reading.next_page().await,
        Err(StoreError::Unavailable { operation: "Query", .. })
    ));
    assert_eq!(reading.next_page().await.unwrap().unwrap(), [record(2)]);
    assert!(reading.next_page().await.unwrap().is_none());
}

#[tokio::test]
async fn a_part_of_a_stream_is_asked_for_by_its_bounds_and_without_attachments_if_so_wished() {
    let (store, wire) = store(&[page(&[3, 4], false)]);
    let reading = store.read("stream").after(2).up_to(9).at_most(2).without_attachments();
    assert_eq!(reading.all().await.unwrap().len(), 2);
    let (_, body) = wire.requests().remove(0);
    assert_eq!((bounds(&body), body["Limit"].as_u64()), (["3", "9"], Some(2)));
    assert_eq!(body["ProjectionExpression"], "sk, #at, #type, #body, #hash");
}

#[tokio::test]
async fn no_request_is_sent_for_what_can_not_be_there() {
    let (store, wire) = store(&[]);
    assert!(store.read("stream").after(5).up_to(5).all().await.unwrap().is_empty());
    assert!(store.read("stream").at_most(0).all().await.unwrap().is_empty());
    assert_eq!(store.at("stream", 0).await.unwrap(), None);
    assert_eq!(store.latest_snapshot("stream", 0).await.unwrap(), None);
    assert_eq!(store.resolve("").await.unwrap(), None);
    assert_eq!(store.resolve(&"x".repeat(2049)).await.unwrap(), None);
    let large = |version, bytes| Snapshot {
        version,
        body: "x".repeat(bytes),
    };
    let saved = store.save_snapshot("stream", &large(1, 400 * 1024)).await;
    assert!(matches!(saved, Err(SnapshotError::TooLarge { bytes }) if bytes > 409_600));
    assert!(matches!(
        store.save_snapshot("stream", &large(0, 1)).await,
        Err(SnapshotError::VersionZero)
    ));
    assert!(wire.operations().is_empty());
}

#[tokio::test]
async fn the_last_record_is_one_query_that_meets_neither_alias_nor_snapshot() {
    let (store, wire) = store(&[page(&[7], false)]);
    assert_eq!(store.last("stream").await.unwrap(), Some(record(7)));
    let (_, body) = wire.requests().remove(0);
    assert_eq!(bounds(&body), ["1", "18446744073709551615"]);
    assert_eq!(
        (body["ScanIndexForward"].as_bool(), body["Limit"].as_u64()),
        (Some(false), Some(1))
    );
    assert_all_consistent(&wire);
}

#[tokio::test]
async fn the_newest_snapshot_up_to_a_version_is_the_first_of_its_query() {
    let snapshot = json!({ "pk": { "S": "stream" }, "sk": { "N": "-6" }, "body": { "S": "six" } });
    let (store, wire) = store(&[Answer::Done(json!({ "Items": [snapshot] }))]);
    let found = store.latest_snapshot("stream", 8).await.unwrap().unwrap();
    assert_eq!((found.version, found.body.as_str()), (6, "six"));
    assert_eq!(bounds(&wire.requests()[0].1), ["-8", "-1"]);
    assert_all_consistent(&wire);
}
