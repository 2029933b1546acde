//! Snapshots: what the records up to a version make, so that not all of them have to be read again.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::attribute::{BODY, Item, MOST_ITEM_BYTES, PK, SK, bytes, minus, sort_key, take_text, text};
use crate::{EventStore, SnapshotError, StoreError};

/// What the records of a stream make, up to and with one of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The version of the last record that is in it.
    pub version: u64,
    /// The state. Whoever may change its form puts that form's number into it.
    pub body: String,
}

/// Without the contents, which may be secret.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Snapshot");
        shown.field("version", &self.version).finish_non_exhaustive()
    }
}

impl EventStore {
    /// Saves a snapshot. One of the same version is replaced: the same records make the same. Those of
    /// other versions stay, for who wants to go back in time.
    ///
    /// # Errors
    /// [`SnapshotError`]. The caller can do without a snapshot, whatever it is.
    pub async fn save_snapshot(&self, stream: &str, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        if snapshot.version == 0 {
            return Err(SnapshotError::VersionZero);
        }
        let attributes = [
            (PK, text(stream)),
            (SK, minus(snapshot.version)),
            (BODY, text(&snapshot.body)),
        ];
        let item: Item = attributes.map(|(name, value)| (name.to_owned(), value)).into();
        let bytes = bytes(&item);
        if bytes > MOST_ITEM_BYTES {
            return Err(SnapshotError::TooLarge { bytes });
        }
        let request = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        let saved = request.send().await;
        saved.map_err(StoreError::unavailable("PutItem"))?;
        Ok(())
    }

    /// The newest snapshot of this version or an earlier one, if there is any. [`u64::MAX`] for the
    /// newest of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_snapshot(&self, stream: &str, up_to: u64) -> Result<Option<Snapshot>, StoreError> {
        if up_to == 0 {
            return Ok(None);
        }
        let request = self.query(stream, minus(up_to), AttributeValue::N("-1".to_owned()));
        let page = request.limit(1).send().await;
        let page = page.map_err(StoreError::unavailable("Query"))?;
        page.items.unwrap_or_default().pop().map(read).transpose()
    }
}

fn read(mut item: Item) -> Result<Snapshot, StoreError> {
    let version = sort_key(&item)?
        .strip_prefix('-')
        .and_then(|version| version.parse().ok());
    Ok(Snapshot {
        version: version.ok_or(StoreError::Malformed(SK))?,
        body: take_text(&mut item, BODY)?,
    })
}
