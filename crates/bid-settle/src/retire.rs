//! The end of a sealing key that was one auction's alone.

use aws_sdk_kms::operation::list_resource_tags::ListResourceTagsError;
use aws_sdk_kms::operation::schedule_key_deletion::ScheduleKeyDeletionError;
use gatehouse_auction::AuctionId;
use tracing::{info, warn};

use crate::config::Config;
use crate::kms::KmsError;

/// The tag by which the intake says whose key it made.
pub const AUCTION_TAG: &str = "gatehouse:auction";

/// How long KMS waits, in days, during which the deletion can be stopped. It is the longest that KMS knows.
const PENDING_DAYS: i32 = 30;

/// Has keys deleted.
#[derive(Debug, Clone)]
pub struct Retirement {
    kms: aws_sdk_kms::Client,
    /// The key that must stay. None if it is not known: then no key is deleted.
    shared_key_arn: Option<String>,
}

impl Retirement {
    /// As the settings say.
    pub fn new(kms: aws_sdk_kms::Client, config: &Config) -> Self {
        // Whether auctions get keys of their own now says nothing about those that were opened before.
        let shared_key_arn = config.shared_key_arn.clone();
        Self { kms, shared_key_arn }
    }

    /// Whether this is known to be the key that auctions share.
    pub fn is_shared(&self, key_arn: &str) -> bool {
        self.shared_key_arn.as_deref() == Some(key_arn)
    }

    /// Schedules the deletion of an auction's key, if its tag says that it is this auction's: any other was shared, by
    /// auctions before the key that they share now, or is another's. One that is waiting for deletion already, or is gone, is
    /// as good. After it, nobody can open any bid of the auction again.
    ///
    /// # Errors
    /// [`KmsError`] (Retry)
    pub async fn of(&self, auction: AuctionId, key_arn: &str) -> Result<(), KmsError> {
        if self.shared_key_arn.is_none() || self.is_shared(key_arn) {
            return Ok(());
        }
        match self.made_for(key_arn).await? {
            Some(made_for) if made_for == auction.to_string() => self.schedule_deletion(key_arn).await,
            _ => {
                warn!(
                    reason = "key-not-tagged",
                    "the key is gone, or not tagged as this auction's: none is deleted"
                );
                Ok(())
            }
        }
    }

    /// The auction that a key was made for. None if it is gone, or was made for none.
    async fn made_for(&self, key_arn: &str) -> Result<Option<String>, KmsError> {
        // A key has no more tags than one answer holds ("Resource quotas" of AWS KMS).
        match self.kms.list_resource_tags().key_id(key_arn).send().await {
            Ok(answer) => {
                let mut tags = answer.tags.unwrap_or_default().into_iter();
                Ok(tags.find(|tag| tag.tag_key == AUCTION_TAG).map(|tag| tag.tag_value))
            }
            Err(error) => match error.as_service_error() {
                Some(ListResourceTagsError::NotFoundException(_)) => Ok(None),
                _ => Err(KmsError::of("ListResourceTags", error)),
            },
        }
    }

    async fn schedule_deletion(&self, key_arn: &str) -> Result<(), KmsError> {
        const OPERATION: &str = "ScheduleKeyDeletion";
        let request = self.kms.schedule_key_deletion().key_id(key_arn);
        let Err(error) = request.pending_window_in_days(PENDING_DAYS).send().await else {
            info!(days = PENDING_DAYS, "the auction's key is scheduled for deletion");
            return Ok(());
        };
        match error.as_service_error() {
            Some(
                ScheduleKeyDeletionError::KmsInvalidStateException(_) | ScheduleKeyDeletionError::NotFoundException(_),
            ) => Ok(()),
            _ => Err(KmsError::of(OPERATION, error)),
        }
    }
}
