//! What Lambda hands to the function: a batch of SQS messages, or an event by itself.

use aws_lambda_events::event::sqs::SqsEvent;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::listing;

/// The payload of one invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// Messages from an SQS queue. The answer names those that are handed back.
    Batch(SqsEvent),
    /// An event that reached the function without a queue: S3 or EventBridge as a direct trigger,
    /// or `sam local invoke`. If it fails, the invocation fails and Lambda retries it.
    Direct(Value),
}

impl Invocation {
    /// Whether it is a batch of objects that a backfill has listed.
    pub fn is_listing(&self) -> bool {
        matches!(self, Self::Direct(event) if listing::is_batch(event))
    }
}

impl<'de> Deserialize<'de> for Invocation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        if is_from_sqs(&event) {
            let batch = SqsEvent::deserialize(event).map_err(D::Error::custom)?;
            Ok(Self::Batch(batch))
        } else {
            Ok(Self::Direct(event))
        }
    }
}

fn is_from_sqs(event: &Value) -> bool {
    let first = event.get("Records").and_then(|records| records.get(0));
    let source = first.and_then(|record| record.get("eventSource"));
    source.and_then(Value::as_str) == Some("aws:sqs")
}
