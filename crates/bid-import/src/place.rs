//! One line: from its text to a bid in the auction that it names.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Instant;

use gatehouse_auction::{Auction, AuctionId, Hash, rules};
use gatehouse_auction_log::{AppendError, Backoff, ReadError};
use gatehouse_core::deadline::Deadline;
use gatehouse_core::event::Record;

use crate::Deps;
use crate::error::LineError;
use crate::file::Line;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is a bid now.
    Now,
    /// It was one already, also if it does not stand any more.
    Before,
}

/// The auctions that one file speaks of. Each is read once, and then only if somebody else came in between: a
/// line that is a bid already costs no request, and so a large file gets further with each delivery. A contract that no
/// auction has is looked up once.
#[derive(Debug)]
pub struct Auctions<'a> {
    deps: &'a Deps,
    record: &'a Record,
    bidder: &'a str,
    by_contract: HashMap<String, Option<AuctionId>>,
    known: HashMap<AuctionId, Auction>,
}

impl<'a> Auctions<'a> {
    /// None read yet. The file of this event, which is begun, is this bidder's.
    pub fn new(deps: &'a Deps, record: &'a Record, bidder: &'a str) -> Self {
        Self {
            deps,
            record,
            bidder,
            by_contract: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// Places a line's bid, right behind the last entry that was looked at: so two deliveries of one file can't both place
    /// it, and a close that comes in between refuses it. After each look it has to be the newest file under its key still: so
    /// no bid of a newer one is replaced. Who is overtaken waits a random time before the next look.
    ///
    /// A ciphertext that the bidder has ever placed would change nothing if it was placed again, so it is skipped.
    ///
    /// # Errors
    /// [`LineError`]
    pub async fn place(&mut self, line: &Line, deadline: Deadline) -> Result<Placed, LineError> {
        let Self {
            deps, record, bidder, ..
        } = *self;
        let id = self.named(&line.contract).await?;
        let auction = self.known(id).await?;
        let envelope = Hash::of(&line.bid);
        let (mut backoff, mut looked) = (Backoff::default(), Instant::now());
        loop {
            if auction.has_placed(bidder, envelope) {
                return Ok(Placed::Before);
            }
            let (head, now) = (auction.head(), (deps.now)().max(auction.head().at));
            let event = rules::place_kms_ciphertext(auction.terms(), auction.phase(), now, bidder, &line.bid)?;
            match deps.log.append(id, &head, &event, Some(line.bid.clone()), now).await {
                Ok(entry) => {
                    auction.apply(&entry).map_err(ReadError::from)?;
                    return Ok(Placed::Now);
                }
                Err(AppendError::Overtaken(_)) => backoff.wait(looked.elapsed(), deadline).await?,
                Err(error) => return Err(error.into()),
            }
            looked = Instant::now();
            look(deps, auction, record).await?;
        }
    }

    /// The auction of this contract.
    async fn named(&mut self, contract: &str) -> Result<AuctionId, LineError> {
        let id = match self.by_contract.get(contract) {
            Some(looked_up) => *looked_up,
            None => {
                let found = self.find(contract).await?;
                self.by_contract.insert(contract.to_owned(), found);
                found
            }
        };
        id.ok_or(LineError::NoSuchContract)
    }

    /// The older system knows no ids, but a file that was written for us may.
    async fn find(&self, contract: &str) -> Result<Option<AuctionId>, LineError> {
        let by_name = self.deps.log.by_contract(contract).await?;
        let Some(id) = by_name.or_else(|| contract.parse().ok()) else {
            return Ok(None);
        };
        Ok(self.deps.log.terms(id).await?.map(|_| id))
    }

    async fn known(&mut self, id: AuctionId) -> Result<&mut Auction, LineError> {
        match self.known.entry(id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(vacant) => {
                let auction = self.deps.log.load_whole(id).await?.ok_or(LineError::NoSuchContract)?;
                self.deps.imported.expect_newest(self.record).await?;
                Ok(vacant.insert(auction))
            }
        }
    }
}

/// Reads what has happened since, and then whether a newer file was begun, in this order.
async fn look(deps: &Deps, auction: &mut Auction, record: &Record) -> Result<(), LineError> {
    deps.log.catch_up(auction).await?;
    Ok(deps.imported.expect_newest(record).await?)
}
