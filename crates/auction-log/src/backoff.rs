//! How long a writer waits that was overtaken, so that those who race get out of each other's way.

use std::time::Duration;

/// The longest first wait: some appends long, so that a few writers rarely meet again.
const FIRST: Duration = Duration::from_millis(40);
/// So much longer is the longest of each next wait: whoever loses twice is among many.
const GROWTH: u32 = 4;
/// The longest wait of all.
const LONGEST: Duration = Duration::from_millis(640);

/// The waits of one writer: each a random part of a time that grows.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    overtaken: u32,
}

impl Backoff {
    /// How long to wait, being overtaken once more.
    pub fn next(&mut self) -> Duration {
        let most = FIRST.saturating_mul(GROWTH.saturating_pow(self.overtaken)).min(LONGEST);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_no_two_writers_wait_alike() {
        let mut longest = [Duration::ZERO; 6];
        let mut first = Vec::new();
        for _ in 0..200 {
            let mut backoff = Backoff::default();
            let waits = longest.map(|_| backoff.next());
            assert_eq!(backoff.overtaken(), 6);
            first.push(waits[0]);
            longest = std::array::from_fn(|number| longest[number].max(waits[number]));
        }
        for (longest, most) in longest.into_iter().zip([40, 160, 640, 640, 640, 640]) {
            let most = Duration::from_millis(most);
            assert!(longest <= most && longest > most / 2, "{longest:?} of {most:?}");
        }
        first.sort_unstable();
        first.dedup();
        assert!(first.len() > 190);
    }

    #[test]
    fn being_overtaken_without_end_overflows_nothing() {
        let mut backoff = Backoff {
            overtaken: u32::MAX - 1,
        };
        assert!((0..3).all(|_| backoff.next() <= LONGEST));
    }
}
