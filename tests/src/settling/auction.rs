//! An auction of a test: its log as the intake would have written it, on a clock of the test's own.

use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auction::{
    AuctionId, Entry, Event, Hash, Head, Money, Outcome, PublicKey, Rule, Seal, Terms, envelope, rules,
};
use gatehouse_auction_log::AuctionLog;
use gatehouse_event_store::{EventStore, Record, Snapshot};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

static AUCTIONS: AtomicI64 = AtomicI64::new(0);

/// When a test's auctions open.
pub fn opens_at() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

/// When they close.
pub fn closes_at() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

/// A minute after they close: when the settlement runs.
pub fn after_the_close() -> Timestamp {
    closes_at() + SignedDuration::from_secs(60)
}

/// An amount in euro.
pub fn euro(amount: &str) -> Money {
    Money::parse(amount, "EUR".parse().unwrap()).unwrap()
}

/// An auction in a table of the local stack.
pub struct TestAuction {
    /// Its id.
    pub id: AuctionId,
    /// Its terms.
    pub terms: Terms,
    /// The head of its log, as far as this test has written it.
    pub head: Head,
    /// How many seconds after the opening the next bid comes.
    pub second: i64,
    store: EventStore,
    table: String,
    dynamodb: aws_sdk_dynamodb::Client,
}

/// What is to be special about an auction.
pub struct Special {
    /// How the price is found.
    pub rule: Rule,
    /// What bids have to reach.
    pub reserve: Option<Money>,
    /// The older system's name of it.
    pub contract: Option<String>,
}

impl Default for Special {
    fn default() -> Self {
        Self {
            rule: Rule::SecondPrice,
            reserve: None,
            contract: None,
        }
    }
}

impl TestAuction {
    /// Opens one.
    pub async fn open(
        dynamodb: &aws_sdk_dynamodb::Client,
        table: &str,
        key: &PublicKey,
        kms_key: &str,
        special: Special,
    ) -> Self {
        // No two of a process are of the same millisecond, so that their order is known.
        let made = opens_at() - SignedDuration::from_millis(AUCTIONS.fetch_add(1, Ordering::Relaxed) + 1);
        let id = AuctionId::generate(made);
        let terms = Terms {
            title: "A painting".into(),
            contract: special.contract,
            opens_at: opens_at(),
            closes_at: closes_at(),
            rule: special.rule,
            currency: "EUR".parse().unwrap(),
            reserve: special.reserve,
            key: key.clone(),
            kms_key: kms_key.to_owned(),
            opened_by: "auctioneer".into(),
        };
        let event = rules::open(id, terms.clone(), made).unwrap();
        let opening = Entry::following(&Head::start(id), made, &event, None).unwrap();
        let store = EventStore::new(dynamodb.clone(), table);
        AuctionLog::new(store.clone()).open(&opening).await.unwrap();
        Self {
            id,
            terms,
            head: opening.head(),
            second: 0,
            store,
            table: table.to_owned(),
            dynamodb: dynamodb.clone(),
        }
    }

    /// A sealed bid for this auction.
    pub fn sealed(&self, bidder: &str, amount: &Money) -> String {
        envelope::seal(&self.terms.key, self.id, bidder, amount).unwrap()
    }

    /// Places a sealed bid of euros; its id.
    pub async fn bid(&mut self, bidder: &str, amount: &str) -> u64 {
        let envelope = self.sealed(bidder, &euro(amount));
        self.place(bidder, Seal::Jwe, envelope).await
    }

    /// Places whatever this is, a second after the last one; its id.
    pub async fn place(&mut self, bidder: &str, seal: Seal, envelope: String) -> u64 {
        self.second += 1;
        self.append(placed(bidder, seal, &envelope), Some(envelope)).await
    }

    /// Places many sealed bids of euros, a hundred at a time.
    pub async fn place_many(&mut self, bids: impl IntoIterator<Item = (String, Money)>) {
        let mut records = Vec::new();
        for (bidder, amount) in bids {
            self.second += 1;
            let envelope = self.sealed(&bidder, &amount);
            let event = placed(&bidder, Seal::Jwe, &envelope);
            let at = opens_at() + SignedDuration::from_millis(self.second);
            let entry = Entry::following(&self.head, at, &event, Some(envelope)).unwrap();
            self.head = entry.head();
            records.push(Record {
                version: entry.position,
                at: format!("{:.3}", entry.at),
                kind: event.kind().to_owned(),
                body: entry.body,
                hash: entry.hash.to_string(),
                attachment: entry.envelope,
            });
        }
        for some in records.chunks(100) {
            self.store.append(&self.id.to_string(), some).await.unwrap();
        }
    }

    /// Appends an event at the second that it is now.
    pub async fn append(&mut self, event: Event, envelope: Option<String>) -> u64 {
        let at = opens_at() + SignedDuration::from_secs(self.second);
        let log = AuctionLog::new(self.store.clone());
        let entry = log.append(self.id, &self.head, &event, envelope, at).await.unwrap();
        self.head = entry.head();
        entry.position
    }

    /// All entries of its log.
    pub async fn entries(&self) -> Vec<Entry> {
        let log = AuctionLog::new(self.store.clone());
        log.entries(self.id, 0, usize::MAX).await.unwrap()
    }

    /// The kinds of the events that came after this test's own.
    pub async fn kinds_since(&self) -> Vec<&'static str> {
        let entries = self.entries().await.into_iter().skip(self.head.position as usize);
        entries.map(|entry| entry.event().unwrap().kind()).collect()
    }

    /// The result, once it is there; the log up to there is checked.
    pub async fn outcome(&self) -> Option<Outcome> {
        let log = AuctionLog::new(self.store.clone());
        let auction = log.load_whole(self.id).await.unwrap().unwrap();
        auction.outcome().cloned()
    }

    /// Somebody has put a snapshot of the whole log, in which the auction's KMS key is another.
    pub async fn put_snapshot_with_key(&self, kms_key: &str) {
        let log = AuctionLog::new(self.store.clone());
        let auction = log.load_whole(self.id).await.unwrap().unwrap();
        let mut state = serde_json::to_value(&auction).unwrap();
        state["terms"]["kmsKey"] = json!(kms_key);
        let snapshot = Snapshot {
            version: auction.head().position,
            body: json!({ "form": 2, "auction": state }).to_string(),
        };
        let stream = self.id.to_string();
        self.store.save_snapshot(&stream, &snapshot).await.unwrap();
        let auction = log.load(self.id).await.unwrap().unwrap();
        assert_eq!(auction.terms().kms_key, kms_key, "the snapshot is read");
    }

    /// The text beside a bid becomes something else, or none: somebody has been at the table.
    pub async fn tamper_with(&self, bid: u64, envelope: Option<AttributeValue>) {
        let request = self.dynamodb.update_item().table_name(&self.table);
        let request = request.key("pk", AttributeValue::S(self.id.to_string()));
        let request = request.key("sk", AttributeValue::N(bid.to_string()));
        let request = match envelope {
            None => request.update_expression("REMOVE attachment"),
            Some(other) => request
                .update_expression("SET attachment = :other")
                .expression_attribute_values(":other", other),
        };
        request.send().await.unwrap();
    }
}

fn placed(bidder: &str, seal: Seal, envelope: &str) -> Event {
    Event::BidPlaced {
        bidder: bidder.to_owned(),
        seal,
        envelope_sha256: Hash::of(envelope),
    }
}
