//! Who wins, and what they pay.
//!
//! The highest valid amount wins; of equal ones the earliest, then the one with the lowest position in the log. A bid
//! below the reserve is valid but can't win. The price is [`Rule`]'s.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::event::{Rule, Terms};
use crate::hash::Hash;
use crate::money::{Currency, Money};

/// The result of an auction, as it stands in the log. It holds no amount in plain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Who won; nobody if no valid bid reached the reserve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<Winner>,
    /// How many bids stood at the close.
    pub bids: u64,
    /// How many of them were valid.
    pub valid: u64,
    /// The others, by their ids.
    pub invalid: Vec<Invalid>,
    /// The log's hash that the result was found on: the one before this event.
    pub log_head: Hash,
    /// The winner's [`Price`], encrypted by whoever settled; there if and only if there is a winner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
}

/// The winning bid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    /// The bid's id.
    pub bid: u64,
    /// The bidder's verified subject.
    pub bidder: String,
}

/// A bid that could not be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// The bid's id.
    pub bid: u64,
    /// A stable code: [`EnvelopeError::code`](crate::envelope::EnvelopeError::code) and the like.
    pub reason: String,
}

impl Outcome {
    /// Whether its counts agree with each other, and its winner with its sealed price.
    pub(crate) fn adds_up(&self) -> bool {
        let counted = self.valid.checked_add(self.invalid.len() as u64);
        let winner_is_valid = self.winner.is_none() || self.valid > 0;
        counted == Some(self.bids) && winner_is_valid && self.winner.is_some() == self.sealed.is_some()
    }
}

/// A valid bid. Its `Debug` does not show the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The bid's id.
    pub bid: u64,
    /// The bidder's verified subject.
    pub bidder: String,
    /// When it was placed.
    pub at: Timestamp,
    /// What was bid.
    pub amount: Money,
}

impl Candidate {
    fn beats(&self, other: &Self) -> bool {
        let rank = |bid: &Self| (std::cmp::Reverse(bid.amount.decimal()), bid.at, bid.bid);
        rank(self) < rank(other)
    }
}

/// The count of opened bids. The order in which they are counted does not matter.
///
/// Written as JSON it **holds amounts**: only ever store it encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    currency: Currency,
    best: Option<Candidate>,
    second: Option<Money>,
    valid: u64,
    invalid: BTreeMap<u64, String>,
}

/// A valid bid in another currency than the auction's is invalid for this reason.
pub const OTHER_CURRENCY: &str = "bid-other-currency";

impl Tally {
    /// Nothing counted yet.
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            best: None,
            second: None,
            valid: 0,
            invalid: BTreeMap::new(),
        }
    }

    /// Counts a bid that opened. One in another currency is counted as invalid: [`OTHER_CURRENCY`].
    pub fn valid(&mut self, candidate: Candidate) {
        if candidate.amount.currency() != self.currency {
            self.invalid(candidate.bid, OTHER_CURRENCY);
            return;
        }
        self.valid = self.valid.saturating_add(1);
        let beaten = match &self.best {
            Some(best) if !candidate.beats(best) => Some(candidate),
            _ => self.best.replace(candidate),
        };
        let beaten = beaten.map(|candidate| candidate.amount);
        self.second = [self.second, beaten].into_iter().flatten().max_by_key(Money::decimal);
    }

    /// Counts a bid that is invalid, for a stable code.
    pub fn invalid(&mut self, bid: u64, reason: impl Into<String>) {
        self.invalid.insert(bid, reason.into());
    }

    /// How many bids were counted.
    pub fn counted(&self) -> u64 {
        self.valid.saturating_add(self.invalid.len() as u64)
    }

    /// Who wins and what they pay, once all are counted; nobody if no valid bid reaches the reserve.
    pub fn award(&self, terms: &Terms) -> Option<Award> {
        let best = self.best.as_ref()?;
        if terms
            .reserve
            .is_some_and(|reserve| best.amount.decimal() < reserve.decimal())
        {
            return None;
        }
        let price = match terms.rule {
            Rule::FirstPrice => best.amount,
            Rule::SecondPrice => [self.second, terms.reserve]
                .into_iter()
                .flatten()
                .max_by_key(Money::decimal)
                .unwrap_or(best.amount),
        };
        let winner = Winner {
            bid: best.bid,
            bidder: best.bidder.clone(),
        };
        Some(Award {
            winner,
            price: Price {
                amount: best.amount,
                price,
            },
        })
    }

    /// The outcome on the log with this head. `won` is the winner with the sealed [`Price`].
    pub fn outcome(&self, log_head: Hash, won: Option<(Winner, String)>) -> Outcome {
        let (winner, sealed) = won.unzip();
        let invalid = self.invalid.iter().map(|(bid, reason)| Invalid {
            bid: *bid,
            reason: reason.clone(),
        });
        Outcome {
            winner,
            bids: self.counted(),
            valid: self.valid,
            invalid: invalid.collect(),
            log_head,
            sealed,
        }
    }
}

/// The winner, with the amounts that are sealed before they go anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// Who won.
    pub winner: Winner,
    /// Their amounts.
    pub price: Price,
}

/// The two amounts that a settlement knows. Its `Debug` does not show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What the winner bid: for the winner's eyes.
    pub amount: Money,
    /// What the winner pays: for the auctioneer's eyes.
    pub price: Money,
}

/// The text is not a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed price is not JSON of amount, price and currency")]
pub struct PriceError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceJson {
    amount: String,
    price: String,
    currency: Currency,
}

impl Price {
    /// `{"amount":"…","price":"…","currency":"…"}`, to be encrypted. It is wiped when it is dropped.
    ///
    /// # Errors
    ///
    /// [`PriceError`], which does not happen.
    pub fn to_json(&self) -> Result<Zeroizing<String>, PriceError> {
        let (amount, price, currency) = (self.amount.amount(), self.price.amount(), self.amount.currency());
        let json = PriceJson {
            amount,
            price,
            currency,
        };
        serde_json::to_string(&json).map(Zeroizing::new).map_err(|_| PriceError)
    }

    /// What [`Price::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// [`PriceError`].
    pub fn from_json(json: &[u8]) -> Result<Self, PriceError> {
        let PriceJson {
            amount,
            price,
            currency,
        } = serde_json::from_slice(json).map_err(|_| PriceError)?;
        let money = |text: &str| Money::parse(text, currency).map_err(|_| PriceError);
        Ok(Self {
            amount: money(&amount)?,
            price: money(&price)?,
        })
    }
}
