//! Appending: what is refused unsent, what a refusal says, and answers that never came.

use gatehouse_core::disposition::{Disposition, Failure};
use serde_json::{Value, json};

use super::record;
use super::wire::{Answer, item, refused, store};
use crate::{AppendError, MOST_RECORDS, Record, StoreError};

fn in_the_way(record: &Record) -> Answer {
    refused("ConditionalCheckFailedException", json!({ "Item": item(record) }))
}

fn canceled(reasons: &[Value]) -> Answer {
    refused(
        "TransactionCanceledException",
        json!({ "CancellationReasons": reasons }),
    )
}

fn failed(record: &Record) -> Value {
    json!({ "Code": "ConditionalCheckFailed", "Item": item(record) })
}

fn other(version: u64) -> Record {
    let body = "another".to_owned();
    Record {
        body,
        ..record(version)
    }
}

fn overtaken_by(result: Result<(), AppendError>) -> Record {
    match result {
        Err(AppendError::Overtaken(standing)) => *standing,
        other => panic!("not overtaken: {other:?}"),
    }
}

#[tokio::test]
async fn one_record_is_one_put_that_asks_for_what_is_in_its_way() {
    let (store, wire) = store(&[Answer::Done(json!({}))]);
    store.append("stream", &[record(7)]).await.unwrap();
    let [(operation, body)] = &wire.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(operation, "PutItem");
    assert_eq!(body["Item"], item(&record(7)));
    assert_eq!(body["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(body["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn a_writer_that_came_too_late_is_told_what_stands_there_without_a_read() {
    let (single, wire) = store(&[in_the_way(&other(7))]);
    assert_eq!(overtaken_by(single.append("stream", &[record(7)]).await), other(7));
    assert_eq!(wire.operations(), ["PutItem"]);

    let reasons = [failed(&other(7)), json!({ "Code": "None" })];
    let (several, wire) = store(&[canceled(&reasons)]);
    let appended = several.append("stream", &[record(7), record(8)]).await;
    assert_eq!(overtaken_by(appended), other(7));
    assert_eq!(wire.operations(), ["TransactWriteItems"]);
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_is_recognised_as_done() {
    let (single, _) = store(&[Answer::Lost, in_the_way(&record(7))]);
    single.append("stream", &[record(7)]).await.unwrap();

    let reasons = [failed(&record(7)), failed(&record(8))];
    let (several, _) = store(&[Answer::Lost, canceled(&reasons)]);
    several.append("stream", &[record(7), record(8)]).await.unwrap();
}

#[tokio::test]
async fn a_part_of_an_append_that_stands_there_is_not_ours() {
    let reasons = [failed(&record(7)), json!({ "Code": "None" })];
    let (store, _) = store(&[canceled(&reasons)]);
    let appended = store.append("stream", &[record(7), record(8)]).await;
    assert_eq!(overtaken_by(appended), record(7));
}

#[tokio::test]
async fn a_transaction_that_met_another_or_was_throttled_is_a_retry() {
    for code in [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ] {
        let reasons = [json!({ "Code": code }), failed(&other(8))];
        let (store, _) = store(&[canceled(&reasons)]);
        let error = store.append("stream", &[record(7), record(8)]).await.unwrap_err();
        assert!(
            matches!(error, AppendError::Store(StoreError::Unavailable { .. })),
            "{code}"
        );
        assert_eq!(error.disposition(), Disposition::Retry, "{code}");
    }
}

#[tokio::test]
async fn a_table_that_is_throttled_for_longer_than_the_sdk_tries_is_a_retry() {
    let throttled = refused("ProvisionedThroughputExceededException", json!({}));
    let (store, wire) = store(&[throttled.clone(), throttled.clone(), throttled]);
    let error = store.append("stream", &[record(7)]).await.unwrap_err();
    assert_eq!(
        (error.disposition(), error.reason()),
        (Disposition::Retry, "event-store-unavailable")
    );
    assert_eq!(wire.operations().len(), 3);
}

#[tokio::test]
async fn what_stands_there_and_is_no_record_is_named_by_its_attribute() {
    let mut broken = item(&record(7));
    broken["body"] = json!({ "N": "1" });
    let (store, _) = store(&[refused("ConditionalCheckFailedException", json!({ "Item": broken }))]);
    let error = store.append("stream", &[record(7)]).await.unwrap_err();
    assert!(matches!(error, AppendError::Store(StoreError::Malformed("body"))));
    assert_eq!(error.disposition(), Disposition::Reject);
}

#[tokio::test]
async fn an_alias_is_written_with_the_record_and_belongs_to_who_came_first() {
    let (done, wire) = store(&[Answer::Done(json!({}))]);
    done.append_with_alias("stream", &[record(1)], "contract/7")
        .await
        .unwrap();
    let alias = json!({ "pk": { "S": "contract/7" }, "sk": { "N": "0" }, "stream": { "S": "stream" } });
    assert_eq!(wire.requests()[0].1["TransactItems"][1]["Put"]["Item"], alias);

    let ours = json!({ "Code": "ConditionalCheckFailed", "Item": alias });
    let (again, _) = store(&[canceled(&[failed(&record(1)), ours])]);
    again
        .append_with_alias("stream", &[record(1)], "contract/7")
        .await
        .unwrap();

    let theirs = json!({ "sk": { "N": "0" }, "stream": { "S": "other" } });
    let theirs = json!({ "Code": "ConditionalCheckFailed", "Item": theirs });
    let (taken, _) = store(&[canceled(&[json!({ "Code": "None" }), theirs])]);
    let appended = taken.append_with_alias("stream", &[record(1)], "contract/7").await;
    assert!(matches!(appended, Err(AppendError::AliasTaken { stream }) if stream == "other"));
}

#[tokio::test]
async fn an_alias_is_moved_only_from_where_it_is_said_to_lead() {
    let (done, wire) = store(&[Answer::Done(json!({}))]);
    done.append_and_move_alias("stream", &[record(1)], "contract/7", "old")
        .await
        .unwrap();
    let put = &wire.requests()[0].1["TransactItems"][1]["Put"];
    assert_eq!(
        put["ConditionExpression"],
        "attribute_not_exists(pk) OR #stream = :from"
    );
    assert_eq!(put["ExpressionAttributeNames"], json!({ "#stream": "stream" }));
    assert_eq!(put["ExpressionAttributeValues"], json!({ ":from": { "S": "old" } }));
}

#[tokio::test]
async fn an_alias_without_its_record_or_a_record_without_its_alias_is_no_append() {
    let alias = json!({ "pk": { "S": "contract/7" }, "sk": { "N": "0" }, "stream": { "S": "stream" } });
    let alias = json!({ "Code": "ConditionalCheckFailed", "Item": alias });
    let absent = json!({ "Code": "None" });
    for reasons in [[absent.clone(), alias], [failed(&record(1)), absent]] {
        let (store, _) = store(&[canceled(&reasons)]);
        let appended = store.append_with_alias("stream", &[record(1)], "contract/7").await;
        let error = appended.unwrap_err();
        assert!(matches!(error, AppendError::Incomplete), "{reasons:?}: {error:?}");
        assert_eq!(
            (error.disposition(), error.reason()),
            (Disposition::Reject, "incomplete-append")
        );
    }
}

#[tokio::test]
async fn what_no_transaction_takes_is_refused_unsent_with_its_measure() {
    let (store, wire) = store(&[]);
    let many: Vec<Record> = (1..=101).map(record).collect();
    let large = |version| Record {
        attachment: Some("x".repeat(390 * 1024)),
        ..record(version)
    };
    let megabytes: Vec<Record> = (1..=11).map(large).collect();
    let huge = Record {
        attachment: Some("x".repeat(400 * 1024)),
        ..record(1)
    };
    let refusal = async |stream: &str, records: &[Record]| store.append(stream, records).await.unwrap_err();
    assert!(matches!(refusal("s", &many).await, AppendError::TooMany { items: 101 }));
    assert!(matches!(
        refusal("s", &megabytes).await,
        AppendError::TooLarge { most: 4_194_304, .. }
    ));
    assert!(matches!(
        refusal("s", &[huge]).await,
        AppendError::TooLarge { most: 409_600, .. }
    ));
    assert!(matches!(
        refusal("", &many[..1]).await,
        AppendError::UnusableName("stream's id")
    ));
    for gap in [[record(1), record(3)], [record(2), record(1)], [record(0), record(1)]] {
        assert!(matches!(refusal("s", &gap).await, AppendError::NotConsecutive));
    }
    let last = [record(u64::MAX), record(0)];
    assert!(matches!(refusal("s", &last).await, AppendError::NotConsecutive));
    let with_alias = store.append_with_alias("s", &many[..MOST_RECORDS], "alias").await;
    assert!(matches!(with_alias, Err(AppendError::TooMany { items: 101 })));
    assert!(wire.operations().is_empty());
}

#[tokio::test]
async fn nothing_to_append_is_no_request() {
    let (store, wire) = store(&[]);
    store.append("stream", &[]).await.unwrap();
    assert!(wire.operations().is_empty());
}
