//! An auction as a stream of hash-chained events: what its rules ([`gatehouse_auction`]) decide is
//! appended to the event store ([`gatehouse_event_store`]), and read back.
//!
//! | who | what it calls | requests |
//! | --- | --- | --- |
//! | a bid comes in | [`AuctionLog::place`] | 1 Query and 1 PutItem, as long as nobody else is faster |
//! | somebody wants to change what they see | [`AuctionLog::change`] | 2 Query or more, 1 PutItem |
//! | an auction is opened | [`AuctionLog::open`] | 1 PutItem, or a transaction of 2 puts with a contract |
//! | the state is needed | [`AuctionLog::load`] | 1 Query for the snapshot, 1 for each MB after it |
//!
//! The one thing to know: **nothing is decided on an old state.** An event is appended right behind the
//! entry that it was decided on, or not at all; then the rules decide again, on what came in between.
//! That is how a close refuses every bid that is still in flight.

mod append;
mod backoff;
mod clock;
mod error;
mod load;
mod place;
mod read;
mod stored;
mod terms;

pub use backoff::{Backoff, NoTimeLeft};
pub use error::{AppendError, PlaceError, ReadError};
pub use load::SNAPSHOT_AFTER;
pub use place::describe;

use std::sync::Arc;

use gatehouse_event_store::EventStore;
use jiff::Timestamp;

use clock::Clock;
use terms::TermsCache;

/// The auctions in one event store. Cheap to clone; the clones share what they know of terms.
#[derive(Debug, Clone)]
pub struct AuctionLog {
    store: EventStore,
    clock: Clock,
    terms: Arc<TermsCache>,
}

impl AuctionLog {
    /// The auctions in this store.
    pub fn new(store: EventStore) -> Self {
        Self {
            store,
            clock: Clock::system(),
            terms: Arc::default(),
        }
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let clock = Clock::new(clock);
        Self { clock, ..self }
    }

    /// Opens the connection to DynamoDB, so that the first request doesn't wait for it.
    pub async fn warm_up(&self) {
        self.store.warm_up().await;
    }
}
