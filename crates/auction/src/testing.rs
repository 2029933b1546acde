//! What the tests of this crate share: a key pair, terms, and logs that are written by the rules.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use jiff::{SignedDuration, Timestamp};

use crate::*;

/// The key id of [`key`].
pub const KID: &str = "arn:aws:kms:eu-west-1:111122223333:key/sealing";

/// An auction's id.
pub fn id() -> AuctionId {
    "01J0000000000000000000000A".parse().unwrap()
}

/// A private key, made once for all tests.
pub static PRIVATE: LazyLock<PrivateDecryptingKey> =
    LazyLock::new(|| PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap());

/// The public half of [`PRIVATE`].
pub fn key() -> PublicKey {
    static KEY: LazyLock<PublicKey> = LazyLock::new(|| public(&PRIVATE, KID));
    KEY.clone()
}

/// The public half of a private key.
pub fn public(private: &PrivateDecryptingKey, kid: &str) -> PublicKey {
    let der: PublicKeyX509Der<'_> = private.public_key().as_der().unwrap();
    PublicKey::from_spki_der(kid, der.as_ref()).unwrap()
}

/// What a KMS does with an encrypted key.
pub fn unwrap(encrypted_key: &[u8]) -> Result<ContentKey, EnvelopeError> {
    let key = OaepPrivateDecryptingKey::new(PRIVATE.clone()).unwrap();
    let mut out = vec![0; key.min_output_size()];
    let content_key = key.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted_key, &mut out, None);
    ContentKey::new(content_key.map_err(|_| EnvelopeError::DoesNotOpen)?)
}

/// An amount in EUR.
pub fn eur(amount: &str) -> Money {
    Money::parse(amount, "EUR".parse().unwrap()).unwrap()
}

/// The time so many milliseconds after the auction opens. It is open for a second.
pub fn at(milliseconds: i64) -> Timestamp {
    let opens: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
    opens + SignedDuration::from_millis(milliseconds)
}

/// Terms in EUR, without a reserve.
pub fn terms(rule: Rule) -> Terms {
    Terms {
        title: "A house by the sea".into(),
        contract: Some("Property1".into()),
        opens_at: at(0),
        closes_at: at(1000),
        rule,
        currency: "EUR".parse().unwrap(),
        reserve: None,
        key: key(),
        kms_key: KID.into(),
        opened_by: "auctioneer".into(),
    }
}

/// A log, and the auction that it tells of.
pub struct Log {
    pub entries: Vec<Entry>,
    pub auction: Auction,
}

impl Log {
    /// A log with its first entry.
    pub fn opened(terms: Terms) -> Self {
        let event = rules::open(id(), terms, at(-1000)).unwrap();
        let entry = Entry::following(&Head::start(id()), at(-1000), &event, None).unwrap();
        let auction = Auction::opened(id(), &entry).unwrap();
        Self {
            entries: vec![entry],
            auction,
        }
    }

    /// Appends an event, with an envelope if it is a bid, whether the rules allow it or not.
    pub fn append(&mut self, now: Timestamp, event: &Event, envelope: Option<String>) -> Result<(), LogError> {
        let entry = Entry::following(&self.auction.head(), now, event, envelope)?;
        self.auction.apply(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Appends a bid in an envelope of this text, which need not be one, and gives its id.
    pub fn bid(&mut self, now: Timestamp, bidder: &str, envelope: &str) -> u64 {
        let event = Event::BidPlaced {
            bidder: bidder.into(),
            seal: Seal::Jwe,
            envelope_sha256: Hash::of(envelope),
        };
        self.append(now, &event, Some(envelope.into())).unwrap();
        self.auction.head().position
    }

    /// Closes the auction.
    pub fn close(&mut self) {
        let closed = rules::close(self.auction.terms(), self.auction.phase(), at(1000)).unwrap();
        self.append(at(1000), &closed, None).unwrap();
    }

    /// The log as anyone may see it.
    pub fn links(&self) -> Vec<Link> {
        self.entries.iter().map(Entry::link).collect()
    }
}
