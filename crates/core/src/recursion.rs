//! A guard against recursion: counts how often one key was written within a minute.
//!
//! A function that writes where its own trigger looks could loop. The ledger keeps ours from that;
//! this is the smoke detector beside it. It counts in one process only: a loop that is spread over
//! many, or a slow one, is seen as less than it is.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Unit, describe_histogram, histogram};

const WINDOW: Duration = Duration::from_secs(60);
/// Keys that are remembered at the most, a few dozen bytes each. When they are more, the count of
/// all starts again: a loop is at the top again soon.
const MOST_KEYS: usize = 10_000;

/// Counts the writes of each key.
#[derive(Debug, Clone, Default)]
pub struct RecursionGuard {
    writes: Arc<Mutex<HashMap<u64, Writes>>>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Writes {
    since: Instant,
    count: u32,
}

impl RecursionGuard {
    /// Tells CloudWatch the unit of the metric.
    pub fn describe() {
        describe_histogram!(
            "WritesPerKey",
            Unit::Count,
            "how often one key was written within a minute"
        );
    }

    /// Counts a write, and says in the metric `WritesPerKey` how many of its key there were within a
    /// minute, this one included. The metric's maximum is what an alarm looks at. Also returns it.
    pub fn wrote(&self, key: &str) -> u32 {
        let count = self.count(key, Instant::now());
        histogram!("WritesPerKey").record(f64::from(count));
        count
    }

    fn count(&self, key: &str, now: Instant) -> u32 {
        let key = self.hasher.hash_one(key);
        // A panic of somebody who counted leaves nothing half done.
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        if writes.len() >= MOST_KEYS {
            writes.clear();
        }
        let of_key = writes.entry(key).or_insert(Writes { since: now, count: 0 });
        if now.duration_since(of_key.since) >= WINDOW {
            *of_key = Writes { since: now, count: 0 };
        }
        of_key.count = of_key.count.saturating_add(1);
        of_key.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_of_one_key_add_up_for_a_minute_and_keys_do_not_mix() {
        let (guard, start) = (RecursionGuard::default(), Instant::now());
        let counts: Vec<u32> = (0..3).map(|_| guard.count("a", start)).collect();
        assert_eq!(counts, [1, 2, 3]);
        assert_eq!(guard.count("b", start), 1);
        assert_eq!(guard.count("a", start + Duration::from_secs(59)), 4);
        assert_eq!(guard.count("a", start + Duration::from_secs(60)), 1);
    }

    #[test]
    fn however_many_keys_there_are_only_so_many_are_remembered() {
        let (guard, start) = (RecursionGuard::default(), Instant::now());
        for number in 0..3 * MOST_KEYS {
            guard.count(&number.to_string(), start);
        }
        assert!(guard.writes.lock().unwrap().len() <= MOST_KEYS);
    }
}
