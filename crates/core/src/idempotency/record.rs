//! The record of one key in the table, and what it means for whoever claims the key.
//!
//! | attribute | type | |
//! | --- | --- | --- |
//! | `pk` | S | partition key: `<namespace>#<SHA-256 of the key>` |
//! | `ownerToken` | B | 16 random bytes, new with every claim |
//! | `payloadHash` | B | SHA-256 of the payload |
//! | `leaseEnds` | N | milliseconds since the epoch; only while in progress |
//! | `expiresAt` | N | seconds since the epoch: the table's TTL attribute |
//! | `response` | S | only when completed, and not if it was too large |

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::error::StoreError;
use super::key::PayloadHash;

pub(super) const PARTITION_KEY: &str = "pk";
pub(super) const OWNER_TOKEN: &str = "ownerToken";
pub(super) const PAYLOAD_HASH: &str = "payloadHash";
pub(super) const LEASE_ENDS: &str = "leaseEnds";
pub(super) const EXPIRES_AT: &str = "expiresAt";
pub(super) const RESPONSE: &str = "response";

pub(super) type Item = HashMap<String, AttributeValue>;

/// What was kept of a completed run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Its response.
    Response(String),
    /// Only that it completed: its response was over the limit.
    TooLarge,
}

/// Whose claim it is: random, so that no two claims share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnerToken([u8; 16]);

impl OwnerToken {
    pub fn fresh() -> Result<Self, StoreError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| StoreError::NoRandomness)?;
        Ok(Self(bytes))
    }

    pub fn attribute(&self) -> AttributeValue {
        AttributeValue::B(Blob::new(self.0))
    }
}

/// A record as it was found.
#[derive(Debug)]
pub(super) struct Record {
    owner: Vec<u8>,
    pub payload: PayloadHash,
    pub expires_at: u64,
    pub state: State,
}

#[derive(Debug)]
pub(super) enum State {
    InProgress { lease_ends: u64 },
    Completed(Stored),
}

/// What a record that stands in the way of a claim means for the claimant.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is the claimant's own: the claim had succeeded, and its answer was lost on the way.
    Ours,
    Replay(Stored),
    InProgress {
        retry_after: Duration,
    },
    Conflict,
}

impl Record {
    /// Reads an item.
    pub fn read(item: &Item) -> Result<Self, StoreError> {
        let state = match item.get(LEASE_ENDS) {
            Some(_) => State::InProgress {
                lease_ends: number(item, LEASE_ENDS)?,
            },
            None => State::Completed(stored(item)?),
        };
        let hash = <[u8; 32]>::try_from(bytes(item, PAYLOAD_HASH)?);
        Ok(Self {
            owner: bytes(item, OWNER_TOKEN)?.to_vec(),
            payload: PayloadHash(hash.map_err(|_| StoreError::Malformed(PAYLOAD_HASH))?),
            expires_at: number(item, EXPIRES_AT)?,
            state,
        })
    }

    /// What this record means for a claim that it stood in the way of.
    pub fn verdict(&self, owner: &OwnerToken, payload: PayloadHash, now: u64) -> Verdict {
        let expired = self.expires_at <= now / 1000;
        match &self.state {
            State::InProgress { .. } if self.owner == owner.0 => Verdict::Ours,
            // It ran out between the claim and its answer. The next claim will get it.
            _ if expired => Verdict::InProgress {
                retry_after: Duration::ZERO,
            },
            _ if self.payload != payload => Verdict::Conflict,
            State::Completed(stored) => Verdict::Replay(stored.clone()),
            State::InProgress { lease_ends } => Verdict::InProgress {
                retry_after: Duration::from_millis(lease_ends.saturating_sub(now)),
            },
        }
    }
}

fn stored(item: &Item) -> Result<Stored, StoreError> {
    match item.get(RESPONSE) {
        None => Ok(Stored::TooLarge),
        Some(AttributeValue::S(response)) => Ok(Stored::Response(response.clone())),
        Some(_) => Err(StoreError::Malformed(RESPONSE)),
    }
}

fn number(item: &Item, name: &'static str) -> Result<u64, StoreError> {
    let value = item.get(name).and_then(|value| value.as_n().ok());
    value
        .and_then(|digits| digits.parse().ok())
        .ok_or(StoreError::Malformed(name))
}

fn bytes<'a>(item: &'a Item, name: &'static str) -> Result<&'a [u8], StoreError> {
    let value = item.get(name).and_then(|value| value.as_b().ok());
    value.map(AsRef::as_ref).ok_or(StoreError::Malformed(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn record(state: State, expires_at: u64) -> Record {
        Record {
            owner: vec![7; 16],
            payload: PayloadHash::of("payload"),
            expires_at,
            state,
        }
    }

    fn verdict(record: &Record, payload: &str) -> Verdict {
        record.verdict(&OwnerToken([1; 16]), PayloadHash::of(payload), NOW)
    }

    #[test]
    fn a_lease_that_runs_says_when_it_ends() {
        let record = record(State::InProgress { lease_ends: NOW + 250 }, 2000);
        let retry_after = Duration::from_millis(250);
        assert_eq!(verdict(&record, "payload"), Verdict::InProgress { retry_after });
    }

    #[test]
    fn another_payload_is_a_conflict_in_progress_and_completed() {
        for state in [
            State::InProgress { lease_ends: NOW + 250 },
            State::Completed(Stored::TooLarge),
        ] {
            assert_eq!(verdict(&record(state, 2000), "another"), Verdict::Conflict);
        }
    }

    #[test]
    fn a_record_in_progress_with_the_claimants_own_token_is_its_own() {
        let record = record(State::InProgress { lease_ends: NOW + 250 }, 2000);
        let verdict = record.verdict(&OwnerToken([7; 16]), PayloadHash::of("payload"), NOW);
        assert_eq!(verdict, Verdict::Ours);
    }

    #[test]
    fn a_completed_record_is_replayed_until_its_last_second_and_not_after() {
        let stored = Stored::Response("42".into());
        let before = record(State::Completed(stored.clone()), NOW / 1000 + 1);
        assert_eq!(verdict(&before, "payload"), Verdict::Replay(stored.clone()));
        let after = record(State::Completed(stored), NOW / 1000);
        let retry_after = Duration::ZERO;
        assert_eq!(verdict(&after, "payload"), Verdict::InProgress { retry_after });
    }

    #[test]
    fn an_item_that_is_no_record_names_the_attribute() {
        let good = Item::from([
            (OWNER_TOKEN.to_owned(), OwnerToken([1; 16]).attribute()),
            (PAYLOAD_HASH.to_owned(), AttributeValue::B(Blob::new([2; 32]))),
            (LEASE_ENDS.to_owned(), AttributeValue::N("5".into())),
            (EXPIRES_AT.to_owned(), AttributeValue::N("5".into())),
        ]);
        assert!(Record::read(&good).is_ok());
        for name in [OWNER_TOKEN, PAYLOAD_HASH, LEASE_ENDS, EXPIRES_AT] {
            let mut bad = good.clone();
            bad.insert(name.to_owned(), AttributeValue::S("x".into()));
            let error = Record::read(&bad).unwrap_err();
            assert!(
                matches!(error, StoreError::Malformed(named) if named == name),
                "{error}"
            );
        }
    }
}
