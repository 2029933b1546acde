//! The SQS batch: which messages are done, and which go back. That of a DynamoDB stream is in
//! [`stream`].
//!
//! Every message ends in one of two ways: its work returned `Ok`, or its id is in the answer as a
//! batch item failure and SQS delivers it again (Lambda developer guide, "Handling errors for an
//! SQS event source"; the event source mapping needs `ReportBatchItemFailures`). A panic is
//! caught and hands its own message back, nobody else's.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream as futures};
use tracing::{Instrument, Span, error, field, info_span, warn};

use crate::deadline::Deadline;
use crate::disposition::Disposition;
use crate::telemetry::trace::{self, STEP, TraceHeader};

pub mod stream;

/// How a batch is worked off: one of SQS messages, or one of stream records.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many messages or items are worked on at the same time; at least 1.
    pub concurrency: usize,
    /// When the invocation ends.
    pub deadline: Deadline,
    /// A message or record is not started any more when less than this is left: it is handed back.
    pub start_margin: Duration,
}

/// Kept for the answer itself: work that runs into it is abandoned and handed back, since an
/// invocation that times out hands back the whole batch.
const ANSWER_MARGIN: Duration = Duration::from_millis(500);

/// Why a message goes back to its queue, or a record to its stream. The details are in the log by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is handed back and will be delivered again")]
pub struct HandBack;

/// A batch that can't be answered message by message, so that all of it has to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message in the batch has no messageId; the whole batch is handed back")]
pub struct MessageWithoutId;

struct Message {
    id: String,
    group: Option<String>,
    /// The trace of whoever sent it. S3 hands on that of the upload (X-Ray developer guide, "Amazon S3 and AWS X-Ray").
    trace: Option<TraceHeader>,
    body: String,
}

/// Gives the body of each message to `work` and answers with those to be handed back.
///
/// From the first failure in a FIFO message group on, the rest of that group is handed back
/// without being started, so that its order holds.
///
/// # Errors
/// [`MessageWithoutId`]: an empty item identifier would fail the batch in a way that nobody can
/// read, so this is said instead. Retry.
pub async fn process<Work, Done>(
    event: SqsEvent,
    limits: Limits,
    work: Work,
) -> Result<SqsBatchResponse, MessageWithoutId>
where
    Work: Fn(String) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    let messages: Vec<Message> = event.records.into_iter().map(message).collect::<Result<_, _>>()?;
    let handed_back: Vec<String> = futures::iter(groups(messages))
        .map(|group| group_to_hand_back(group, limits, &work))
        .buffer_unordered(limits.concurrency.max(1))
        .collect::<Vec<_>>()
        .await
        .concat();
    Ok(response(handed_back))
}

fn message(record: SqsMessage) -> Result<Message, MessageWithoutId> {
    let id = record.message_id.filter(|id| !id.is_empty()).ok_or(MessageWithoutId)?;
    let group = record.attributes.get("MessageGroupId").cloned();
    let is_fifo = record.event_source_arn.is_some_and(|arn| arn.ends_with(".fifo"));
    // Standard queues may carry a group id too (for fair sharing); it promises no order there.
    let group = group.filter(|_| is_fifo);
    let trace = record.attributes.get("AWSTraceHeader");
    let trace = trace.and_then(|header| TraceHeader::read(header));
    // No body is a body that can't be read: the event reader rejects it with its reason.
    let body = record.body.unwrap_or_default();
    Ok(Message { id, group, trace, body })
}

/// Messages that have to run one after the other, in the order in which they arrived. In a
/// standard queue each message is a group of its own.
fn groups(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut groups: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        let same_group = |group: &&mut Vec<Message>| {
            message.group.is_some() && group.first().is_some_and(|first| first.group == message.group)
        };
        match groups.iter_mut().find(same_group) {
            Some(group) => group.push(message),
            None => groups.push(vec![message]),
        }
    }
    groups
}

async fn group_to_hand_back<Work, Done>(group: Vec<Message>, limits: Limits, work: &Work) -> Vec<String>
where
    Work: Fn(String) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    let mut handed_back = Vec::new();
    for Message { id, trace, body, .. } in group {
        let blocked = !handed_back.is_empty();
        if blocked || attempt(body, limits, work).instrument(span(&id, trace)).await.is_err() {
            handed_back.push(id);
        }
    }
    handed_back
}

/// The span of one message, in the trace of whoever sent it.
fn span(id: &str, trace: Option<TraceHeader>) -> Span {
    let span = info_span!(target: STEP, "message", messageId = id, xrayTraceId = field::Empty);
    if let Some(header) = trace {
        trace::segment_in(&span, &header);
    }
    span
}

/// Does one piece of work, unless it is too late for that.
async fn attempt<Piece, Work, Done>(piece: Piece, limits: Limits, work: &Work) -> Result<(), HandBack>
where
    Work: Fn(Piece) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    if limits.deadline.remaining() < limits.start_margin {
        warn!(reason = "deadline", "not started: too little time is left");
        trace::failed("deadline", Disposition::Retry);
        return Err(HandBack);
    }
    let time = limits.deadline.remaining().saturating_sub(ANSWER_MARGIN);
    // The closure runs inside of the guarded future, so that a panic before its first await is
    // caught as well.
    let guarded = AssertUnwindSafe(async { work(piece).await }).catch_unwind();
    match tokio::time::timeout(time, guarded).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => {
            // What the panic said stays out of the log: it may quote the data that caused it.
            // Where it happened is in the line that the panic hook wrote.
            error!(reason = "panic", "the work panicked; it is handed back");
            trace::failed("panic", Disposition::Retry);
            Err(HandBack)
        }
        Err(_elapsed) => {
            warn!(reason = "deadline", "abandoned: the invocation ends; it is handed back");
            trace::failed("deadline", Disposition::Retry);
            Err(HandBack)
        }
    }
}

fn response(handed_back: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for id in handed_back {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    response
}

#[cfg(test)]
mod tests;
