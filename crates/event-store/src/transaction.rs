//! Several items at once, and what a refused transaction tells of those in its way.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use crate::alias::Alias;
use crate::append::NOTHING_THERE;
use crate::attribute::Item;
use crate::{AppendError, EventStore, Record, StoreError};

const OPERATION: &str = "TransactWriteItems";

impl EventStore {
    /// Writes the records, and the alias if there is one, if nothing stands where any of them goes; or the alias where it is
    /// taken from.
    pub(crate) async fn transact(
        &self,
        records: &[Record],
        items: Vec<Item>,
        alias: Option<Alias<'_>>,
    ) -> Result<(), AppendError> {
        let record_puts = items
            .into_iter()
            .map(|item| self.put_of(item).condition_expression(NOTHING_THERE));
        let alias_put = alias.map(|alias| alias.conditioned(self.put_of(alias.item())));
        // The alias comes last, so that the reasons of the records are the first ones.
        let puts = record_puts.chain(alias_put).map(transact_item);
        let puts = puts.collect::<Result<Vec<_>, _>>()?;
        let request = self.client.transact_write_items().set_transact_items(Some(puts));
        let Err(error) = request.send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) if is_refused(canceled) => {
                refused(records, alias, canceled.cancellation_reasons())
            }
            _ => Err(StoreError::unavailable(OPERATION)(error).into()),
        }
    }

    fn put_of(&self, item: Item) -> PutBuilder {
        Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

fn transact_item(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(StoreError::unavailable(OPERATION))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Whether conditions that did not hold are all there is to it: not throttling, nor another
/// transaction at the same items.
fn is_refused(canceled: &TransactionCanceledException) -> bool {
    let reasons = canceled.cancellation_reasons();
    let harmless = |reason: &CancellationReason| matches!(reason.code(), None | Some("None")) || failed(reason);
    reasons.iter().any(failed) && reasons.iter().all(harmless)
}

fn failed(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// Finds out from what stands there whether it was us.
fn refused(records: &[Record], alias: Option<Alias<'_>>, reasons: &[CancellationReason]) -> Result<(), AppendError> {
    let mut standing = Vec::with_capacity(records.len());
    for reason in reasons.iter().take(records.len()) {
        standing.push(in_the_way(reason).map(Record::read).transpose()?);
    }
    let ours = |(stands, record): (&Option<Record>, &Record)| stands.as_ref() == Some(record);
    let all_ours = standing.len() == records.len() && standing.iter().zip(records).all(ours);
    if !all_ours && let Some(other) = most_telling(standing, records) {
        return Err(AppendError::Overtaken(Box::new(other)));
    }
    let alias_stands = match (alias, reasons.get(records.len()).and_then(in_the_way)) {
        (Some(alias), Some(item)) => alias.check(item).map(|()| true)?,
        (alias, _) => alias.is_none(),
    };
    if all_ours && alias_stands {
        return Ok(());
    }
    Err(AppendError::Incomplete)
}

fn in_the_way(reason: &CancellationReason) -> Option<Item> {
    failed(reason).then(|| reason.item().cloned().unwrap_or_default())
}

/// The first record that is not ours, or else the first: part of an append can't be ours.
fn most_telling(standing: Vec<Option<Record>>, records: &[Record]) -> Option<Record> {
    let mut first = None;
    for (stands, record) in standing.into_iter().zip(records) {
        match stands {
            Some(stands) if stands != *record => return Some(stands),
            stands => first = first.or(stands),
        }
    }
    first
}
