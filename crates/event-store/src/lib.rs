//! Streams of events on DynamoDB: appended at an expected version, read whole.
//!
//! A stream is an append-only list of [`Record`]s with the versions 1, 2, 3, … It lies under one
//! partition key, so everything about it can be read strongly consistent, and is unless a reader wants less:
//!
//! | `pk` (S) | `sk` (N) | what | other attributes |
//! | --- | --- | --- | --- |
//! | stream | version, from 1 | a [`Record`] | `at`, `type`, `body`, `hash`, `attachment` |
//! | stream | minus the version | a [`Snapshot`] of what the records up to it make | `body` |
//! | alias | 0 | the stream that has this other name | `stream` |
//!
//! The one thing to know: **the version is the lock.** Whoever appends says which version the record
//! is to have, and DynamoDB takes it only if nothing stands there. A writer that came too late is told
//! what does ([`AppendError::Overtaken`]), in the same answer. A record is never changed or deleted,
//! so the table's stream tells of each exactly as it was appended, even if the process that appended
//! it died a moment later: what is to be told to others goes from there.
//!
//! The role needs `dynamodb:Query`, `GetItem` and `PutItem` on the table; a transaction of puts asks
//! for nothing else.

mod alias;
mod append;
mod attribute;
mod error;
mod reading;
mod record;
mod snapshot;
mod transaction;
mod warm_up;

pub use append::{MOST_BYTES, MOST_RECORDS};
pub use error::{AppendError, SnapshotError, StoreError};
pub use reading::Reading;
pub use record::Record;
pub use snapshot::Snapshot;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

/// The streams in one table. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventStore {
    client: Client,
    table: Arc<str>,
}

impl EventStore {
    /// The streams in the table of this name, whose partition key is `pk` (S) and sort key `sk` (N).
    pub fn new(client: Client, table: &str) -> Self {
        let table = table.into();
        Self { client, table }
    }
}

#[cfg(test)]
mod tests;
