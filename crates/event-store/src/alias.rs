//! Other names of a stream, such as the number of a contract.

use aws_sdk_dynamodb::types::builders::PutBuilder;

use crate::append::{NOTHING_THERE, check_count, check_name, items_of};
use crate::attribute::{Item, MOST_KEY_BYTES, PK, SK, STREAM, number, take_text, text};
use crate::{AppendError, EventStore, Record, StoreError};

/// A name that is to lead to a stream.
#[derive(Clone, Copy)]
pub(crate) struct Alias<'a> {
    name: &'a str,
    stream: &'a str,
    /// The stream that it is taken from, if it leads there.
    from: Option<&'a str>,
}

impl Alias<'_> {
    pub fn item(self) -> Item {
        let attributes = [(PK, text(self.name)), (SK, number(0)), (STREAM, text(self.stream))];
        attributes.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// The alias is written where none stands, or where it leads to the stream that it is taken from.
    pub fn conditioned(self, put: PutBuilder) -> PutBuilder {
        let Some(from) = self.from else {
            return put.condition_expression(NOTHING_THERE);
        };
        put.condition_expression(format!("{NOTHING_THERE} OR #stream = :from"))
            .expression_attribute_names("#stream", STREAM)
            .expression_attribute_values(":from", text(from))
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
    /// name leads to one stream, until [`EventStore::append_and_move_alias`] takes it from there.
    ///
    /// # Errors
    /// The same as [`EventStore::append`], and [`AppendError::AliasTaken`], [`AppendError::Incomplete`] (Reject).
    /// Where both the record and the alias are somebody else's, it is [`AppendError::Overtaken`].
    pub async fn append_with_alias(&self, stream: &str, records: &[Record], alias: &str) -> Result<(), AppendError> {
        let (name, from) = (alias, None);
        self.append_named(records, Alias { name, stream, from }).await
    }

    /// The same as [`EventStore::append_with_alias`], and takes the name from the stream `from` if it leads there. Whether
    /// that stream may lose it is for the caller to know, who has to be sure that nothing can change it.
    ///
    /// # Errors
    /// The same; [`AppendError::AliasTaken`] if the name leads to a third stream.
    pub async fn append_and_move_alias(
        &self,
        stream: &str,
        records: &[Record],
        alias: &str,
        from: &str,
    ) -> Result<(), AppendError> {
        let (name, from) = (alias, Some(from));
        self.append_named(records, Alias { name, stream, from }).await
    }

    async fn append_named(&self, records: &[Record], alias: Alias<'_>) -> Result<(), AppendError> {
        check_name("alias", alias.name)?;
        check_count(records.len() + 1)?;
        let items = items_of(alias.stream, records)?;
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
