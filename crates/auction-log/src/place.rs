//! From a decision to an event in the log, whoever else is at it.

use std::time::Instant;

use gatehouse_auction::{Auction, AuctionId, Entry, Event, Head, Phase, Refusal, Terms};
use gatehouse_core::deadline::Deadline;
use jiff::Timestamp;
use metrics::{Unit, counter, describe_counter};

use crate::backoff::Backoff;
use crate::{AppendError, AuctionLog, PlaceError};

/// What is to be appended: the event, and a bid's envelope.
type Decision = (Event, Option<String>);

/// Tells CloudWatch the unit of what is counted here.
pub fn describe() {
    describe_counter!(
        "AppendRetries",
        Unit::Count,
        "Appends tried again because another event came first"
    );
}

impl AuctionLog {
    /// Appends what `decide` makes of the terms, the phase, the head and the time. `decide` is asked again whenever
    /// another event comes first, so it may refuse then what it allowed before: a close that came in between.
    ///
    /// One Query and one PutItem if nobody else is faster, and one GetItem the first time that this process
    /// meets the auction. Who was overtaken waits a random time, and reads the head again.
    ///
    /// The time that `decide` is given is never before that of the last entry.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub async fn place<Decide>(
        &self,
        id: AuctionId,
        mut decide: Decide,
        deadline: Deadline,
    ) -> Result<Entry, PlaceError>
    where
        Decide: FnMut(&Terms, Phase, &Head, Timestamp) -> Result<Decision, Refusal>,
    {
        let mut backoff = Backoff::default();
        loop {
            let read = Instant::now();
            let last = self.last(id).await?.ok_or(PlaceError::NotFound(id))?;
            let terms = self.terms(id).await?.ok_or(PlaceError::NotFound(id))?;
            let (head, now) = (last.head(), self.clock.now().max(last.at));
            let (event, envelope) = decide(&terms, Phase::after(&last.event()?), &head, now)?;
            match self.append(id, &head, &event, envelope, now).await {
                Ok(entry) => return Ok(counted(entry, &backoff)),
                Err(AppendError::Overtaken(_)) => backoff.wait(read.elapsed(), deadline).await?,
                Err(error) => return Err(PlaceError::Append(error)),
            }
        }
    }

    /// The same for what can't be decided without the whole state, such as a withdrawal.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub async fn change<Decide>(
        &self,
        id: AuctionId,
        mut decide: Decide,
        deadline: Deadline,
    ) -> Result<Entry, PlaceError>
    where
        Decide: FnMut(&Auction, Timestamp) -> Result<Decision, Refusal>,
    {
        let mut backoff = Backoff::default();
        let mut read = Instant::now();
        let mut auction = self.load(id).await?.ok_or(PlaceError::NotFound(id))?;
        loop {
            let (head, now) = (auction.head(), self.clock.now().max(auction.head().at));
            let (event, envelope) = decide(&auction, now)?;
            match self.append(id, &head, &event, envelope, now).await {
                Ok(entry) => return Ok(counted(entry, &backoff)),
                Err(AppendError::Overtaken(_)) => backoff.wait(read.elapsed(), deadline).await?,
                Err(error) => return Err(PlaceError::Append(error)),
            }
            read = Instant::now();
            self.catch_up(&mut auction).await?;
        }
    }
}

fn counted(entry: Entry, backoff: &Backoff) -> Entry {
    counter!("AppendRetries").increment(u64::from(backoff.overtaken()));
    entry
}
