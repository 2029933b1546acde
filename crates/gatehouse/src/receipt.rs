//! What a bidder has in hand: the receipt of a bid.

use std::path::Path;

use gatehouse_auction::{AuctionId, Event, Hash, Link, Seal};
use jiff::Timestamp;
use serde::Deserialize;

use crate::failure::Failure;
use crate::file;
use crate::sealing::TEXT_LIMIT;

/// The receipt of a bid, as the API gave it. Its members are checked against each other by [`Receipt::contradictions`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The auction.
    pub auction_id: AuctionId,
    /// Whose bid it is.
    pub bidder: String,
    /// The SHA-256 of the envelope's text.
    pub envelope_sha256: Hash,
    bid_id: String,
    position: u64,
    at: Timestamp,
    digest: Hash,
    hash: Hash,
}

impl Receipt {
    /// Reads a receipt from a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = file::read_text(path, TEXT_LIMIT)?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::input("bad-receipt", format!("--receipt: {}: {error}", path.display())))
    }

    /// Where in the log the bid stands.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How the bid is sealed, which the digest alone says: as it is posted, or as it is imported from an older system's
    /// file. `None` if the digest is not that of this bidder's bid with this envelope.
    pub fn seal(&self) -> Option<Seal> {
        let seals = [Seal::Jwe, Seal::KmsCiphertext];
        seals
            .into_iter()
            .find(|seal| self.digest_with(*seal) == Some(self.digest))
    }

    /// SHA-256 of the event that the log has to hold: it follows from the bidder and the envelope.
    fn expected_digest(&self) -> Option<Hash> {
        self.digest_with(self.seal().unwrap_or(Seal::Jwe))
    }

    fn digest_with(&self, seal: Seal) -> Option<Hash> {
        Event::bid_placed_body(&self.bidder, seal, self.envelope_sha256)
            .ok()
            .map(Hash::of)
    }

    /// What in the receipt contradicts itself: one sentence each.
    pub fn contradictions(&self) -> Vec<String> {
        let position = self.position;
        let mut wrong = Vec::new();
        if self.bid_id != position.to_string() {
            wrong.push(format!(
                "bad-receipt: bid {:?} says that its position is {position}",
                self.bid_id
            ));
        }
        if self.seal().is_none() {
            wrong.push(format!(
                "bad-receipt: position {position}: the receipt's digest is not that of this bidder's bid with this envelope"
            ));
        }
        wrong
    }

    /// What in the log of `auction` contradicts the receipt: one sentence each, with the position.
    pub fn compare(&self, auction: AuctionId, links: &[Link]) -> Vec<String> {
        if self.auction_id != auction {
            return vec![format!(
                "bad-receipt: it is for auction {}, the log is that of {auction}",
                self.auction_id
            )];
        }
        let mut wrong = self.contradictions();
        wrong.extend(self.differences(links));
        wrong
    }

    fn differences(&self, links: &[Link]) -> Vec<String> {
        let position = self.position;
        let Some(theirs) = links.iter().find(|link| link.position == position) else {
            return vec![format!(
                "receipt-not-in-log: position {position}: the log has no such entry, the bid is missing"
            )];
        };
        let differences = [
            (
                Some(theirs.digest) != self.expected_digest(),
                "the log has another event there than the receipt's bid",
            ),
            (theirs.at != self.at, "the log gives it another time than the receipt"),
            (
                theirs.hash != self.hash,
                "its hash is another than the receipt's: it, or an entry before it, was changed",
            ),
        ];
        let wrong = differences.into_iter().filter(|(differs, _)| *differs);
        wrong
            .map(|(_, what)| format!("receipt-not-in-log: position {position}: {what}"))
            .collect()
    }
}
