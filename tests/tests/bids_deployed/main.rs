//! Auctions on the deployed stack: through the real API, authorizer, functions, schedules, queues and roles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

/// Everything here: `make test` runs it beside the other end-to-end tests, by this name. Most of it waits for a close.
mod deployed_auctions {
    /// What is told of ten bidders, to its end.
    mod held;
    mod race;
    mod rights;
    mod story;
}
