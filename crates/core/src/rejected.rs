//! The rejected queue: where a record goes that will never work.
//!
//! Each message there is a JSON object that says what was rejected and why. Most have the original
//! record whole, so that it can be sent again after the cause is gone. Two handlers tell less: `bid-import`
//! of the lines of a file, and `bid-publish` of records whose items hold envelopes.

use std::time::SystemTime;

use aws_sdk_sqs::types::MessageAttributeValue;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::disposition::Failure;

/// A message in the rejected queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// A stable code, such as `corrupt-image`. Also a message attribute of that name, so that a
    /// consumer can sort without parsing.
    pub reason: String,
    /// A sentence for a person.
    pub detail: String,
    /// The record as it arrived, or what the handler says in its place; a JSON string if it was no JSON.
    pub record: Value,
    /// The name of the function that rejected it.
    pub function: String,
    /// When, as RFC 3339.
    pub rejected_at: String,
}

impl Rejection {
    /// Describes a failed record.
    pub fn new(failure: &dyn Failure, record: Value, function: &str) -> Self {
        let now = DateTime::from(SystemTime::now());
        Self {
            reason: failure.reason().to_owned(),
            detail: failure.to_string(),
            record,
            function: function.to_owned(),
            rejected_at: now.fmt(Format::DateTime).unwrap_or_default(),
        }
    }
}

/// Sends records to the rejected queue.
#[derive(Debug, Clone)]
pub struct RejectedQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// The rejected queue did not take a record. The caller hands its message back: Retry.
#[derive(Debug, thiserror::Error)]
#[error("the rejected queue did not take the record")]
pub struct NotTaken(#[source] Box<dyn std::error::Error + Send + Sync>);

impl RejectedQueue {
    /// The queue at this URL.
    pub fn new(client: aws_sdk_sqs::Client, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { client, url }
    }

    /// Puts one record into the queue. On a redelivery it may be put there twice: a standard queue
    /// promises no more.
    ///
    /// # Errors
    /// [`NotTaken`] when SQS refuses or can't be reached. A body so large that its envelope goes
    /// over the limit of a message also ends here, and so in the dead-letter queue.
    pub async fn send(&self, rejection: &Rejection) -> Result<(), NotTaken> {
        let body = serde_json::to_string(rejection).map_err(|error| NotTaken(error.into()))?;
        let reason = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(&rejection.reason)
            .build()
            .map_err(|error| NotTaken(error.into()))?;
        let request = self.client.send_message().queue_url(&self.url);
        let request = request.message_body(body).message_attributes("reason", reason);
        request.send().await.map_err(|error| NotTaken(error.into()))?;
        Ok(())
    }
}
