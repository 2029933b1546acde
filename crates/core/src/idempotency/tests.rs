//! The protocol against a table in memory that loses, delays and refuses requests as it is told.

mod claims;
mod faults;
mod histories;
mod layers;
mod runs;
mod table;

use std::time::Duration;

use super::{Claim, Clock, FixedClock, Key, Outcome, PayloadHash, Store, StoreError};
use crate::deadline::Deadline;
use table::Table;

/// Where the tests' clock starts, in milliseconds: not at a whole second.
const START: u64 = 1_800_000_000_250;
const MINUTE: Duration = Duration::from_secs(60);

/// A store on a table of its own.
fn store() -> (Store, Table, FixedClock) {
    let (table, clock) = (Table::default(), FixedClock::at(START));
    let store = Store::new(table.client(), "records", "test").unwrap();
    (store.with_clock(Clock::Fixed(clock.clone())), table, clock)
}

fn key() -> Key {
    Key::new(["order", "1"]).unwrap()
}

async fn try_claim(store: &Store, payload: &str) -> Result<Outcome, StoreError> {
    store
        .claim(&key(), PayloadHash::of(payload), Deadline::after(MINUTE))
        .await
}

async fn claim(store: &Store) -> Outcome {
    try_claim(store, "payload").await.unwrap()
}

/// A claim that has to succeed.
async fn run(store: &Store) -> Claim {
    match claim(store).await {
        Outcome::Run(claim) => claim,
        other => panic!("not ours: {other:?}"),
    }
}
