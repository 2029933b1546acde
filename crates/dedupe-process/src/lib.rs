//! An uploaded photo is replaced, under its own key, by the same photo without its faces.
//!
//! Starts from the stream of the ledger ([`gatehouse_ledger`]), in which `dedupe-record` notes each
//! upload. **What happens when something fails.** Throttling, an outage, a time-out or a panic hand the
//! stream record back. What fails for too long is given up: it goes to the stream failure queue with its
//! reason, and the ledger still says that its upload waits. What will never work (not a photo, corrupt, too large)
//! goes to the rejected queue, and the ledger says why; the object stays as it was uploaded. An upload
//! that was replaced or deleted meanwhile is skipped: the newer one has a record of its own. While the flag `publish` is off,
//! stream records wait in the hold queue, and come back by themselves ([`gatehouse_core::hold`]): a stream can't keep them
//! for longer than a day, and would stand still. They go on through the release queue, whose dead-letter queue is the stream
//! failure queue.
//!
//! There is no loop and no lost upload, whoever is late, twice, or dead: the write is conditional on
//! the object that was read, so that no worker, however late, replaces a newer upload; and its content
//! was announced in the ledger before, so that its event is known for what it is.

mod bucket;
mod change;
pub mod config;
pub mod error;

pub use bucket::Bucket;
pub use change::Pending;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use gatehouse_core::client;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::UnexpectedBucket;
use gatehouse_core::flags::{Detector, Flags};
use gatehouse_core::hold::Hold;
use gatehouse_core::intake::{Intake, InvocationFailed};
use gatehouse_core::patience::Patience;
use gatehouse_core::recursion::RecursionGuard;
use gatehouse_core::rejected::RejectedQueue;
use gatehouse_core::stream::{StreamEvent, StreamRecord, as_stream_answer};
use gatehouse_core::telemetry::trace::{self, STEP};
use gatehouse_ledger::{Claim, Digest, Intents, Ledger, Output, Upload};
use gatehouse_photo::detector::{Detectors, Embedded, Rekognition};
use gatehouse_photo::fetch::Original;
use gatehouse_photo::gate::Gate;
use gatehouse_photo::publish::Copy;
use gatehouse_photo::report::{Stopwatch, Summary};
use gatehouse_photo::{Redactor, report};
use lambda_runtime::LambdaEvent;
use metrics::counter;
use tracing::{Instrument, Span, info, info_span};

use config::Config;
use error::InPlaceError;

/// A large photo takes a few seconds; with less than this left, it is not worth starting.
const START_MARGIN: Duration = Duration::from_secs(5);

/// What the handler works with. Built once per process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The settings.
    pub config: Config,
    /// Where photos are, before and after.
    pub bucket: Bucket,
    /// Where it is noted what we write.
    pub ledger: Ledger,
    /// Who holds photos back.
    pub gate: Gate,
    /// Who finds the faces and hides them.
    pub redactor: Redactor,
    /// Who takes records in and deals with those that fail.
    pub intake: Intake,
    /// When a record that fails is given up.
    pub patience: Patience,
    /// Who counts how often we write one key.
    pub recursion: RecursionGuard,
}

