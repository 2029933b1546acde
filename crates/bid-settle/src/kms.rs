//! What KMS answers when it does not do what it is asked, and how long to ask again.

use std::time::Duration;

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure};

/// The first pause between two calls lasts up to this long, each further one up to twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// KMS did not answer, or refused for a reason that does not lie in the ciphertext. Always Retry: nobody's bid may be
/// called invalid for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KmsError {
    /// More calls than the account's quota allows (KMS developer guide, "Throttling AWS KMS requests"). Retry.
    #[error("KMS is throttling {0}")]
    Throttled(&'static str),
    /// An outage, a time-out, an answer that can't be read. Retry.
    #[error("KMS did not carry out {operation}")]
    Unavailable {
        /// The operation's name.
        operation: &'static str,
        /// What the SDK says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The key can't be used: no permission, disabled, pending deletion, of another kind. It will stay so until somebody
    /// changes something; then the message can be sent again from the dead-letter queue. Retry.
    #[error("KMS refused {operation}: the key can't be used so")]
    Refused {
        /// The operation's name.
        operation: &'static str,
        /// What the SDK says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The invocation is about to end. Retry.
    #[error("no time is left for {0}")]
    OutOfTime(&'static str),
}

impl KmsError {
    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match error.code() {
            Some(
                "ThrottlingException"
                | "Throttling"
                | "TooManyRequestsException"
                | "RequestLimitExceeded"
                | "LimitExceededException",
            ) => Self::Throttled(operation),
            Some(
                "AccessDeniedException"
                | "DisabledException"
                | "NotFoundException"
                | "KMSInvalidStateException"
                | "InvalidKeyUsageException"
                | "UnsupportedOperationException"
                | "ValidationException",
            ) => Self::Refused {
                operation,
                source: error.into(),
            },
            _ => Self::unavailable(operation, error),
        }
    }

    pub(crate) fn unavailable(
        operation: &'static str,
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            operation,
            source: error.into(),
        }
    }

    /// Whether the same call may work in a moment.
    fn passes(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable { .. })
    }
}

impl Failure for KmsError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Throttled(_) => "kms-throttled",
            Self::Unavailable { .. } => "kms-unavailable",
            Self::Refused { .. } => "kms-refused",
            Self::OutOfTime(_) => "deadline",
        }
    }
}

/// Asks KMS again and again, with growing pauses of random length, as long as it may help and there is time.
///
/// # Errors
/// What cannot pass; [`KmsError::OutOfTime`] at the end of the time, even in the middle of a call.
pub(crate) async fn patiently<T, E, Asked>(
    operation: &'static str,
    until: Deadline,
    mut ask: impl FnMut() -> Asked,
) -> Result<T, E>
where
    Asked: Future<Output = Result<T, E>>,
    E: From<KmsError> + MayPass,
{
    let mut longest = FIRST_PAUSE;
    loop {
        match tokio::time::timeout(until.remaining(), ask()).await {
            Ok(Err(error)) if error.may_pass() => {}
            Ok(answer) => return answer,
            Err(_elapsed) => return Err(KmsError::OutOfTime(operation).into()),
        }
        let pause = random_part_of(longest);
        if pause >= until.remaining() {
            return Err(KmsError::OutOfTime(operation).into());
        }
        tokio::time::sleep(pause).await;
        longest = (longest * 2).min(LONGEST_PAUSE);
    }
}

/// Whether it may help to ask again.
pub(crate) trait MayPass {
    fn may_pass(&self) -> bool;
}

impl MayPass for KmsError {
    fn may_pass(&self) -> bool {
        self.passes()
    }
}

/// Between none and all of it, so that calls that were throttled together do not come back together.
fn random_part_of(longest: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    async fn answers_after(failures: usize, error: fn() -> KmsError, time: Duration) -> (Result<(), KmsError>, usize) {
        let asked = Cell::new(0);
        let ask = || {
            asked.set(asked.get() + 1);
            let answer = if asked.get() > failures { Ok(()) } else { Err(error()) };
            async move { answer }
        };
        let answer = patiently("Decrypt", Deadline::after(time), ask).await;
        (answer, asked.get())
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_waited_out() {
        let throttled = || KmsError::Throttled("Decrypt");
        let (answer, asked) = answers_after(8, throttled, Duration::from_secs(60)).await;
        assert!(answer.is_ok());
        assert_eq!(asked, 9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_not_asked_again() {
        let refused = || KmsError::Refused {
            operation: "Decrypt",
            source: "denied".into(),
        };
        let (answer, asked) = answers_after(8, refused, Duration::from_secs(60)).await;
        assert_eq!(answer.unwrap_err().reason(), "kms-refused");
        assert_eq!(asked, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_time_is_told_even_in_the_middle_of_a_call() {
        let throttled = || KmsError::Throttled("Decrypt");
        let (answer, _) = answers_after(usize::MAX, throttled, Duration::from_secs(3)).await;
        assert_eq!(answer.unwrap_err().reason(), "deadline");

        let hangs = || std::future::pending::<Result<(), KmsError>>();
        let answer = patiently("Decrypt", Deadline::after(Duration::from_secs(3)), hangs).await;
        assert_eq!(answer.unwrap_err().reason(), "deadline");
    }
}
