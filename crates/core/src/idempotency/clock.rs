//! What time it is: the system's, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock that leases and expiries are read from. It tells milliseconds since the epoch.
///
/// Lambda's hosts keep their clocks in step to within milliseconds; a lease that is judged by
/// another host is off by as much. That never harms the record, which is guarded by its owner token.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The operating system's.
    #[default]
    System,
    /// One that stands still until a test moves it.
    Fixed(FixedClock),
}

/// A clock that stands still. Its clones are the same clock.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicU64>);

impl FixedClock {
    /// A clock that stands at so many milliseconds since the epoch.
    pub fn at(milliseconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(milliseconds)))
    }

    /// Sets it to so many milliseconds since the epoch, forwards or backwards.
    pub fn set(&self, milliseconds: u64) {
        self.0.store(milliseconds, Ordering::SeqCst);
    }
}

impl Clock {
    pub(super) fn milliseconds(&self) -> u64 {
        match self {
            Self::System => whole_milliseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            Self::Fixed(FixedClock(time)) => time.load(Ordering::SeqCst),
        }
    }
}

/// A duration in milliseconds, rounded down.
pub(super) fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
