//! A claimed key: what its owner, and nobody else, may do with it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;

use super::error::StoreError;
use super::key::PayloadHash;
use super::record::{OwnerToken, PARTITION_KEY, RESPONSE, Stored};
use super::store::{Store, number};

/// Completing is repeatable: the SDK may send it again after it took effect.
const OURS: &str = "ownerToken = :owner";
/// Not once it is completed, and no failure if it is gone already, for the same reason.
const OURS_OR_GONE: &str = "attribute_not_exists(pk) OR (ownerToken = :owner AND attribute_exists(leaseEnds))";

/// A key that is ours until the lease ends, or longer if nobody else claims it.
///
/// Dropping it leaves the key taken until then, as a crash would.
#[derive(Debug)]
#[must_use = "complete it, or release it"]
pub struct Claim {
    store: Store,
    pub(super) partition_key: String,
    pub(super) owner: OwnerToken,
    pub(super) payload: PayloadHash,
}

impl Claim {
    pub(super) fn new(store: &Store, partition_key: String, owner: OwnerToken, payload: PayloadHash) -> Self {
        Self {
            store: store.clone(),
            partition_key,
            owner,
            payload,
        }
    }

    /// Records that the work is done, with its response, from now until the record expires: one
    /// conditional UpdateItem. None, or a response over the limit, records the fact alone.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if the key is not ours any more: nothing is changed.
    /// [`StoreError::Unavailable`] if DynamoDB does not answer: it may be recorded or not, and if it
    /// is not, the work will be done again after the lease. Both Retry.
    pub async fn complete(self, response: Option<&str>) -> Result<(), StoreError> {
        let store = &self.store;
        let expires_at = store.expires_at(store.now());
        let stored = store.storable(response);
        let request = store.client.update_item().table_name(&*store.table);
        let request = request
            .key(PARTITION_KEY, self.key_attribute())
            .condition_expression(OURS)
            .expression_attribute_values(":owner", self.owner.attribute())
            .expression_attribute_values(":expiry", number(expires_at));
        let request = match &stored {
            Stored::Response(response) => request
                .update_expression("SET expiresAt = :expiry, #response = :response REMOVE leaseEnds")
                .expression_attribute_names("#response", RESPONSE)
                .expression_attribute_values(":response", AttributeValue::S(response.clone())),
            Stored::TooLarge => request.update_expression("SET expiresAt = :expiry REMOVE leaseEnds"),
        };
        let done = request.send().await;
        done.map_err(|error| {
            refused("UpdateItem", error, |error| {
                error.is_conditional_check_failed_exception()
            })
        })?;
        store.remember(&self.partition_key, self.payload, stored, expires_at);
        Ok(())
    }

    /// Gives the key back, because the work failed: one conditional DeleteItem.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if the key is somebody else's: nothing is changed.
    /// [`StoreError::Unavailable`] if DynamoDB does not answer: then the lease ends by itself. Both
    /// Retry.
    pub async fn release(self) -> Result<(), StoreError> {
        let request = self.store.client.delete_item().table_name(&*self.store.table);
        let request = request
            .key(PARTITION_KEY, self.key_attribute())
            .condition_expression(OURS_OR_GONE)
            .expression_attribute_values(":owner", self.owner.attribute());
        let done = request.send().await;
        done.map_err(|error| {
            refused("DeleteItem", error, |error| {
                error.is_conditional_check_failed_exception()
            })
        })?;
        Ok(())
    }

    pub(super) fn key_attribute(&self) -> AttributeValue {
        AttributeValue::S(self.partition_key.clone())
    }
}

fn refused<E, R>(operation: &'static str, error: SdkError<E, R>, is_condition: impl Fn(&E) -> bool) -> StoreError
where
    SdkError<E, R>: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match error.as_service_error() {
        Some(failed) if is_condition(failed) => StoreError::Overtaken,
        _ => StoreError::unavailable(operation)(error),
    }
}
