//! Objects that were found in their bucket, as a backfill hands them over: no event told of their upload.
//!
//! Step Functions lists the bucket and hands the objects over in batches (developer guide, "ItemReader" and "ItemBatcher"
//! of a Distributed Map): `{"BatchInput": {"bucket": ..}, "Items": [{"Key": .., "Etag": .., "Size": ..}, ..]}`. Each of
//! them becomes an event of its own, of the form of EventBridge's events, but from another source: so a single object can
//! be rejected whole, and sent to the queue of uploads again.

use serde_json::{Value, json};

/// Who found the object.
const SOURCE: &str = "gatehouse.backfill";
const DETAIL_TYPE: &str = "Object Listed";

/// The events of a batch of listed objects, one for each. None if this is no such batch.
pub fn events(batch: &Value) -> Option<Vec<Value>> {
    let (bucket, items) = parts(batch)?;
    Some(items.iter().map(|item| event(bucket, item)).collect())
}

/// Whether this is a batch of listed objects.
pub(super) fn is_batch(event: &Value) -> bool {
    parts(event).is_some()
}

fn parts(batch: &Value) -> Option<(&Value, &Vec<Value>)> {
    let bucket = batch.get("BatchInput")?.get("bucket")?;
    Some((bucket, batch.get("Items")?.as_array()?))
}

/// One object's event. What is missing or of another kind is found when the event is read.
fn event(bucket: &Value, item: &Value) -> Value {
    json!({
        "source": SOURCE,
        "detail-type": DETAIL_TYPE,
        "detail": {
            "bucket": { "name": bucket },
            "object": { "key": item.get("Key"), "etag": item.get("Etag"), "size": item.get("Size") },
        },
    })
}

/// Whether this is the event of one listed object.
pub(super) fn is_object(event: &Value) -> bool {
    let is = |name: &str, value: &str| event.get(name).and_then(Value::as_str) == Some(value);
    is("source", SOURCE) && is("detail-type", DETAIL_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Sequencer, records_in_body};

    fn batch(items: Value) -> Value {
        json!({ "BatchInput": { "bucket": "photos" }, "Items": items })
    }

    #[test]
    fn each_object_of_a_batch_is_a_record_that_is_older_than_any_event() {
        let key = "a b+%2B/\u{fc}.jpg";
        let items = json!([
            { "Key": key, "Etag": "\"e1\"", "Size": 5, "LastModified": 1, "StorageClass": "STANDARD" },
            { "Key": "b.jpg", "Etag": "e2", "Size": 6 },
        ]);
        let events = events(&batch(items)).unwrap();
        let records: Vec<_> = events
            .iter()
            .flat_map(|event| records_in_body(&event.to_string()))
            .collect();
        let [Ok(first), Ok(second)] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!((first.bucket.as_str(), first.key.as_str()), ("photos", key));
        assert_eq!((first.etag.as_deref(), first.size), (Some("e1"), Some(5)));
        assert_eq!((first.version_id.as_deref(), first.listed), (None, true));
        assert_eq!(first.sequencer, Sequencer::before_all());
        assert_eq!((second.key.as_str(), second.etag.as_deref()), ("b.jpg", Some("e2")));
        assert_eq!(first.raw, events[0]);
    }

    #[test]
    fn an_object_without_key_or_entity_tag_is_malformed_and_its_neighbours_are_not() {
        let items =
            json!([{ "Etag": "e" }, { "Key": "a.jpg" }, { "Key": 7, "Etag": "e" }, { "Key": "b.jpg", "Etag": "e" }]);
        let events = events(&batch(items)).unwrap();
        let problems: Vec<String> = events
            .iter()
            .flat_map(|event| records_in_body(&event.to_string()))
            .map(|record| record.map_or_else(|malformed| malformed.to_string(), |record| record.key))
            .collect();
        let key = "detail/object/key is missing";
        assert_eq!(problems, [key, "detail/object/etag is missing", key, "b.jpg"]);
    }

    #[test]
    fn anything_else_is_no_batch() {
        for other in [
            json!({}),
            json!({ "Items": [] }),
            json!({ "BatchInput": {}, "Items": [] }),
            json!({ "BatchInput": { "bucket": "photos" } }),
            json!({ "BatchInput": { "bucket": "photos" }, "Items": 7 }),
        ] {
            assert_eq!(events(&other), None, "{other}");
        }
    }
}
