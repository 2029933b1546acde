//! The writes of the worker that replaces a photo: before, after, and instead.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::intents::{Intents, announcement};
use crate::item::{DONE, INTENTS, OUTPUT_ETAG, OUTPUT_VERSION, REASON, REJECTED, SEQUENCER, STATE, WRITING};
use crate::{Digest, Ledger, LedgerError, Output, Upload, Written, send, text};

/// Whether a worker may write a redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It may, and its content is known as ours from now on.
    Granted,
    /// A newer upload was accepted meanwhile.
    Overtaken,
    /// Another worker has finished this upload.
    Finished,
    /// The object's item is gone: somebody deleted it while an upload waited.
    Forgotten,
}

const OUTPUT_LIES_THERE: &str =
    "SET #state = :state, #outputETag = :etag, #outputVersion = :version, #expiresAt = :expiresAt";
const IS_NEWEST: &str = "#sequencer = :sequencer";
const IS_NEWEST_AND_NOT_DONE: &str = "#sequencer = :sequencer AND #state <> :done";

impl Ledger {
    /// Announces a content before it is written, so that its event can be told from an upload.
    ///
    /// # Errors
    /// [`LedgerError`] (Retry).
    pub async fn claim(&self, upload: &Upload, content: Digest) -> Result<Claim, LedgerError> {
        let update = self
            .change(upload, WRITING)
            .update_expression("SET #state = :state, #expiresAt = :expiresAt ADD #intents :content")
            .condition_expression(IS_NEWEST_AND_NOT_DONE)
            .expression_attribute_names("#intents", INTENTS)
            .expression_attribute_values(":content", AttributeValue::Bs(vec![announcement(content)]))
            .expression_attribute_values(":done", text(DONE));
        Ok(match send(update).await? {
            Written::Yes => Claim::Granted,
            Written::No(None) => Claim::Forgotten,
            Written::No(Some(item)) if item.text(SEQUENCER) == Some(&upload.sequencer) => Claim::Finished,
            Written::No(Some(_)) => Claim::Overtaken,
        })
    }

    /// Notes what lies under the key now: a redaction of this upload. False if a newer event was accepted meanwhile; then
    /// the event of the write is recognised by its content. Of the intents that the upload's item had, those that are
    /// outdated are forgotten.
    ///
    /// # Errors
    /// [`LedgerError`] (Retry).
    pub async fn record_output(
        &self,
        upload: &Upload,
        output: &Output,
        intents: &Intents,
    ) -> Result<bool, LedgerError> {
        let outdated = intents.outdated(self.keep.duration());
        let update = self
            .change(upload, DONE)
            .condition_expression(IS_NEWEST)
            .expression_attribute_names("#outputETag", OUTPUT_ETAG)
            .expression_attribute_names("#outputVersion", OUTPUT_VERSION)
            .expression_attribute_values(":etag", text(&output.etag))
            .expression_attribute_values(":version", text(&output.version));
        let update = if outdated.is_empty() {
            update.update_expression(OUTPUT_LIES_THERE)
        } else {
            update
                .update_expression(format!("{OUTPUT_LIES_THERE} DELETE #intents :outdated"))
                .expression_attribute_names("#intents", INTENTS)
                .expression_attribute_values(":outdated", AttributeValue::Bs(outdated))
        };
        Ok(matches!(send(update).await?, Written::Yes))
    }

    /// Notes that an upload can never be processed. False if it was overtaken, or finished by another
    /// worker: then there is nothing to reject.
    ///
    /// # Errors
    /// [`LedgerError`] (Retry).
    pub async fn reject(&self, upload: &Upload, reason: &str) -> Result<bool, LedgerError> {
        let update = self
            .change(upload, REJECTED)
            .update_expression("SET #state = :state, #reason = :reason, #expiresAt = :expiresAt")
            .condition_expression(IS_NEWEST_AND_NOT_DONE)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":reason", text(reason))
            .expression_attribute_values(":done", text(DONE));
        Ok(matches!(send(update).await?, Written::Yes))
    }

    fn change(&self, upload: &Upload, state: &str) -> UpdateItemFluentBuilder {
        self.update(upload)
            .expression_attribute_names("#sequencer", SEQUENCER)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":sequencer", text(&upload.sequencer))
            .expression_attribute_values(":state", text(state))
    }
}
