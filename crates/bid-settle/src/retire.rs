//! The end of a sealing key that was one auction's alone.

use aws_sdk_kms::operation::schedule_key_deletion::ScheduleKeyDeletionError;
use tracing::info;

use crate::config::Config;
use crate::kms::KmsError;

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

    /// Schedules the deletion of an auction's key, unless auctions share it. One that is waiting for deletion already, or is
    /// gone, is as good. After it, nobody can open any bid of the auction again.
    ///
    /// # Errors
    /// [`KmsError`] (Retry)
    pub async fn of(&self, key_arn: &str) -> Result<(), KmsError> {
        const OPERATION: &str = "ScheduleKeyDeletion";
        let Some(shared) = &self.shared_key_arn else {
            return Ok(());
        };
        if shared == key_arn {
            return Ok(());
        }
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
