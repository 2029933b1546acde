//! Step 1: what is told of an event, and what never is.
//!
//! Told is what anyone may know: that it happened, when, and its link in the chain; for an opening also
//! its terms without the reserve; for a settlement who won. Never told: an envelope, who placed or
//! withdrew a bid, an amount, sealed or not.

use gatehouse_auction::{AuctionId, Event, Hash, Outcome, Rule, Terms};
use gatehouse_core::stream::{Change, StreamRecord};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::PublishError;

/// What the bus is told of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// What kind of event it is: `BidPlaced`.
    #[serde(skip)]
    pub detail_type: &'static str,
    /// The auction.
    pub auction_id: AuctionId,
    /// Its position in the log. With the auction's id, this tells a second delivery from the first.
    pub position: u64,
    /// When it was appended.
    pub at: Timestamp,
    /// The log's hash up to here.
    pub hash: Hash,
    /// What else is told of events of its kind.
    #[serde(flatten)]
    pub more: More,
}

/// What is told of an event of a certain kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum More {
    /// Of an opening.
    Opened {
        /// What is for sale.
        title: String,
        /// Bids count up to then.
        closes_at: Timestamp,
        /// How the price is found.
        rule: Rule,
        /// The three letters of ISO 4217.
        currency: String,
    },
    /// Of a settlement.
    Settled {
        /// Who won, if anybody did.
        winner: Option<Winner>,
        /// How many bids stood at the close.
        bids: u64,
        /// How many of them were valid.
        valid: u64,
        /// The log's hash that the result was found on.
        log_head: Hash,
    },
    /// Of all others.
    Nothing {},
}

/// The winning bid.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Winner {
    /// The bid's id: its position in the log, as text.
    pub bid_id: String,
    /// The bidder's verified subject.
    pub bidder: String,
}

impl Announcement {
    /// What is to be told of a change of the table. None for everything that is no new event: aliases,
    /// snapshots, the settlement's progress, and whatever is changed or deleted by hand.
    ///
    /// # Errors
    /// [`PublishError::MalformedRecord`].
    pub fn of(record: &StreamRecord) -> Result<Option<Self>, PublishError> {
        let position = position(record)?;
        if record.change != Some(Change::Insert) || position == 0 {
            return Ok(None);
        }
        let event: Event = serde_json::from_str(text(record, "body")?).map_err(|_| malformed("body"))?;
        Ok(Some(Self {
            detail_type: detail_type(&event),
            auction_id: key(record, "pk", "S")?.parse().map_err(|_| malformed("pk"))?,
            position,
            at: text(record, "at")?.parse().map_err(|_| malformed("at"))?,
            hash: text(record, "hash")?.parse().map_err(|_| malformed("hash"))?,
            more: More::of(event),
        }))
    }
}

/// What the failure queue is told of a record that could not be told to the bus: where it is, and of what type, if that can
/// be read. The item itself holds an envelope and a bidder.
pub fn place_of(record: &StreamRecord) -> Value {
    let kind = record.new.as_ref().and_then(|item| item.text("type"));
    json!({ "keys": record.keys, "sequenceNumber": record.sequence_number, "type": kind })
}

impl More {
    fn of(event: Event) -> Self {
        match event {
            Event::AuctionOpened { terms, .. } => Self::opened(terms),
            Event::AuctionSettled { outcome } => Self::settled(outcome),
            _ => Self::Nothing {},
        }
    }

    fn opened(terms: Terms) -> Self {
        Self::Opened {
            title: terms.title,
            closes_at: terms.closes_at,
            rule: terms.rule,
            currency: terms.currency.code().to_owned(),
        }
    }

    fn settled(outcome: Outcome) -> Self {
        let winner = outcome.winner.map(|winner| Winner {
            bid_id: winner.bid.to_string(),
            bidder: winner.bidder,
        });
        Self::Settled {
            winner,
            bids: outcome.bids,
            valid: outcome.valid,
            log_head: outcome.log_head,
        }
    }
}

fn detail_type(event: &Event) -> &'static str {
    match event {
        Event::AuctionOpened { .. } => "AuctionOpened",
        Event::BidPlaced { .. } => "BidPlaced",
        Event::BidWithdrawn { .. } => "BidWithdrawn",
        Event::AuctionClosed {} => "AuctionClosed",
        Event::AuctionSettled { .. } => "AuctionSettled",
        Event::AuctionCancelled { .. } => "AuctionCancelled",
    }
}

/// The event's position; 0 for what is no event: an alias is at 0, a snapshot below it.
fn position(record: &StreamRecord) -> Result<u64, PublishError> {
    let digits = key(record, "sk", "N")?;
    let number: i128 = digits.parse().map_err(|_| malformed("sk"))?;
    u64::try_from(number.max(0)).map_err(|_| malformed("sk"))
}

fn key<'a>(record: &'a StreamRecord, name: &'static str, of_type: &str) -> Result<&'a str, PublishError> {
    let value = record.keys.get(name).and_then(|value| value.get(of_type));
    value.and_then(Value::as_str).ok_or(malformed(name))
}

fn text<'a>(record: &'a StreamRecord, name: &'static str) -> Result<&'a str, PublishError> {
    let new = record.new.as_ref();
    new.and_then(|item| item.text(name)).ok_or(malformed(name))
}

fn malformed(attribute: &'static str) -> PublishError {
    PublishError::MalformedRecord(attribute)
}
