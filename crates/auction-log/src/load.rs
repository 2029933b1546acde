//! The state of an auction: now, at a position, at a time.

use gatehouse_auction::{Auction, AuctionId, Entry, LogError};
use gatehouse_event_store::Snapshot;
use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::{info, warn};

use crate::stored::{entry, sortable};
use crate::{AuctionLog, ReadError};

/// When more entries than this had to be read, the state is saved, so that the next reader has less to do.
///
/// A state that does not fit into one item of DynamoDB is not saved, and read from the whole log each time. It takes some
/// 180 bytes for each bidder whose name is a UUID, so that is over 2,000 bidders; and 67 for each bid that was replaced or
/// withdrawn.
pub const SNAPSHOT_AFTER: u64 = 200;

/// The form of our snapshots. One of another form is not read; the log has everything.
const FORM: u64 = 2;

impl AuctionLog {
    /// The auction as it is now: the latest snapshot, and the entries after it, whose chain is checked.
    /// Saves a snapshot if there were more than [`SNAPSHOT_AFTER`]. None if there is no such auction.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn load(&self, id: AuctionId) -> Result<Option<Auction>, ReadError> {
        let snapshot = self.snapshot(id, u64::MAX).await?;
        let known = snapshot.as_ref().map_or(0, |auction| auction.head().position);
        let auction = self.read_on(id, snapshot, u64::MAX).await?;
        if let Some(auction) = &auction
            && auction.head().position.saturating_sub(known) > SNAPSHOT_AFTER
        {
            self.save_snapshot(auction).await;
        }
        Ok(auction)
    }

    /// The same from the log alone, every entry of it checked: for a decision that has to stand even if
    /// somebody tampered with a snapshot.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn load_whole(&self, id: AuctionId) -> Result<Option<Auction>, ReadError> {
        self.read_on(id, None, u64::MAX).await
    }

    /// The auction as it was after the entry at this position, or as it is now if it has not come that
    /// far. None at position 0, and if there is no such auction.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn load_at(&self, id: AuctionId, position: u64) -> Result<Option<Auction>, ReadError> {
        let snapshot = self.snapshot(id, position).await?;
        self.read_on(id, snapshot, position).await
    }

    /// The auction as it was at this time, with everything that happened in its last millisecond. None
    /// before it was opened, and if there is no such auction.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn load_at_time(&self, id: AuctionId, time: Timestamp) -> Result<Option<Auction>, ReadError> {
        let position = self.store.version_at(&id.to_string(), &sortable(time)).await?;
        self.load_at(id, position).await
    }

    /// Takes in what has happened since an auction was loaded. After an error it is as far as the log could be read.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn catch_up(&self, auction: &mut Auction) -> Result<(), ReadError> {
        let (id, after) = (auction.id(), auction.head().position);
        self.each_entry(id, after, u64::MAX, |entry| auction.apply(entry)).await
    }

    /// Brings an auction, or nothing yet, up to this position.
    async fn read_on(
        &self,
        id: AuctionId,
        mut auction: Option<Auction>,
        up_to: u64,
    ) -> Result<Option<Auction>, ReadError> {
        let after = auction.as_ref().map_or(0, |known| known.head().position);
        self.each_entry(id, after, up_to, |entry| take(id, &mut auction, entry))
            .await?;
        Ok(auction)
    }

    /// Reads page by page. Envelopes stay where they are: the state does not hold them.
    async fn each_entry(
        &self,
        id: AuctionId,
        after: u64,
        up_to: u64,
        mut take: impl FnMut(&Entry) -> Result<(), LogError>,
    ) -> Result<(), ReadError> {
        let stream = id.to_string();
        let mut reading = self.store.read(&stream).after(after).up_to(up_to).without_attachments();
        while let Some(page) = reading.next_page().await? {
            for record in page {
                take(&entry(record)?)?;
            }
        }
        Ok(())
    }

    async fn snapshot(&self, id: AuctionId, up_to: u64) -> Result<Option<Auction>, ReadError> {
        let snapshot = self.store.latest_snapshot(&id.to_string(), up_to).await?;
        Ok(snapshot.and_then(|snapshot| read_snapshot(id, &snapshot)))
    }

    async fn save_snapshot(&self, auction: &Auction) {
        let snapshot = Snapshot {
            version: auction.head().position,
            body: json!({ "form": FORM, "auction": auction }).to_string(),
        };
        // Nobody needs it: the next reader has more to read, that is all.
        if let Err(error) = self.store.save_snapshot(&auction.id().to_string(), &snapshot).await {
            info!(auction = %auction.id(), "no snapshot was saved: {error}");
        }
    }
}

fn take(id: AuctionId, auction: &mut Option<Auction>, entry: &Entry) -> Result<(), LogError> {
    match auction {
        Some(auction) => auction.apply(entry)?,
        None => *auction = Some(Auction::opened(id, entry)?),
    }
    Ok(())
}

/// The auction in a snapshot. None if it is of another form, or of something else.
fn read_snapshot(id: AuctionId, snapshot: &Snapshot) -> Option<Auction> {
    let mut body: Value = serde_json::from_str(&snapshot.body).ok()?;
    let auction = match body.get("form").and_then(Value::as_u64) {
        Some(FORM) => serde_json::from_value::<Auction>(body.get_mut("auction")?.take()).ok(),
        _ => None,
    };
    let auction = auction.filter(|auction| auction.id() == id && auction.head().position == snapshot.version);
    if auction.is_none() {
        warn!(auction = %id, version = snapshot.version, "a snapshot of another form is left aside");
    }
    auction
}
