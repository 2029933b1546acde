//! How long the ledger remembers an object.

use std::str::FromStr;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// An event waits in its queue for 4 days at most, then in the dead-letter queue for 14 days from its
/// upload on, where somebody may send it round once more for 4 days. A stream record lives for a day.
const LEAST_DAYS: u32 = 19;
const MOST_DAYS: u32 = 3650;

/// How long an item is kept after its last change: longer than any event of its object can live, so
/// that no late event meets a ledger that has forgotten. Default 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep(Duration);

/// A number of days that is too small, too large, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be a number of days from {LEAST_DAYS} (how long an event can be on its way) to {MOST_DAYS}")]
pub struct NotEnoughDays;

impl Keep {
    /// As a duration.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self(30 * DAY)
    }
}

impl FromStr for Keep {
    type Err = NotEnoughDays;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days: u32 = text.parse().map_err(|_| NotEnoughDays)?;
        match days {
            LEAST_DAYS..=MOST_DAYS => Ok(Self(days * DAY)),
            _ => Err(NotEnoughDays),
        }
    }
}
