//! When the invocation ends, on a clock that can't jump.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// The moment at which Lambda stops the invocation.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// Reads the deadline of an invocation from its context, which gives it in milliseconds since
    /// the epoch (the header `Lambda-Runtime-Deadline-Ms` of the Runtime API).
    pub fn of(context: &lambda_runtime::Context) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::after(Duration::from_millis(context.deadline).saturating_sub(now))
    }

    /// A deadline that lies this far ahead.
    pub fn after(remaining: Duration) -> Self {
        Self(Instant::now() + remaining)
    }

    /// The time that is left; zero once the deadline has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}
