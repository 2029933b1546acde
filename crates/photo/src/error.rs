//! Everything that can go wrong with one photo, and what becomes of it then.

use gatehouse_core::disposition::{Disposition, Failure};
use gatehouse_core::hold::NotTaken;

/// Why a photo was not redacted or not written. In none of these cases is anything changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhotoError {
    /// The object, or this version of it, has been deleted since. Reject.
    #[error("the object is not in its bucket any more")]
    ObjectMissing,

    /// Another object lies under the key by now. Reject: its own event does the work.
    #[error("the object was replaced since; the event of the newer upload does the work")]
    ObjectChanged,

    /// The object is in an archive storage class and can't be read. Reject.
    #[error("the object is archived; restore it, then send the record again")]
    ObjectArchived,

    /// The object is larger than `MAX_BYTES`. Reject.
    #[error("the object has {bytes} bytes; at most {limit} are taken (MAX_BYTES)")]
    TooManyBytes {
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },

    /// The object is no photo that can be redacted. Reject.
    #[error(transparent)]
    Image(#[from] gatehouse_redact::Error),

    /// No face was found, and `NO_FACES` is `withhold`. Reject.
    #[error("no face was found, and NO_FACES=withhold keeps such photos back")]
    NoFacesFound,

    /// More faces than Rekognition can list, even in small parts of the photo. Reject.
    #[error("more faces than the detector can list, even in small parts of the photo")]
    TooManyFaces,

    /// Rekognition says that this photo can never be looked at. Reject.
    #[error("the detector refuses the photo: {0}")]
    DetectorRefused(String),

    /// The detector is throttled, down, or not allowed. Retry.
    #[error("the detector is not available")]
    DetectorUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// A detector says that a face lies outside of the photo: then it can't be trusted about the
    /// others. Retry.
    #[error("{0} of the detector's faces lie outside of the photo")]
    FaceOutside(usize),

    /// The embedded detector failed. Retry: an undetected photo is never published.
    #[error("the embedded detector failed")]
    DetectorFailed(#[from] gatehouse_detect::Error),

    /// The user metadata of the object and ours are more than S3 takes (2 KB). Reject.
    #[error("the object's user metadata leaves no room for what is noted beside it")]
    MetadataTooLarge,

    /// The hold queue did not take a photo that is to be held back. Retry: it is not published instead.
    #[error("the hold queue did not take the photo")]
    NotHeld(#[source] NotTaken),

    /// The flag `publish` is off for this photo, and it is not put on hold. Retry.
    #[error("photos are held back at the moment (the flag publish)")]
    Held,

    /// The flag `failure-injection` made this try fail. Retry.
    #[error("a failure was injected (the flag failure-injection)")]
    Injected,

    /// S3 is throttled, down, or does not allow it. Retry.
    #[error("{operation} failed")]
    Storage {
        /// The API operation.
        operation: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl PhotoError {
    /// What to make of an answer of S3 that is none of the above.
    pub fn storage<E>(operation: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |error| Self::Storage {
            operation,
            source: error.into(),
        }
    }
}

impl Failure for PhotoError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::DetectorUnavailable(_)
            | Self::DetectorFailed(_)
            | Self::FaceOutside(_)
            | Self::NotHeld(_)
            | Self::Held
            | Self::Injected
            | Self::Storage { .. } => Disposition::Retry,
            Self::ObjectMissing
            | Self::ObjectChanged
            | Self::ObjectArchived
            | Self::TooManyBytes { .. }
            | Self::Image(_)
            | Self::NoFacesFound
            | Self::TooManyFaces
            | Self::DetectorRefused(_)
            | Self::MetadataTooLarge => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::ObjectMissing => "object-missing",
            Self::ObjectChanged => "object-changed",
            Self::ObjectArchived => "object-archived",
            Self::TooManyBytes { .. } => "too-many-bytes",
            Self::Image(error) => error.reason(),
            Self::NoFacesFound => "no-faces-found",
            Self::TooManyFaces => "too-many-faces",
            Self::DetectorRefused(_) => "detector-refused",
            Self::DetectorUnavailable(_) => "detector-unavailable",
            Self::DetectorFailed(_) | Self::FaceOutside(_) => "detector-failed",
            Self::MetadataTooLarge => "metadata-too-large",
            Self::NotHeld(_) => "hold-queue-unavailable",
            Self::Held => "held",
            Self::Injected => "failure-injected",
            Self::Storage { .. } => "storage-unavailable",
        }
    }
}
