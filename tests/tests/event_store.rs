//! The event store on a DynamoDB that evaluates every condition. Each test has a table of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use gatehouse_event_store::{AppendError, EventStore, MOST_RECORDS, Record, Snapshot};
use gatehouse_tests::event_table::EventTable;

const STREAM: &str = "stream";

fn record(version: u64, body: &str) -> Record {
    Record {
        version,
        at: format!("2030-01-01T00:00:{:02}.000Z", version / 2),
        kind: "counted".to_owned(),
        body: body.to_owned(),
        hash: format!("{version:064x}"),
        attachment: Some("an envelope".to_owned()),
    }
}

fn records(versions: std::ops::RangeInclusive<u64>) -> Vec<Record> {
    versions.map(|version| record(version, "body")).collect()
}

async fn everything(store: &EventStore) -> Vec<Record> {
    store.read(STREAM).all().await.unwrap()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_50_racing_writers_one_gets_each_version_and_the_others_are_told_what_stands_there() {
    let table = EventTable::create().await;
    let writers = join_all((0..50).map(|_| table.store())).await;
    let race = writers.iter().enumerate().map(async |(number, (store, _))| {
        let (mut version, mut mine) = (1, 0);
        while mine < 4 {
            let ours = record(version, &format!("writer {number}, event {mine}"));
            match store.append(STREAM, std::slice::from_ref(&ours)).await {
                Ok(()) => mine += 1,
                Err(AppendError::Overtaken(standing)) => {
                    assert_eq!(standing.version, version);
                    assert_ne!(standing.body, ours.body);
                }
                Err(error) => panic!("{error:?}"),
            }
            version += 1;
        }
    });
    join_all(race).await;

    let log = everything(&writers[0].0).await;
    assert!(log.iter().map(|record| record.version).eq(1..=200), "gapless");
    let mut bodies: Vec<&str> = log.iter().map(|record| record.body.as_str()).collect();
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!(bodies.len(), 200, "nothing twice, nothing lost");
    for (_, requests) in &writers {
        assert!(
            requests
                .take()
                .keys()
                .all(|operation| operation == "PutItem" || operation == "Query")
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_stream_of_several_megabytes_is_read_whole_page_by_page_and_part_by_part() {
    let table = EventTable::create().await;
    let (store, requests) = table.store().await;
    let large = |version| record(version, &"x".repeat(39 * 1024));
    for version in (1..=100).step_by(50) {
        let records: Vec<Record> = (version..version + 50).map(large).collect();
        store.append(STREAM, &records).await.unwrap();
    }
    requests.take();
    let all = everything(&store).await;
    assert!(all.iter().map(|record| record.version).eq(1..=100));
    assert!(all.iter().all(|record| record.body.len() == 39 * 1024));
    assert!(requests.take()["Query"] > 3, "1 MB a page");

    let some = store.read(STREAM).after(10).up_to(90).at_most(60).without_attachments();
    let some = some.all().await.unwrap();
    assert!(some.iter().map(|record| record.version).eq(11..=70));
    assert!(
        some.iter()
            .all(|record| record.attachment.is_none() && record.body.len() == 39 * 1024)
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_hundred_events_are_appended_in_one_transaction_all_or_none() {
    let table = EventTable::create().await;
    let (store, requests) = table.store().await;
    store.append(STREAM, &records(1..=100)).await.unwrap();
    assert_eq!(requests.take(), [("TransactWriteItems".to_owned(), 1)].into());
    assert_eq!(everything(&store).await, records(1..=100));

    store.append(STREAM, &[record(150, "in the way")]).await.unwrap();
    let late = store.append(STREAM, &records(101..=200)).await;
    assert!(matches!(late, Err(AppendError::Overtaken(standing)) if standing.body == "in the way"));
    assert_eq!(store.last(STREAM).await.unwrap().unwrap().version, 150);
    assert_eq!(store.at(STREAM, 101).await.unwrap(), None, "none of them");
    let too_many = store.append(STREAM, &records(151..=251)).await;
    assert!(matches!(too_many, Err(AppendError::TooMany { items: 101 })));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_append_whose_answers_were_lost_is_done_once() {
    let table = EventTable::create().await;
    let (store, requests) = table.store().await;
    for (lost, append) in [
        (1, records(1..=1)),
        (2, records(2..=2)),
        (1, records(3..=5)),
        (2, records(6..=105)),
    ] {
        requests.lose_answers(lost);
        store.append(STREAM, &append).await.unwrap();
        assert!(requests.all_lost());
    }
    // The process gave up, and another does it all again.
    for append in [records(1..=1), records(6..=105)] {
        store.append(STREAM, &append).await.unwrap();
    }
    assert_eq!(everything(&store).await, records(1..=105));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_late_transaction_finds_what_stands_there_without_a_read() {
    let table = EventTable::create().await;
    let (store, requests) = table.store().await;
    store.append(STREAM, &[record(1, "first")]).await.unwrap();
    requests.take();
    let late = store.append(STREAM, &records(1..=2)).await;
    assert!(matches!(late, Err(AppendError::Overtaken(standing)) if *standing == record(1, "first")));
    assert_eq!(requests.take(), [("TransactWriteItems".to_owned(), 1)].into());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_stands_at_a_time_is_found_at_every_moment_of_the_stream() {
    let table = EventTable::create().await;
    let (store, _) = table.store().await;
    let at = async |seconds: &str| {
        let time = format!("2030-01-01T00:00:{seconds}Z");
        store.version_at(STREAM, &time).await.unwrap()
    };
    assert_eq!(at("00.000").await, 0, "no stream yet");
    // Two events have each second but the first: 1 at 0 s, 2 and 3 at 1 s, …
    store.append(STREAM, &records(1..=21)).await.unwrap();
    assert_eq!(store.version_at(STREAM, "2029-12-31T23:59:59.999Z").await.unwrap(), 0);
    for second in 0..=10 {
        assert_eq!(at(&format!("{second:02}.000")).await, second * 2 + 1);
        assert_eq!(at(&format!("{second:02}.999")).await, second * 2 + 1);
    }
    assert_eq!(at("59.000").await, 21);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_newest_snapshot_up_to_a_version_is_found_and_no_reading_meets_one() {
    let table = EventTable::create().await;
    let (store, _) = table.store().await;
    store
        .append_with_alias(STREAM, &records(1..=30), "contract/7")
        .await
        .unwrap();
    for version in [5, 10, 20] {
        let body = format!("as of {version}");
        store.save_snapshot(STREAM, &Snapshot { version, body }).await.unwrap();
    }
    let found = async |up_to| {
        let snapshot = store.latest_snapshot(STREAM, up_to).await.unwrap();
        snapshot.map_or(0, |snapshot| {
            assert_eq!(snapshot.body, format!("as of {}", snapshot.version));
            snapshot.version
        })
    };
    for (up_to, expected) in [(4, 0), (5, 5), (9, 5), (10, 10), (19, 10), (20, 20), (u64::MAX, 20)] {
        assert_eq!(found(up_to).await, expected, "up to {up_to}");
    }
    assert_eq!(everything(&store).await, records(1..=30));
    assert_eq!(store.last(STREAM).await.unwrap(), Some(record(30, "body")));
    assert_eq!(store.last("nobody").await.unwrap(), None);
    assert_eq!(store.last("contract/7").await.unwrap(), None, "an alias is no stream");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_alias_leads_to_the_stream_that_took_it_first() {
    let table = EventTable::create().await;
    let (store, requests) = table.store().await;
    assert_eq!(store.resolve("contract/7").await.unwrap(), None);
    requests.lose_answers(2);
    store
        .append_with_alias(STREAM, &records(1..=1), "contract/7")
        .await
        .unwrap();
    store
        .append_with_alias(STREAM, &records(1..=1), "contract/7")
        .await
        .unwrap();
    assert_eq!(store.resolve("contract/7").await.unwrap().as_deref(), Some(STREAM));

    let other = store.append_with_alias("other", &records(1..=1), "contract/7").await;
    assert!(matches!(other, Err(AppendError::AliasTaken { stream }) if stream == STREAM));
    assert_eq!(store.last("other").await.unwrap(), None, "neither");
    let most = records(1..=MOST_RECORDS as u64 - 1);
    store.append_with_alias("other", &most, "contract/8").await.unwrap();
    assert_eq!(store.read("other").all().await.unwrap(), most);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_alias_whose_record_was_deleted_does_not_pass_for_an_append() {
    let table = EventTable::create().await;
    let (store, _) = table.store().await;
    let open = async || store.append_with_alias(STREAM, &records(1..=1), "contract/7").await;
    open().await.unwrap();
    let delete = table.client.delete_item().table_name(&table.name);
    let delete = delete.key("pk", AttributeValue::S(STREAM.to_owned()));
    let delete = delete.key("sk", AttributeValue::N("1".to_owned()));
    delete.send().await.unwrap();

    assert!(matches!(open().await, Err(AppendError::Incomplete)));
    assert_eq!(store.last(STREAM).await.unwrap(), None, "nothing was appended");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_alias_is_taken_from_one_stream_by_one_other_and_the_record_comes_with_it() {
    let table = EventTable::create().await;
    let (store, requests) = table.store().await;
    store
        .append_with_alias("old", &records(1..=1), "contract/7")
        .await
        .unwrap();
    requests.lose_answers(2);
    for _ in ["now", "and again"] {
        store
            .append_and_move_alias(STREAM, &records(1..=1), "contract/7", "old")
            .await
            .unwrap();
    }
    assert_eq!(store.resolve("contract/7").await.unwrap().as_deref(), Some(STREAM));
    assert_eq!(everything(&store).await, records(1..=1));

    let late = store
        .append_and_move_alias("late", &records(1..=1), "contract/7", "old")
        .await;
    assert!(matches!(late, Err(AppendError::AliasTaken { stream }) if stream == STREAM));
    assert_eq!(store.last("late").await.unwrap(), None, "neither");
}
