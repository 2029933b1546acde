//! A test's own auction log on the local stack, and auctions to put into it.

use gatehouse_auction::{AuctionId, Entry, Event, Hash, Head, Phase, Refusal, Rule, Seal, Terms, rules};
use gatehouse_auction_log::{AuctionLog, PlaceError};
use gatehouse_core::deadline::Deadline;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::event_table::{EventTable, Requests};

/// Longer than any test.
pub const MINUTES: std::time::Duration = std::time::Duration::from_secs(1_800);

/// A table with a log in it.
pub struct Room {
    /// The table.
    pub table: EventTable,
    /// The log, through a client of its own.
    pub log: AuctionLog,
    /// What that client asks for.
    pub requests: Requests,
}

impl Room {
    /// An empty one.
    pub async fn new() -> Self {
        let table = EventTable::create().await;
        let (store, requests) = table.store().await;
        let log = AuctionLog::new(store);
        Self { table, log, requests }
    }

    /// The same log as another function instance sees it.
    pub async fn instance(&self) -> (AuctionLog, Requests) {
        let (store, requests) = self.table.store().await;
        (AuctionLog::new(store), requests)
    }

    /// Opens an auction that takes bids from a minute ago on, for a day.
    pub async fn open(&self) -> AuctionId {
        self.open_for(None, SignedDuration::from_hours(24)).await
    }

    /// Opens an auction, with the name of a contract, that closes so much later.
    pub async fn open_for(&self, contract: Option<&str>, time: SignedDuration) -> AuctionId {
        let now = Timestamp::now();
        let id = AuctionId::generate(now);
        let opening = opening(id, &terms(contract, now + time), now);
        self.log.open(&opening).await.expect("a new auction");
        id
    }
}

/// The first entry of an auction.
pub fn opening(id: AuctionId, terms: &Terms, now: Timestamp) -> Entry {
    let event = rules::open(id, terms.clone(), now).expect("good terms");
    Entry::following(&Head::start(id), now, &event, None).expect("an entry")
}

/// Terms under which bids count from a minute ago on. The key has no private half.
pub fn terms(contract: Option<&str>, closes_at: Timestamp) -> Terms {
    let modulus = format!("{}_w", "_".repeat(340));
    let key = json!({ "kty": "RSA", "n": modulus, "e": "AQAB", "kid": "k", "alg": "RSA-OAEP-256", "use": "enc" });
    Terms {
        title: "A bridge".to_owned(),
        contract: contract.map(str::to_owned),
        opens_at: Timestamp::now() - SignedDuration::from_mins(1),
        closes_at,
        rule: Rule::FirstPrice,
        currency: serde_json::from_value(json!("EUR")).expect("a currency"),
        reserve: None,
        key: serde_json::from_value(key).expect("a key"),
        kms_key: "arn:aws:kms:us-east-1:000000000000:key/none".to_owned(),
        opened_by: "auctioneer".to_owned(),
    }
}

/// An envelope as long as one for a 4096-bit key. It does not open: the log does not look into it.
pub fn envelope(words: &str) -> String {
    format!("{words}{}", "x".repeat(1_100))
}

/// The event of a bid in this envelope.
pub fn bid(bidder: &str, envelope: &str) -> Event {
    Event::BidPlaced {
        bidder: bidder.to_owned(),
        seal: Seal::Jwe,
        envelope_sha256: Hash::of(envelope),
    }
}

/// Places a bid as intake does.
///
/// # Errors
/// [`PlaceError`].
pub async fn place(log: &AuctionLog, id: AuctionId, bidder: &str, envelope: &str) -> Result<Entry, PlaceError> {
    let decide = |terms: &Terms, phase, _: &Head, now| decide(terms, phase, now, bidder, envelope);
    log.place(id, decide, Deadline::after(MINUTES)).await
}

/// Decides about a bid as intake does, but for the envelope.
///
/// # Errors
/// [`Refusal`].
pub fn decide(
    terms: &Terms,
    phase: Phase,
    now: Timestamp,
    bidder: &str,
    envelope: &str,
) -> Result<(Event, Option<String>), Refusal> {
    rules::takes_bids(terms, phase, now)?;
    Ok((bid(bidder, envelope), Some(envelope.to_owned())))
}
