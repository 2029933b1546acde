//! The records of a DynamoDB stream. They hold up their shard, and nobody counts their tries; so a record that fails for too
//! long is given up here: it goes to the stream failure queue with its reason, and the shard goes on.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use futures_util::FutureExt;
use tracing::{Instrument, error, field, info_span};

use super::{Intake, InvocationFailed, note};
use crate::batch::{self, HandBack};
use crate::deadline::Deadline;
use crate::disposition::{Disposition, Failure};
use crate::patience::Patience;
use crate::stream::{StreamEvent, StreamRecord};
use crate::telemetry::trace::STEP;

/// Kept for giving up a record that takes too long.
const GIVE_UP_MARGIN: Duration = Duration::from_secs(2);

/// Work that did not come to an end of its own. Retry.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    /// What it said stays out of here: it may quote the data that caused it.
    #[error("the work panicked; the log has the place")]
    Panicked,
    /// It had most of an invocation for itself.
    #[error("the work was not done when the invocation came to its end")]
    TooLong,
    /// It may be done next time, when it is the first one.
    #[error("the work began too late to be done before the invocation came to its end")]
    TooLate,
}

impl Failure for Interrupted {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Panicked => "panic",
            Self::TooLong => "too-long",
            Self::TooLate => "deadline",
        }
    }
}

/// Why a record is not done.
#[derive(Debug)]
enum NotDone<E> {
    /// Its work said so.
    Failed(E),
    /// Its work had no say.
    Interrupted(Interrupted),
}

impl<E: Failure + 'static> NotDone<E> {
    fn begun_too_late(&self) -> bool {
        matches!(self, Self::Interrupted(Interrupted::TooLate))
    }

    fn into_failure(self) -> Box<dyn Failure> {
        match self {
            Self::Failed(failure) => Box::new(failure),
            Self::Interrupted(interrupted) => Box::new(interrupted),
        }
    }
}

impl Intake {
    /// Gives each record of a DynamoDB stream to `work`, and answers with those that have to be
    /// delivered again. One that fails, panics or takes too long when patience is over is given up
    /// instead; if the failure queue does not take it, it is delivered again. That queue, and the rejected one, get what
    /// `patience` shows of a record.
    ///
    /// A stream carries no tracing header. Work that knows which trace its record belongs to says so of the current span
    /// ([`segment_in`](crate::telemetry::trace::segment_in)).
    ///
    /// # Errors
    /// [`InvocationFailed`] if all of it has to be delivered again.
    pub async fn each_stream_record<Work, Done, E>(
        &self,
        event: StreamEvent,
        deadline: Deadline,
        patience: &Patience,
        work: Work,
    ) -> Result<DynamoDbEventResponse, InvocationFailed>
    where
        Work: Fn(StreamRecord) -> Done,
        Done: Future<Output = Result<(), E>>,
        E: Failure + 'static,
    {
        let whole = deadline.remaining();
        let one_record = async |record: StreamRecord| {
            let (shown, created) = ((patience.shown)(&record), record.created);
            let span = info_span!(target: STEP, "item", keys = %record.keys, xrayTraceId = field::Empty);
            let work = async { work(record).await };
            let Err(not_done) = to_its_end(work, deadline, whole).instrument(span.clone()).await else {
                return Ok(());
            };
            let begun_too_late = not_done.begun_too_late();
            let failure = not_done.into_failure();
            span.in_scope(|| note(&*failure));
            match failure.disposition() {
                Disposition::Reject => self.reject(vec![(failure, shown)]).await,
                Disposition::Retry if begun_too_late || !patience.is_over(created) => Err(HandBack),
                Disposition::Retry => self.give_up(patience, &*failure, shown).instrument(span).await,
            }
        };
        Ok(batch::stream::process(event, self.limits(deadline), one_record).await?)
    }

    async fn give_up(
        &self,
        patience: &Patience,
        failure: &dyn Failure,
        record: serde_json::Value,
    ) -> Result<(), HandBack> {
        self.send(&patience.queue, failure, record).await?;
        let reason = failure.reason();
        error!(reason, "given up: it has failed for too long");
        metrics::counter!("GivenUp", "reason" => reason).increment(1);
        Ok(())
    }
}

async fn to_its_end<E: Failure>(
    work: impl Future<Output = Result<(), E>>,
    deadline: Deadline,
    whole: Duration,
) -> Result<(), NotDone<E>> {
    let time = deadline.remaining().saturating_sub(GIVE_UP_MARGIN);
    match tokio::time::timeout(time, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome.map_err(NotDone::Failed),
        Ok(Err(_panic)) => Err(NotDone::Interrupted(Interrupted::Panicked)),
        Err(_) if time >= whole / 2 => Err(NotDone::Interrupted(Interrupted::TooLong)),
        Err(_) => Err(NotDone::Interrupted(Interrupted::TooLate)),
    }
}

#[cfg(test)]
mod tests;
