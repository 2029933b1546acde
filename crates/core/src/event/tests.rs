use super::*;
use proptest::prelude::*;
use serde_json::json;

fn notification(key: &str) -> Value {
    json!({
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": { "name": "photos" },
            "object": { "key": key, "size": 5, "versionId": "v1", "eTag": "e1", "sequencer": "0A" }
        }
    })
}

fn eventbridge(key: &str) -> Value {
    json!({
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": { "name": "photos" },
            "object": { "key": key, "size": 5, "version-id": "v1", "etag": "e1", "sequencer": "0A" }
        }
    })
}

fn keys(records: &[ReadRecord]) -> Vec<&str> {
    let keys = records.iter().map(|record| record.as_ref().unwrap().key.as_str());
    keys.collect()
}

#[test]
fn every_wrapping_of_the_same_upload_gives_the_same_record() {
    let bare = json!({ "Records": [notification("a.jpg")] });
    let in_sns = json!({ "Type": "Notification", "Message": bare.to_string() });
    let from_sns = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": bare.to_string() } }] });

    for event in [bare, in_sns, from_sns, eventbridge("a.jpg")] {
        for records in [records_in_body(&event.to_string()), records_in_event(event.clone())] {
            let [Ok(record)] = records.as_slice() else {
                panic!("{event} gave {records:?}");
            };
            assert_eq!((record.bucket.as_str(), record.key.as_str()), ("photos", "a.jpg"));
            assert_eq!(record.version_id.as_deref(), Some("v1"));
            assert_eq!(record.etag.as_deref(), Some("e1"));
            assert_eq!((record.size, record.sequencer.to_string()), (Some(5), "0A".to_owned()));
        }
    }
}

#[test]
fn every_record_of_a_message_is_read_not_only_the_first() {
    let event = json!({ "Records": [notification("a.jpg"), notification("b.jpg"), notification("c.jpg")] });
    assert_eq!(keys(&records_in_event(event)), ["a.jpg", "b.jpg", "c.jpg"]);
}

#[test]
fn a_bad_record_does_not_take_its_neighbours_with_it() {
    let mut bad = notification("b.jpg");
    bad["s3"]["object"]["sequencer"] = json!("no number");
    let records = records_in_event(json!({ "Records": [notification("a.jpg"), bad.clone(), notification("c.jpg")] }));

    let malformed = records[1].as_ref().unwrap_err();
    assert_eq!(malformed.to_string(), "s3/object/sequencer is not hexadecimal");
    assert_eq!(malformed.raw, bad);
    assert!(records[0].is_ok() && records[2].is_ok());
}

#[test]
fn the_test_event_and_deletes_are_no_work() {
    let mut delete = notification("a.jpg");
    delete["eventName"] = json!("ObjectRemoved:DeleteMarkerCreated");
    let mut deleted = eventbridge("a.jpg");
    deleted["detail-type"] = json!("Object Deleted");

    let test_event = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos" });
    for event in [test_event, json!({ "Records": [delete] }), deleted] {
        assert_eq!(records_in_event(event), []);
    }
}

#[test]
fn what_is_no_s3_event_is_malformed_and_kept_whole() {
    for body in ["", "hello", "[]", "{}", "null", r#"{"Records":7}"#] {
        let records = records_in_body(body);
        assert!(matches!(records.as_slice(), [Err(_)]), "{body:?} gave {records:?}");
    }
    let not_s3 = json!({ "source": "aws.ec2", "detail-type": "Object Created", "detail": {} });
    assert_eq!(
        records_in_event(not_s3)[0].as_ref().unwrap_err().to_string(),
        "source should be aws.s3"
    );
}

#[test]
fn a_missing_field_is_named() {
    for (path, field) in [
        ("/s3/bucket/name", "s3/bucket/name is missing"),
        ("/s3/object/key", "s3/object/key is missing"),
        ("/s3/object/sequencer", "s3/object/sequencer is missing"),
        ("/eventName", "eventName is missing"),
    ] {
        let mut record = notification("a.jpg");
        *record.pointer_mut(path).unwrap() = Value::Null;
        let records = records_in_event(json!({ "Records": [record] }));
        assert_eq!(records[0].as_ref().unwrap_err().to_string(), field);
    }
}

#[test]
fn keys_of_notifications_are_form_decoded_and_keys_of_eventbridge_are_not() {
    let encoded = "a+b%2Bc%25d%27%22/%C3%A9/%F0%9F%93%B7.jpg";
    let records = records_in_event(json!({ "Records": [notification(encoded)] }));
    assert_eq!(keys(&records), ["a b+c%d'\"/é/📷.jpg"]);

    let records = records_in_event(eventbridge("a+b%2B.jpg"));
    assert_eq!(keys(&records), ["a+b%2B.jpg"]);
}

#[test]
fn wrapping_without_end_is_malformed_not_a_deep_recursion() {
    let mut event = json!({ "Records": [notification("a.jpg")] });
    for _ in 0..6 {
        event = json!({ "Type": "Notification", "Message": event.to_string() });
    }
    assert!(records_in_event(event)[0].is_err());
}

#[test]
fn the_console_makes_folders_and_they_are_recognised() {
    let mut folder = notification("holiday/");
    folder["s3"]["object"]["size"] = json!(0);
    let records = records_in_event(json!({ "Records": [folder, notification("holiday/")] }));
    let folders: Vec<bool> = records
        .iter()
        .map(|record| record.as_ref().unwrap().is_folder())
        .collect();
    assert_eq!(folders, [true, false]);
}

fn form_encoded(key: &str) -> String {
    percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%20", "+")
}

proptest! {
    #[test]
    fn any_key_arrives_as_it_was(key in "\\PC{1,200}") {
        let records = records_in_event(json!({ "Records": [notification(&form_encoded(&key))] }));
        prop_assert_eq!(keys(&records), [key.as_str()]);
    }

    #[test]
    fn no_body_makes_the_reader_panic_or_go_silent(body in "\\PC{0,300}") {
        prop_assert!(!records_in_body(&body).is_empty());
    }
}

#[test]
fn the_body_made_of_a_record_is_read_as_the_same_record_again() {
    for event in [
        json!({ "Records": [notification("a+b%2Bc.jpg")] }),
        eventbridge("a b+c.jpg"),
    ] {
        let record = records_in_event(event).swap_remove(0).unwrap();
        assert_eq!(record.key, "a b+c.jpg");
        assert_eq!(records_in_body(&record.to_body()), [Ok(record)]);
    }
}
