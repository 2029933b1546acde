//! What can go wrong, by whose fault.

/// Why no faces could be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pixels do not fit the stated size, or the image has no pixels.
    #[error("an image of {width}×{height} pixels needs {expected} bytes of RGB (at least one pixel), got {actual}")]
    BadImage {
        /// Stated width in pixels.
        width: u32,
        /// Stated height in pixels.
        height: u32,
        /// Bytes that such an image has.
        expected: u64,
        /// Bytes that were given.
        actual: usize,
    },

    /// [`Detector::detect_lazily`](crate::Detector::detect_lazily) was not given a picture of every way in which the photo
    /// can look, so it is not known what is in them.
    #[error("the photo has {expected} pictures (at least one), but {actual} were given in detail")]
    MissingPicture {
        /// How many pictures there were to glance at.
        expected: usize,
        /// How many were given.
        actual: usize,
    },

    /// The model can't be read, or is not a face detector that this crate knows.
    #[error("bad model: {reason}")]
    BadModel {
        /// Which part is wrong, and what was expected instead.
        reason: String,
    },

    /// The model was accepted but did not run, or its answer is not made of usable numbers. With the embedded model
    /// this means a lack of resources or a bug.
    #[error("inference failed: {reason}")]
    Inference {
        /// What the engine said, or what is wrong with the answer.
        reason: String,
    },
}

impl Error {
    /// A bad model, for a reason that a person can act upon.
    pub(crate) fn model(reason: impl Into<String>) -> Self {
        Self::BadModel { reason: reason.into() }
    }

    /// A failed run.
    pub(crate) fn inference(cause: impl ToString) -> Self {
        Self::Inference {
            reason: cause.to_string(),
        }
    }
}
