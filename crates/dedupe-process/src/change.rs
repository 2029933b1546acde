//! Step 1: which changes of the ledger are work.
//!
//! The template's filter lets only pending items through. This decides again, and for good: a filter
//! can't compare the item before with the item after, and an event source may come without one.

use gatehouse_core::stream::{Change, Image, StreamRecord};
use gatehouse_ledger::Upload;

use crate::error::InPlaceError;

/// An upload that waits, and the ledger's item that tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The upload.
    pub upload: Upload,
    /// The item, with the contents that were announced before this upload was accepted.
    pub item: Image,
}

impl Pending {
    /// The upload that became pending with this change. None for every other change: an item that
    /// expired or was deleted, the ledger's own later writes, an attribute that somebody else added.
    ///
    /// # Errors
    /// [`InPlaceError::MalformedItem`] (Reject).
    pub fn since(record: &StreamRecord) -> Result<Option<Self>, InPlaceError> {
        let written = matches!(record.change, Some(Change::Insert | Change::Modify));
        let Some(item) = record.new.as_ref().filter(|_| written) else {
            return Ok(None);
        };
        let before = record.old.as_ref().and_then(Upload::sequencer_in);
        if before.is_some() && before == Upload::sequencer_in(item) {
            return Ok(None);
        }
        let upload = Upload::pending_in(item).map_err(InPlaceError::MalformedItem)?;
        Ok(upload.map(|upload| Self {
            upload,
            item: item.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn item(sequencer: &str, state: &str) -> Value {
        json!({
            "bucket": { "S": "photos" }, "key": { "S": "a.jpg" }, "sequencer": { "S": sequencer },
            "sourceETag": { "S": "e" }, "sourceVersion": { "S": "v" }, "state": { "S": state },
        })
    }

    fn work(name: &str, old: Option<Value>, new: Option<Value>) -> Option<String> {
        let raw = json!({
            "eventName": name,
            "dynamodb": { "SequenceNumber": "1", "OldImage": old, "NewImage": new },
        });
        let pending = Pending::since(&StreamRecord::read(raw).unwrap()).unwrap();
        pending.map(|pending| pending.upload.sequencer)
    }

    #[test]
    fn a_new_upload_is_work_whatever_the_item_said_before() {
        assert_eq!(work("INSERT", None, Some(item("1", "pending"))).as_deref(), Some("1"));
        for state in ["pending", "writing", "done", "rejected"] {
            let after = Some(item("2", "pending"));
            assert_eq!(work("MODIFY", Some(item("1", state)), after).as_deref(), Some("2"));
        }
    }

    #[test]
    fn no_other_change_is_work() {
        let pending = || Some(item("1", "pending"));
        assert_eq!(work("REMOVE", pending(), None), None);
        assert_eq!(work("REMOVE", pending(), pending()), None);
        assert_eq!(work("SOMETHING", None, pending()), None);
        for state in ["writing", "done", "rejected"] {
            assert_eq!(work("MODIFY", pending(), Some(item("1", state))), None);
        }
        let mut noted = item("1", "pending");
        noted["note"] = json!({ "S": "an attribute that is not ours" });
        assert_eq!(work("MODIFY", pending(), Some(noted)), None);
    }

    #[test]
    fn a_pending_item_that_can_not_be_read_is_rejected_by_the_attributes_name() {
        let mut broken = item("1", "pending");
        broken["sourceETag"] = json!({ "N": "1" });
        let raw = json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "1", "NewImage": broken } });
        let error = Pending::since(&StreamRecord::read(raw).unwrap()).unwrap_err();
        assert!(matches!(error, InPlaceError::MalformedItem("sourceETag")));
    }
}
