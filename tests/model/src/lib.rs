//! The protocols as state machines, and a search that visits every state which they can reach.
#![allow(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a model: a mistake in it should stop the search"
)]

pub mod check;
pub mod explore;
pub mod idempotency;
pub mod idempotency_checks;
pub mod photos_checks;
pub mod photos_in_place;
pub mod photos_protocol;
pub mod photos_state;
mod photos_words;
pub mod pictures;
