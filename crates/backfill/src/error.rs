//! Why a backfill could not be started, followed or counted.

use std::error::Error;
use std::fmt::Debug;

use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};

/// What stopped a command. A run that was started goes on all the same.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackfillError {
    /// There is no stack of this name.
    #[error("no-such-stack: there is no {0} in this account and region")]
    NoSuchStack(String),
    /// The stack was deployed without what a backfill needs.
    #[error("stack-too-old: {stack} has no {missing}; deploy it again first")]
    StackTooOld {
        /// The stack.
        stack: String,
        /// The output or parameter that it lacks.
        missing: &'static str,
    },
    /// The bucket is not the one whose photos the stack publishes elsewhere.
    #[error("not-the-source-bucket: {stack} publishes what is in {source_bucket}, not what is in {bucket}")]
    NotTheSourceBucket {
        /// The stack.
        stack: String,
        /// Its source bucket.
        source_bucket: String,
        /// What was asked for.
        bucket: String,
    },
    /// The function passes over everything under this prefix.
    #[error("outside-source-prefix: {prefix:?} does not begin with {source_prefix:?}, the stack's SourcePrefix")]
    OutsideSourcePrefix {
        /// What was asked for.
        prefix: String,
        /// The parameter.
        source_prefix: String,
    },
    /// There is no such execution of the stack's state machine.
    #[error("no-such-execution: {0} is no execution of the stack's backfill, or one that is forgotten after 90 days")]
    NoSuchExecution(String),
    /// The file of prices can't be used.
    #[error("bad-prices-file: {0}")]
    Prices(String),
    /// A service refused, or could not be reached.
    #[error("{operation}: {detail}")]
    Aws {
        /// The API operation.
        operation: &'static str,
        /// The error's code and message, or what lies at the bottom of it.
        detail: String,
    },
}

impl BackfillError {
    /// Whether what was asked for is wrong, and asking again would not help.
    pub fn is_of_the_input(&self) -> bool {
        !matches!(self, Self::Aws { .. })
    }
}

/// A function that says which operation failed.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> BackfillError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: Debug + 'static,
{
    move |error| {
        let detail = match error.as_service_error() {
            Some(refused) => {
                let code = refused.code().unwrap_or("refused");
                format!("{code}: {}", refused.message().unwrap_or("no reason given"))
            }
            None => innermost(&error).to_string(),
        };
        BackfillError::Aws { operation, detail }
    }
}

/// On top, errors of the SDK say "dispatch failure" and nothing else.
fn innermost<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}
