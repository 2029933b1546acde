//! Reads S3 events, in whatever wrapping they arrive.
//!
//! An uploaded object can reach a function as an S3 notification or as an EventBridge
//! `Object Created` event; in an SQS body or by itself; inside of an SNS envelope or not. One that lay
//! in its bucket before is found by a [`listing`]. All of these become a list of [`Record`]s. What
//! can't be read becomes [`Malformed`], one by one, so that a bad record never takes its neighbours
//! with it.

mod invocation;
pub mod listing;
mod record;
mod sequencer;

pub use invocation::Invocation;
pub use record::{Malformed, Record, UnexpectedBucket};
pub use sequencer::{STORED_DIGITS, Sequencer, TooManyDigits};

use serde_json::Value;

/// A record, or why it is none.
pub type ReadRecord = Result<Record, Malformed>;

/// SNS can carry an S3 notification, and SQS can carry SNS. Nothing wraps deeper than that.
const DEEPEST_WRAPPING: u8 = 3;

/// The records in the body of one SQS message.
///
/// A body without work (an `s3:TestEvent`, a delete) gives an empty list. A body that is not an
/// S3 event gives one [`Malformed`] with the whole body as its record.
pub fn records_in_body(body: &str) -> Vec<ReadRecord> {
    text_records(body, DEEPEST_WRAPPING)
}

/// The records in an event that reached the function without a queue.
pub fn records_in_event(event: Value) -> Vec<ReadRecord> {
    event_records(event, DEEPEST_WRAPPING)
}

fn text_records(text: &str, depth: u8) -> Vec<ReadRecord> {
    match serde_json::from_str(text) {
        Ok(event) => event_records(event, depth),
        Err(_) => vec![Err(Malformed::new(text, "body", "is not JSON"))],
    }
}

fn event_records(event: Value, depth: u8) -> Vec<ReadRecord> {
    if depth == 0 {
        let problem = "is wrapped more often than S3, SNS and SQS can do";
        return vec![Err(Malformed::new(event, "body", problem))];
    }
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Vec::new();
    }
    if let Some(message) = sns_message(&event) {
        return text_records(message, depth - 1);
    }
    if listing::is_object(&event) {
        return vec![Record::from_listing(event)];
    }
    if event.get("detail-type").is_some() {
        return Record::from_eventbridge(event).into_iter().collect();
    }
    match event {
        Value::Object(mut fields) if matches!(fields.get("Records"), Some(Value::Array(_))) => {
            match fields.remove("Records") {
                Some(Value::Array(records)) => records
                    .into_iter()
                    .flat_map(|record| notification_records(record, depth))
                    .collect(),
                _ => Vec::new(),
            }
        }
        other => {
            let problem = "is not an S3 notification, an SNS message or an EventBridge event";
            vec![Err(Malformed::new(other, "body", problem))]
        }
    }
}

/// One element of `Records`: an S3 record, or an SNS record when SNS invokes the function itself.
fn notification_records(record: Value, depth: u8) -> Vec<ReadRecord> {
    match record.get("Sns").and_then(|sns| sns.get("Message")) {
        Some(Value::String(message)) => text_records(message, depth - 1),
        _ => Record::from_notification(record).into_iter().collect(),
    }
}

/// The message of an SNS envelope, as SNS writes it into a queue without raw delivery.
fn sns_message(event: &Value) -> Option<&str> {
    let is_notification = event.get("Type").and_then(Value::as_str) == Some("Notification");
    let message = event.get("Message").and_then(Value::as_str)?;
    is_notification.then_some(message)
}

#[cfg(test)]
mod tests;
