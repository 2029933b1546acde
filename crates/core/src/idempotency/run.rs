//! The whole protocol around a piece of work.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::error::Error;
use super::key::{Key, PayloadHash};
use super::record::Stored;
use super::store::{Outcome, Store};
use crate::deadline::Deadline;
use crate::disposition::{Failure, innermost_cause};

/// The work is done; now, or before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it holds the response"]
pub enum Done<T> {
    /// It was done now.
    Ran(T),
    /// It was done before, and this was its response.
    Replayed(T),
    /// It was done before; its response was too large to be stored.
    ReplayedWithout,
}

impl<T> Done<T> {
    /// The response, if there is one.
    pub fn response(self) -> Option<T> {
        match self {
            Self::Ran(response) | Self::Replayed(response) => Some(response),
            Self::ReplayedWithout => None,
        }
    }
}

/// Does a piece of work unless it was done before: claims the key, runs `work`, records its response
/// as JSON. Two writes when it runs, one when it does not, no reads.
///
/// `work` that fails gives the key back, so the next delivery tries again. `work` that is still at it
/// at the deadline is stopped. If the process dies, the next delivery finds the key taken until the
/// lease ends, and runs then. What `work` did outside before it was cut off is done again, so let
/// that be safe to repeat.
///
/// `payload` is what the event asks for, as bytes that are the same with each delivery.
///
/// # Errors
/// [`Error::Work`] is the work's own. Retry: [`Error::InProgress`], [`Error::OutOfTime`], nearly all of
/// [`Error::Store`]; the work may be done then, if only its completion could not be recorded.
/// Reject: [`Error::Conflict`], [`Error::Unreadable`].
pub async fn idempotent<T, E>(
    store: &Store,
    key: &Key,
    payload: impl AsRef<[u8]>,
    deadline: Deadline,
    work: impl Future<Output = Result<T, E>>,
) -> Result<Done<T>, Error<E>>
where
    T: Serialize + DeserializeOwned,
{
    run(store, key, PayloadHash::of(payload), deadline, work).await
}

pub(super) async fn run<T, E>(
    store: &Store,
    key: &Key,
    payload: PayloadHash,
    deadline: Deadline,
    work: impl Future<Output = Result<T, E>>,
) -> Result<Done<T>, Error<E>>
where
    T: Serialize + DeserializeOwned,
{
    let claim = match store.claim(key, payload, deadline).await? {
        Outcome::Run(claim) => claim,
        Outcome::Replay(stored) => return replay(&stored),
        Outcome::InProgress { retry_after } => return Err(Error::InProgress { retry_after }),
        Outcome::Conflict => return Err(Error::Conflict),
    };
    let Ok(result) = tokio::time::timeout(deadline.remaining(), work).await else {
        return Err(Error::OutOfTime);
    };
    match result {
        Ok(response) => {
            // One that can't be written as JSON is left out: the work is done, and must not be done again.
            let json = serde_json::to_string(&response).ok();
            claim.complete(json.as_deref()).await?;
            Ok(Done::Ran(response))
        }
        Err(error) => {
            // The work's own error is what counts. An unreleased claim ends with its lease.
            if let Err(failed) = claim.release().await {
                let cause = innermost_cause(&failed);
                warn!(
                    reason = failed.reason(),
                    cause, "the key stays taken until its lease ends: {failed}"
                );
            }
            Err(Error::Work(error))
        }
    }
}

fn replay<T: DeserializeOwned, E>(stored: &Stored) -> Result<Done<T>, Error<E>> {
    match stored {
        Stored::TooLarge => Ok(Done::ReplayedWithout),
        Stored::Response(json) => match serde_json::from_str(json) {
            Ok(response) => Ok(Done::Replayed(response)),
            // The error's own words would quote the response.
            Err(error) => Err(Error::Unreadable {
                line: error.line(),
                column: error.column(),
            }),
        },
    }
}
