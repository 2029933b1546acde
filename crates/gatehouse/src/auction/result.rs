//! A result, and what of a log contradicts it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gatehouse_auction::{AuctionId, Event, Hash, Link, Outcome, Winner};
use serde::Deserialize;

use crate::failure::Failure;
use crate::file;

/// More than any result that the API can show has, in bytes.
const RESULT_LIMIT: u64 = 8 << 20;

/// A result, as `gatehouse auction result` prints it: of its members, those that the log's last event says too.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuctionResult {
    auction_id: AuctionId,
    winner: Option<Won>,
    bids: u64,
    valid: u64,
    invalid: Vec<Invalid>,
    log_head: Hash,
    sealed: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Won {
    bid_id: String,
    bidder: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invalid {
    bid_id: String,
    reason: String,
}

impl AuctionResult {
    /// Reads a result from a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = file::read_text(path, RESULT_LIMIT)?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::input("bad-result", format!("--result: {}: {error}", path.display())))
    }

    /// What in the log of `auction` contradicts the result: its head has to be the entry right before the last, and the
    /// last one has to say this very result.
    pub fn compare(&self, auction: AuctionId, links: &[Link]) -> Option<String> {
        if self.auction_id != auction {
            let theirs = self.auction_id;
            return Some(format!(
                "bad-result: it is for auction {theirs}, the log is that of {auction}"
            ));
        }
        if self.winner.is_some() != self.sealed.is_some() {
            return Some("bad-result: it has a winner without sealed, or sealed without a winner".to_owned());
        }
        self.misplaced(links).or_else(|| self.differs(links))
    }

    fn misplaced(&self, links: &[Link]) -> Option<String> {
        let Some(at) = links.iter().position(|link| link.hash == self.log_head) else {
            return Some(format!(
                "result-not-in-log: no entry has the hash {} that the result names",
                self.log_head
            ));
        };
        let behind = links.len() - at - 1;
        let position = at + 1;
        (behind != 1).then(|| {
            format!("result-not-in-log: position {position}: the result was drawn here, and {behind} entries follow, not one")
        })
    }

    fn differs(&self, links: &[Link]) -> Option<String> {
        let last = links.last()?;
        (self.digest() != Some(last.digest)).then(|| {
            let position = last.position;
            format!(
                "result-not-in-log: position {position}: the log says another result there: another winner, another count, \
                 or other invalid bids"
            )
        })
    }

    /// SHA-256 of the event that says this result; none if no event does.
    fn digest(&self) -> Option<Hash> {
        let outcome = self.outcome()?;
        Event::AuctionSettled { outcome }.body().ok().map(Hash::of)
    }

    fn outcome(&self) -> Option<Outcome> {
        let winner = match &self.winner {
            Some(won) => Some(Winner {
                bid: won.bid_id.parse().ok()?,
                bidder: won.bidder.clone(),
            }),
            None => None,
        };
        let mut invalid = BTreeMap::<String, BTreeSet<u64>>::new();
        for Invalid { bid_id, reason } in &self.invalid {
            let is_new = invalid.entry(reason.clone()).or_default().insert(bid_id.parse().ok()?);
            is_new.then_some(())?;
        }
        Some(Outcome {
            winner,
            bids: self.bids,
            valid: self.valid,
            invalid,
            log_head: self.log_head,
            sealed: self.sealed.clone(),
        })
    }
}
