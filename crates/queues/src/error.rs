//! Why a command on a queue came to no end.

use std::error::Error;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

/// What stopped a command. Nothing is lost by it: what was sent on and not deleted yet is there twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// There is no stack of this name, or it has no outputs yet.
    #[error("no-such-stack: there is no {0} in this account and region")]
    NoSuchStack(String),
    /// The stack has no such queue.
    #[error("no-such-queue: {name} is none of the queues of {stack}: {known}")]
    NoSuchQueue {
        /// What was asked for.
        name: String,
        /// The stack.
        stack: String,
        /// Those that it has.
        known: String,
    },
    /// What is in the queue of this name is held back, and not for a person to take: had it failed, it would be elsewhere.
    #[error(
        "held-back: what is in {0} has not failed; it goes on by itself when the flag publish is on (docs/flags.md)"
    )]
    Held(String),
    /// A service refused, or could not be reached.
    #[error("{operation}: {detail}")]
    Aws {
        /// The API operation.
        operation: &'static str,
        /// The error's code and message, or what lies at the bottom of it.
        detail: String,
    },
}

/// A function that says which operation failed.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> QueueError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    move |error| {
        let detail = match error.as_service_error() {
            Some(refused) => format!(
                "{}: {}",
                refused.code().unwrap_or("refused"),
                refused.message().unwrap_or("no reason given")
            ),
            None => innermost_cause(&error).to_string(),
        };
        QueueError::Aws { operation, detail }
    }
}

/// What lies at the bottom of an error: SDK errors say "dispatch failure" and nothing else on top.
fn innermost_cause<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}
