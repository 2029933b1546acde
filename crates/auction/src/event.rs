//! What can happen to an auction. Its state is what the events say, in their order, and nothing else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::id::AuctionId;
use crate::key::PublicKey;
use crate::log::LogError;
use crate::money::{Currency, Money};
use crate::settlement::Outcome;

/// How the price is found. The winner is the highest bid under either rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The winner pays their own amount.
    FirstPrice,
    /// Vickrey's rule: the winner pays the second highest valid amount, or the reserve if that is higher. A single
    /// valid bid pays the reserve, or its own amount where there is none.
    SecondPrice,
}

/// The terms of an auction. They never change after it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// What is for sale, for people: 1 to 200 bytes.
    pub title: String,
    /// The name by which an older system's files mean this auction: 1 to 128 bytes, no `/`, no auction's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Bids count from here on.
    pub opens_at: Timestamp,
    /// Bids count up to the millisecond before.
    pub closes_at: Timestamp,
    /// How the price is found.
    pub rule: Rule,
    /// The currency that all amounts have to be in.
    pub currency: Currency,
    /// Lower bids can't win.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<Money>,
    /// What bids are sealed for.
    pub key: PublicKey,
    /// What KMS `Decrypt` needs: the ARN of the key's private half.
    pub kms_key: String,
    /// The auctioneer's verified subject.
    pub opened_by: String,
}

/// How a bid is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seal {
    /// A JWE in its compact form: [`crate::envelope`].
    Jwe,
    /// A KMS ciphertext in base64, out of an older system's file: [`crate::legacy`].
    KmsCiphertext,
}

/// Something that happened to an auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// Always the first event, and only the first.
    AuctionOpened {
        /// The auction's id.
        auction: AuctionId,
        /// Its terms.
        terms: Terms,
    },
    /// A bid, whose id is this event's position. It replaces the bidder's earlier one, unless they have placed this envelope
    /// before: then it changes nothing.
    BidPlaced {
        /// The bidder's verified subject.
        bidder: String,
        /// How the envelope is sealed.
        seal: Seal,
        /// SHA-256 of the envelope's text, which lies beside the event.
        envelope_sha256: Hash,
    },
    /// A bidder took their bid back. It changes nothing if that bid does not stand any more.
    BidWithdrawn {
        /// The bidder's verified subject.
        bidder: String,
        /// The bid's id.
        bid: u64,
        /// SHA-256 of its envelope's text. Everybody sees the digest of this event, and may guess bidders: without
        /// something that only this bidder knows, a guess could be checked.
        envelope_sha256: Hash,
    },
    /// From here on only the settlement may follow.
    AuctionClosed {},
    /// The end: who won.
    AuctionSettled {
        /// The result, without any amount in plain.
        outcome: Outcome,
    },
    /// The end: called off by the auctioneer before the close.
    AuctionCancelled {
        /// Why, for people; may be empty.
        reason: String,
    },
}

impl Event {
    /// The event as JSON without white space: what is stored, and hashed to the byte.
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritable`], which does not happen for an event that the rules made.
    pub fn body(&self) -> Result<String, LogError> {
        serde_json::to_string(self).map_err(|_| LogError::Unwritable)
    }

    /// The body of a bid, made of what its bidder knows: so they can find their own bid's digest in the log.
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritable`], which does not happen.
    pub fn bid_placed_body(bidder: &str, seal: Seal, envelope_sha256: Hash) -> Result<String, LogError> {
        let bidder = bidder.to_owned();
        Self::BidPlaced {
            bidder,
            seal,
            envelope_sha256,
        }
        .body()
    }

    /// The event's name in kebab case, as `type` in its body: `bid-placed`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AuctionOpened { .. } => "auction-opened",
            Self::BidPlaced { .. } => "bid-placed",
            Self::BidWithdrawn { .. } => "bid-withdrawn",
            Self::AuctionClosed {} => "auction-closed",
            Self::AuctionSettled { .. } => "auction-settled",
            Self::AuctionCancelled { .. } => "auction-cancelled",
        }
    }
}

/// How far an auction has come. It follows from the last event alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Bids may be placed and withdrawn, within the time of the terms.
    Open,
    /// Only the settlement may follow.
    Closed,
    /// Nothing may follow.
    Settled,
    /// Nothing may follow.
    Cancelled,
}

impl Phase {
    /// The phase that an auction is in after this event.
    pub fn after(event: &Event) -> Self {
        match event {
            Event::AuctionOpened { .. } | Event::BidPlaced { .. } | Event::BidWithdrawn { .. } => Self::Open,
            Event::AuctionClosed {} => Self::Closed,
            Event::AuctionSettled { .. } => Self::Settled,
            Event::AuctionCancelled { .. } => Self::Cancelled,
        }
    }
}
