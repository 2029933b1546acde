//! The log: each entry carries the hash of everything before it, so that nothing can be changed unseen.
//!
//! ```text
//! digest  = SHA-256(body)
//! start   = SHA-256("gatehouse-log-1" ‖ the auction's id)
//! hash    = SHA-256("gatehouse-log-1" ‖ hash before (32) ‖ position (u64) ‖ at in ms (i64) ‖ digest (32))
//! ```
//!
//! Numbers are big-endian, `at` counts from 1970-01-01T00:00:00Z. With the [`Link`]s and the auction's id, anyone
//! can check the chain without seeing any event: [`verify`]. What the chain alone can't show is that entries were cut
//! off its end: for that, compare its head with the one that a receipt or the outcome names.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::hash::Hash;
use crate::id::AuctionId;
use crate::time::{cut, is_cut};

const DOMAIN: &[u8] = b"gatehouse-log-1";

/// An event in the log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the log, from 1 without gaps. A bid's id is this number.
    pub position: u64,
    /// When it was appended, in whole milliseconds; never before the entry before it.
    pub at: Timestamp,
    /// The event as JSON, exactly what was hashed.
    pub body: String,
    /// The sealed envelope of a bid, which the body binds by its SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
    /// The hash of everything up to here.
    pub hash: Hash,
}

/// The end of a log: all that an appender needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last entry's position; 0 before the first.
    pub position: u64,
    /// The last entry's time.
    pub at: Timestamp,
    /// The last entry's hash.
    pub hash: Hash,
}

/// An entry without its event: enough to check the chain, and anyone may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The entry's position.
    pub position: u64,
    /// The entry's time.
    pub at: Timestamp,
    /// SHA-256 of the entry's body.
    pub digest: Hash,
    /// The hash of everything up to here.
    pub hash: Hash,
}

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is broken at position {position}: {fault}")]
pub struct BrokenChain {
    /// The position at which the chain should have gone on.
    pub position: u64,
    /// What is there instead.
    pub fault: ChainFault,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainFault {
    /// Another position: an entry is missing, double or out of order.
    #[error("the entry says that it is number {found}")]
    Position {
        /// The position that the entry has.
        found: u64,
    },
    /// A time before that of the entry before, or one finer than milliseconds.
    #[error("its time goes back, or is finer than milliseconds")]
    Time,
    /// The hash is not that of the entries up to here: this one or one before it was altered.
    #[error("its hash does not follow from what is before it")]
    Hash,
}

/// Why a log can't be read, written or folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The chain is broken.
    #[error(transparent)]
    Chain(#[from] BrokenChain),
    /// The body is no event that this version knows.
    #[error("the entry at position {position} is not an event")]
    NotAnEvent {
        /// The entry's position.
        position: u64,
    },
    /// The envelope beside a bid is not the one that the bid names, or one lies beside another event.
    #[error("the envelope at position {position} is not the one that the event names")]
    Envelope {
        /// The entry's position.
        position: u64,
    },
    /// An event that may not follow: a second opening, a bid outside of the time, anything after the end.
    #[error("the event at position {position} may not follow what is before it")]
    OutOfTurn {
        /// The entry's position.
        position: u64,
    },
    /// There is no entry at all.
    #[error("the log is empty")]
    Empty,
    /// An event could not be written as JSON.
    #[error("the event could not be written as JSON")]
    Unwritable,
}

impl LogError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Chain(_) => "log-broken",
            Self::NotAnEvent { .. } => "log-not-an-event",
            Self::Envelope { .. } => "log-envelope-differs",
            Self::OutOfTurn { .. } => "log-out-of-turn",
            Self::Empty => "log-empty",
            Self::Unwritable => "log-unwritable",
        }
    }
}

impl Head {
    /// The head of a log that has no entry yet.
    pub fn start(auction: AuctionId) -> Self {
        Self {
            position: 0,
            at: Timestamp::UNIX_EPOCH,
            hash: Hash::of_parts([DOMAIN, auction.to_string().as_bytes()]),
        }
    }

