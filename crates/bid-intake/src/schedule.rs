//! The schedule that has an auction settled: EventBridge Scheduler sends its id to the settle queue at
//! the close.

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::SdkError;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use gatehouse_auction::AuctionId;
use gatehouse_core::disposition::{Disposition, Failure};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::ScheduleConfig;

/// A schedule could not be made or deleted. Retry.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct ScheduleError {
    operation: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Failure for ScheduleError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "scheduler-unavailable"
    }
}

/// The schedules of all auctions: each has its auction's id as its name.
#[derive(Debug, Clone)]
pub struct Schedules {
    client: Client,
    config: ScheduleConfig,
}

impl Schedules {
    /// The schedules of this group.
    pub fn new(client: Client, config: ScheduleConfig) -> Self {
        Self { client, config }
    }

    /// Has an auction settled when it closes. Again for the same auction changes nothing: its close never
    /// moves. The schedule deletes itself when it has run, so that none is left of an auction that never
    /// came into being.
    ///
    /// # Errors
    /// [`ScheduleError`] when EventBridge Scheduler is throttled, down or does not allow it: Retry.
    pub async fn create(&self, auction: AuctionId, closes_at: Timestamp) -> Result<(), ScheduleError> {
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build();
        let target = Target::builder()
            .arn(&self.config.queue_arn)
            .role_arn(&self.config.role_arn)
            .input(serde_json::json!({"auction": auction.to_string()}).to_string())
            // What can't be sent is kept where somebody hears of it.
            .dead_letter_config(
                DeadLetterConfig::builder()
                    .arn(&self.config.dead_letter_queue_arn)
                    .build(),
            )
            // As long and as often as the service allows: what is late is better than what never comes.
            .retry_policy(
                RetryPolicy::builder()
                    .maximum_event_age_in_seconds(86_400)
                    .maximum_retry_attempts(185)
                    .build(),
            )
            .build();
        let request = self
            .client
            .create_schedule()
            .name(auction.to_string())
            .group_name(&self.config.group);
        let request = request
            .client_token(auction.to_string())
            .schedule_expression(at(closes_at))
            .schedule_expression_timezone("UTC")
            .flexible_time_window(window.map_err(failed("CreateSchedule"))?)
            .target(target.map_err(failed("CreateSchedule"))?)
            .action_after_completion(ActionAfterCompletion::Delete);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_service_error(&error, |error| error.is_conflict_exception()) => Ok(()),
            Err(error) => Err(failed("CreateSchedule")(error)),
        }
    }

    /// Takes the schedule of a cancelled auction away; none there is as good.
    ///
    /// # Errors
    /// [`ScheduleError`] when EventBridge Scheduler is throttled, down or does not allow it: Retry.
    pub async fn delete(&self, auction: AuctionId) -> Result<(), ScheduleError> {
        let request = self
            .client
            .delete_schedule()
            .name(auction.to_string())
            .group_name(&self.config.group);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_service_error(&error, |error| error.is_resource_not_found_exception()) => Ok(()),
            Err(error) => Err(failed("DeleteSchedule")(error)),
        }
    }
}

fn failed<E>(operation: &'static str) -> impl FnOnce(E) -> ScheduleError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| ScheduleError {
        operation,
        source: error.into(),
    }
}

fn is_service_error<E, R>(error: &SdkError<E, R>, is: impl Fn(&E) -> bool) -> bool {
    error.as_service_error().is_some_and(is)
}

/// A one-time schedule expression. It has whole seconds: the first that is not before the close.
fn at(closes_at: Timestamp) -> String {
    let millisecond = closes_at.as_millisecond();
    let second = millisecond.div_euclid(1000) + i64::from(millisecond.rem_euclid(1000) != 0);
    let whole = Timestamp::from_second(second).unwrap_or(closes_at);
    format!("at({})", whole.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_never_before_the_close() {
        for (closes_at, expected) in [
            ("2026-01-05T09:30:00Z", "at(2026-01-05T09:30:00)"),
            ("2026-01-05T09:30:00.001Z", "at(2026-01-05T09:30:01)"),
            ("2026-12-31T23:59:59.999Z", "at(2027-01-01T00:00:00)"),
        ] {
            assert_eq!(at(closes_at.parse().unwrap()), expected);
        }
    }
}
