//! Takes bids in from the CSV files of an older system, dropped into a bucket.
//!
//! **What happens when something fails.** Throttling, an outage, a time-out or a panic hand the message back, and it is
//! delivered again; after five deliveries it is in the dead-letter queue. A file that is none of ours (another bucket or
//! key, another header, too large), or overtaken by a newer one under its key, goes to the rejected queue. In a file, each line is by itself: a bad one goes to the
//! rejected queue with its number and its reason, and the others become bids. If any line has to be tried again, the whole
//! file comes back, and nothing is rejected yet.
//!
//! A line becomes a bid once, however often its file is delivered: a ciphertext that the bidder has ever placed in the
//! auction is skipped. What is rejected can be there twice if the function dies right before the file is noted as done.

pub mod bidder;
pub mod bucket;
pub mod config;
pub mod error;
pub mod file;
pub mod imported;
pub mod place;
pub mod rejected;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::SqsBatchResponse;
use gatehouse_auction_log::AuctionLog;
use gatehouse_core::client;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::{Invocation, Record};
use gatehouse_core::intake::{Intake, InvocationFailed};
use gatehouse_core::rejected::RejectedQueue;
use gatehouse_event_store::EventStore;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use metrics::{Unit, counter, describe_counter};
use serde_json::json;
use tracing::info;

use bucket::Bucket;
use config::Config;
use error::{ImportError, LineError};
use file::{BadLine, Line, NumberedLine};
use imported::Imported;
use place::{Auctions, Placed};
use rejected::{MOST_IN_A_MESSAGE, Rejected};

/// With less than this left, neither a file nor a line of it is worth starting.
const START_MARGIN: Duration = Duration::from_secs(3);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// Where files are.
    pub bucket: Bucket,
    /// The auctions.
    pub log: AuctionLog,
    /// What time it is.
    pub now: fn() -> Timestamp,
    /// Which files are begun, and which are done.
    pub imported: Imported,
    /// Who takes records in and deals with those that fail.
    pub intake: Intake,
}

impl Deps {
    /// Builds the clients.
    pub fn new(config: Config, aws: &SdkConfig) -> Self {
        let dynamodb = client!(aws_sdk_dynamodb, aws);
        let rejected = RejectedQueue::new(client!(aws_sdk_sqs, aws), &config.rejected_queue_url);
        Self {
            bucket: Bucket::new(client!(aws_sdk_s3, aws), config.limits.bytes),
            log: AuctionLog::new(EventStore::new(dynamodb.clone(), &config.auctions_table)),
            now: Timestamp::now,
            imported: Imported::new(dynamodb, &config.auctions_table),
            intake: Intake {
                rejected,
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
    describe_counter!("BidsImported", Unit::Count, "lines that became bids");
    describe_counter!("LinesSkipped", Unit::Count, "lines that were bids already");
    describe_counter!("LinesRejected", Unit::Count, "lines that never become bids");
    gatehouse_auction_log::describe();
}

/// Handles one invocation: every file of it, each by itself.
///
/// # Errors
/// [`InvocationFailed`] if all of it has to be delivered again.
pub async fn handle(deps: &Deps, event: LambdaEvent<Invocation>) -> Result<Option<SqsBatchResponse>, InvocationFailed> {
    let deadline = Deadline::of(&event.context);
    deps.intake
        .each_record(event.payload, deadline, |record| one_file(deps, record, deadline))
        .await
}

/// The life of a file.
async fn one_file(deps: &Deps, record: Record, deadline: Deadline) -> Result<(), ImportError> {
    record.expect_bucket(&deps.config.import_bucket)?;
    if record.is_folder() {
        info!("skipped: a folder, not a file");
        return Ok(());
    }
    let bidder = bidder::of_key(&record.key)?;
    if deps.imported.is_done(&record).await? {
        info!("skipped: done before");
        return Ok(());
    }
    let file = deps.bucket.read(&record).await?;
    let lines = file::lines(&file, deps.config.limits)?;
    deps.imported.begin(&record).await?;
    let rejected = place_lines(deps, Auctions::new(deps, &record, bidder), lines, deadline).await?;
    reject(deps, &record, &rejected).await?;
    Ok(deps.imported.done(&record).await?)
}

/// Tells the rejected queue which lines never become bids: a message for each reason.
async fn reject(deps: &Deps, record: &Record, rejected: &Rejected) -> Result<(), ImportError> {
    for of_a_reason in rejected.by_reason() {
        for lines in of_a_reason.lines.chunks(MOST_IN_A_MESSAGE) {
            let about = json!({
                "bucket": record.bucket,
                "key": record.key,
                "versionId": record.version_id,
                "lines": lines,
            });
            let taken = deps.intake.reject_now(of_a_reason, about).await;
            taken.map_err(|_| ImportError::NotRejected)?;
        }
    }
    Ok(())
}

/// Places all lines that can be placed, in their order, and gives those that never can.
async fn place_lines(
    deps: &Deps,
    mut auctions: Auctions<'_>,
    lines: Vec<NumberedLine>,
    deadline: Deadline,
) -> Result<Rejected, ImportError> {
    let margin = START_MARGIN.min(deadline.remaining() / 4);
    let mut rejected = Rejected::default();
    let (mut placed, mut skipped) = (0_u64, 0_u64);
    for (line, text) in lines {
        if deadline.remaining() < margin {
            return Err(ImportError::OutOfTime { line });
        }
        match one_line(deps, &mut auctions, text, deadline).await {
            Ok(Placed::Now) => placed += 1,
            Ok(Placed::Before) => skipped += 1,
            Err(LineError::Imported(of_the_file)) => return Err(of_the_file.into()),
            Err(source) if source.disposition() == Disposition::Reject => rejected.add(line, source),
            Err(source) => return Err(ImportError::Line { line, source }),
        }
    }
    info!(placed, skipped, rejected = rejected.count(), "gone through");
    counter!("BidsImported").increment(placed);
    counter!("LinesSkipped").increment(skipped);
    counter!("LinesRejected").increment(rejected.count() as u64);
    Ok(rejected)
}

async fn one_line(
    deps: &Deps,
    auctions: &mut Auctions<'_>,
    text: Result<Line, BadLine>,
    deadline: Deadline,
) -> Result<Placed, LineError> {
    let line = text?;
    if deps.config.legacy_key_arn.is_none() {
        return Err(LineError::NoLegacyKey);
    }
    auctions.place(&line, deadline).await
}
