//! The names of an item's attributes, and how their values are written and read.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::StoreError;

/// Partition key: the stream, or an alias of it.
pub(crate) const PK: &str = "pk";
/// Sort key: the version; 0 for an alias; minus the version for a snapshot.
pub(crate) const SK: &str = "sk";
pub(crate) const AT: &str = "at";
pub(crate) const TYPE: &str = "type";
pub(crate) const BODY: &str = "body";
pub(crate) const HASH: &str = "hash";
pub(crate) const ATTACHMENT: &str = "attachment";
/// Of an alias: the stream that it names.
pub(crate) const STREAM: &str = "stream";

/// Longest partition key, in bytes ("Quotas in Amazon DynamoDB", partition key).
pub(crate) const MOST_KEY_BYTES: usize = 2048;
/// Largest item: 400 KB with the names of its attributes ("Quotas in Amazon DynamoDB", items).
pub(crate) const MOST_ITEM_BYTES: usize = 400 * 1024;
/// A number takes about a byte for two digits and one more ("DynamoDB item sizes and formats"); this is
/// above what any version takes.
const NUMBER_BYTES: usize = 21;

/// An item as DynamoDB gives and takes it.
pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A number below zero.
pub(crate) fn minus(value: u64) -> AttributeValue {
    AttributeValue::N(format!("-{value}"))
}

/// Takes a text out of an item, if it is there.
pub(crate) fn optional_text(item: &mut Item, name: &'static str) -> Result<Option<String>, StoreError> {
    match item.remove(name) {
        None => Ok(None),
        Some(AttributeValue::S(text)) => Ok(Some(text)),
        Some(_) => Err(StoreError::Malformed(name)),
    }
}

/// Takes a text out of an item.
pub(crate) fn take_text(item: &mut Item, name: &'static str) -> Result<String, StoreError> {
    optional_text(item, name)?.ok_or(StoreError::Malformed(name))
}

/// The digits of an item's sort key.
pub(crate) fn sort_key(item: &Item) -> Result<&str, StoreError> {
    let key = item.get(SK).and_then(|key| key.as_n().ok());
    key.map(String::as_str).ok_or(StoreError::Malformed(SK))
}

/// How much of the 400 KB an item takes, or a little less than that.
pub(crate) fn bytes(item: &Item) -> usize {
    let value = |value: &AttributeValue| value.as_s().map_or(NUMBER_BYTES, String::len);
    item.iter().map(|(name, content)| name.len() + value(content)).sum()
}
