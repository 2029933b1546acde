//! What every Gatehouse handler shares.
//!
//! A handler reads its [`config`], turns an invocation into S3 [`event`] records or DynamoDB
//! [`stream`] records, and hands each record to its own code through [`intake`], which does the
//! rest: batches with partial failures ([`batch`]), the choice between retry and reject
//! ([`disposition`]), the queue of rejected records ([`rejected`]), when a stream record is given
//! up ([`patience`]), where photos wait while they are held back ([`hold`]), a guard against loops ([`recursion`]), logs,
//! metrics and traces ([`telemetry`]). What must not happen twice goes through `idempotency`, switches that are thrown while
//! the functions run are in `flags` (both are features of this crate).
//!
//! The one thing to know: **a record is never dropped.** Whatever happens to it (an error, a
//! panic, a deadline), it ends as done, handed back, or in the rejected queue with its reason.

pub mod aws;
pub mod batch;
pub mod config;
pub mod deadline;
pub mod disposition;
pub mod event;
#[cfg(feature = "flags")]
pub mod flags;
pub mod function;
pub mod hold;
#[cfg(feature = "idempotency")]
pub mod idempotency;
pub mod intake;
pub mod patience;
pub mod recursion;
pub mod rejected;
pub mod stream;
pub mod telemetry;
