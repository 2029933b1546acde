use super::*;
use serde_json::json;

#[test]
fn a_record_is_read_with_both_of_its_images() {
    let raw = json!({
        "eventName": "MODIFY",
        "dynamodb": {
            "SequenceNumber": "100",
            "Keys": { "pk": { "S": "photos/a.jpg" } },
            "OldImage": { "state": { "S": "done" } },
            "NewImage": { "state": { "S": "pending" }, "intents": { "BS": ["AQI="] }, "expiresAt": { "N": "7" } },
        }
    });
    let record = StreamRecord::read(raw.clone()).unwrap();
    assert_eq!(record.change, Some(Change::Modify));
    assert_eq!(record.sequence_number, "100");
    assert_eq!(record.old.unwrap().text("state"), Some("done"));
    let new = record.new.unwrap();
    assert_eq!((new.text("state"), new.text("expiresAt")), (Some("pending"), None));
    assert_eq!(new.binary_set("intents"), Some(vec![vec![1, 2]]));
    assert_eq!(new.binary_set("others"), Some(Vec::new()));
    assert_eq!(new.binary_set("state"), None);
    assert_eq!(record.raw, raw);
}

#[test]
fn a_removal_has_no_item_afterwards() {
    let raw = json!({ "eventName": "REMOVE", "dynamodb": { "SequenceNumber": "1", "OldImage": {} } });
    let record = StreamRecord::read(raw).unwrap();
    assert_eq!((record.change, record.new), (Some(Change::Remove), None));
}

#[test]
fn without_a_sequence_number_nothing_can_be_answered() {
    for raw in [
        json!(null),
        json!({ "dynamodb": {} }),
        json!({ "dynamodb": { "SequenceNumber": "" } }),
    ] {
        assert_eq!(StreamRecord::read(raw), Err(RecordWithoutSequenceNumber));
    }
}

#[test]
fn messages_of_a_queue_are_told_from_the_changes_of_a_table() {
    let event = |source: &str| StreamEvent {
        records: vec![json!({ "messageId": "m", "eventSource": source, "body": "b", "attributes": {} })],
    };
    let messages = event("aws:sqs").messages().unwrap();
    assert_eq!(messages.records[0].body.as_deref(), Some("b"));
    assert!(event("aws:dynamodb").messages().is_none());
    assert!(StreamEvent { records: Vec::new() }.messages().is_none());
}
