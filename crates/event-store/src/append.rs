//! Appending: one record by a conditional PutItem, several by a transaction.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use crate::attribute::{Item, MOST_ITEM_BYTES, MOST_KEY_BYTES, bytes};
use crate::{AppendError, EventStore, Record, StoreError};

/// Most items of one transaction: records, and an alias counts as one ("TransactWriteItems").
pub const MOST_RECORDS: usize = 100;
/// Most bytes of one transaction, 4 MB ("TransactWriteItems").
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Nothing stands under the item's keys.
pub(crate) const NOTHING_THERE: &str = "attribute_not_exists(pk)";

impl EventStore {
    /// Appends records at their versions: all of them or none. One takes a PutItem, 2 to 100 take a
    /// transaction, which costs twice as much; none takes nothing.
    ///
    /// The first record's version is one after the stream's last, as the caller knows it from reading:
    /// that is not checked here, where only what lies at the records' own versions counts.
    ///
    /// If the answer to an earlier try of the same append was lost, the records stand there already, and
    /// that counts as appended.
    ///
    /// # Errors
    /// Retry: [`AppendError::Overtaken`] with what stands there, and nearly all of
    /// [`AppendError::Store`]. Reject: all others, and then nothing was sent.
    pub async fn append(&self, stream: &str, records: &[Record]) -> Result<(), AppendError> {
        let items = items_of(stream, records)?;
        match records {
            [] => Ok(()),
            [record] => self.put(record, items).await,
            _ => self.transact(records, items, None).await,
        }
    }

    async fn put(&self, record: &Record, mut items: Vec<Item>) -> Result<(), AppendError> {
        let request = self.client.put_item().table_name(&*self.table).set_item(items.pop());
        let request = request
            .condition_expression(NOTHING_THERE)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let item = failed.item().cloned().unwrap_or_default();
                let standing = Record::read(item)?;
                if standing == *record {
                    return Ok(());
                }
                Err(AppendError::Overtaken(Box::new(standing)))
            }
            _ => Err(StoreError::unavailable("PutItem")(error).into()),
        }
    }
}

/// The records as items, if DynamoDB can take them at once.
pub(crate) fn items_of(stream: &str, records: &[Record]) -> Result<Vec<Item>, AppendError> {
    check_name("stream's id", stream)?;
    check_versions(records)?;
    let items: Vec<Item> = records.iter().map(|record| record.item(stream)).collect();
    let sizes = items.iter().map(bytes);
    check_size(sizes.clone().max().unwrap_or_default(), MOST_ITEM_BYTES)?;
    check_size(sizes.sum(), MOST_BYTES)?;
    Ok(items)
}

pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), AppendError> {
    if name.is_empty() || name.len() > MOST_KEY_BYTES {
        return Err(AppendError::UnusableName(what));
    }
    Ok(())
}

fn check_versions(records: &[Record]) -> Result<(), AppendError> {
    let starts_from_0 = records.first().is_some_and(|first| first.version == 0);
    let pairs = records.iter().zip(records.iter().skip(1));
    let mut consecutive = pairs.map(|(one, next)| one.version.checked_add(1) == Some(next.version));
    if starts_from_0 || !consecutive.all(|pair| pair) {
        return Err(AppendError::NotConsecutive);
    }
    check_count(records.len())
}

pub(crate) fn check_count(items: usize) -> Result<(), AppendError> {
    if items > MOST_RECORDS {
        return Err(AppendError::TooMany { items });
    }
    Ok(())
}

fn check_size(bytes: usize, most: usize) -> Result<(), AppendError> {
    if bytes > most {
        return Err(AppendError::TooLarge { bytes, most });
    }
    Ok(())
}
