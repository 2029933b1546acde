//! Everything that can go wrong with one photo, and what becomes of it then.

use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::event::UnexpectedBucket;
use gatehouse_photo::PhotoError;

/// Why a photo was not published. In none of these cases is anything in the destination changed,
/// unless the answer to the write itself was lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The event is of a bucket that is not the source. Reject.
    #[error(transparent)]
    UnexpectedBucket(#[from] UnexpectedBucket),

    /// The photo could not be fetched, redacted or written: Retry or Reject, as the cause says.
    #[error(transparent)]
    Photo(#[from] PhotoError),

    /// Under the destination prefix, the key would be empty or longer than S3 takes. Reject.
    #[error("under DESTINATION_PREFIX its key would have {0} bytes; S3 takes 1 to 1024")]
    UnusableKey(usize),

    /// Others wrote the same key again and again while this photo was to be published. Retry.
    #[error("other writers of the same key came first, {0} times in a row")]
    LostRace(usize),

    /// Another write of the same key was under way at this very moment (S3 answers 409). Retry.
    #[error("another write of the same key is under way")]
    Conflict,
}

impl Failure for PublishError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::UnexpectedBucket(error) => error.disposition(),
            Self::Photo(error) => error.disposition(),
            Self::UnusableKey(_) => Disposition::Reject,
            Self::LostRace(_) | Self::Conflict => Disposition::Retry,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnexpectedBucket(error) => error.reason(),
            Self::Photo(error) => error.reason(),
            Self::UnusableKey(_) => "unusable-key",
            Self::LostRace(_) | Self::Conflict => "lost-race",
        }
    }
}
