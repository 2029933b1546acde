//! From an invocation to the handler's own code and back: each record once, no record lost.
//!
//! This is where the two dispositions are carried out. For the records of one message:
//! - if any of them is to be retried, the message is handed back, and nothing of it is rejected
//!   yet: the next delivery decides again, so that a record is not rejected twice;
//! - otherwise the rejected ones go to the rejected queue, and the message is done;
//! - if the rejected queue does not take one, the message is handed back.
//!
//! Work therefore has to be safe to repeat. A rejection can stand in the queue twice if the function
//! is stopped between sending it and answering: that is what "at least once" means.
//!
//! Records of a DynamoDB stream come back until they are done; [`Patience`](crate::patience::Patience) ends that.
//!
//! An event that reached the function without a queue fails as a whole. Lambda then repeats it
//! twice and hands it to the function's failure destination, so a direct trigger needs one. So does a
//! batch of listed objects: each of them is worked on by itself, and if one is to be retried, the
//! backfill hands over the whole batch again, in which those that are done are skipped.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt;
use serde_json::Value;
use tracing::{Instrument, error, info_span, warn};

use crate::batch::{self, HandBack, Limits, MessageWithoutId};
use crate::deadline::Deadline;
use crate::disposition::{Disposition, Failure, innermost_cause};
use crate::event::{Invocation, ReadRecord, Record, listing, records_in_body, records_in_event};
use crate::rejected::{RejectedQueue, Rejection};
use crate::stream::RecordWithoutSequenceNumber;
use crate::telemetry::trace::{self, STEP};

mod held;
mod stream;

/// What the intake of records needs to know.
#[derive(Debug, Clone)]
pub struct Intake {
    /// Where rejected records go.
    pub rejected: RejectedQueue,
    /// The function's name, noted with each rejection.
    pub function: String,
    /// How many messages are worked on at the same time.
    pub concurrency: usize,
    /// A message is not started any more when less than this is left, or less than a quarter of the
    /// invocation's time if that is shorter.
    pub start_margin: Duration,
}

