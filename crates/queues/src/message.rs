//! One message of a final queue, and what a person may see of it.
//!
//! What is shown is picked field by field: a reason, a sentence that holds no secret, an object's key, an auction's id, a
//! place in a stream. Never the body itself, which may hold an envelope.

use std::collections::HashMap;

use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName as System};
use gatehouse_core::event::{ReadRecord, records_in_body, records_in_event};
use gatehouse_core::rejected::Rejection;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a key or a sentence that are shown.
const SHOWN: usize = 300;
/// Of a dead letter: only the log says why it failed.
const NO_REASON: &str = "none-given";
const ULID_LENGTH: usize = 26;

/// A message that was received.
#[derive(Debug, Clone)]
pub struct Message {
    /// The id that SQS gave it.
    pub id: String,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    pub(crate) handle: String,
    pub(crate) body: String,
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
    pub(crate) content: Content,
}

/// What the body turned out to be.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A function said why.
    Rejection(Box<Rejection>),
    /// Lambda gave up a batch of a stream, and says only where it was.
    Place(Box<Place>),
    /// The work itself, as it came.
    Work,
}

/// What Lambda sends to the failure destination of a DynamoDB stream (Lambda developer guide, "Retaining discarded batches").
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    request_context: RequestContext,
    #[serde(rename = "DDBStreamBatchInfo")]
    batch: Batch,
}

#[derive(Debug, Clone, Deserialize)]
struct RequestContext {
    condition: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    batch_size: u64,
}

impl Message {
    /// What SQS delivered. None if it can't be dealt with at all, for want of an id or a receipt handle: it stays.
    pub(crate) fn read(received: aws_sdk_sqs::types::Message) -> Option<Self> {
        let system = received.attributes.unwrap_or_default();
        let sent_at = system.get(&System::SentTimestamp).and_then(|sent| sent.parse().ok());
        let body = received.body.unwrap_or_default();
        Some(Self {
            id: received.message_id?,
            sent_at: sent_at.and_then(|sent| Timestamp::from_millisecond(sent).ok()),
            handle: received.receipt_handle?,
            attributes: received.message_attributes.unwrap_or_default(),
            content: Content::read(&body),
            body,
        })
    }

    /// The reason code: the function's own, Lambda's condition, the Scheduler's error code; `none-given` if there is none.
    pub fn reason(&self) -> &str {
        match &self.content {
            Content::Rejection(rejection) => &rejection.reason,
            Content::Place(place) => &place.request_context.condition,
            Content::Work => {
                let code = self.attributes.get("ERROR_CODE");
                code.and_then(|code| code.string_value()).unwrap_or(NO_REASON)
            }
        }
    }

    /// The function that rejected it or gave it up.
    pub fn function(&self) -> Option<&str> {
        match &self.content {
            Content::Rejection(rejection) => Some(&rejection.function),
            _ => None,
        }
    }

    /// A sentence for a person, if there is one.
    pub fn detail(&self) -> Option<String> {
        match &self.content {
            Content::Rejection(rejection) => Some(shown(&rejection.detail)),
            Content::Place(place) => Some(format!("Lambda gave up {} records", place.batch.batch_size)),
            Content::Work => None,
        }
    }

    /// What it is about: an object, an item, an auction, a place in a stream. None if that can't be said.
    pub fn about(&self) -> Option<String> {
        let about = match &self.content {
            Content::Rejection(rejection) => of_record(&rejection.record),
            Content::Place(place) => Some(format!(
                "{} from {} to {}",
                place.batch.shard_id, place.batch.start_sequence_number, place.batch.end_sequence_number
            )),
            Content::Work => of_body(&self.body),
        };
        about.map(|about| shown(&about))
    }

    /// When it was rejected; of all others, when it was first sent.
    pub fn when(&self) -> Option<Timestamp> {
        match &self.content {
            Content::Rejection(rejection) => rejection.rejected_at.parse().ok().or(self.sent_at),
            _ => self.sent_at,
        }
    }
}

impl Content {
    fn read(body: &str) -> Self {
        if let Ok(rejection) = serde_json::from_str(body) {
            return Self::Rejection(Box::new(rejection));
        }
        match serde_json::from_str(body) {
            Ok(place) => Self::Place(Box::new(place)),
            Err(_) => Self::Work,
        }
    }
}

/// What a rejected record is about.
fn of_record(record: &Value) -> Option<String> {
    let line = record.get("line").and_then(Value::as_u64);
    match (of_change(record), line) {
        (Some(pk), _) => Some(pk),
        (None, Some(line)) => {
            let text = |name| record.get(name).and_then(Value::as_str);
            Some(format!("{}/{} line {line}", text("bucket")?, text("key")?))
        }
        (None, None) if record.get("s3").is_some() => of_records(records_in_event(json!({ "Records": [record] }))),
        (None, None) => auction(record).or_else(|| of_records(records_in_event(record.clone()))),
    }
}