impl Deps {
    /// Builds the clients around a model that is loaded already.
    pub fn new(config: Config, aws: &SdkConfig, embedded: Embedded) -> Self {
        let s3 = client!(aws_sdk_s3, aws);
        let sqs = client!(aws_sdk_sqs, aws);
        let patience = Patience {
            queue: RejectedQueue::new(sqs.clone(), &config.stream_failure_queue_url),
            limit: config.give_up_after,
            shown: |record| record.raw.clone(),
        };
        let rejected = RejectedQueue::new(sqs, &config.rejected_queue_url);
        let detectors = Detectors {
            deployed: config.photos.detector,
            embedded,
            rekognition: Rekognition::new(aws),
        };
        Self {
            bucket: Bucket::new(s3, &config.bucket, config.photos.limits.bytes),
            ledger: Ledger::new(aws, &config.ledger_table, config.keep),
            gate: Gate::new(config.gate.clone(), aws),
            redactor: Redactor::new(config.photos.clone(), detectors),
            intake: Intake {
                rejected,
                function: std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
                concurrency: config.photos.concurrency,
                start_margin: START_MARGIN,
            },
            patience,
            recursion: RecursionGuard::default(),
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

/// Handles one invocation: every stream record of it, each by itself, also those that were on hold.
///
/// # Errors
/// [`InvocationFailed`] if all of it has to be delivered again.
pub async fn handle(deps: &Deps, event: LambdaEvent<StreamEvent>) -> Result<DynamoDbEventResponse, InvocationFailed> {
    let deadline = Deadline::of(&event.context);
    if let Some(messages) = event.payload.messages() {
        return Ok(as_stream_answer(on_hold_or_released(deps, messages, deadline).await?));
    }
    deps.intake
        .each_stream_record(event.payload, deadline, &deps.patience, |record| {
            one_change(deps, record)
        })
        .await
}

/// Messages of the hold queue or of the release queue: a stream record in each.
async fn on_hold_or_released(
    deps: &Deps,
    messages: SqsEvent,
    deadline: Deadline,
) -> Result<SqsBatchResponse, InvocationFailed> {
    match deps.gate.hold() {
        Some(hold) if hold.has_sent(&messages) => {
            let still_held = |body| still_held(deps, body);
            deps.intake.each_held(messages, deadline, hold, still_held).await
        }
        _ => {
            let change = |record| one_change(deps, record);
            deps.intake
                .each_released_stream_record(messages, deadline, change)
                .await
        }
    }
}

/// Whether a message that was put on hold has to go on waiting.
async fn still_held(deps: &Deps, body: String) -> bool {
    let pending = StreamRecord::in_body(&body).and_then(|record| Pending::since(&record).ok().flatten());
    match pending {
        Some(Pending { upload, .. }) => deps.gate.holds(&upload.bucket, &upload.key).await,
        None => false,
    }
}

/// The life of a stream record.
async fn one_change(deps: &Deps, record: StreamRecord) -> Result<(), InPlaceError> {
    let Some(pending) = Pending::since(&record)? else {
        return Ok(());
    };
    let upload = &pending.upload;
    UnexpectedBucket::check(&upload.bucket, &deps.config.bucket)?;
    // A stream carries no tracing header; the ledger's item has that of the upload.
    if let Some(header) = Upload::trace_in(&pending.item) {
        trace::segment_in(&Span::current(), &header);
    }
    let span = info_span!(target: STEP, "upload", bucket = upload.bucket, key = upload.key);
    async {
        match gated(deps, &record, &pending).await {
            Err(error) if error.disposition() == Disposition::Reject => rejected(deps, &record, upload, error).await,
            outcome => outcome,
        }
    }
    .instrument(span)
    .await
}

/// Holds a photo back, or lets it through.
async fn gated(deps: &Deps, record: &StreamRecord, pending: &Pending) -> Result<(), InPlaceError> {
    let Upload { bucket, key, .. } = &pending.upload;
    match deps.gate.pass(bucket, key, || record.raw.to_string()).await? {
        Some(detector) => one_photo(deps, pending, detector).await,
        None => Ok(()),
    }
}

/// The life of a photo.
async fn one_photo(deps: &Deps, Pending { upload, item }: &Pending, detector: Detector) -> Result<(), InPlaceError> {
    let mut stopwatch = Stopwatch::start();
    let fetch = info_span!(target: STEP, "fetch");
    let Some((original, source)) = deps.bucket.fetch(upload).instrument(fetch).await? else {
        return skipped("replaced-or-deleted");
    };
    let Original {
        bytes,
        keep,
        version_id,
    } = original;
    let (before, bytes_in) = (Digest::of(&bytes), bytes.len());
    let as_it_is = Output::new(&upload.etag, version_id.as_deref());
    stopwatch.fetch = stopwatch.lap();
    // Our own write, whose event came before it was recorded, or whose worker died before that.
    let intents = Intents::in_item(item).map_err(InPlaceError::MalformedItem)?;
    if intents.announce(before) {
        deps.ledger.record_output(upload, &as_it_is, &intents).await?;
        return skipped("own-write");
    }

    let (redacted, stopwatch) = deps.redactor.without_faces(bytes, source, detector, stopwatch).await?;
    let summary = Summary::of(&redacted, bytes_in);
    let after = Digest::of(&redacted.bytes);
    if after == before {
        deps.ledger.record_output(upload, &as_it_is, &intents).await?;
        return skipped("nothing-to-hide");
    }

    let photo = Copy::new(redacted, keep, upload.sequencer.trim_start_matches('0'));
    let publish = info_span!(target: STEP, "publish");
    let Some(output) = replace(deps, upload, &photo, after).instrument(publish).await? else {
        return Ok(());
    };
    deps.recursion.wrote(&upload.key);
    summary.say(stopwatch);
    // If a newer event came in between, that event's turn records it.
    deps.ledger.record_output(upload, &output, &intents).await?;
    Ok(())
}

/// Announces the redaction, then writes it over the upload. None if somebody else came first.
async fn replace(deps: &Deps, upload: &Upload, photo: &Copy, content: Digest) -> Result<Option<Output>, InPlaceError> {
    let why = match deps.ledger.claim(upload, content).await? {
        Claim::Granted => match deps.bucket.replace(upload, photo).await? {
            Some(output) => return Ok(Some(output)),
            None => "replaced-or-deleted",
        },
        Claim::Overtaken => "overtaken",
        Claim::Finished => "finished-by-another",
        Claim::Forgotten => return Err(InPlaceError::Forgotten),
    };
    skipped(why)?;
    Ok(None)
}

fn skipped(why: &'static str) -> Result<(), InPlaceError> {
    info!(why, "skipped");
    counter!("Skipped", "why" => why).increment(1);
    Ok(())
}

/// The rejected queue has it before the ledger says so: if the process dies in between, the record comes back and is rejected
/// twice, which is better than a ledger that calls rejected what nobody hears of.
async fn rejected(
    deps: &Deps,
    record: &StreamRecord,
    upload: &Upload,
    error: InPlaceError,
) -> Result<(), InPlaceError> {
    if matches!(error, InPlaceError::Forgotten) {
        return Err(error);
    }
    let rejected = deps.intake.reject_now(&error, record.raw.clone()).await;
    rejected.map_err(|_| InPlaceError::NotRejected)?;
    if !deps.ledger.reject(upload, error.reason()).await? {
        info!("the ledger was not changed: it has no item, a newer upload, or a finished one");
    }
    Ok(())
}
