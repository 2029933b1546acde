//! What can go wrong, and what becomes of the event then.

use std::fmt;
use std::time::Duration;

use lambda_runtime::Diagnostic;

use super::key::KeyError;
use crate::disposition::{Disposition, Failure};

/// A table or namespace that can't be used: a deployment has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {0} of the idempotency records is empty or longer than 255 bytes")]
pub struct UnusableName(pub(super) &'static str);

/// A call of the protocol that did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing is left of the invocation's time, so there can be no lease. Retry.
    #[error("no time is left to claim the key")]
    NoTimeLeft,

    /// The lease lapsed and somebody else claimed the key: the record is theirs, and nothing was
    /// changed. Retry: the next delivery replays what they made of it.
    #[error("the lease lapsed and the key was claimed by another invocation")]
    Overtaken,

    /// DynamoDB is throttled, down, does not answer in time or does not allow it. Retry.
    #[error("{operation} on the idempotency table failed")]
    Unavailable {
        /// The API operation.
        operation: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The operating system gives no random bytes for an owner token. Retry.
    #[error("no random bytes for an owner token")]
    NoRandomness,

    /// What stands under the key is no record of this protocol: an attribute is missing or of
    /// another type. Reject.
    #[error("the attribute {0} of the idempotency record can't be read")]
    Malformed(&'static str),
}

impl StoreError {
    pub(super) fn unavailable<E>(operation: &'static str) -> impl FnOnce(E) -> Self
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
            Self::NoTimeLeft | Self::Overtaken | Self::Unavailable { .. } | Self::NoRandomness => Disposition::Retry,
            Self::Malformed(_) => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NoTimeLeft => "deadline",
            Self::Overtaken => "overtaken",
            Self::Unavailable { .. } | Self::NoRandomness => "idempotency-unavailable",
            Self::Malformed(_) => "malformed-idempotency-record",
        }
    }
}

/// Why an idempotent run has no result to give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// The work itself failed, and the key is free again. Whatever the work's error says.
    #[error(transparent)]
    Work(E),

    /// Another invocation is at it. Retry.
    #[error("another invocation works on the same key; its lease ends in {} ms", retry_after.as_millis())]
    InProgress {
        /// When its lease ends at the latest.
        retry_after: Duration,
    },

    /// The same key was used for another payload. Reject.
    #[error("the idempotency key was used before, with another payload")]
    Conflict,

    /// The work did not end within the invocation, so it was stopped where it stood. Retry: the
    /// lease ends now, too.
    #[error("the work was stopped at the invocation's deadline")]
    OutOfTime,

    /// The work was done before, but its response was too large to be stored, and the caller takes
    /// nothing but a response. Reject.
    #[error("the work was done before; its response was too large to be stored")]
    ResponseNotStored,

    /// The work was done before, but its stored response is not of the type that is expected now.
    /// What it says is not quoted. Reject.
    #[error("the work was done before; its stored response can't be read: line {line}, column {column}")]
    Unreadable {
        /// Where reading stopped, counted from 1.
        line: usize,
        /// Where reading stopped, in bytes.
        column: usize,
    },

    /// The event has no usable key. Reject.
    #[error(transparent)]
    Key(#[from] KeyError),

    /// A call of the protocol did not succeed. As the error says, nearly always Retry.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> Error<E> {
    /// A stable code for what the protocol itself has to say.
    fn own_reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::Work(_) => return None,
            Self::InProgress { .. } => "in-progress",
            Self::Conflict => "idempotency-conflict",
            Self::OutOfTime => "deadline",
            Self::ResponseNotStored => "response-not-stored",
            Self::Unreadable { .. } => "unreadable-response",
            Self::Key(error) => error.reason(),
            Self::Store(error) => error.reason(),
        })
    }
}

impl<E: Failure + 'static> Failure for Error<E> {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Work(error) => error.disposition(),
            Self::Store(error) => error.disposition(),
            Self::InProgress { .. } | Self::OutOfTime => Disposition::Retry,
            Self::Conflict | Self::ResponseNotStored | Self::Unreadable { .. } | Self::Key(_) => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Work(error) => error.reason(),
            _ => self.own_reason().unwrap_or_default(),
        }
    }
}

/// What Lambda is told when an idempotent service is the whole function.
impl<E: Into<Diagnostic> + fmt::Display> From<Error<E>> for Diagnostic {
    fn from(error: Error<E>) -> Self {
        match (error.own_reason(), error) {
            (_, Error::Work(error)) => error.into(),
            (reason, other) => Self {
                error_type: reason.unwrap_or_default().to_owned(),
                error_message: other.to_string(),
            },
        }
    }
}
