//! The state of an auction: a fold of its log. Chain and order are checked on the way.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Event, Phase, Seal, Terms};
use crate::hash::Hash;
use crate::id::{AuctionId, is_subject};
use crate::log::{Entry, Head, LogError};
use crate::settlement::Outcome;

/// An auction as its log leaves it. It goes into a snapshot as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auction {
    id: AuctionId,
    terms: Terms,
    phase: Phase,
    bids: BTreeMap<String, StandingBid>,
    /// By bidder, the envelopes of bids that were replaced or withdrawn.
    spent: BTreeMap<String, BTreeSet<Hash>>,
    head: Head,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// A bidder's one bid that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingBid {
    /// Its id: its position in the log.
    pub bid: u64,
    /// When it was placed: what ties are broken by.
    pub at: Timestamp,
    /// SHA-256 of its envelope's text.
    pub envelope_sha256: Hash,
    /// How it is sealed.
    pub seal: Seal,
}

impl Auction {
    /// The auction that this whole log tells of. Envelopes may have been left out by whoever read it.
    ///
    /// # Errors
    ///
    /// [`LogError::Empty`] without any entry; else as [`Auction::apply`].
    pub fn fold<I>(id: AuctionId, entries: I) -> Result<Self, LogError>
    where
        I: IntoIterator,
        I::Item: Borrow<Entry>,
    {
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(LogError::Empty)?;
        let mut auction = Self::opened(id, first.borrow())?;
        for entry in entries {
            auction.apply(entry.borrow())?;
        }
        Ok(auction)
    }

    /// The auction after its first entry.
    ///
    /// # Errors
    ///
    /// [`LogError::OutOfTurn`] if that does not open this auction; [`LogError::Chain`], [`LogError::NotAnEvent`],
    /// [`LogError::Envelope`].
    pub fn opened(id: AuctionId, first: &Entry) -> Result<Self, LogError> {
        let head = first.check(&Head::start(id))?;
        let event = first.event()?;
        check_envelope(first, &event)?;
        match event {
            Event::AuctionOpened { auction, terms } if auction == id => Ok(Self {
                id,
                terms,
                phase: Phase::Open,
                bids: BTreeMap::new(),
                spent: BTreeMap::new(),
                head,
                outcome: None,
            }),
            _ => Err(LogError::OutOfTurn {
                position: head.position,
            }),
        }
    }

    /// Takes the next entry in. After an error the auction is as it was.
    ///
    /// # Errors
    ///
    /// [`LogError::Chain`] if it does not follow the last one, [`LogError::NotAnEvent`], [`LogError::Envelope`], and
    /// [`LogError::OutOfTurn`] if the rules would not have let it happen here.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), LogError> {
        let head = entry.check(&self.head)?;
        let event = entry.event()?;
        check_envelope(entry, &event)?;
        if !self.allows(&event, head.at) {
            return Err(LogError::OutOfTurn {
                position: head.position,
            });
        }
        self.phase = Phase::after(&event);
        self.take(event, head);
        self.head = head;
        Ok(())
    }

    fn allows(&self, event: &Event, at: Timestamp) -> bool {
        let Terms {
            opens_at, closes_at, ..
        } = self.terms;
        let open = self.phase == Phase::Open;
        match event {
            Event::AuctionOpened { .. } => false,
            Event::BidPlaced { bidder, .. } | Event::BidWithdrawn { bidder, .. } => {
                open && is_subject(bidder) && opens_at <= at && at < closes_at
            }
            Event::AuctionClosed {} => open && at >= closes_at,
            Event::AuctionCancelled { .. } => open && at < closes_at,
            Event::AuctionSettled { outcome } => self.phase == Phase::Closed && self.is_outcome(outcome),
        }
    }

    fn take(&mut self, event: Event, Head { position: bid, at, .. }: Head) {
        match event {
            Event::BidPlaced {
                bidder,
                seal,
                envelope_sha256,
            } => {
                // No two sealed bids have the same envelope, so it is a repeated request. It must not lose its earlier time,
                // nor bring back what was replaced or withdrawn since.
                if self.has_placed(&bidder, envelope_sha256) {
                    return;
                }
                let new = StandingBid {
                    bid,
                    at,
                    envelope_sha256,
                    seal,
                };
                if let Some(replaced) = self.bids.insert(bidder.clone(), new) {
                    self.spend(bidder, replaced);
                }
            }
            Event::BidWithdrawn { bidder, bid, .. } => {
                if self.bids.get(&bidder).is_some_and(|standing| standing.bid == bid)
                    && let Some(withdrawn) = self.bids.remove(&bidder)
                {
                    self.spend(bidder, withdrawn);
                }
            }
            Event::AuctionSettled { outcome } => self.outcome = Some(outcome),
            Event::AuctionOpened { .. } | Event::AuctionClosed {} | Event::AuctionCancelled { .. } => {}
        }
    }

    fn spend(&mut self, bidder: String, bid: StandingBid) {
        self.spent.entry(bidder).or_default().insert(bid.envelope_sha256);
    }

    /// Whether this can be the outcome of exactly this log: found on its head, about its standing bids.
    pub(crate) fn is_outcome(&self, outcome: &Outcome) -> bool {
        let winner_stands = outcome.winner.as_ref().is_none_or(|winner| {
            let standing = self.bids.get(&winner.bidder);
            standing.is_some_and(|standing| standing.bid == winner.bid)
        });
        outcome.log_head == self.head.hash && outcome.bids == self.bid_count() && winner_stands && outcome.adds_up()
    }

    /// The auction's id.
    pub fn id(&self) -> AuctionId {
        self.id
    }

    /// Its terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How far it has come.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The standing bids by bidder: the last one of each, unless it was withdrawn.
    pub fn bids(&self) -> &BTreeMap<String, StandingBid> {
        &self.bids
    }

    /// How many bids stand.
    pub fn bid_count(&self) -> u64 {
        self.bids.len() as u64
    }

    /// The standing bids with their bidders, in the order of their positions: the order in which they are opened.
    pub fn bids_by_position(&self) -> Vec<(&str, StandingBid)> {
        let mut bids: Vec<_> = self.bids.iter().map(|(bidder, bid)| (bidder.as_str(), *bid)).collect();
        bids.sort_unstable_by_key(|(_, standing)| standing.bid);
        bids
    }

    /// The standing bid of this bidder.
    pub fn standing_bid(&self, bidder: &str) -> Option<StandingBid> {
        self.bids.get(bidder).copied()
    }

    /// Whether this bidder has ever placed this envelope. It may stand, or have been replaced or withdrawn; placed again, it
    /// changes nothing.
    pub fn has_placed(&self, bidder: &str, envelope_sha256: Hash) -> bool {
        let stands = self
            .bids
            .get(bidder)
            .is_some_and(|standing| standing.envelope_sha256 == envelope_sha256);
        stands
            || self
                .spent
                .get(bidder)
                .is_some_and(|spent| spent.contains(&envelope_sha256))
    }

    /// The log's head.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The outcome, once it is settled.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}

/// A bid's envelope is the one that it names; no other event has one.
fn check_envelope(entry: &Entry, event: &Event) -> Result<(), LogError> {
    let good = match (&entry.envelope, event) {
        (None, _) => true,
        (Some(envelope), Event::BidPlaced { envelope_sha256, .. }) => Hash::of(envelope) == *envelope_sha256,
        (Some(_), _) => false,
    };
    if good {
        Ok(())
    } else {
        Err(LogError::Envelope {
            position: entry.position,
        })
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
