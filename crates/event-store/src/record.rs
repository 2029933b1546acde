//! One event as the store knows it: text that it does not look into.

use std::fmt;

use crate::StoreError;
use crate::attribute::{
    AT, ATTACHMENT, BODY, HASH, Item, PK, SK, TYPE, number, optional_text, sort_key, take_text, text,
};

/// One event of a stream.
///
/// Two writers that append the very same record at the same version are both told that it was
/// appended: it can't be told from a repeated request. Whoever has to tell them apart puts something
/// unique into it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the stream, from 1, without gaps.
    pub version: u64,
    /// When it was appended: text that sorts as time does, such as RFC 3339 in UTC with always the same
    /// number of digits. Never earlier than that of the record before.
    pub at: String,
    /// What kind of event it is, for those who filter the table's stream. May be empty.
    pub kind: String,
    /// The event itself.
    pub body: String,
    /// A digest that ties it to the records before it. The store does not check it.
    pub hash: String,
    /// What belongs to it and is too large to be read each time. None also if what stands there is no text.
    pub attachment: Option<String>,
}

/// Without the contents, which may be secret.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("at", &self.at)
            .field("kind", &self.kind)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

impl Record {
    pub(crate) fn item(&self, stream: &str) -> Item {
        let kind = (!self.kind.is_empty()).then_some((TYPE, &self.kind));
        let attachment = self.attachment.as_ref().map(|attachment| (ATTACHMENT, attachment));
        let texts = [(AT, &self.at), (BODY, &self.body), (HASH, &self.hash)];
        let texts = texts.into_iter().chain(kind).chain(attachment);
        let mut item: Item = texts.map(|(name, value)| (name.to_owned(), text(value))).collect();
        item.insert(PK.to_owned(), text(stream));
        item.insert(SK.to_owned(), number(self.version));
        item
    }

    pub(crate) fn read(mut item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            version: sort_key(&item)?.parse().map_err(|_| StoreError::Malformed(SK))?,
            at: take_text(&mut item, AT)?,
            kind: optional_text(&mut item, TYPE)?.unwrap_or_default(),
            body: take_text(&mut item, BODY)?,
            hash: take_text(&mut item, HASH)?,
            // It may be checked against the body; one that is no text should no more stop a reader than one that is gone.
            attachment: optional_text(&mut item, ATTACHMENT).unwrap_or_default(),
        })
    }
}
