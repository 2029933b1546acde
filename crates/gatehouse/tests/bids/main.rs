//! Sealed bids on the command line, as a script sees it: exit codes, standard output, and what the API is asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod auction;
mod bid;
mod house;
mod seal;
mod server;
mod verify;
