//! Other names of a stream, such as the number of a contract.

use crate::append::{check_count, check_name, items_of};
use crate::attribute::{Item, MOST_KEY_BYTES, PK, SK, STREAM, number, take_text, text};
use crate::{AppendError, EventStore, Record, StoreError};

/// A name that is to lead to a stream.
#[derive(Clone, Copy)]
pub(crate) struct Alias<'a> {
    name: &'a str,
    stream: &'a str,
}

impl Alias<'_> {
    pub fn item(self) -> Item {
        let attributes = [(PK, text(self.name)), (SK, number(0)), (STREAM, text(self.stream))];
        attributes.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Whether the alias that stands there is this one.
    pub fn check(self, mut standing: Item) -> Result<(), AppendError> {
        let stream = take_text(&mut standing, STREAM)?;
        if stream == self.stream {
            return Ok(());
        }
        Err(AppendError::AliasTaken { stream })
    }
}

impl EventStore {
    /// The same as [`EventStore::append`], and gives the stream another name in the same transaction. A
    /// name leads to one stream for ever.
    ///
    /// # Errors
    /// The same as [`EventStore::append`], and [`AppendError::AliasTaken`], [`AppendError::Incomplete`] (Reject).
    /// Where both the record and the alias are somebody else's, it is [`AppendError::Overtaken`].
    pub async fn append_with_alias(&self, stream: &str, records: &[Record], alias: &str) -> Result<(), AppendError> {
        check_name("alias", alias)?;
        check_count(records.len() + 1)?;
        let items = items_of(stream, records)?;
        let alias = Alias { name: alias, stream };
        self.transact(records, items, Some(alias)).await
    }

    /// The stream that has this other name. None if none has: also for a name that none could have.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resolve(&self, alias: &str) -> Result<Option<String>, StoreError> {
        if alias.is_empty() || alias.len() > MOST_KEY_BYTES {
            return Ok(None);
        }
        let item = self.item(alias, number(0), None).await?;
        item.map(|mut item| take_text(&mut item, STREAM)).transpose()
    }
}
