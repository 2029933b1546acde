//! The way back: what makes the work of a message start again.

use gatehouse_core::stream::StreamRecord;
use gatehouse_ledger::Upload;
use serde_json::{Value, json};

use crate::message::{Content, Message};
use crate::report::Stays;
use crate::stack::{Kind, Queue, Stack};

/// By which way each function's records come to it: the output with its name, and the output with its queue. Those of
/// dedupe-process come from the ledger.
const QUEUE_OF: [(&str, &str); 4] = [
    ("FaceBlurFunctionName", "UploadQueueUrl"),
    ("DedupeRecordFunctionName", "RecordQueueUrl"),
    ("BidSettleFunctionName", "SettleQueueUrl"),
    ("BidImportFunctionName", "ImportQueueUrl"),
];
const FROM_THE_LEDGER: &str = "DedupeProcessFunctionName";

/// What has to be done for a message's work to start again.
#[derive(Debug, PartialEq)]
pub(crate) enum Way {
    /// This body goes into this queue.
    Queue {
        /// The queue's URL.
        url: String,
        /// What its function expects.
        body: String,
    },
    /// The ledger's item is marked, as long as it still tells of this upload.
    Ledger(Box<Upload>),
}

/// The way back of a message.
pub(crate) fn way(stack: &Stack, queue: &Queue, message: &Message) -> Result<Way, Stays> {
    if let Kind::DeadLetters(source) = &queue.kind {
        let (url, body) = (source.clone(), message.body.clone());
        return Ok(Way::Queue { url, body });
    }
    let rejection = match &message.content {
        Content::Rejection(rejection) => rejection,
        Content::Place(_) => return Err(Stays::PlaceInAStream),
        Content::Work => return released(&message.body),
    };
    let record = &rejection.record;
    if stack.output(FROM_THE_LEDGER) == Some(&rejection.function) {
        return upload(record).map(|upload| Way::Ledger(Box::new(upload)));
    }
    if record.get("line").is_some() {
        return Err(Stays::LineOfAFile);
    }
    let its_own = |(function, _): &&(&str, &str)| stack.output(function) == Some(&rejection.function);
    let url = QUEUE_OF.iter().find(its_own).and_then(|(_, url)| stack.output(url));
    let url = url.ok_or(Stays::UnknownFunction)?.to_owned();
    let body = body(record);
    Ok(Way::Queue { url, body })
}

/// A record of the ledger's stream that was held back, released, and then failed five times: it stands there as it is.
fn released(body: &str) -> Result<Way, Stays> {
    let record = serde_json::from_str(body).map_err(|_| Stays::Unreadable)?;
    upload(&record).map(|upload| Way::Ledger(Box::new(upload)))
}

/// A record as a function expects it in its queue: an element of an S3 notification is wrapped into one again; everything
/// else was the whole body.
fn body(record: &Value) -> String {
    match record {
        Value::String(text) => text.clone(),
        record if record.get("s3").is_some() => json!({ "Records": [record] }).to_string(),
        record => record.to_string(),
    }
}

/// The upload that a record of the ledger's stream tells of.
fn upload(record: &Value) -> Result<Upload, Stays> {
    let record = StreamRecord::read(record.clone()).map_err(|_| Stays::Unreadable)?;
    let item = record.new.ok_or(Stays::Unreadable)?;
    let upload = Upload::pending_in(&item).map_err(|_| Stays::Unreadable)?;
    upload.ok_or(Stays::Unreadable)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::message::tests::{message, rejection};

    fn stack() -> Stack {
        let outputs = QUEUE_OF
            .iter()
            .flat_map(|(function, queue)| [(*function, *function), (*queue, *queue)]);
        let others = [
            (FROM_THE_LEDGER, FROM_THE_LEDGER),
            ("RejectedQueueUrl", "r"),
            ("DeadLetterQueueUrl", "d"),
            ("StreamFailureQueueUrl", "s"),
        ];
        let outputs = outputs
            .chain(others)
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        Stack::new("house", outputs)
    }

    fn way_of(queue: &str, body: &Value) -> Result<Way, Stays> {
        let stack = stack();
        way(&stack, &stack.queue(queue).unwrap(), &message(body))
    }

    fn to(url: &str, body: &str) -> Result<Way, Stays> {
        let (url, body) = (url.to_owned(), body.to_owned());
        Ok(Way::Queue { url, body })
    }

    #[test]
    fn a_dead_letter_goes_back_as_it_is() {
        assert_eq!(
            way_of("dead-letter", &json!("anything")),
            to("UploadQueueUrl", "anything")
        );
    }

    #[test]
    fn a_rejected_record_goes_to_the_queue_of_its_function_in_the_form_that_it_came_in() {
        let record = json!({ "s3": { "object": { "key": "k" } } });
        for (function, queue) in QUEUE_OF {
            let wrapped = json!({ "Records": [record] }).to_string();
            assert_eq!(
                way_of("rejected", &rejection(function, record.clone())),
                to(queue, &wrapped)
            );
        }
        let settle = rejection("BidSettleFunctionName", json!({ "auction": "A" }));
        assert_eq!(way_of("rejected", &settle), to("SettleQueueUrl", r#"{"auction":"A"}"#));
        let text = rejection("FaceBlurFunctionName", json!("no JSON"));
        assert_eq!(way_of("rejected", &text), to("UploadQueueUrl", "no JSON"));
    }

    #[test]
    fn a_record_of_the_ledgers_stream_goes_back_by_way_of_the_ledger() {
        let item = json!({ "bucket": { "S": "b" }, "key": { "S": "k" }, "sequencer": { "S": "0A" },
            "sourceETag": { "S": "e" }, "sourceVersion": { "S": "v" }, "state": { "S": "pending" } });
        let record = json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "1", "NewImage": item } });
        for (queue, body) in [
            ("rejected", rejection(FROM_THE_LEDGER, record.clone())),
            ("stream-failure", rejection(FROM_THE_LEDGER, record.clone())),
            ("stream-failure", record), // released, and failed five times
        ] {
            let found = way_of(queue, &body).unwrap();
            assert!(matches!(found, Way::Ledger(upload) if upload.key == "k"), "{body}");
        }
    }

    #[test]
    fn what_has_no_way_back_stays_and_says_why() {
        let line = json!({ "bucket": "b", "key": "k", "line": 2 });
        let place = json!({ "requestContext": { "condition": "RecordAgeExceeded" },
            "DDBStreamBatchInfo": { "shardId": "s", "startSequenceNumber": "1", "endSequenceNumber": "2", "batchSize": 1 } });
        for (body, stays) in [
            (rejection("BidImportFunctionName", line), Stays::LineOfAFile),
            (rejection("somebody-elses", json!({})), Stays::UnknownFunction),
            (rejection(FROM_THE_LEDGER, json!("text")), Stays::Unreadable),
            (place, Stays::PlaceInAStream),
            (json!("text"), Stays::Unreadable),
            (json!({ "dynamodb": { "SequenceNumber": "1" } }), Stays::Unreadable),
        ] {
            assert_eq!(way_of("rejected", &body), Err(stays), "{body}");
        }
    }
}
