//! The write of a person: an upload that was given up or rejected waits once more.

use crate::item::{DONE, Item, PENDING, PK, REASON, SEQUENCER, STATE};
use crate::{Ledger, LedgerError, Upload, Written, send, text};
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

/// What became of an upload that was to start again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It waits, and the stream tells of it.
    Started,
    /// There is nothing to do: it is done, or a newer upload has a record of its own.
    NotNeeded,
    /// The item is gone, or tells of an older upload: what lies under the key now, nobody can say.
    Forgotten,
}

/// Appended to a sequencer. The stream's reader takes only an item whose sequencer changed for work. All sequencers in the
/// ledger have the same length, and text is compared from its beginning: with this at its end, one is greater than it was,
/// and smaller than that of any newer upload, which so still wins.
const ONCE_MORE: char = '.';
const UPLOAD_WAITS: &str = "SET #sequencer = :again, #state = :pending REMOVE #reason";
const IS_NEWEST_AND_NOT_DONE: &str = "#sequencer = :sequencer AND #state <> :done";

impl Ledger {
    /// Lets an upload wait once more, if it is still the newest of its key and not done. A worker that is still at it finds
    /// itself overtaken, and what it wrote is known by its content.
    ///
    /// When the item expires stays as it is: nobody needs to remember the upload for longer than before.
    ///
    /// # Errors
    /// [`LedgerError`] (Retry).
    pub async fn start_again(&self, upload: &Upload) -> Result<Again, LedgerError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(PK, text(upload.pk()))
            .update_expression(UPLOAD_WAITS)
            .condition_expression(IS_NEWEST_AND_NOT_DONE)
            .expression_attribute_names("#sequencer", SEQUENCER)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_values(":sequencer", text(&upload.sequencer))
            .expression_attribute_values(":again", text(format!("{}{ONCE_MORE}", upload.sequencer)))
            .expression_attribute_values(":pending", text(PENDING))
            .expression_attribute_values(":done", text(DONE))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(match send(update).await? {
            Written::Yes => Again::Started,
            Written::No(item) => why_not(item, upload),
        })
    }
}

fn why_not(item: Option<Item>, upload: &Upload) -> Again {
    let sequencer = item.as_ref().and_then(|item| item.text(SEQUENCER));
    match sequencer {
        Some(sequencer) if sequencer >= upload.sequencer.as_str() => Again::NotNeeded,
        _ => Again::Forgotten,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_core::event::Sequencer;

    #[test]
    fn a_sequencer_that_starts_again_is_greater_than_it_was_and_smaller_than_any_newer_one() {
        let stored = |text: &str| text.parse::<Sequencer>().unwrap().stored().unwrap();
        let (this, next) = (stored("0055AED6DCD90281E5"), stored("0055AED6DCD90281E6"));
        let mut again = this.clone();
        for _ in 0..3 {
            let before = again.clone();
            again.push(ONCE_MORE);
            assert!(before < again && again < next, "{before} {again} {next}");
        }
    }
}