fn of_body(body: &str) -> Option<String> {
    let message: Value = serde_json::from_str(body).ok()?;
    let one = of_change(&message).or_else(|| auction(&message));
    one.or_else(|| of_records(records_in_body(body)))
}

/// Which item a record of a table's stream is about.
fn of_change(record: &Value) -> Option<String> {
    let pk = record.pointer("/dynamodb/Keys/pk/S").and_then(Value::as_str);
    pk.map(ToOwned::to_owned)
}

fn of_records(records: Vec<ReadRecord>) -> Option<String> {
    let others = records.len().saturating_sub(1);
    let first = records.into_iter().find_map(Result::ok)?;
    let about = format!("{}/{}", first.bucket, first.key);
    Some(if others == 0 {
        about
    } else {
        format!("{about} and {others} more")
    })
}

/// The auction's id, if it is one: what else stands there is nobody's business.
fn auction(message: &Value) -> Option<String> {
    let id = message.get("auction")?.as_str()?;
    let is_ulid = id.len() == ULID_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_ulid.then(|| format!("auction {id}"))
}

/// Text that does nothing to a terminal: keys may hold any character.
fn shown(text: &str) -> String {
    let escape = |letter: char| {
        let escaped = letter.is_control().then(|| letter.escape_default().to_string());
        escaped.unwrap_or_else(|| letter.to_string())
    };
    text.chars().take(SHOWN).map(escape).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) mod tests {
    use super::*;

    /// A message with this body.
    pub(crate) fn message(body: &Value) -> Message {
        let body = body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned);
        let received = aws_sdk_sqs::types::Message::builder()
            .message_id("m")
            .receipt_handle("h");
        Message::read(received.body(body).build()).unwrap()
    }

    /// What a function says of this record.
    pub(crate) fn rejection(function: &str, record: Value) -> Value {
        json!({ "reason": "some-reason", "detail": "a sentence", "record": record, "function": function,
            "rejectedAt": "2026-01-02T03:04:05Z" })
    }

    #[test]
    fn of_each_kind_of_message_it_is_told_what_it_is_about_and_why_it_is_there() {
        let s3 = json!({ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "in" },
            "object": { "key": "a+b%2B.jpg", "sequencer": "01" } } });
        let stream = json!({ "dynamodb": { "Keys": { "pk": { "S": "in/c.jpg" } } } });
        let place = json!({ "requestContext": { "condition": "RetryAttemptsExhausted" },
            "DDBStreamBatchInfo": { "shardId": "s", "startSequenceNumber": "1", "endSequenceNumber": "2", "batchSize": 3 } });
        let id = "01KAC3B3G0W4V8Q9ZJ6M5T7R2D";
        for (body, reason, about) in [
            (
                rejection("f", s3.clone()),
                "some-reason",
                Some("in/a b+.jpg".to_owned()),
            ),
            (
                rejection("f", stream.clone()),
                "some-reason",
                Some("in/c.jpg".to_owned()),
            ),
            (stream, NO_REASON, Some("in/c.jpg".to_owned())), // held back
            (
                rejection("f", json!({ "auction": id })),
                "some-reason",
                Some(format!("auction {id}")),
            ),
            (
                rejection("f", json!({ "bucket": "b", "key": "k", "line": 7 })),
                "some-reason",
                Some("b/k line 7".to_owned()),
            ),
            (place, "RetryAttemptsExhausted", Some("s from 1 to 2".to_owned())),
            (
                json!({ "Records": [s3, s3] }),
                NO_REASON,
                Some("in/a b+.jpg and 1 more".to_owned()),
            ),
            (json!("no JSON"), NO_REASON, None),
        ] {
            let message = message(&body);
            assert_eq!((message.reason(), message.about()), (reason, about), "{body}");
        }
    }

    #[test]
    fn what_is_no_key_and_no_id_is_not_shown_and_neither_is_what_a_terminal_would_obey() {
        for secret in [
            json!({ "auction": "125000.00" }),
            json!({ "envelope": "eyJ" }),
            json!("eyJhbGciOiJ"),
        ] {
            assert_eq!(message(&rejection("f", secret.clone())).about(), None, "{secret}");
            assert_eq!(message(&secret).about(), None, "{secret}");
        }
        let key = json!({ "dynamodb": { "Keys": { "pk": { "S": "in/\u{1b}[2J.jpg" } } } });
        assert_eq!(message(&rejection("f", key)).about().unwrap(), "in/\\u{1b}[2J.jpg");
    }
}