/// The invocation as a whole has failed, and Lambda is to deliver it again: Retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvocationFailed {
    /// A batch could not be answered message by message.
    #[error(transparent)]
    Batch(#[from] MessageWithoutId),
    /// A batch of stream records could not be answered record by record.
    #[error(transparent)]
    Stream(#[from] RecordWithoutSequenceNumber),
    /// An event without a queue has to be delivered again.
    #[error("the event has to be delivered again; the log has the cause")]
    Direct(#[from] HandBack),
    /// So many objects of a backfill's batch have to be worked on again.
    #[error("{0} of the listed objects have to be handed over again; the log has the cause")]
    Listing(usize),
}

type Rejected = (Box<dyn Failure>, Value);

impl Intake {
    /// Gives each record of the invocation to `work`, and answers as the trigger expects: a batch
    /// with its batch item failures, an event by itself with nothing.
    ///
    /// # Errors
    /// [`InvocationFailed`] if all of it has to be delivered again.
    pub async fn each_record<Work, Done, E>(
        &self,
        invocation: Invocation,
        deadline: Deadline,
        work: Work,
    ) -> Result<Option<SqsBatchResponse>, InvocationFailed>
    where
        Work: Fn(Record) -> Done,
        Done: Future<Output = Result<(), E>>,
        E: Failure + 'static,
    {
        match invocation {
            Invocation::Batch(event) => Ok(Some(self.batch(event, deadline, &work).await?)),
            Invocation::Direct(event) => {
                if let Some(objects) = listing::events(&event) {
                    let answer = self.batch(as_messages(objects), deadline, &work).await?;
                    return match answer.batch_item_failures.len() {
                        0 => Ok(None),
                        failed => Err(InvocationFailed::Listing(failed)),
                    };
                }
                let records = records_in_event(event);
                let message = AssertUnwindSafe(self.message(records, &work));
                message.catch_unwind().await.unwrap_or(Err(HandBack))?;
                Ok(None)
            }
        }
    }

    async fn batch<Work, Done, E>(
        &self,
        event: SqsEvent,
        deadline: Deadline,
        work: &Work,
    ) -> Result<SqsBatchResponse, MessageWithoutId>
    where
        Work: Fn(Record) -> Done,
        Done: Future<Output = Result<(), E>>,
        E: Failure + 'static,
    {
        let one_message = async |body: String| self.message(records_in_body(&body), work).await;
        batch::process(event, self.limits(deadline), one_message).await
    }

    fn limits(&self, deadline: Deadline) -> Limits {
        Limits {
            concurrency: self.concurrency,
            deadline,
            start_margin: self.start_margin.min(deadline.remaining() / 4),
        }
    }

    async fn message<Work, Done, E>(&self, records: Vec<ReadRecord>, work: &Work) -> Result<(), HandBack>
    where
        Work: Fn(Record) -> Done,
        Done: Future<Output = Result<(), E>>,
        E: Failure + 'static,
    {
        let mut rejected: Vec<Rejected> = Vec::new();
        let mut retry = false;
        for record in records {
            match one_record(record, work).await {
                Ok(()) => {}
                Err((failure, record)) => match failure.disposition() {
                    Disposition::Retry => retry = true,
                    Disposition::Reject => rejected.push((failure, record)),
                },
            }
        }
        if retry {
            return Err(HandBack);
        }
        self.reject(rejected).await
    }

    async fn reject(&self, rejected: Vec<Rejected>) -> Result<(), HandBack> {
        for (failure, record) in rejected {
            self.send_to_rejected(&*failure, record).await?;
        }
        Ok(())
    }

    /// Sends a record to the rejected queue and says so, for a handler that has something to do after that.
    ///
    /// # Errors
    /// [`HandBack`] if the queue does not take it.
    pub async fn reject_now(&self, failure: &dyn Failure, record: Value) -> Result<(), HandBack> {
        note(failure);
        self.send_to_rejected(failure, record).await
    }

    async fn send_to_rejected(&self, failure: &dyn Failure, record: Value) -> Result<(), HandBack> {
        self.send(&self.rejected, failure, record).await?;
        metrics::counter!("Rejected", "reason" => failure.reason()).increment(1);
        Ok(())
    }

    async fn send(&self, queue: &RejectedQueue, failure: &dyn Failure, record: Value) -> Result<(), HandBack> {
        let rejection = Rejection::new(failure, record, &self.function);
        queue.send(&rejection).await.map_err(|failed| {
            let cause = innermost_cause(&failed);
            error!(reason = "rejected-queue-unavailable", cause, "{failed}");
            HandBack
        })
    }
}

/// Events as a queue would deliver them, so that they are worked on in the same way. They are numbered.
fn as_messages(events: Vec<Value>) -> SqsEvent {
    let message = |(number, event): (usize, Value)| {
        let mut message = SqsMessage::default();
        message.message_id = Some(number.to_string());
        message.body = Some(event.to_string());
        message
    };
    let mut batch = SqsEvent::default();
    batch.records = events.into_iter().enumerate().map(message).collect();
    batch
}

async fn one_record<Work, Done, E>(record: ReadRecord, work: &Work) -> Result<(), Rejected>
where
    Work: Fn(Record) -> Done,
    Done: Future<Output = Result<(), E>>,
    E: Failure + 'static,
{
    let record = record.map_err(|malformed| {
        note(&malformed);
        let raw = malformed.raw.clone();
        (Box::new(malformed) as Box<dyn Failure>, raw)
    })?;
    let raw = record.raw.clone();
    let span = info_span!(target: STEP, "record", bucket = record.bucket, key = record.key);
    let outcome = work(record).instrument(span.clone()).await;
    outcome.map_err(|failure| {
        span.in_scope(|| note(&failure));
        (Box::new(failure) as Box<dyn Failure>, raw)
    })
}

fn note(failure: &dyn Failure) {
    let reason = failure.reason();
    let cause = innermost_cause(failure);
    trace::failed(reason, failure.disposition());
    match failure.disposition() {
        Disposition::Retry => {
            metrics::counter!("Retried", "reason" => reason).increment(1);
            warn!(reason, cause, disposition = "retry", "{failure}");
        }
        Disposition::Reject => warn!(reason, cause, disposition = "reject", "{failure}"),
    }
}
