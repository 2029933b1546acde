//! What the end-to-end tests work with: the deployed stack, buckets and queues of a test's own,
//! sample photos, and stand-ins for the two services that the local stack does not have
//! (Rekognition's DetectFaces, and a Runtime API that shows every answer).
//!
//! All of it panics when something is not as it should be: that is how a test fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

pub mod auction_house;
pub mod auction_log;
pub mod backfill;
mod bucket;
pub mod deployed_auctions;
pub mod event_bus;
pub mod event_table;
pub mod events;
pub mod final_queues;
pub mod flags;
pub mod idempotency_table;
pub mod importing;
pub mod in_place;
pub mod logs;
mod notifications;
pub mod one_bucket;
pub mod operations;
pub mod photos;
pub mod rekognition;
pub mod room;
pub mod runtime_api;
pub mod settling;
pub mod stack;
pub mod wire;
pub mod xray;

use std::time::Duration;

/// Asks again and again until there is an answer.
///
/// # Panics
/// If there is none within the time.
pub async fn eventually<T, F>(what: &str, patience: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let start = std::time::Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < patience, "after {patience:?}, still not: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
