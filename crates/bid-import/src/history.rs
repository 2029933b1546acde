//! What one bidder has placed in one auction, ever.
//!
//! A file may be delivered twice, and late: after the bidder has replaced or withdrawn what is in it. So a ciphertext that
//! was ever placed is not placed again, whether or not it still stands. No two sealed bids have the same ciphertext.

use std::collections::HashSet;

use gatehouse_auction::{AuctionId, Entry, Event, Hash, Head, LogError, Phase};
use gatehouse_auction_log::{AuctionLog, ReadError};

/// Entries that are read at once.
const PAGE: usize = 500;

/// A bidder's past in an auction, up to a head.
#[derive(Debug)]
pub struct History {
    auction: AuctionId,
    head: Head,
    phase: Phase,
    placed: HashSet<Hash>,
}

impl History {
    /// That of an auction of which nothing was read yet.
    pub fn start(auction: AuctionId) -> Self {
        Self {
            auction,
            head: Head::start(auction),
            phase: Phase::Open,
            placed: HashSet::new(),
        }
    }

    /// Where the log ends, as far as it was read.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The phase at that head.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the bidder has ever placed this envelope.
    pub fn has(&self, envelope: Hash) -> bool {
        self.placed.contains(&envelope)
    }

    /// Reads what has happened since.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn read_on(&mut self, log: &AuctionLog, bidder: &str) -> Result<(), ReadError> {
        loop {
            let entries = log.entries(self.auction, self.head.position, PAGE).await?;
            for entry in &entries {
                self.take(entry, bidder)?;
            }
            if entries.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Takes the next entry in.
    ///
    /// # Errors
    /// [`LogError`] if it does not follow, or is no event.
    pub fn take(&mut self, entry: &Entry, bidder: &str) -> Result<(), LogError> {
        let head = entry.check(&self.head)?;
        let event = entry.event()?;
        self.phase = Phase::after(&event);
        self.head = head;
        match event {
            Event::BidPlaced {
                bidder: theirs,
                envelope_sha256,
                ..
            } if theirs == bidder => {
                self.placed.insert(envelope_sha256);
            }
            _ => {}
        }
        Ok(())
    }
}
