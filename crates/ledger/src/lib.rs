//! The ledger of photos that are processed in place: one DynamoDB item per object.
//!
//! A photo is replaced under its own key by its redaction, so S3 sends an event for our own write
//! just as for an upload. The ledger tells the two apart, and it decides which upload is the newest.
//! Each of its writes is one conditional `UpdateItem`, and nothing is read before it:
//!
//! | who | write | only if |
//! | --- | --- | --- |
//! | dedupe-record, for each S3 event | [`Ledger::accept`] the upload: `pending` | it is newer than the last one, and no recorded write of ours |
//! | dedupe-process, before it writes to S3 | [`Ledger::claim`] the content: `writing` | the upload is still the newest, and not done |
//! | dedupe-process, after it wrote to S3 | [`Ledger::record_output`]: `done` | the upload is still the newest |
//! | dedupe-process, for what will never work | [`Ledger::reject`]: `rejected` | the upload is still the newest, and not done |
//! | a person, for what was given up or rejected | [`Ledger::start_again`]: `pending` | the upload is still the newest, and not done |
//!
//! The one thing to know: **nothing that an uploader can set is proof.** A write of ours is known by
//! the version id that S3 gave it together with its ETag (a version id can't be chosen; an ETag alone
//! can, as an MD5), or by its SHA-256, which was put into the [`Intents`] before it was written.

mod accept;
mod intents;
mod item;
mod keep;
mod process;
mod start_again;
mod upload;

pub use accept::{Acceptance, Skip};
pub use intents::Intents;
pub use keep::{Keep, NotEnoughDays};
pub use process::Claim;
pub use start_again::Again;
pub use upload::{Digest, Output, Upload};

use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use gatehouse_core::client;
use gatehouse_core::disposition::{Disposition, Failure};

use item::{EXPIRES_AT, Item, PK};

/// The ledger's table.
#[derive(Debug, Clone)]
pub struct Ledger {
    client: aws_sdk_dynamodb::Client,
    table: String,
    keep: Keep,
}

/// The ledger could not be written: DynamoDB is throttled, down, or does not allow it. Retry.
#[derive(Debug, thiserror::Error)]
#[error("the ledger could not be written")]
pub struct LedgerError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Failure for LedgerError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "ledger-unavailable"
    }
}

/// How a conditional write ended.
enum Written {
    Yes,
    /// The condition did not hold; the item as it is, if there is one.
    No(Option<Item>),
}

impl Ledger {
    /// The table of this name; an item is kept for so long after its last change.
    pub fn new(aws: &SdkConfig, table: impl Into<String>, keep: Keep) -> Self {
        Self {
            client: client!(aws_sdk_dynamodb, aws),
            table: table.into(),
            keep,
        }
    }

    /// Opens the connection to DynamoDB, so that the first event doesn't wait for it: by a write
    /// whose condition never holds, because writing is all that our roles may do.
    pub async fn warm_up(&self) {
        let nobody = self.client.update_item().table_name(&self.table);
        let nobody = nobody.key(PK, text("-")).condition_expression("attribute_exists(pk)");
        let _ = nobody.send().await;
    }

    /// An update of the object's item, with its expiry moved on.
    fn update(&self, upload: &Upload) -> UpdateItemFluentBuilder {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let expires_at = (now + self.keep.duration()).as_secs();
        self.client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(upload.pk()))
            .expression_attribute_names("#expiresAt", EXPIRES_AT)
            .expression_attribute_values(":expiresAt", AttributeValue::N(expires_at.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

async fn send(update: UpdateItemFluentBuilder) -> Result<Written, LedgerError> {
    match update.send().await {
        Ok(UpdateItemOutput { .. }) => Ok(Written::Yes),
        Err(SdkError::ServiceError(error)) => match error.into_err() {
            UpdateItemError::ConditionalCheckFailedException(refused) => Ok(Written::No(refused.item.map(Item))),
            other => Err(LedgerError(other.into())),
        },
        Err(error) => Err(LedgerError(error.into())),
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
