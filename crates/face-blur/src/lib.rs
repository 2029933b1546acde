//! A photo goes in, the same photo without its faces comes out.
//!
//! **What happens when something fails.** Throttling, an outage, a time-out, a lost race or a
//! panic hand the message back, and it is delivered again; after five deliveries it is in the
//! dead-letter queue. What will never work (not a photo, corrupt, too large, gone) goes to the
//! rejected queue at once, with its reason. An upload that is published already, or was
//! overtaken by a newer one, is skipped, and so is a photo of our own. While the flag `publish` is off, photos wait in the
//! hold queue, and come back by themselves ([`gatehouse_core::hold`]). Nothing is lost, because a message only counts as done
//! after its photo is in the destination, or its record in the rejected queue or in the hold queue; and no face that a
//! detector can find gets out, because nothing is published that was not decoded to its end, looked
//! at and redacted.
//!
//! Of a batch that a backfill lists, each object is a record like any other. If one is to be retried, the invocation fails,
//! and the backfill hands over the batch again.

pub mod config;
pub mod destination;
pub mod error;
pub mod in_place;
pub mod prefixes;
pub mod proof;
pub mod target;
pub mod way;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::SqsBatchResponse;
use gatehouse_core::client;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::event::{Invocation, Record, records_in_body};
use gatehouse_core::flags::Flags;
use gatehouse_core::hold::Hold;
use gatehouse_core::intake::{Intake, InvocationFailed};
use gatehouse_core::recursion::RecursionGuard;
use gatehouse_core::rejected::RejectedQueue;
use gatehouse_core::telemetry::trace::STEP;
use gatehouse_photo::PhotoError;
use gatehouse_photo::detector::{Detectors, Embedded, Rekognition};
use gatehouse_photo::fetch::Original;
use gatehouse_photo::gate::Gate;
use gatehouse_photo::publish::Copy;
use gatehouse_photo::report::{Stopwatch, Summary};
use gatehouse_photo::{Redactor, report};
use lambda_runtime::LambdaEvent;
use tracing::{Instrument, info, info_span};

use config::Config;
use error::PublishError;
use target::{Target, Upload};

/// A large photo takes a few seconds; with less than this left, it is not worth starting.
const START_MARGIN: Duration = Duration::from_secs(5);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// Where photos come from, and go to.
    pub target: Target,
    /// Who holds photos back.
    pub gate: Gate,
    /// Who finds the faces and hides them.
    pub redactor: Redactor,
    /// Who takes records in and deals with those that fail.
    pub intake: Intake,
}

impl Deps {
    /// Builds the clients around a model that is loaded already.
    pub fn new(config: Config, aws: &SdkConfig, embedded: Embedded) -> Self {
        let s3 = client!(aws_sdk_s3, aws);
        let rejected = RejectedQueue::new(client!(aws_sdk_sqs, aws), &config.rejected_queue_url);
        let detectors = Detectors {
            deployed: config.photos.detector,
            embedded,
            rekognition: Rekognition::new(aws),
        };
        Self {
            target: Target::new(s3, &config),
            gate: Gate::new(config.gate.clone(), aws),
            redactor: Redactor::new(config.photos.clone(), detectors),
            intake: Intake {
                rejected,
                function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
                concurrency: config.photos.concurrency,
                start_margin: START_MARGIN,
            },
            config,
        }
    }
}

/// Tells CloudWatch the units of what is counted and measured here.
pub fn describe() {
    report::describe();
    RecursionGuard::describe();
    Flags::describe();
    Hold::describe();
}

/// Handles one invocation: every record of it, each by itself.
///
/// # Errors
/// [`InvocationFailed`] if all of it has to be delivered again.
pub async fn handle(deps: &Deps, event: LambdaEvent<Invocation>) -> Result<Option<SqsBatchResponse>, InvocationFailed> {
    let deadline = Deadline::of(&event.context);
    match (event.payload, deps.gate.hold()) {
        (Invocation::Batch(messages), Some(hold)) if hold.has_sent(&messages) => {
            let still_held = |body| still_held(deps, body);
            let answer = deps.intake.each_held(messages, deadline, hold, still_held).await?;
            Ok(Some(answer))
        }
        (payload, _) => {
            let listed = payload.is_listing();
            let photo = |record| one_photo(deps, record, listed);
            deps.intake.each_record(payload, deadline, photo).await
        }
    }
}

/// Whether a message that was put on hold has to go on waiting.
async fn still_held(deps: &Deps, body: String) -> bool {
    for record in records_in_body(&body).iter().flatten() {
        if deps.gate.holds(&record.bucket, &record.key).await {
            return true;
        }
    }
    false
}

/// The life of a photo: one that was uploaded, or one that a backfill has `listed`.
async fn one_photo(deps: &Deps, record: Record, listed: bool) -> Result<(), PublishError> {
    let mut stopwatch = Stopwatch::start();
    if !is_file(deps, &record)? {
        return Ok(());
    }
    // A backfill can be resumed. The hold queue would have the whole bucket in it, and the backfill would call that done.
    if listed && deps.gate.holds(&record.bucket, &record.key).await {
        return Err(PhotoError::Held.into());
    }
    let body = || record.to_body();
    let Some(detector) = deps.gate.pass(&record.bucket, &record.key, body).await? else {
        return Ok(()); // held back
    };
    let fetch = info_span!(target: STEP, "fetch");
    let Some(upload) = deps.target.fetch(&record).instrument(fetch).await? else {
        return Ok(()); // published already, overtaken, or a photo of our own
    };
    let Upload { original, source, slot } = upload;
    let Original { bytes, keep, .. } = original;
    let bytes_in = bytes.len();
    stopwatch.fetch = stopwatch.lap();

    let (redacted, stopwatch) = deps.redactor.without_faces(bytes, source, detector, stopwatch).await?;
    let summary = Summary::of(&redacted, bytes_in);
    let photo = Copy::new(redacted, keep, &record.sequencer);
    let publish = info_span!(target: STEP, "publish");
    if slot.publish(&record, &photo).instrument(publish).await?.is_some() {
        summary.say(stopwatch);
    }
    Ok(())
}

/// Whether this record is of the source bucket, and of a file.
fn is_file(deps: &Deps, record: &Record) -> Result<bool, PublishError> {
    record.expect_bucket(&deps.config.source_bucket)?;
    #[cfg(feature = "panic-on-request")]
    assert!(
        !record.key.ends_with("panic-on-request.jpg"),
        "a test asked for this panic"
    );

    if record.is_folder() {
        info!("skipped: a folder, not a file");
        return Ok(false);
    }
    Ok(true)
}
