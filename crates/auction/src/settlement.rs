//! Who wins, and what they pay.
//!
//! The highest valid amount wins; of equal ones the earliest, then the one with the lowest position in the log. A bid
//! below the reserve is valid but can't win. The price is [`Rule`]'s.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The ids of the others, by why they could not be counted: [`EnvelopeError::code`](crate::envelope::EnvelopeError::code)
    /// and the like. Each reason stands there once, since a result with many thousands of ids has to fit into one item.
    pub invalid: BTreeMap<String, BTreeSet<u64>>,
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

impl Outcome {
    /// Why each bid that could not be counted is invalid, by its id.
    pub fn invalid_by_id(&self) -> BTreeMap<u64, &str> {
        let by_reason = self.invalid.iter();
        by_reason
            .flat_map(|(reason, bids)| bids.iter().map(move |bid| (*bid, reason.as_str())))
            .collect()
    }

    /// Whether its counts agree with each other, and its winner with its sealed price.
    pub(crate) fn adds_up(&self) -> bool {
        let invalid: usize = self.invalid.values().map(BTreeSet::len).sum();
        let counted = self.valid.checked_add(invalid as u64);
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
        let mut invalid = BTreeMap::<String, BTreeSet<u64>>::new();
        for (bid, reason) in &self.invalid {
            invalid.entry(reason.clone()).or_default().insert(*bid);
        }
        Outcome {
            winner,
            bids: self.counted(),
            valid: self.valid,
            invalid,
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

/// In bytes; the longest price there is has 99.
const PRICE_LENGTH: usize = 128;

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
    /// `{"amount":"…","price":"…","currency":"…"}`, to be encrypted. It is wiped when it is dropped. Spaces make it as long as
    /// that of any other price: the length of a ciphertext is that of its plaintext.
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
        let json = serde_json::to_string(&json)
            .map(Zeroizing::new)
            .map_err(|_| PriceError)?;
        Ok(Zeroizing::new(format!("{:PRICE_LENGTH$}", *json)))
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
        } = crate::json::object(json).map_err(|_| PriceError)?;
        let money = |text: &str| Money::parse(text, currency).map_err(|_| PriceError);
        Ok(Self {
            amount: money(&amount)?,
            price: money(&price)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Event;
    use crate::testing::{at, eur, terms};

    fn candidate(bid: u64, bidder: &str, at_ms: i64, amount: &str) -> Candidate {
        Candidate {
            bid,
            bidder: bidder.into(),
            at: at(at_ms),
            amount: eur(amount),
        }
    }

    fn tally(candidates: impl IntoIterator<Item = Candidate>) -> Tally {
        let mut tally = Tally::new(terms(Rule::FirstPrice).currency);
        candidates.into_iter().for_each(|candidate| tally.valid(candidate));
        tally
    }

    /// Winner, their amount, and the price, of bids of these amounts in this order.
    fn award(rule: Rule, reserve: Option<&str>, amounts: &[&str]) -> Option<(u64, String, String)> {
        let bids = (2..)
            .zip(amounts)
            .map(|(bid, amount)| candidate(bid, &bid.to_string(), bid as i64, amount));
        let terms = Terms {
            reserve: reserve.map(eur),
            ..terms(rule)
        };
        let award = tally(bids).award(&terms)?;
        Some((
            award.winner.bid,
            award.price.amount.amount(),
            award.price.price.amount(),
        ))
    }

    fn won(bid: u64, amount: &str, price: &str) -> Option<(u64, String, String)> {
        Some((bid, amount.into(), price.into()))
    }

    #[test]
    fn under_first_price_the_highest_pays_their_own_amount() {
        assert_eq!(
            award(Rule::FirstPrice, None, &["5", "9.99", "7"]),
            won(3, "9.99", "9.99")
        );
        assert_eq!(
            award(Rule::FirstPrice, Some("9.99"), &["5", "9.99"]),
            won(3, "9.99", "9.99")
        );
    }

    #[test]
    fn under_second_price_the_highest_pays_the_second_highest_or_the_reserve() {
        let second = |reserve, amounts: &[&str]| award(Rule::SecondPrice, reserve, amounts);
        assert_eq!(second(None, &["5", "9", "7"]), won(3, "9.00", "7.00"));
        assert_eq!(second(Some("6"), &["5", "9", "7"]), won(3, "9.00", "7.00"));
        assert_eq!(second(Some("8"), &["5", "9", "7"]), won(3, "9.00", "8.00"));
        assert_eq!(second(Some("9"), &["5", "9", "7"]), won(3, "9.00", "9.00"));
    }

    #[test]
    fn a_single_bid_under_second_price_pays_the_reserve_or_its_own_amount() {
        assert_eq!(award(Rule::SecondPrice, Some("3"), &["5"]), won(2, "5.00", "3.00"));
        assert_eq!(award(Rule::SecondPrice, None, &["5"]), won(2, "5.00", "5.00"));
        assert_eq!(award(Rule::SecondPrice, None, &["0"]), won(2, "0.00", "0.00"));
    }

    #[test]
    fn nobody_wins_below_the_reserve_or_without_a_bid() {
        for rule in [Rule::FirstPrice, Rule::SecondPrice] {
            assert_eq!(award(rule, Some("5.01"), &["5", "4"]), None);
            assert_eq!(award(rule, None, &[]), None);
        }
    }

    #[test]
    fn of_equal_bids_the_earliest_wins_then_the_lowest_position() {
        let terms = terms(Rule::SecondPrice);
        let by_time = tally([candidate(2, "late", 9, "5"), candidate(3, "early", 8, "5")]);
        let by_place = tally([candidate(3, "second", 8, "5"), candidate(2, "first", 8, "5")]);
        for (tally, winner) in [(by_time, "early"), (by_place, "first")] {
            let award = tally.award(&terms).unwrap();
            assert_eq!((award.winner.bidder.as_str(), award.price.price), (winner, eur("5")));
        }
    }

    #[test]
    fn a_bid_in_another_currency_is_invalid() {
        let mut tally = tally([candidate(2, "alice", 1, "5")]);
        let amount = Money::parse("900", "USD".parse().unwrap()).unwrap();
        tally.valid(Candidate {
            amount,
            ..candidate(3, "bob", 1, "5")
        });
        let outcome = tally.outcome(Hash::of(""), None);
        assert_eq!((outcome.bids, outcome.valid), (2, 1));
        assert_eq!(outcome.invalid_by_id(), BTreeMap::from([(3, OTHER_CURRENCY)]));
        assert_eq!(tally.award(&terms(Rule::FirstPrice)).unwrap().winner.bidder, "alice");
    }

    proptest! {
        #[test]
        fn the_order_of_counting_does_not_matter(
            bids in proptest::collection::vec((0..5_i64, prop_oneof![0..4_u32, any::<u32>()], 0..4_u8), 1..12),
            seed in any::<u64>(),
            stop in any::<proptest::sample::Index>(),
        ) {
            let count = |tally: &mut Tally, number: usize| {
                let (time, amount, kind) = bids[number];
                let bid = number as u64;
                match kind {
                    0 => tally.invalid(bid, "envelope-does-not-open"),
                    _ => tally.valid(candidate(bid, &bid.to_string(), time, &amount.to_string())),
                }
            };
            let mut in_order = tally([]);
            (0..bids.len()).for_each(|number| count(&mut in_order, number));

            // Any order, with an interruption in which the tally is written and read again.
            let mut order: Vec<usize> = (0..bids.len()).collect();
            order.sort_by_key(|number| Hash::of(format!("{seed} {number}")));
            let (before, after) = order.split_at(stop.index(bids.len()));
            let mut resumed = tally([]);
            before.iter().for_each(|number| count(&mut resumed, *number));
            let mut resumed: Tally = serde_json::from_str(&serde_json::to_string(&resumed).unwrap()).unwrap();
            after.iter().for_each(|number| count(&mut resumed, *number));
            prop_assert_eq!(&resumed, &in_order);

            // And it is what sorting all of them by the rule's own words would say.
            let mut valid: Vec<_> = (0..).zip(&bids).filter(|(_, (_, _, kind))| *kind != 0).collect();
            valid.sort_by_key(|(bid, (time, amount, _))| (std::cmp::Reverse(*amount), *time, *bid));
            let award = in_order.award(&terms(Rule::SecondPrice));
            prop_assert_eq!(award.as_ref().map(|award| award.winner.bid), valid.first().map(|(bid, _)| *bid));
            let price = valid.get(1).or(valid.first()).map(|(_, (_, amount, _))| eur(&amount.to_string()));
            prop_assert_eq!(award.map(|award| award.price.price), price);
        }
    }

    #[test]
    fn an_outcome_of_twelve_thousand_invalid_bids_fits_into_one_item_of_the_log() {
        let mut tally = tally([]);
        for bid in 1_000_000..1_012_000 {
            let reason = ["envelope-does-not-open", OTHER_CURRENCY, "log-envelope-differs"][bid as usize % 3];
            tally.invalid(bid, reason);
        }
        let outcome = tally.outcome(Hash::of(""), None);
        assert!(outcome.adds_up());
        assert_eq!((outcome.bids, outcome.invalid_by_id().len()), (12_000, 12_000));
        let event = Event::AuctionSettled { outcome };
        let json = serde_json::to_string(&event).unwrap();
        println!("{} bytes", json.len());
        assert!(json.len() < 300_000, "an item of DynamoDB holds 409,600 bytes");
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }

    #[test]
    fn an_outcome_that_names_a_bid_twice_does_not_add_up() {
        let mut tally = tally([]);
        tally.invalid(2, OTHER_CURRENCY);
        tally.invalid(3, OTHER_CURRENCY);
        let json = serde_json::to_string(&tally.outcome(Hash::of(""), None)).unwrap();
        let twice: Outcome = serde_json::from_str(&json.replace("[2,3]", "[3,3]")).unwrap();
        assert!(!twice.adds_up());
    }

    #[test]
    fn an_outcome_holds_no_amount() {
        let tally = tally([
            candidate(2, "alice", 1, "987654.32"),
            candidate(3, "bob", 1, "876543.21"),
        ]);
        let award = tally.award(&terms(Rule::SecondPrice)).unwrap();
        let outcome = tally.outcome(Hash::of(""), Some((award.winner.clone(), "sealed".into())));
        let shown = format!(
            "{tally:?} {award:?} {outcome:?} {}",
            serde_json::to_string(&outcome).unwrap()
        );
        assert!(!shown.contains("987654") && !shown.contains("876543"), "{shown}");
    }

    #[test]
    fn a_price_survives_being_written() {
        let price = Price {
            amount: eur("9"),
            price: eur("7.5"),
        };
        let json = price.to_json().unwrap();
        assert_eq!(json.trim_end(), r#"{"amount":"9.00","price":"7.50","currency":"EUR"}"#);
        assert_eq!(json.len(), PRICE_LENGTH);
        assert_eq!(Price::from_json(json.as_bytes()), Ok(price));
        for bad in [
            "",
            "{}",
            r#"["9","7","EUR"]"#,
            r#"{"amount":"9","price":"-7","currency":"EUR"}"#,
        ] {
            assert_eq!(Price::from_json(bad.as_bytes()), Err(PriceError), "{bad}");
        }
    }
}
