//! Reading the log: entries, links, and auctions by the name of a contract.

use gatehouse_auction::{AuctionId, Entry, Link};
use gatehouse_event_store::StoreError;

use crate::stored::entry;
use crate::{AuctionLog, ReadError};

impl AuctionLog {
    /// The last entry. None if there is no such auction. One Query.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn last(&self, id: AuctionId) -> Result<Option<Entry>, ReadError> {
        let last = self.store.last(&id.to_string()).await?;
        last.map(entry).transpose()
    }

    /// The entry at this position, if there is one. One GetItem.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn entry(&self, id: AuctionId, position: u64) -> Result<Option<Entry>, ReadError> {
        let found = self.store.at(&id.to_string(), position).await?;
        found.map(entry).transpose()
    }

    /// At most so many entries after this position (0 for the start), with their envelopes. The chain is
    /// not checked.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn entries(&self, id: AuctionId, after: u64, at_most: usize) -> Result<Vec<Entry>, ReadError> {
        let stream = id.to_string();
        let records = self.store.read(&stream).after(after).at_most(at_most).all().await?;
        records.into_iter().map(entry).collect()
    }

    /// What anyone may see of at most so many entries after this position (0 for the start). The chain
    /// is not checked: that is for who asks. The newest entries may be missing for a moment: they are read as cheaply as
    /// possible, so that nobody who reads a log holds up those who append to it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn links(&self, id: AuctionId, after: u64, at_most: usize) -> Result<Vec<Link>, ReadError> {
        let stream = id.to_string();
        let reading = self.store.read(&stream).after(after).at_most(at_most);
        let records = reading.without_attachments().eventually_consistent().all().await?;
        records.into_iter().map(|record| Ok(entry(record)?.link())).collect()
    }

    /// The auction that has this contract's name, if one has.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn by_contract(&self, name: &str) -> Result<Option<AuctionId>, ReadError> {
        let stream = self.store.resolve(&alias(name)).await?;
        let id = stream.map(|stream| stream.parse().map_err(|_| StoreError::Malformed("stream")));
        Ok(id.transpose()?)
    }
}

/// The other name of an auction's stream.
pub(crate) fn alias(contract: &str) -> String {
    format!("contract/{contract}")
}
