//! Each POST once: what was done for an `Idempotency-Key` is answered again, byte for byte.

use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Failure, innermost_cause};
use gatehouse_core::idempotency::{Done, Error, Key, Store, idempotent};

use tracing::warn;

use crate::answer::Answer;
use crate::error::IntakeError;

/// What makes two requests the same, and what they ask for.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// Whose key it is: callers can't meet each other's.
    pub caller: &'a str,
    /// The header's value.
    pub key: &'a str,
    /// What is asked for, of which thing.
    pub asked: &'a str,
    /// The body, as it came.
    pub body: &'a [u8],
}

impl Identity<'_> {
    /// What the request asks for, as bytes that are the same whenever it is sent again.
    pub fn payload(&self) -> Vec<u8> {
        [self.asked.as_bytes(), b"\n", self.body].concat()
    }
}

/// Does `work` unless it was done for this key before; then the answer is that of then.
///
/// An error is not kept: it gives the key back, so that the same request may be sent again, and be granted.
/// Work that is done is answered as done, also if that could not be recorded: then the same request, sent
/// again, is worked on again when the lease of this one has ended.
///
/// # Errors
/// The work's own; [`IntakeError::InFlight`], [`IntakeError::OutOfTime`] and nearly all of
/// [`IntakeError::Idempotency`]: Retry. [`IntakeError::KeyReused`], [`IntakeError::Answer`]: Reject.
pub async fn once(
    store: &Store,
    identity: Identity<'_>,
    deadline: Deadline,
    work: impl Future<Output = Result<Answer, IntakeError>>,
) -> Result<Answer, IntakeError> {
    // Neither part is empty: both were checked when they were read.
    let key = Key::new([identity.caller, identity.key]).map_err(|_| IntakeError::Answer("stored"))?;
    let mut done = None;
    let work = async { work.await.inspect(|answer| done = Some(answer.clone())) };
    let outcome = idempotent(store, &key, identity.payload(), deadline, work).await;
    match (outcome, done) {
        (Ok(Done::Ran(answer) | Done::Replayed(answer)), _) => Ok(answer),
        (Err(Error::Store(error)), Some(answer)) => {
            let cause = innermost_cause(&error);
            warn!(reason = error.reason(), cause, "done, but not recorded: {error}");
            Ok(answer)
        }
        (Err(error), _) => Err(failed(error)),
        (Ok(Done::ReplayedWithout), _) => Err(IntakeError::Answer("replayed")),
    }
}

fn failed(error: Error<IntakeError>) -> IntakeError {
    match error {
        Error::Work(error) => error,
        Error::InProgress { retry_after } => IntakeError::InFlight(retry_after),
        Error::Conflict => IntakeError::KeyReused,
        Error::OutOfTime => IntakeError::OutOfTime,
        Error::Store(error) => IntakeError::Idempotency(error),
        _ => IntakeError::Answer("read"),
    }
}
