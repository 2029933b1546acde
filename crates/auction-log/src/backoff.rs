//! How long a writer waits that was overtaken, so that those who race get out of each other's way.

use std::time::Duration;

/// The longest first wait. About as long as an append takes.
const FIRST: Duration = Duration::from_millis(10);
/// The longest wait of all.
const LONGEST: Duration = Duration::from_millis(640);

/// The waits of one writer: each a random part of a time that doubles.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    overtaken: u32,
}

impl Backoff {
    /// How long to wait, being overtaken once more.
    pub fn next(&mut self) -> Duration {
        let most = FIRST.saturating_mul(1 << self.overtaken.min(16)).min(LONGEST);
        self.overtaken = self.overtaken.saturating_add(1);
        most.mul_f64(random_part())
    }

    /// How often it was overtaken.
    pub fn overtaken(&self) -> u32 {
        self.overtaken
    }
}

/// Between 0 and 1. Without random bytes, half: then nobody gets out of anybody's way, that is all.
fn random_part() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}
