//! Lambda's event source mapping for a DynamoDB stream, as its developer guide describes it: what
//! the local stack's own poller leaves out (partial batch failures, bisecting, a retry cap).

use std::time::Duration;

use serde_json::Value;

use super::InPlace;

/// Lambda's own pauses grow and are not documented.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often the function was invoked.
    pub invocations: u32,
    /// Batches that were given up, for the failure destination.
    pub given_up: Vec<Vec<Value>>,
}

/// Works a batch off: after a failure everything from the lowest failed sequence number on is
/// delivered again, so many times at the most; then it is given up, and the shard goes on.
pub async fn poll(world: &InPlace, batch: Vec<Value>, maximum_retry_attempts: u32) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut left, mut retries) = (batch, 0);
    while !left.is_empty() {
        let again = world.process(&left).await;
        outcome.invocations += 1;
        match retries {
            _ if again.is_empty() => break,
            retries if retries == maximum_retry_attempts => {
                outcome.given_up.push(again);
                break;
            }
            _ => retries += 1,
        }
        left = again;
        tokio::time::sleep(PAUSE).await;
    }
    outcome
}
