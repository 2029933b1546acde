//! What every Gatehouse handler shares.
//!
//! A handler reads its [`config`], turns an invocation into S3 [`event`] records or DynamoDB
//! [`stream`] records, and hands each record to its own code through [`intake`], which does the
//! rest: batches with partial failures ([`batch`]), the choice between retry and reject
//! ([`disposition`]), the queue of rejected records ([`rejected`]), when a stream record is given
//! up ([`patience`]), a guard against loops ([`recursion`]), logs and metrics ([`telemetry`]). What must not happen twice goes through
//! `idempotency` (a feature of this crate).
//!
//! The one thing to know: **a record is never dropped.** Whatever happens to it (an error, a
//! panic, a deadline), it ends as done, handed back, or in the rejected queue with its reason.

pub mod aws;
pub mod batch;
pub mod config;
pub mod deadline;
pub mod disposition;
pub mod event;
pub mod function;
#[cfg(feature = "idempotency")]
pub mod idempotency;
pub mod intake;
pub mod patience;
pub mod recursion;
pub mod rejected;
pub mod stream;
pub mod telemetry;
