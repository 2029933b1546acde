//! How long a writer waits that was overtaken, so that those who race get out of each other's way.
//!
//! Between reading the head and the append's arrival lies the writer's window: if anybody else's append arrives in it,
//! this one is in vain. So waits are measured in windows. Fixed times fail when it matters: once a crowd makes the
//! table slow, windows outgrow them, and nearly every append is in vain.

use std::time::Duration;

use gatehouse_core::deadline::Deadline;

/// The longest first wait, in windows: a few writers rarely meet again.
const FIRST: u32 = 8;
/// So much longer is the longest of each next wait: whoever loses twice is among many.
const GROWTH: u32 = 4;
/// The longest wait of all, in windows: a crowd of this size gets through one by one.
const LONGEST: u32 = 64;

/// The waits of one writer: each a random part of a time that grows.
#[derive(Debug, Default)]
pub struct Backoff {
    overtaken: u32,
}

/// So many others appended at the same time that the invocation's time ran out. Nothing was appended. Retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no time is left to append to the auction's log after {tries} tries")]
pub struct NoTimeLeft {
    /// How often it was overtaken.
    pub tries: u32,
}

impl Backoff {
    /// Waits, being overtaken once more: `window` is the time from the last look at the log until then.
    ///
    /// # Errors
    /// [`NoTimeLeft`], at once, if the deadline leaves no time for another try.
    pub async fn wait(&mut self, window: Duration, deadline: Deadline) -> Result<(), NoTimeLeft> {
        let Some(pause) = self.next(window, deadline.remaining()) else {
            let tries = self.overtaken;
            return Err(NoTimeLeft { tries });
        };
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// How long to wait, being overtaken once more in a window of this length, of the time that remains. None if that
    /// is not enough for another one.
    fn next(&mut self, window: Duration, remaining: Duration) -> Option<Duration> {
        let windows = FIRST.saturating_mul(GROWTH.saturating_pow(self.overtaken)).min(LONGEST);
        self.overtaken = self.overtaken.saturating_add(1);
        let left = remaining.checked_sub(window).filter(|left| !left.is_zero())?;
        let most = window.saturating_mul(windows).min(left);
        Some(most.mul_f64(random_part()))
    }

    /// How often it was overtaken.
    pub(crate) fn overtaken(&self) -> u32 {
        self.overtaken
    }
}

/// Between 0 and 1. Without random bytes, half: then nobody gets out of anybody's way, that is all.
fn random_part() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(10);
    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn waits_grow_with_the_window_to_a_limit_and_no_two_writers_wait_alike() {
        for window in [WINDOW, WINDOW * 100] {
            let mut longest = [Duration::ZERO; 4];
            let mut first = Vec::new();
            for _ in 0..200 {
                let mut backoff = Backoff::default();
                let waits = longest.map(|_| backoff.next(window, HOUR).unwrap());
                assert_eq!(backoff.overtaken(), 4);
                first.push(waits[0]);
                longest = std::array::from_fn(|number| longest[number].max(waits[number]));
            }
            for (longest, windows) in longest.into_iter().zip([8, 32, 64, 64]) {
                let most = window * windows;
                assert!(longest <= most && longest > most / 2, "{longest:?} of {most:?}");
            }
            first.sort_unstable();
            first.dedup();
            assert!(first.len() > 190);
        }
    }

    #[test]
    fn a_wait_leaves_time_for_another_try_or_there_is_none() {
        for _ in 0..200 {
            let wait = Backoff::default().next(WINDOW, WINDOW * 3).unwrap();
            assert!(wait <= WINDOW * 2);
        }
        assert_eq!(Backoff::default().next(WINDOW, WINDOW), None);
        assert_eq!(Backoff::default().next(WINDOW, Duration::ZERO), None);
    }

    #[test]
    fn being_overtaken_without_end_overflows_nothing() {
        let overtaken = u32::MAX - 1;
        let mut backoff = Backoff { overtaken };
        assert!((0..3).all(|_| backoff.next(Duration::MAX / 2, Duration::MAX).is_some()));
        assert_eq!(backoff.overtaken(), u32::MAX);
    }
}
