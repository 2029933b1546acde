//! What can go wrong, and what becomes of the caller's work then.

use gatehouse_core::disposition::{Disposition, Failure};

use crate::Record;

/// A request to the table that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// DynamoDB is throttled, down, does not answer in time or does not allow it, or another
    /// transaction is at the same items. Retry.
    #[error("{operation} on the event store failed")]
    Unavailable {
        /// The API operation.
        operation: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// An item is not as the store writes it: this attribute is missing or of another type. Reject.
    #[error("the attribute {0} of an item in the event store can't be read")]
    Malformed(&'static str),
}

impl StoreError {
    pub(crate) fn unavailable<E>(operation: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |error| Self::Unavailable {
            operation,
            source: error.into(),
        }
    }
}

impl Failure for StoreError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Unavailable { .. } => Disposition::Retry,
            Self::Malformed(_) => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "event-store-unavailable",
            Self::Malformed(_) => "malformed-event-record",
        }
    }
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Somebody else's record stands at that version already: this one. Nothing was changed. Retry,
    /// after deciding again.
    #[error("version {} of the stream was appended by somebody else", .0.version)]
    Overtaken(Box<Record>),

    /// The alias belongs to another stream. Nothing was changed. Reject.
    #[error("the alias is taken by the stream {stream}")]
    AliasTaken {
        /// Whose alias it is.
        stream: String,
    },

    /// A part of this very append stands there without the rest, as no append leaves it: an alias without its record, or the
    /// other way round. Nothing was changed. Reject: items were written or deleted by another way.
    #[error("a part of the append stands there already, without the rest")]
    Incomplete,

    /// The versions are not consecutive, or do not start from 1 or more. Nothing was sent. Reject.
    #[error("the records' versions are not consecutive from 1 or more")]
    NotConsecutive,

    /// A stream's id or an alias is empty or longer than 2,048 bytes. Nothing was sent. Reject.
    #[error("the {0} is empty or longer than 2048 bytes")]
    UnusableName(&'static str),

    /// More than one transaction can take. Nothing was sent. Reject.
    #[error("{items} items are more than the 100 that one transaction takes")]
    TooMany {
        /// The records, and the alias if there is one.
        items: usize,
    },

    /// A record over 400 KB, or 4 MB of them. Nothing was sent. Reject.
    #[error("{bytes} bytes are more than the {most} that DynamoDB takes at once")]
    TooLarge {
        /// How many bytes it would be.
        bytes: usize,
        /// How many it may be.
        most: usize,
    },

    /// The request did not succeed; unless the answer alone was lost, nothing was changed. The same
    /// append may be repeated: if it had taken effect, that is noticed. As the error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for AppendError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Overtaken(_) => Disposition::Retry,
            Self::AliasTaken { .. }
            | Self::Incomplete
            | Self::NotConsecutive
            | Self::UnusableName(_)
            | Self::TooMany { .. }
            | Self::TooLarge { .. } => Disposition::Reject,
            Self::Store(error) => error.disposition(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Overtaken(_) => "lost-race",
            Self::AliasTaken { .. } => "alias-taken",
            Self::Incomplete => "incomplete-append",
            Self::NotConsecutive => "not-consecutive",
            Self::UnusableName(_) => "unusable-name",
            Self::TooMany { .. } => "too-many-records",
            Self::TooLarge { .. } => "too-large",
            Self::Store(error) => error.reason(),
        }
    }
}

/// Why no snapshot was saved. Nobody needs one: it only spares reading.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// More than an item can hold. Nothing was sent. Reject: go without.
    #[error("a snapshot of {bytes} bytes is more than the 400 KB that an item can hold")]
    TooLarge {
        /// How many bytes it would be.
        bytes: usize,
    },

    /// There is nothing before version 1. Nothing was sent. Reject.
    #[error("a snapshot of version 0")]
    VersionZero,

    /// The request did not succeed. As the error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for SnapshotError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::TooLarge { .. } | Self::VersionZero => Disposition::Reject,
            Self::Store(error) => error.disposition(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::VersionZero => "not-consecutive",
            Self::Store(error) => error.reason(),
        }
    }
}
