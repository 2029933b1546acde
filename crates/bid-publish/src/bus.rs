//! Step 2: the event bus is told.

use std::time::Duration;

use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};

use crate::announcement::Announcement;
use crate::error::PublishError;

/// Who tells it, as rules on the bus match it.
pub const SOURCE: &str = "gatehouse.auction";

/// Tries of an entry that EventBridge throttles. A record that is handed back brings all records after it back too, so
/// it is cheaper to wait a moment.
const TRIES: u32 = 3;
/// The wait after the first of them; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// The event bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl Bus {
    /// The bus of this name or ARN.
    pub fn new(client: aws_sdk_eventbridge::Client, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { client, name }
    }

    /// Tells the bus of one event. Told twice, it is delivered twice.
    ///
    /// # Errors
    /// [`PublishError::NotTaken`], [`PublishError::Unavailable`].
    pub async fn tell(&self, announcement: &Announcement) -> Result<(), PublishError> {
        let detail = serde_json::to_string(announcement).map_err(|error| PublishError::Unavailable(error.into()))?;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(announcement.detail_type)
            .time(DateTime::from_millis(announcement.at.as_millisecond()))
            .detail(detail)
            .build();
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.put(entry.clone()).await {
                Err(PublishError::NotTaken { code }) if is_passing(&code) => {}
                told => return told,
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        self.put(entry).await
    }

    /// An answer with status 200 says nothing yet: each entry in it may have failed.
    async fn put(&self, entry: PutEventsRequestEntry) -> Result<(), PublishError> {
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| PublishError::Unavailable(error.into()))?;
        let first = answer.entries().first();
        if answer.failed_entry_count() == 0 && first.is_some_and(|entry| entry.error_code().is_none()) {
            return Ok(());
        }
        let code = first
            .and_then(PutEventsResultEntry::error_code)
            .unwrap_or("unknown")
            .to_owned();
        Err(PublishError::NotTaken { code })
    }

    /// Opens the connection to EventBridge, so that the first event doesn't wait for it: by a request without any
    /// entry, which it refuses.
    pub async fn warm_up(&self) {
        let _ = self.client.put_events().set_entries(Some(Vec::new())).send().await;
    }
}

/// Whether it is worth another try at once ("PutEventsResultEntry", retryable errors).
fn is_passing(code: &str) -> bool {
    matches!(code, "ThrottlingException" | "InternalFailure")
}
