//! Completed records that this process remembers, to spare the request.

use std::collections::{HashMap, VecDeque};

use super::key::PayloadHash;
use super::record::Stored;

/// A completed record: nothing about it changes any more until it expires.
#[derive(Debug, Clone)]
pub(super) struct Completed {
    pub payload: PayloadHash,
    pub stored: Stored,
    /// In seconds since the epoch, as in the table.
    pub expires_at: u64,
}

/// The newest completed records, by partition key. The oldest makes room.
#[derive(Debug)]
pub(super) struct Cache {
    capacity: usize,
    records: HashMap<String, Completed>,
    order: VecDeque<String>,
}

impl Cache {
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            records: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub fn get(&self, partition_key: &str, now_seconds: u64) -> Option<&Completed> {
        let record = self.records.get(partition_key)?;
        (record.expires_at > now_seconds).then_some(record)
    }

    pub fn insert(&mut self, partition_key: &str, record: Completed) {
        if self.capacity == 0 {
            return;
        }
        if self.records.insert(partition_key.to_owned(), record).is_none() {
            self.order.push_back(partition_key.to_owned());
        }
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.records.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(expires_at: u64) -> Completed {
        Completed {
            payload: PayloadHash::of("payload"),
            stored: Stored::TooLarge,
            expires_at,
        }
    }

    #[test]
    fn a_full_cache_forgets_the_oldest_and_never_grows() {
        let mut cache = Cache::new(2);
        for key in ["a", "b", "a", "c"] {
            cache.insert(key, completed(10));
        }
        let known = ["a", "b", "c"].map(|key| cache.get(key, 0).is_some());
        assert_eq!(known, [false, true, true]);
        assert_eq!((cache.records.len(), cache.order.len()), (2, 2));
    }

    #[test]
    fn an_entry_expires_when_its_record_does_and_can_be_renewed() {
        let mut cache = Cache::new(2);
        cache.insert("a", completed(10));
        assert!(cache.get("a", 9).is_some());
        assert!(cache.get("a", 10).is_none());
        cache.insert("a", completed(20));
        assert!(cache.get("a", 10).is_some());
    }

    #[test]
    fn a_cache_without_room_remembers_nothing() {
        let mut cache = Cache::new(0);
        cache.insert("a", completed(10));
        assert!(cache.get("a", 0).is_none());
    }
}
