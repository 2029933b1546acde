//! Why an event was not told, and what becomes of its record then.

use gatehouse_core::disposition::{Disposition, Failure};

/// Why EventBridge was not told of an event. Always Retry: what fails for too long is given up, and then in the failure queue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The stream record's item is not as the log writes it.
    #[error("the record has no readable {0}")]
    MalformedRecord(&'static str),

    /// EventBridge answered, but did not take this entry: throttled, or not allowed, or no such bus.
    #[error("EventBridge did not take the event: {code}")]
    NotTaken {
        /// EventBridge's error code ("PutEventsResultEntry").
        code: String,
    },

    /// EventBridge is throttled as a whole, down, does not answer in time or does not allow it.
    #[error("PutEvents failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure for PublishError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::MalformedRecord(_) => "malformed-event-record",
            Self::NotTaken { .. } => "event-not-taken",
            Self::Unavailable(_) => "event-bus-unavailable",
        }
    }
}
