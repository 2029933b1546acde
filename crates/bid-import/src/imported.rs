//! Which files are begun, and which are done: one item for each key, with the sequencer of the newest upload that was begun,
//! and whether that one was gone through whole.
//!
//! **A file is begun before any log is read for it**, and whoever has read a log looks here again before appending to it. So of
//! two uploads under one key, at work at the same time, the older one's bid never ends up behind the newer one's: if the older
//! one has read what the newer one placed, it finds here that the newer one was begun, and stops; if it has not, its append
//! fails.
//!
//! That a file is done matters for its bad lines, which would be rejected again whenever it is delivered again. Lines
//! need no such note to be placed once.

use std::cmp::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::{Record, TooManyDigits};

const PK: &str = "pk";
const SK: &str = "sk";
const BODY: &str = "body";
const STATE: &str = "state";
const BEGUN: &str = "begun";
const DONE: &str = "done";

/// Notes in the auctions' table, at `sk` 0, where no event is.
#[derive(Debug, Clone)]
pub struct Imported {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// Why it can't be said, or noted, how far a file is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportedError {
    /// The event's sequencer is longer than any that S3 sends. Reject.
    #[error("the sequencer {0}")]
    Sequencer(#[from] TooManyDigits),
    /// A newer file under the same key was begun, so the bids of this one come too late: they might replace newer ones.
    /// Those for contracts that the newer file lacks may never have been placed, which somebody should know. Reject.
    #[error("a newer file under the same key was begun before this one was done")]
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

    /// Whether this upload was gone through whole.
    ///
    /// # Errors
    /// [`ImportedError`]; [`ImportedError::Superseded`] if a newer one under its key was begun.
    pub async fn is_done(&self, record: &Record) -> Result<bool, ImportedError> {
        let sequencer = record.sequencer.stored()?;
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key(PK, pk(record)).key(SK, sk());
        let item = request.send().await.map_err(unavailable("GetItem"))?.item;
        let text = |name| item.as_ref()?.get(name)?.as_s().ok();
        match text(BODY).map(|newest| newest.cmp(&sequencer)) {
            Some(Ordering::Greater) => Err(ImportedError::Superseded),
            Some(Ordering::Equal) => Ok(text(STATE).is_some_and(|state| state == DONE)),
            Some(Ordering::Less) | None => Ok(false),
        }
    }

    /// The same for who is at it: that no newer one was begun.
    ///
    /// # Errors
    /// As [`Imported::is_done`].
    pub async fn expect_newest(&self, record: &Record) -> Result<(), ImportedError> {
        self.is_done(record).await.map(|_| ())
    }

    /// Notes that it is begun, unless it is already.
    ///
    /// # Errors
    /// As [`Imported::is_done`].
    pub async fn begin(&self, record: &Record) -> Result<(), ImportedError> {
        let condition = "attribute_not_exists(pk) OR body < :sequencer";
        match self.note(record, BEGUN, condition).await? {
            true => Ok(()),
            false => self.expect_newest(record).await,
        }
    }

    /// Notes that it is done. If a newer one was begun meanwhile, nothing is noted, and nothing is lost: every line of this
    /// one was placed or rejected before.
    ///
    /// # Errors
    /// [`ImportedError`]
    pub async fn done(&self, record: &Record) -> Result<(), ImportedError> {
        self.note(record, DONE, "body = :sequencer").await.map(|_| ())
    }

    /// Whether it was noted: not if the condition does not hold.
    async fn note(&self, record: &Record, state: &str, condition: &str) -> Result<bool, ImportedError> {
        let sequencer = AttributeValue::S(record.sequencer.stored()?);
        let request = self.client.put_item().table_name(&self.table);
        let request = request
            .item(PK, pk(record))
            .item(SK, sk())
            .item(BODY, sequencer.clone())
            .item(STATE, AttributeValue::S(state.to_owned()))
            .condition_expression(condition)
            .expression_attribute_values(":sequencer", sequencer);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(false),
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
