//! One record of a DynamoDB stream, and the event that brings some.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde::Deserialize;
use serde_json::Value;

use super::Image;

/// What Lambda hands to a function that reads a DynamoDB stream: records of one shard, oldest first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StreamEvent {
    /// The records as they arrived.
    #[serde(rename = "Records")]
    pub records: Vec<Value>,
}

/// What happened to an item (`eventName`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `INSERT`: it is new.
    Insert,
    /// `MODIFY`: one or more of its attributes changed.
    Modify,
    /// `REMOVE`: it is gone, deleted by somebody or expired.
    Remove,
}

/// One change of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// What happened. None for anything that DynamoDB does not document.
    pub change: Option<Change>,
    /// Its place in the shard: what a batch item failure names.
    pub sequence_number: String,
    /// When DynamoDB noted the change (`ApproximateCreationDateTime`). None if it is not said.
    pub created: Option<SystemTime>,
    /// The item's primary key.
    pub keys: Value,
    /// The item before, where the stream shows it.
    pub old: Option<Image>,
    /// The item after, where the stream shows it.
    pub new: Option<Image>,
    /// The record as it arrived, for the rejected queue.
    pub raw: Value,
}

/// A batch that can't be answered record by record, so that all of it has to come back: Retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stream record in the batch has no SequenceNumber; the whole batch is handed back")]
pub struct RecordWithoutSequenceNumber;

impl StreamRecord {
    /// Reads a record. Only its sequence number has to be there: what else is missing is for the
    /// handler to judge, which can reject the record by itself.
    ///
    /// # Errors
    /// [`RecordWithoutSequenceNumber`].
    pub fn read(raw: Value) -> Result<Self, RecordWithoutSequenceNumber> {
        let part = |name| raw.get("dynamodb").and_then(|change| change.get(name));
        let sequence_number = part("SequenceNumber").and_then(Value::as_str);
        let sequence_number = sequence_number.filter(|number| !number.is_empty());
        Ok(Self {
            change: raw.get("eventName").and_then(Value::as_str).and_then(change),
            sequence_number: sequence_number.ok_or(RecordWithoutSequenceNumber)?.to_owned(),
            created: part("ApproximateCreationDateTime").and_then(time),
            keys: part("Keys").cloned().unwrap_or_default(),
            old: Image::read(part("OldImage")),
            new: Image::read(part("NewImage")),
            raw,
        })
    }

    /// The record in the body of a message that was on hold ([`crate::hold`]). None if there is none.
    pub fn in_body(body: &str) -> Option<Self> {
        Self::read(serde_json::from_str(body).ok()?).ok()
    }
}

impl StreamEvent {
    /// The messages, if these records are no changes of a table but messages of an SQS queue.
    pub fn messages(&self) -> Option<SqsEvent> {
        let source = self.records.first()?.get("eventSource")?.as_str()?;
        if source != "aws:sqs" {
            return None;
        }
        serde_json::from_value(serde_json::json!({ "Records": self.records })).ok()
    }
}

/// Seconds since the epoch, with or without a fraction.
fn time(seconds: &Value) -> Option<SystemTime> {
    let since_epoch = Duration::try_from_secs_f64(seconds.as_f64()?).ok()?;
    UNIX_EPOCH.checked_add(since_epoch)
}

fn change(name: &str) -> Option<Change> {
    match name {
        "INSERT" => Some(Change::Insert),
        "MODIFY" => Some(Change::Modify),
        "REMOVE" => Some(Change::Remove),
        _ => None,
    }
}

/// The same answer in the words for a stream, for a handler that reads both.
pub fn as_stream_answer(answer: SqsBatchResponse) -> DynamoDbEventResponse {
    let failures = answer.batch_item_failures.into_iter();
    self::answer(failures.map(|failure| failure.item_identifier).collect())
}

/// The answer that hands these records back, the lowest sequence number first.
pub(crate) fn answer(handed_back: Vec<String>) -> DynamoDbEventResponse {
    let mut answer = DynamoDbEventResponse::default();
    for number in handed_back {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(number);
        answer.batch_item_failures.push(failure);
    }
    answer
}
