//! EventBridge is told of each event of an auction.
//!
//! Starts from the stream of the auctions' table, so a handler that dies right after its append loses no
//! notification: what is in the table is in the stream. **What happens when something fails.** Throttling, an outage,
//! a missing permission, a time-out or a panic hand the stream record back, and with it those after it; they are tried
//! all the same, so nothing waits for it. After the retry cap of the event source, it is in the failure destination.
//! So is a record that nobody can read: there is nothing that EventBridge could never take and a deployment
//! could not mend, hence no rejected queue.
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
use gatehouse_core::batch::{self, HandBack, Limits};
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Failure, innermost_cause};
use gatehouse_core::stream::{RecordWithoutSequenceNumber, StreamEvent, StreamRecord};
use lambda_runtime::LambdaEvent;
use metrics::{Unit, counter, describe_counter};
use tracing::{info, warn};

use config::Config;
use error::PublishError;

/// All tries of one entry fit into this.
const START_MARGIN: Duration = Duration::from_secs(2);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// Who is told.
    pub bus: Bus,
}

impl Deps {
    /// Builds the client.
    pub fn new(config: Config, aws: &SdkConfig) -> Self {
        let bus = Bus::new(aws_sdk_eventbridge::Client::new(aws), &config.event_bus);
        Self { config, bus }
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
/// [`RecordWithoutSequenceNumber`] if all of it has to be delivered again.
pub async fn handle(
    deps: &Deps,
    event: LambdaEvent<StreamEvent>,
) -> Result<DynamoDbEventResponse, RecordWithoutSequenceNumber> {
    let deadline = Deadline::of(&event.context);
    let limits = Limits {
        concurrency: deps.config.concurrency,
        deadline,
        start_margin: START_MARGIN.min(deadline.remaining() / 4),
    };
    batch::stream::process(event.payload, limits, |record| one_record(deps, record)).await
}

async fn one_record(deps: &Deps, record: StreamRecord) -> Result<(), HandBack> {
    tell(deps, &record).await.map_err(|error| {
        let (reason, cause) = (error.reason(), innermost_cause(&error));
        counter!("Retried", "reason" => reason).increment(1);
        warn!(reason, cause, disposition = "retry", keys = %record.keys, "{error}");
        HandBack
    })
}

async fn tell(deps: &Deps, record: &StreamRecord) -> Result<(), PublishError> {
    let Some(announcement) = Announcement::of(record)? else {
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
