//! Times have milliseconds, no more: what is hashed, compared and shown is the same.

use jiff::Timestamp;

/// The time without what is finer than a millisecond.
pub fn cut(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// Whether the time has nothing finer than a millisecond.
pub(crate) fn is_cut(time: Timestamp) -> bool {
    cut(time) == time
}
