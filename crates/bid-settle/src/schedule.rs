//! The schedule that starts the settlement at the close. Its name is the auction's id.

use aws_sdk_scheduler::operation::delete_schedule::DeleteScheduleError;
use gatehouse_auction::AuctionId;
use gatehouse_core::disposition::{Disposition, Failure};

/// The group of schedules, in EventBridge Scheduler.
#[derive(Debug, Clone)]
pub struct Schedules {
    client: aws_sdk_scheduler::Client,
    group: String,
}

/// The schedule could not be deleted. Retry.
#[derive(Debug, thiserror::Error)]
#[error("the auction's schedule could not be deleted")]
pub struct ScheduleError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Failure for ScheduleError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "scheduler-unavailable"
    }
}

impl Schedules {
    /// The group of this name.
    pub fn new(client: aws_sdk_scheduler::Client, group: impl Into<String>) -> Self {
        let group = group.into();
        Self { client, group }
    }

    /// Deletes the auction's schedule. One that is gone already is as good.
    ///
    /// # Errors
    /// [`ScheduleError`]
    pub async fn delete(&self, auction: AuctionId) -> Result<(), ScheduleError> {
        let request = self.client.delete_schedule().group_name(&self.group);
        let Err(error) = request.name(auction.to_string()).send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(DeleteScheduleError::ResourceNotFoundException(_)) => Ok(()),
            _ => Err(ScheduleError(error.into())),
        }
    }
}
