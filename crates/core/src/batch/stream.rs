//! The batch of a DynamoDB stream: which records are done, and from which one on it comes back.
//!
//! Lambda takes the lowest sequence number among the batch item failures, and delivers everything
//! from there on again ("Configuring partial batch response with DynamoDB and Lambda"). When it
//! gives up, after the retry cap or the age limit, it gives up on all of that. So **every record is
//! tried, whatever became of those before it**: a record that fails for ever takes nothing with it
//! into the failure destination that was not done by then. Work therefore has to be safe to repeat,
//! and safe to do after a later change of the same item.

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use futures_util::{StreamExt, stream};
use tracing::{Instrument, info_span};

use super::{HandBack, Limits, attempt};
use crate::stream::{RecordWithoutSequenceNumber, StreamEvent, StreamRecord, answer};
use crate::telemetry::trace::STEP;

/// Gives each record to `work`, and answers with those that failed or were not started, the lowest
/// sequence number first. A panic and the deadline hand back, as in an SQS batch.
///
/// Records of one item run one after the other, in their order; items run side by side.
///
/// # Errors
/// [`RecordWithoutSequenceNumber`]: an empty item identifier would fail the batch in a way that
/// nobody can read, so this is said instead. Retry.
pub async fn process<Work, Done>(
    event: StreamEvent,
    limits: Limits,
    work: Work,
) -> Result<DynamoDbEventResponse, RecordWithoutSequenceNumber>
where
    Work: Fn(StreamRecord) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    let records = event.records.into_iter().map(StreamRecord::read);
    let records: Vec<StreamRecord> = records.collect::<Result<_, _>>()?;
    let mut handed_back: Vec<(usize, String)> = stream::iter(by_item(records))
        .map(|item| item_to_hand_back(item, limits, &work))
        .buffer_unordered(limits.concurrency.max(1))
        .collect::<Vec<_>>()
        .await
        .concat();
    // A batch comes from one shard, in the order of its sequence numbers.
    handed_back.sort_unstable();
    Ok(answer(handed_back.into_iter().map(|(_, number)| number).collect()))
}

/// A record and its place in the batch.
type Placed = (usize, StreamRecord);

fn by_item(records: Vec<StreamRecord>) -> Vec<Vec<Placed>> {
    let mut items: Vec<Vec<Placed>> = Vec::new();
    for placed in records.into_iter().enumerate() {
        let same_item = |item: &&mut Vec<Placed>| item.first().is_some_and(|(_, first)| first.keys == placed.1.keys);
        match items.iter_mut().find(same_item) {
            Some(item) => item.push(placed),
            None => items.push(vec![placed]),
        }
    }
    items
}

async fn item_to_hand_back<Work, Done>(item: Vec<Placed>, limits: Limits, work: &Work) -> Vec<(usize, String)>
where
    Work: Fn(StreamRecord) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    let mut handed_back = Vec::new();
    for (place, record) in item {
        let number = record.sequence_number.clone();
        let span = info_span!(target: STEP, "streamRecord", sequenceNumber = number);
        if attempt(record, limits, work).instrument(span).await.is_err() {
            handed_back.push((place, number));
        }
    }
    handed_back
}

#[cfg(test)]
mod tests;
