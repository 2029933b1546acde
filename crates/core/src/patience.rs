//! How long a stream record may fail until it is given up, so that its shard goes on.
//!
//! Lambda gives up as well, after the retry cap or the age limit of the event source; but its message says where the record was,
//! not what was wrong with it. The function knows.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::rejected::RejectedQueue;
use crate::stream::StreamRecord;

const LEAST_SECONDS: u64 = 60;
const MOST_SECONDS: u64 = 6 * 60 * 60;

/// Where stream records go that fail for too long, and how long that is.
#[derive(Debug, Clone)]
pub struct Patience {
    /// The stream failure queue: each message is a [`Rejection`](crate::rejected::Rejection).
    pub queue: RejectedQueue,
    /// Counted from the change in the table.
    pub limit: Limit,
    /// What a message says of its record: all of it, or less where the item holds what is for nobody else.
    pub shown: fn(&StreamRecord) -> Value,
}

impl Patience {
    /// Whether a record that has just failed is given up. One without a time never is: Lambda does that.
    pub fn is_over(&self, created: Option<SystemTime>) -> bool {
        let age = created.and_then(|created| created.elapsed().ok());
        age.is_some_and(|age| age >= self.limit.0)
    }
}

/// How long a stream record may fail: an hour, if nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(Duration);

impl Limit {
    /// Any time, however short.
    pub fn of(duration: Duration) -> Self {
        Self(duration)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Duration::from_secs(60 * 60))
    }
}

/// A text is no [`Limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be a number of seconds from {LEAST_SECONDS} to {MOST_SECONDS}")]
pub struct NoLimit;

impl FromStr for Limit {
    type Err = NoLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(seconds @ LEAST_SECONDS..=MOST_SECONDS) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(NoLimit),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_lambda_would_undercut_or_that_is_no_time_is_refused() {
        assert_eq!("60".parse(), Ok(Limit::of(Duration::from_secs(60))));
        assert_eq!("21600".parse(), Ok(Limit::of(Duration::from_secs(21_600))));
        for text in ["59", "21601", "-1", "1.5", "an hour", ""] {
            assert_eq!(text.parse::<Limit>(), Err(NoLimit), "{text}");
        }
    }
}
