//! Notes each uploaded photo in the ledger; the ledger's stream starts the work.
//!
//! **What happens when something fails.** Throttling, an outage, a time-out or a panic hand the
//! message back, and it is delivered again; after five deliveries it is in the dead-letter queue.
//! What is no event of our bucket goes to the rejected queue at once, with its reason. A duplicate, a
//! late event and the event of our own write are skipped, and only those: each upload is accepted by
//! one conditional write, which either happened or did not. So nothing is lost, and delivering an
//! event twice changes nothing.

pub mod config;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::SqsBatchResponse;
use gatehouse_core::client;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::{Invocation, Record, TooManyDigits, UnexpectedBucket};
use gatehouse_core::intake::{Intake, InvocationFailed};
use gatehouse_core::rejected::RejectedQueue;
use gatehouse_ledger::{Acceptance, Ledger, LedgerError, Upload};
use lambda_runtime::LambdaEvent;
use metrics::{Unit, counter, describe_counter};
use tracing::info;

use config::Config;

/// One write takes milliseconds; with less than this left, it is not worth starting.
const START_MARGIN: Duration = Duration::from_secs(1);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// Where uploads are noted.
    pub ledger: Ledger,
    /// Who takes records in and deals with those that fail.
    pub intake: Intake,
}

impl Deps {
    /// Builds the clients.
    pub fn new(config: Config, aws: &SdkConfig) -> Self {
        let rejected = RejectedQueue::new(client!(aws_sdk_sqs, aws), &config.rejected_queue_url);
        Self {
            ledger: Ledger::new(aws, &config.ledger_table, config.keep),
            intake: Intake {
                rejected,
                function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
                concurrency: config.concurrency,
                start_margin: START_MARGIN,
            },
            config,
        }
    }
}

/// Why an event was not noted. In none of these cases is the ledger changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The event is of another bucket. Reject.
    #[error(transparent)]
    UnexpectedBucket(#[from] UnexpectedBucket),
    /// The event's sequencer is longer than any that S3 sends. Reject.
    #[error("the sequencer {0}")]
    Sequencer(#[from] TooManyDigits),
    /// The event has no ETag. Reject.
    #[error("the event has no ETag")]
    NoETag,
    /// The ledger could not be written. Retry.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Failure for RecordError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::UnexpectedBucket(error) => error.disposition(),
            Self::Sequencer(_) | Self::NoETag => Disposition::Reject,
            Self::Ledger(error) => error.disposition(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnexpectedBucket(error) => error.reason(),
            Self::Sequencer(_) | Self::NoETag => "malformed-event",
            Self::Ledger(error) => error.reason(),
        }
    }
}

/// Tells CloudWatch the units of what is counted here.
pub fn describe() {
    describe_counter!("Accepted", Unit::Count, "uploads noted in the ledger");
    describe_counter!("Skipped", Unit::Count, "events without work, by why");
}

/// Handles one invocation: every record of it, each by itself.
///
/// # Errors
/// [`InvocationFailed`] if all of it has to be delivered again.
pub async fn handle(deps: &Deps, event: LambdaEvent<Invocation>) -> Result<Option<SqsBatchResponse>, InvocationFailed> {
    let deadline = Deadline::of(&event.context);
    deps.intake
        .each_record(event.payload, deadline, |record| one_event(deps, record))
        .await
}

/// The life of an event.
async fn one_event(deps: &Deps, record: Record) -> Result<(), RecordError> {
    record.expect_bucket(&deps.config.bucket)?;
    if record.is_folder() {
        info!("skipped: a folder, not a file");
        return Ok(());
    }
    let upload = Upload::of(&record)?.ok_or(RecordError::NoETag)?;
    match deps.ledger.accept(&upload).await? {
        Acceptance::Accepted => {
            info!("accepted");
            counter!("Accepted").increment(1);
        }
        Acceptance::Skipped(why) => {
            info!(why = why.as_str(), "skipped");
            counter!("Skipped", "why" => why.as_str()).increment(1);
        }
    }
    Ok(())
}