    /// The head after one more entry, if that follows.
    fn followed_by(&self, link: &Link) -> Result<Self, BrokenChain> {
        let position = self.position.saturating_add(1);
        let broken = |fault| BrokenChain { position, fault };
        if link.position != position {
            return Err(broken(ChainFault::Position { found: link.position }));
        }
        if link.at < self.at || !is_cut(link.at) {
            return Err(broken(ChainFault::Time));
        }
        if link.hash != self.hash_of_next(position, link.at, link.digest) {
            return Err(broken(ChainFault::Hash));
        }
        Ok(Self {
            position,
            at: link.at,
            hash: link.hash,
        })
    }

    fn hash_of_next(&self, position: u64, at: Timestamp, digest: Hash) -> Hash {
        Hash::of_parts([
            DOMAIN,
            self.hash.as_bytes(),
            &position.to_be_bytes(),
            &at.as_millisecond().to_be_bytes(),
            digest.as_bytes(),
        ])
    }
}

impl Entry {
    /// The entry that appends `event` at time `at`, or at the head's time if that is later. `envelope` is a bid's.
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritable`], which does not happen for an event that the rules made.
    pub fn following(head: &Head, at: Timestamp, event: &Event, envelope: Option<String>) -> Result<Self, LogError> {
        let body = event.body()?;
        let at = cut(at).max(head.at);
        let position = head.position.saturating_add(1);
        let hash = head.hash_of_next(position, at, Hash::of(&body));
        Ok(Self {
            position,
            at,
            body,
            envelope,
            hash,
        })
    }

    /// The event.
    ///
    /// # Errors
    ///
    /// [`LogError::NotAnEvent`].
    pub fn event(&self) -> Result<Event, LogError> {
        let Self { position, .. } = *self;
        serde_json::from_str(&self.body).map_err(|_| LogError::NotAnEvent { position })
    }

    /// SHA-256 of the body.
    pub fn digest(&self) -> Hash {
        Hash::of(&self.body)
    }

    /// The log's head after this entry.
    pub fn head(&self) -> Head {
        Head {
            position: self.position,
            at: self.at,
            hash: self.hash,
        }
    }

    /// What anyone may see of this entry.
    pub fn link(&self) -> Link {
        Link {
            position: self.position,
            at: self.at,
            digest: self.digest(),
            hash: self.hash,
        }
    }

    /// The head after this entry, if it follows `head`.
    ///
    /// # Errors
    ///
    /// [`BrokenChain`].
    pub fn check(&self, head: &Head) -> Result<Head, BrokenChain> {
        head.followed_by(&self.link())
    }
}

/// The body of a bid is not shown, nor is its envelope: entries end up in logs.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({} at {}, {})", self.position, self.at, self.hash)
    }
}

/// Checks a log from its first link on, and gives its head.
///
/// # Errors
///
/// [`BrokenChain`] names the first position at which the chain does not hold.
pub fn verify(auction: AuctionId, links: impl IntoIterator<Item = Link>) -> Result<Head, BrokenChain> {
    let start = Head::start(auction);
    links.into_iter().try_fold(start, |head, link| head.followed_by(&link))
}

/// Goes on checking where an earlier [`verify`] ended: a log that comes page by page.
///
/// # Errors
///
/// [`BrokenChain`] names the first position at which the chain does not hold.
pub fn verify_from(head: Head, links: impl IntoIterator<Item = Link>) -> Result<Head, BrokenChain> {
    links.into_iter().try_fold(head, |head, link| head.followed_by(&link))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::testing::{Log, at, id, terms};
    use crate::{Auction, Rule, Seal};

    /// A log of an opening, `bids` bids and a close.
    fn log(bids: u16) -> Log {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        for number in 0..bids {
            log.bid(
                at(i64::from(number % 900)),
                &format!("bidder {number}"),
                &format!("envelope {number}"),
            );
        }
        log.close();
        log
    }

    /// Changes to a log that its reader must find.
    #[derive(Debug, Clone)]
    enum Change {
        Remove(Index),
        Swap(Index, Index),
        Repeat(Index),
        Body(Index, Index),
        Envelope(Index),
        Later(Index),
        Sooner(Index),
        Finer(Index),
        Rehash(Index),
    }

    fn changes() -> impl Strategy<Value = Change> {
        let index = any::<Index>;
        prop_oneof![
            index().prop_map(Change::Remove),
            (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
            index().prop_map(Change::Repeat),
            (index(), index()).prop_map(|(entry, byte)| Change::Body(entry, byte)),
            index().prop_map(Change::Envelope),
            index().prop_map(Change::Later),
            index().prop_map(Change::Sooner),
            index().prop_map(Change::Finer),
            index().prop_map(Change::Rehash),
        ]
    }

    fn change(entries: &mut Vec<Entry>, change: &Change) {
        let len = entries.len();
        let nanosecond = jiff::SignedDuration::from_nanos(1);
        let millisecond = jiff::SignedDuration::from_millis(1);
        match change {
            // Cutting the end off leaves a log that holds by itself: the next test is about that.
            Change::Remove(at) => drop(entries.remove(at.index(len - 1))),
            Change::Swap(one, other) => entries.swap(one.index(len), other.index(len)),
            Change::Repeat(at) => entries.insert(at.index(len), entries[at.index(len)].clone()),
            Change::Body(at, byte) => {
                let mut body = std::mem::take(&mut entries[at.index(len)].body).into_bytes();
                let byte = byte.index(body.len());
                body[byte] = if body[byte] == b'x' { b'y' } else { b'x' };
                entries[at.index(len)].body = String::from_utf8(body).unwrap();
            }
            Change::Envelope(at) => entries[at.index(len)].envelope = Some("another".into()),
            Change::Later(at) => entries[at.index(len)].at += millisecond,
            Change::Sooner(at) => entries[at.index(len)].at -= millisecond,
            Change::Finer(at) => entries[at.index(len)].at += nanosecond,
            Change::Rehash(at) => entries[at.index(len)].hash = Hash::of("another"),
        }
    }

    proptest! {
        #[test]
        fn a_removed_altered_or_reordered_entry_is_found(bids in 1..8_u16, how in changes()) {
            let good = log(bids);
            prop_assert_eq!(verify(id(), good.links()), Ok(good.auction.head()));
            prop_assert_eq!(Auction::fold(id(), &good.entries), Ok(good.auction));

            let mut entries = good.entries.clone();
            change(&mut entries, &how);
            prop_assume!(entries != good.entries);
            prop_assert!(Auction::fold(id(), &entries).is_err());
            // A link shows no envelope; it is bound by the digest of the body, which the fold compares.
            if !matches!(how, Change::Envelope(_)) {
                prop_assert!(verify(id(), entries.iter().map(Entry::link)).is_err());
            }
        }

        #[test]
        fn an_altered_entry_with_all_hashes_made_anew_has_another_head(bids in 1..8_u16, which in any::<Index>()) {
            let good = log(bids);
            let which = which.index(good.entries.len());
            let mut head = Head::start(id());
            let mut links = Vec::new();
            for (number, Link { at, digest, .. }) in good.links().into_iter().enumerate() {
                let digest = if number == which { Hash::of("another") } else { digest };
                let position = head.position + 1;
                let hash = head.hash_of_next(position, at, digest);
                head = Head { position, at, hash };
                links.push(Link { position, at, digest, hash });
            }
            prop_assert_eq!(verify(id(), links), Ok(head));
            prop_assert_ne!(head.hash, good.auction.head().hash);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let log = log(3);
        let fault = |links: &[Link]| verify(id(), links.iter().copied()).unwrap_err();
        let links = log.links();
        let broken = |position, fault| BrokenChain { position, fault };

        let gap = fault(&[links[0], links[2]]);
        assert_eq!(gap, broken(2, ChainFault::Position { found: 3 }));
        assert_eq!(
            gap.to_string(),
            "the log is broken at position 2: the entry says that it is number 3"
        );
        let altered = Link {
            digest: Hash::of("another"),
            ..links[1]
        };
        assert_eq!(fault(&[links[0], altered]), broken(2, ChainFault::Hash));
        let earlier = Link {
            at: at(-2000),
            ..links[1]
        };
        assert_eq!(fault(&[links[0], earlier]), broken(2, ChainFault::Time));
        let other_auction = AuctionId::generate(at(0));
        assert_eq!(verify(other_auction, links), Err(broken(1, ChainFault::Hash)));
    }

    #[test]
    fn a_log_that_lost_its_end_has_an_earlier_head() {
        let log = log(3);
        let mut links = log.links();
        links.pop();
        let head = verify(id(), links).unwrap();
        assert_eq!(head, log.entries[3].head());
        assert_ne!(head, log.auction.head());
    }

    #[test]
    fn a_log_can_be_checked_page_by_page() {
        let log = log(5);
        let pages = log.links();
        let head = pages
            .chunks(2)
            .try_fold(Head::start(id()), |head, page| verify_from(head, page.iter().copied()));
        assert_eq!(head, Ok(log.auction.head()));
    }

    /// The hashes were computed by Python's hashlib from the formula at the top of this file.
    #[test]
    fn the_format_of_the_chain_is_as_documented() {
        let start = Head::start(id());
        assert_eq!(
            start.hash.to_string(),
            "4239c9166f513a56c05a90c0cf66cd7921b1dba11fb5cf510b5e86455bf85573"
        );
        let entry = Entry::following(&start, at(123), &Event::AuctionClosed {}, None).unwrap();
        assert_eq!(entry.body, r#"{"type":"auction-closed"}"#);
        assert_eq!(
            entry.hash.to_string(),
            "d11a9a1726d2f531f43106011884c5a899493cf3aca2989eb075fe9220cdcc99"
        );
    }

    #[test]
    fn a_bidder_can_make_the_body_of_their_bid_again() {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        log.bid(at(1), "alice", "a.b.c.d.e");
        let body = Event::bid_placed_body("alice", Seal::Jwe, Hash::of("a.b.c.d.e")).unwrap();
        assert_eq!(log.entries[1].body, body);
        assert_eq!(
            body,
            r#"{"type":"bid-placed","bidder":"alice","seal":"jwe","envelopeSha256":"94c036611d62101227d32a1bf66a41682a9d686115ff31b3f3a630f3127ef6e2"}"#
        );
    }

    #[test]
    fn time_never_goes_back_and_has_milliseconds() {
        let mut log = Log::opened(terms(Rule::FirstPrice));
        log.bid(at(500) + jiff::SignedDuration::from_micros(1), "alice", "one");
        log.bid(at(400), "bob", "two");
        assert_eq!((log.entries[1].at, log.entries[2].at), (at(500), at(500)));
    }

    #[test]
    fn a_body_that_is_no_event_is_said_so() {
        let start = Head::start(id());
        let mut entry = Entry::following(&start, at(0), &Event::AuctionClosed {}, None).unwrap();
        for body in ["", "{}", r#"{"type":"auction-burnt"}"#, "[1]"] {
            entry.body = body.into();
            assert_eq!(entry.event(), Err(LogError::NotAnEvent { position: 1 }), "{body}");
        }
    }

    #[test]
    fn debug_shows_neither_event_nor_envelope() {
        let log = log(1);
        let shown = format!("{:?}", log.entries);
        assert!(!shown.contains("envelope 0") && !shown.contains("bidder 0"), "{shown}");
    }
}
