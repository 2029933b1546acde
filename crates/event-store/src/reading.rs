//! Reading: to the end, and strongly consistent unless a reader can do without.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::attribute::{AT, BODY, HASH, Item, PK, SK, TYPE, number, take_text, text};
use crate::{EventStore, Record, StoreError};

/// Everything but the attachment.
const WITHOUT_ATTACHMENT: &str = "sk, #at, #type, #body, #hash";

/// Records of a stream, in their order. DynamoDB answers with 1 MB at a time, attachments included
/// even where they are left out ("Paginating table query results"); there is a page for each.
#[derive(Debug)]
#[must_use = "nothing is read before it is asked for"]
pub struct Reading<'a> {
    store: &'a EventStore,
    stream: &'a str,
    after: u64,
    up_to: u64,
    left: usize,
    attachments: bool,
    consistent: bool,
    start: Option<Item>,
    done: bool,
}

impl Reading<'_> {
    /// Only the records after this version.
    pub fn after(self, version: u64) -> Self {
        Self { after: version, ..self }
    }

    /// Only the records up to and with this version.
    pub fn up_to(self, version: u64) -> Self {
        Self { up_to: version, ..self }
    }

    /// No more than so many records.
    pub fn at_most(self, records: usize) -> Self {
        Self { left: records, ..self }
    }

    /// The records without their attachments. They cost as much to read, but are not sent.
    pub fn without_attachments(self) -> Self {
        let attachments = false;
        Self { attachments, ..self }
    }

    /// The records as DynamoDB has them at hand, for half the read units ("Read consistency"): the newest may be missing for
    /// a moment. For who decides nothing on them.
    pub fn eventually_consistent(self) -> Self {
        let consistent = false;
        Self { consistent, ..self }
    }

    /// All of them at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(mut self) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        while let Some(page) = self.next_page().await? {
            records.extend(page);
        }
        Ok(records)
    }

    /// The next page, for who does not want to hold all of them in memory. None after the last. After
    /// an error it may be asked for again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_page(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let first = self.after.saturating_add(1);
        if self.done || self.left == 0 || first > self.up_to {
            return Ok(None);
        }
        let page = self.request(first).send().await;
        let page = page.map_err(StoreError::unavailable("Query"))?;
        let items = page.items.unwrap_or_default();
        let records: Vec<Record> = items.into_iter().map(Record::read).collect::<Result<_, _>>()?;
        self.left = self.left.saturating_sub(records.len());
        self.start = page.last_evaluated_key;
        self.done = self.start.is_none();
        Ok(Some(records))
    }

    fn request(&self, first: u64) -> QueryFluentBuilder {
        let request = self.store.query(self.stream, number(first), number(self.up_to));
        let limit = i32::try_from(self.left).ok();
        let request = request
            .consistent_read(self.consistent)
            .set_limit(limit)
            .set_exclusive_start_key(self.start.clone());
        if self.attachments {
            return request;
        }
        request
            .projection_expression(WITHOUT_ATTACHMENT)
            .expression_attribute_names("#at", AT)
            .expression_attribute_names("#type", TYPE)
            .expression_attribute_names("#body", BODY)
            .expression_attribute_names("#hash", HASH)
    }
}

impl EventStore {
    /// The records of a stream: all of them, as long as nothing else is said. A stream that does not
    /// exist has none.
    pub fn read<'a>(&'a self, stream: &'a str) -> Reading<'a> {
        Reading {
            store: self,
            stream,
            after: 0,
            up_to: u64::MAX,
            left: usize::MAX,
            attachments: true,
            consistent: true,
            start: None,
            done: false,
        }
    }

    /// The last record of a stream. None if there is no such stream. One Query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last(&self, stream: &str) -> Result<Option<Record>, StoreError> {
        let request = self.query(stream, number(1), number(u64::MAX));
        let page = request.scan_index_forward(false).limit(1).send().await;
        let page = page.map_err(StoreError::unavailable("Query"))?;
        page.items.unwrap_or_default().pop().map(Record::read).transpose()
    }

    /// The record at this version, if there is one. One GetItem.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at(&self, stream: &str, version: u64) -> Result<Option<Record>, StoreError> {
        if version == 0 {
            return Ok(None);
        }
        let item = self.item(stream, number(version), None).await?;
        item.map(Record::read).transpose()
    }

    /// The version that the stream had at this time: that of the last record whose `at` is not later. 0
    /// if there was none. Takes one Query and, for 10,000 records, 14 GetItem.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Malformed`] also if a record is missing.
    pub async fn version_at(&self, stream: &str, at: &str) -> Result<u64, StoreError> {
        let last = self.last(stream).await?;
        let (mut before, mut after) = (0, last.map_or(0, |last| last.version).saturating_add(1));
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.time_of(stream, middle).await?.as_str() <= at {
                before = middle;
            } else {
                after = middle;
            }
        }
        Ok(before)
    }

    async fn time_of(&self, stream: &str, version: u64) -> Result<String, StoreError> {
        let item = self.item(stream, number(version), Some(AT)).await?;
        take_text(&mut item.ok_or(StoreError::Malformed(SK))?, AT)
    }

    /// One item, or one attribute of it.
    pub(crate) async fn item(
        &self,
        pk: &str,
        sk: AttributeValue,
        only: Option<&'static str>,
    ) -> Result<Option<Item>, StoreError> {
        let mut request = self.client.get_item().table_name(&*self.table).consistent_read(true);
        if let Some(attribute) = only {
            request = request
                .projection_expression("#only")
                .expression_attribute_names("#only", attribute);
        }
        let answer = request.key(PK, text(pk)).key(SK, sk).send().await;
        Ok(answer.map_err(StoreError::unavailable("GetItem"))?.item)
    }

    /// The items of a partition with these sort keys, the ends included.
    pub(crate) fn query(&self, pk: &str, first: AttributeValue, last: AttributeValue) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":first", first)
            .expression_attribute_values(":last", last)
    }
}
