//! The records of a DynamoDB stream. They hold up their shard, and nobody counts their tries; so a record that fails for too
//! long is given up here: it goes to the stream failure queue with its reason, and the shard goes on.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use futures_util::FutureExt;
use tracing::{Instrument, error, info_span};

use super::{Intake, InvocationFailed, note};
use crate::batch::{self, HandBack};
use crate::deadline::Deadline;
use crate::disposition::{Disposition, Failure};
use crate::patience::Patience;
use crate::stream::{StreamEvent, StreamRecord};

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

impl Intake {
    /// Gives each record of a DynamoDB stream to `work`, and answers with those that have to be
    /// delivered again. One that fails, panics or takes too long when patience is over is given up
    /// instead; if the failure queue does not take it, it is delivered again.
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
            let (raw, created) = (record.raw.clone(), record.created);
            let span = info_span!("item", keys = %record.keys);
            let work = async { work(record).await };
            let Err(failure) = to_its_end(work, deadline, whole).instrument(span.clone()).await else {
                return Ok(());
            };
            span.in_scope(|| note(&*failure));
            let begun_too_late = failure.reason() == Interrupted::TooLate.reason();
            match failure.disposition() {
                Disposition::Reject => self.reject(vec![(failure, raw)]).await,
                Disposition::Retry if begun_too_late || !patience.is_over(created) => Err(HandBack),
                Disposition::Retry => self.give_up(patience, &*failure, raw).instrument(span).await,
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

async fn to_its_end<E: Failure + 'static>(
    work: impl Future<Output = Result<(), E>>,
    deadline: Deadline,
    whole: Duration,
) -> Result<(), Box<dyn Failure>> {
    let time = deadline.remaining().saturating_sub(GIVE_UP_MARGIN);
    match tokio::time::timeout(time, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome.map_err(|failure| Box::new(failure) as Box<dyn Failure>),
        Ok(Err(_panic)) => Err(Box::new(Interrupted::Panicked)),
        Err(_) if time >= whole / 2 => Err(Box::new(Interrupted::TooLong)),
        Err(_) => Err(Box::new(Interrupted::TooLate)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;

    const WHOLE: Duration = Duration::from_secs(60);

    async fn reason_of(work: impl Future<Output = Result<(), Interrupted>>, left: Duration) -> &'static str {
        let outcome = to_its_end(work, Deadline::after(left), WHOLE).await;
        outcome.unwrap_err().reason()
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_come_to_its_end_is_told_apart_by_why() {
        assert_eq!(reason_of(async { panic!("of one record") }, WHOLE).await, "panic");
        assert_eq!(reason_of(std::future::pending(), WHOLE).await, "too-long");
        assert_eq!(reason_of(std::future::pending(), WHOLE / 4).await, "deadline");
        assert_eq!(reason_of(async { Err(Interrupted::TooLong) }, WHOLE).await, "too-long");
    }
}
