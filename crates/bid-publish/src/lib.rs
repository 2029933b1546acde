//! EventBridge is told of each event of an auction.
//!
//! Starts from the stream of the auctions' table, so a handler that dies right after its append loses no
//! notification: what is in the table is in the stream. **What happens when something fails.** Throttling, an outage,
//! a missing permission, a time-out or a panic hand the stream record back, and with it those after it; they are tried
//! all the same, so nothing waits for it. What fails for too long is given up: it goes to the failure queue with its
//! reason and its place in the log, and without the item, which holds an envelope. So does a record that nobody can read:
//! there is nothing that EventBridge could never take and a deployment could not mend, hence no rejected queue.
//!
//! An event is told at least once. Its auction and its position tell a second delivery from the first, and its place
//! among the others: EventBridge keeps no order.

pub mod announcement;
pub mod bus;
pub mod config;
pub mod error;

pub use announcement::Announcement;
pub use bus::Bus;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use gatehouse_core::client;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::intake::{Intake, InvocationFailed};
use gatehouse_core::patience::Patience;
use gatehouse_core::rejected::RejectedQueue;
use gatehouse_core::stream::{StreamEvent, StreamRecord};
use lambda_runtime::LambdaEvent;
use metrics::{Unit, counter, describe_counter};
use tracing::info;

use config::Config;
use error::PublishError;

/// With less than this left, a record is not worth starting. What EventBridge answers late takes longer, and is then cut off
/// and handed back.
const START_MARGIN: Duration = Duration::from_secs(3);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// Who is told.
    pub bus: Bus,
    /// Who takes records in and deals with those that fail.
    pub intake: Intake,
    /// When a record that fails is given up.
    pub patience: Patience,
}

impl Deps {
    /// Builds the clients.
    pub fn new(config: Config, aws: &SdkConfig) -> Self {
        let bus = Bus::new(client!(aws_sdk_eventbridge, aws), &config.event_bus);
        let failures = RejectedQueue::new(client!(aws_sdk_sqs, aws), &config.stream_failure_queue_url);
        Self::with(config, bus, failures)
    }

    /// With a bus and a failure queue that are there already.
    pub fn with(config: Config, bus: Bus, failures: RejectedQueue) -> Self {
        Self {
            bus,
            intake: Intake {
                // Nothing is rejected: see the module.
                rejected: failures.clone(),
                function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
                concurrency: config.concurrency,
                start_margin: START_MARGIN,
            },
            patience: Patience {
                queue: failures,
                limit: config.give_up_after,
                shown: announcement::place_of,
            },
            config,
        }
    }
}

/// Tells CloudWatch the units of what is counted here.
pub fn describe() {
    describe_counter!("Published", Unit::Count, "Events that EventBridge was told of");
    describe_counter!("Retried", Unit::Count, "Records handed back");
}

/// Handles one invocation: every stream record of it, each by itself.
///
/// # Errors
/// [`InvocationFailed`] if all of it has to be delivered again.
pub async fn handle(deps: &Deps, event: LambdaEvent<StreamEvent>) -> Result<DynamoDbEventResponse, InvocationFailed> {
    let deadline = Deadline::of(&event.context);
    deps.intake
        .each_stream_record(event.payload, deadline, &deps.patience, |record| tell(deps, record))
        .await
}

async fn tell(deps: &Deps, record: StreamRecord) -> Result<(), PublishError> {
    let Some(announcement) = Announcement::of(&record)? else {
        return Ok(());
    };
    deps.bus.tell(&announcement).await?;
    let Announcement {
        detail_type, position, ..
    } = announcement;
    counter!("Published", "type" => detail_type).increment(1);
    info!(auction = %announcement.auction_id, position, detail_type, "published");
    Ok(())
}

#[cfg(test)]
mod tests;
