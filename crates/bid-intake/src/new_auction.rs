//! What an auctioneer asks for when they open an auction.

use gatehouse_auction::time::cut;
use gatehouse_auction::{AuctionId, Currency, Money, Rule, Terms};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::error::IntakeError;
use crate::fields::Fields;
use crate::keys::SealingKey;
use crate::once::Identity;
use crate::problem::Invalid;

/// The longest title and contract, in bytes. The auction's own rules have the last word.
const MOST_TITLE_BYTES: usize = 200;
const MOST_CONTRACT_BYTES: usize = 128;

/// The body of `POST /auctions`.
pub struct NewAuction {
    title: String,
    /// The name of its contract.
    pub contract: Option<String>,
    /// At once if none.
    opens_at: Option<Timestamp>,
    /// When it closes.
    pub closes_at: Timestamp,
    rule: Rule,
    currency: Currency,
    reserve: Option<Money>,
}

impl NewAuction {
    /// Reads the body's members. What will be refused is refused here, before a key is made for it; but nothing is
    /// compared with the time: the same request gets the same answer, also after the close.
    ///
    /// # Errors
    /// [`IntakeError::InvalidFields`], naming each member that can't be used. Reject.
    pub fn read(mut fields: Fields) -> Result<Self, IntakeError> {
        let title = fields.parsed("title", |title| text(title, MOST_TITLE_BYTES));
        let contract = fields.optional_parsed("contract", contract);
        let opens_at = fields.optional_parsed("opensAt", time);
        let closes_at = fields.parsed("closesAt", time);
        let rule = fields.parsed("rule", rule);
        let currency = fields.parsed("currency", str::parse::<Currency>);
        // Without a currency nobody can say whether it is a good amount; but it is known.
        let amount = |amount: &str| currency.map(|currency| Money::parse(amount, currency)).transpose();
        let reserve = fields.optional_parsed("reserve", amount).flatten();
        if let (Some(opens_at), Some(closes_at)) = (opens_at, closes_at)
            && closes_at <= opens_at
        {
            fields.invalid("closesAt", "should be after opensAt");
        }
        let read = || {
            let (title, closes_at, rule, currency) = (title?, closes_at?, rule?, currency?);
            Some(Self {
                title,
                contract,
                opens_at,
                closes_at,
                rule,
                currency,
                reserve,
            })
        };
        fields.finish(read())
    }

    /// The auction's id: a ULID whose time is the close, and whose other 80 bits follow from the request. So
    /// however often the request is worked on, it is the same auction: should an answer be lost, the
    /// second try finds what the first has done.
    ///
    /// # Errors
    /// [`IntakeError::Answer`], which does not happen. Reject.
    pub fn id(&self, identity: Identity<'_>) -> Result<AuctionId, IntakeError> {
        let mut hash = Sha256::new();
        for part in [identity.caller.as_bytes(), identity.key.as_bytes(), &identity.payload()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let random = hash
            .iter()
            .take(10)
            .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let milliseconds = u64::try_from(self.closes_at.as_millisecond()).unwrap_or_default();
        let ulid = Ulid::from_parts(milliseconds, random).to_string();
        ulid.parse().map_err(|_| IntakeError::Answer("named"))
    }

    /// Whether it can still be opened.
    ///
    /// # Errors
    /// [`IntakeError::InvalidFields`] when it would be closed already. Reject.
    pub fn check_time(&self, now: Timestamp) -> Result<(), IntakeError> {
        if self.closes_at > now {
            return Ok(());
        }
        Err(IntakeError::InvalidFields(vec![Invalid {
            pointer: "#/closesAt".to_owned(),
            detail: "should be in the future".to_owned(),
        }]))
    }

    /// The terms, under a key, of an auction that is opened now.
    pub fn terms(self, key: SealingKey, opened_by: &str, now: Timestamp) -> Terms {
        Terms {
            title: self.title,
            contract: self.contract,
            opens_at: self.opens_at.unwrap_or(now),
            closes_at: self.closes_at,
            rule: self.rule,
            currency: self.currency,
            reserve: self.reserve,
            key: key.public,
            kms_key: key.arn,
            opened_by: opened_by.to_owned(),
        }
    }
}

fn text(text: &str, most: usize) -> Result<String, String> {
    if text.is_empty() || text.len() > most || text.chars().any(char::is_control) {
        return Err(format!("should have 1 to {most} bytes, without control characters"));
    }
    Ok(text.to_owned())
}

fn contract(name: &str) -> Result<String, String> {
    if name.contains('/') {
        return Err("should have no /".to_owned());
    }
    if name.parse::<AuctionId>().is_ok() {
        return Err("should not be an auction's id".to_owned());
    }
    text(name, MOST_CONTRACT_BYTES)
}

/// Cut to milliseconds, as the auction's own rules do.
fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map(cut)
        .map_err(|_| "should be a time in RFC 3339, such as 2026-01-05T09:30:00Z")
}

fn rule(name: &str) -> Result<Rule, &'static str> {
    match name {
        "first-price" => Ok(Rule::FirstPrice),
        "second-price" => Ok(Rule::SecondPrice),
        _ => Err("should be first-price or second-price"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(more: &Value) -> Result<NewAuction, IntakeError> {
        let mut body =
            json!({"title": "Plot 7", "closesAt": "2030-01-05T10:00:00Z", "rule": "first-price", "currency": "EUR"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        NewAuction::read(Fields::new(body.as_object().unwrap().clone()))
    }

    fn wrong(more: &Value) -> Vec<(String, String)> {
        match read(more).map(|_| ()) {
            Err(IntakeError::InvalidFields(invalid)) => {
                invalid.into_iter().map(|one| (one.pointer, one.detail)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reserve_is_read_in_the_currency_and_not_called_unknown_where_that_is_wrong() {
        let wrong = |more| wrong(&more).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
        assert_eq!(wrong(json!({"currency": "EURO", "reserve": "100"})), ["#/currency"]);
        assert_eq!(wrong(json!({"currency": null, "reserve": "100"})), ["#/currency"]);
        assert_eq!(wrong(json!({"currency": "JPY", "reserve": "1.5"})), ["#/reserve"]);
        assert_eq!(
            wrong(json!({"currency": "EURO", "reserve": 100})),
            ["#/currency", "#/reserve"]
        );
        let reserve = read(&json!({"reserve": "100"})).ok().and_then(|new| new.reserve);
        assert_eq!(reserve.map(|reserve| reserve.amount()), Some("100.00".to_owned()));
    }

    #[test]
    fn an_auction_that_is_open_for_less_than_a_millisecond_is_refused_before_anything_is_made_for_it() {
        let times = |closes_at| json!({"opensAt": "2030-01-05T10:00:00.0001Z", "closesAt": closes_at});
        let late = "should be after opensAt".to_owned();
        assert_eq!(
            wrong(&times("2030-01-05T10:00:00.0009Z")),
            [("#/closesAt".to_owned(), late)]
        );
        let new = read(&times("2030-01-05T10:00:00.0019Z")).ok().unwrap();
        assert_eq!(new.closes_at, "2030-01-05T10:00:00.001Z".parse().unwrap());
    }
}
