//! Closes an auction, opens its bids and names the winner, and no amounts.
//!
//! Starts from the settle queue, to which EventBridge Scheduler sends the auction's id at the close. **What happens when
//! something fails.** Throttling, an outage, a time-out or a panic hand the message back, and it is delivered again; after
//! five deliveries it is in the dead-letter queue, and the auction waits, closed. A message that names no auction, or comes
//! long before the close, goes to the rejected queue. A bid that can't be counted stops no other: it is listed in the
//! result, with its reason; and a bid is never called invalid because something of ours did not work.
//!
//! Each step may be repeated, and a settlement that died anywhere is gone through again with the same result: the log takes
//! `AuctionClosed` once and `AuctionSettled` once, whoever is late, twice, or dead, and after the close the bids are the
//! same for everybody. What is left when an invocation ends goes on in the next one, where it was.

pub mod ballot;
pub mod config;
mod count;
pub mod error;
mod finish;
pub mod kms;
mod legacy_bids;
pub mod message;
pub mod progress;
pub mod queue;
pub mod retire;
pub mod schedule;
pub mod secret;
mod settle;
pub mod unwrap;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::SqsBatchResponse;
use gatehouse_auction_log::AuctionLog;
use gatehouse_core::batch::{self, HandBack, Limits};
use gatehouse_core::client;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure, innermost_cause};
use gatehouse_core::event::Invocation;
use gatehouse_core::intake::{Intake, InvocationFailed};
use gatehouse_core::rejected::RejectedQueue;
use gatehouse_core::telemetry::trace::{self, STEP};
use gatehouse_event_store::EventStore;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use metrics::{Unit, counter, describe_counter};
use serde_json::Value;
use tracing::{Instrument, info_span, warn};

use config::Config;
use error::SettleError;
use progress::ProgressStore;
use queue::SettleQueue;
use retire::Retirement;
use schedule::Schedules;
use secret::ResultKey;
use unwrap::Unwrap;

/// With less than this left, a settlement is not worth starting.
const START_MARGIN: Duration = Duration::from_secs(5);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// The auctions.
    pub log: AuctionLog,
    /// What time it is.
    pub now: fn() -> Timestamp,
    /// Who opens what bids are sealed with.
    pub unwrap: Unwrap,
    /// Who seals the winner's amounts.
    pub result_key: ResultKey,
    /// Where it is noted how far a settlement is.
    pub progress: ProgressStore,
    /// What starts a settlement at the close.
    pub schedules: Schedules,
    /// What starts it again for what is left.
    pub queue: SettleQueue,
    /// Who ends the key of an auction that had its own.
    pub retirement: Retirement,
    /// Who deals with messages that will never work.
    pub intake: Intake,
}

impl Deps {
    /// Builds the clients.
    pub fn new(config: Config, aws: &SdkConfig) -> Self {
        let kms = client!(aws_sdk_kms, aws);
        let dynamodb = client!(aws_sdk_dynamodb, aws);
        let sqs = client!(aws_sdk_sqs, aws);
        let result_key = ResultKey::new(kms.clone(), &config.result_key_arn);
        Self {
            log: AuctionLog::new(EventStore::new(dynamodb.clone(), &config.auctions_table)),
            now: Timestamp::now,
            unwrap: Unwrap::new(kms.clone()),
            progress: ProgressStore::new(dynamodb, &config.auctions_table, result_key.clone()),
            result_key,
            schedules: Schedules::new(client!(aws_sdk_scheduler, aws), &config.schedule_group),
            queue: SettleQueue::new(sqs.clone(), &config.settle_queue_url),
            retirement: Retirement::new(kms, &config),
            intake: Intake {
                rejected: RejectedQueue::new(sqs, &config.rejected_queue_url),
                function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
                concurrency: 1,
                start_margin: START_MARGIN,
            },
            config,
        }
    }
}

/// Tells CloudWatch the units of what is counted here.
pub fn describe() {
    describe_counter!("AuctionsSettled", Unit::Count, "results appended to a log");
    describe_counter!("BidsCounted", Unit::Count, "bids opened and found valid");
    describe_counter!("BidsInvalid", Unit::Count, "bids that do not count, by why");
    describe_counter!(
        "SettlementsContinued",
        Unit::Count,
        "settlements left to another invocation"
    );
    describe_counter!("Retried", Unit::Count, "messages handed back, by why");
    gatehouse_auction_log::describe();
}

/// Handles one invocation: messages of the settle queue, or one message by itself, when somebody invokes the function by
/// hand.
///
/// # Errors
/// [`InvocationFailed`] if all of it has to be delivered again.
pub async fn handle(deps: &Deps, event: LambdaEvent<Invocation>) -> Result<Option<SqsBatchResponse>, InvocationFailed> {
    let deadline = Deadline::of(&event.context);
    match event.payload {
        Invocation::Batch(messages) => {
            // One after the other: an auction has all of the function's calls of KMS to itself.
            let limits = Limits {
                concurrency: 1,
                deadline,
                start_margin: deps.intake.start_margin.min(deadline.remaining() / 4),
            };
            let one_message = async |body| one_message(deps, message::in_body(body), deadline).await;
            Ok(Some(batch::process(messages, limits, one_message).await?))
        }
        Invocation::Direct(message) => {
            one_message(deps, message, deadline).await?;
            Ok(None)
        }
    }
}

/// The life of a message.
async fn one_message(deps: &Deps, message: Value, deadline: Deadline) -> Result<(), HandBack> {
    let outcome = async {
        let auction = message::auction(&message)?;
        let span = info_span!(target: STEP, "auction", auction = %auction);
        settle::settle(deps, auction, deadline).instrument(span).await
    };
    let Err(failure) = outcome.await else {
        return Ok(());
    };
    match failure.disposition() {
        Disposition::Reject => deps.intake.reject_now(&failure, message).await,
        Disposition::Retry => {
            hand_back(&failure);
            Err(HandBack)
        }
    }
}

fn hand_back(failure: &SettleError) {
    let reason = failure.reason();
    let cause = innermost_cause(failure);
    trace::failed(reason, Disposition::Retry);
    counter!("Retried", "reason" => reason).increment(1);
    warn!(reason, cause, disposition = "retry", "{failure}");
}
