//! The settle queue, as the settlement itself writes to it.

use std::time::Duration;

use gatehouse_auction::AuctionId;
use gatehouse_core::disposition::{Disposition, Failure};

use crate::message;

/// SQS keeps a message back for at most this long (SQS API reference, "SendMessage", `DelaySeconds`).
pub const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);

/// The queue that this function reads.
#[derive(Debug, Clone)]
pub struct SettleQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// The queue did not take a message. Retry: the one that is being worked on comes back.
#[derive(Debug, thiserror::Error)]
#[error("the settle queue did not take a message")]
pub struct QueueError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Failure for QueueError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "settle-queue-unavailable"
    }
}

impl SettleQueue {
    /// The queue at this URL.
    pub fn new(client: aws_sdk_sqs::Client, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { client, url }
    }

    /// Lets this auction's settlement start again, at the earliest after the delay: whole seconds, rounded up, at most
    /// [`LONGEST_DELAY`].
    ///
    /// # Errors
    /// [`QueueError`]
    pub async fn again(&self, auction: AuctionId, delay: Duration) -> Result<(), QueueError> {
        let seconds = delay.min(LONGEST_DELAY).as_secs_f64().ceil() as i32;
        let request = self.client.send_message().queue_url(&self.url).delay_seconds(seconds);
        let sent = request.message_body(message::about(auction).to_string()).send().await;
        sent.map(|_| ()).map_err(|error| QueueError(error.into()))
    }
}
