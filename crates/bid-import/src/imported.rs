//! Which files are done: one item for each key, with the sequencer of the newest upload that was gone through whole.
//!
//! Lines need no such note to be placed once. It is for the bad ones, which would be rejected again whenever a file is
//! delivered again, and for files that were overtaken by a newer one under the same key, which are rejected whole.

use std::cmp::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::{Record, TooManyDigits};

const PK: &str = "pk";
const SK: &str = "sk";
const BODY: &str = "body";

/// Notes in the auctions' table, at `sk` 0, where no event is.
#[derive(Debug, Clone)]
pub struct Imported {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// Why it can't be said, or noted, whether a file is done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportedError {
    /// The event's sequencer is longer than any that S3 sends. Reject.
    #[error("the sequencer {0}")]
    Sequencer(#[from] TooManyDigits),
    /// A newer file under the same key is done already, so the bids of this one would come too late: they might replace newer
    /// ones. Those for contracts that the newer file lacks never were placed, which somebody should know. Reject.
    #[error("a newer file under the same key was imported before this one")]
    Superseded,
    /// The table could not be read or written. Retry.
    #[error("{operation} on the note of a file failed")]
    Unavailable {
        /// The API operation.
        operation: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Failure for ImportedError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Sequencer(_) | Self::Superseded => Disposition::Reject,
            Self::Unavailable { .. } => Disposition::Retry,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Sequencer(_) => "malformed-event",
            Self::Superseded => "superseded-file",
            Self::Unavailable { .. } => "table-unavailable",
        }
    }
}

fn unavailable<E>(operation: &'static str) -> impl FnOnce(E) -> ImportedError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| ImportedError::Unavailable {
        operation,
        source: error.into(),
    }
}

impl Imported {
    /// In the table of this name.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        let table = table.into();
        Self { client, table }
    }

    /// Whether this upload is done.
    ///
    /// # Errors
    /// [`ImportedError`]; [`ImportedError::Superseded`] if a newer one under its key is.
    pub async fn is_done(&self, record: &Record) -> Result<bool, ImportedError> {
        let sequencer = record.sequencer.stored()?;
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key(PK, pk(record)).key(SK, sk());
        let item = request.send().await.map_err(unavailable("GetItem"))?.item;
        let newest = item
            .as_ref()
            .and_then(|item| item.get(BODY))
            .and_then(|body| body.as_s().ok());
        match newest.map(|newest| newest.cmp(&sequencer)) {
            Some(Ordering::Greater) => Err(ImportedError::Superseded),
            Some(Ordering::Equal) => Ok(true),
            Some(Ordering::Less) | None => Ok(false),
        }
    }

    /// Notes that it is done, unless a newer one is.
    ///
    /// # Errors
    /// [`ImportedError`]
    pub async fn done(&self, record: &Record) -> Result<(), ImportedError> {
        let sequencer = AttributeValue::S(record.sequencer.stored()?);
        let request = self.client.put_item().table_name(&self.table);
        let request = request
            .item(PK, pk(record))
            .item(SK, sk())
            .item(BODY, sequencer.clone())
            .condition_expression("attribute_not_exists(pk) OR body < :sequencer")
            .expression_attribute_values(":sequencer", sequencer);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(unavailable("PutItem")(error)),
            },
        }
    }
}

/// At most 1,024 bytes of key and 63 of bucket: within the 2,048 that a partition key may have.
fn pk(record: &Record) -> AttributeValue {
    AttributeValue::S(format!("import/{}/{}", record.bucket, record.key))
}

fn sk() -> AttributeValue {
    AttributeValue::N("0".to_owned())
}
