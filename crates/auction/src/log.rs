//! The log: each entry carries the hash of everything before it, so that nothing can be changed unseen.
//!
//! ```text
//! digest  = SHA-256(body)
//! start   = SHA-256("gatehouse-log-1" ‖ the auction's id)
//! hash    = SHA-256("gatehouse-log-1" ‖ hash before (32) ‖ position (u64) ‖ at in ms (i64) ‖ digest (32))
//! ```
//!
//! Numbers are big-endian, `at` counts from 1970-01-01T00:00:00Z. Who holds a [`Link`] or a receipt and the auction's id
//! can check the chain up to there without seeing any event: [`verify`]. What the chain alone can't show is that entries
//! were cut off its end: for that, compare its head with the one that a receipt or the outcome names.

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
