//! Why a photo was refused.
//!
//! A `Display` writes one sentence for a person: what was found, and what would be right.
//! [`Error::reason`] is the stable code for machines, logs and queues.

/// Why a photo could not be redacted. Nothing is ever output in its place.
///
/// **None of these is worth a retry**: they depend on the photo and the limits alone, so the same bytes fail
/// the same way each time. Memory that the system itself refuses is not reported here; it ends the process, and
/// [`Limits::memory`](crate::Limits) is what prevents it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file has no bytes.
    #[error("the file is empty; a photo was expected")]
    EmptyFile,

    /// The file is an image (or something else) that this crate does not redact. The field names it: `HEIC`.
    #[error("{0} is not supported; JPEG, PNG, WebP, GIF, TIFF and BMP are")]
    UnsupportedFormat(&'static str),

    /// The file starts as one of a supported format but cannot be read to its end. The field says where it broke.
    #[error("the image is corrupt or cut short: {0}; upload the complete original file")]
    CorruptImage(String),

    /// The file is larger than [`Limits::bytes`](crate::Limits).
    #[error("the file has {bytes} bytes; at most {limit} are accepted")]
    TooManyBytes {
        /// The size of the file.
        bytes: u64,
        /// The limit in force.
        limit: u64,
    },

    /// The image has more pixels than [`Limits::pixels`](crate::Limits).
    #[error("the image is {width}×{height} pixels; at most {limit} pixels are accepted")]
    TooManyPixels {
        /// Width as the header states it, in pixels.
        width: u32,
        /// Height as the header states it, in pixels.
        height: u32,
        /// The limit in force, in pixels.
        limit: u64,
    },

    /// The animation has more frames, or the TIFF more pages, than [`Limits::frames`](crate::Limits); or all of them
    /// together have more pixels than [`Limits::pixels`](crate::Limits).
    #[error("the image has {frames} frames; at most {limit} of this size are accepted")]
    TooManyFrames {
        /// The number of frames that were found; there may be more.
        frames: u64,
        /// How many of this size are accepted.
        limit: u64,
    },

    /// Decoding the image would take more memory than [`Limits::memory`](crate::Limits).
    #[error("decoding the image would take about {bytes} bytes of memory; at most {limit} are accepted")]
    TooMuchMemory {
        /// The estimate, in bytes.
        bytes: u64,
        /// The limit in force, in bytes.
        limit: u64,
    },

    /// The rectangle asked of [`Preview::crop`](crate::Preview::crop) does not lie within the preview.
    #[error("the rectangle to cut out is empty or reaches beyond the preview of {width}×{height} pixels")]
    OutsidePreview {
        /// Width of the preview, in pixels.
        width: u32,
        /// Height of the preview, in pixels.
        height: u32,
    },

    /// The encoder refused an image that the decoder had accepted: a defect of this crate, to be reported.
    #[error("the redacted image could not be encoded: {0}; this is a defect, please report it")]
    Encoding(String),
}

/// Why a redacted photo was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The photo was refused. No retry helps.
    #[error(transparent)]
    Refused(#[from] Error),
    /// The writer did not take all of it. Whether a retry helps is the writer's to say.
    #[error("the redacted photo was not written: {0}")]
    NotWritten(#[from] std::io::Error),
}

impl Error {
    /// A stable code for this kind of error. It never changes, so it may be stored, counted and matched on.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::EmptyFile => "empty-file",
            Self::UnsupportedFormat(_) => "unsupported-format",
            Self::CorruptImage(_) => "corrupt-image",
            Self::TooManyBytes { .. } => "too-many-bytes",
            Self::TooManyPixels { .. } => "too-many-pixels",
            Self::TooManyFrames { .. } => "too-many-frames",
            Self::TooMuchMemory { .. } => "too-much-memory",
            Self::OutsidePreview { .. } => "outside-preview",
            Self::Encoding(_) => "encoding-failed",
        }
    }

    /// A [`Error::CorruptImage`] with its cause in words.
    pub(crate) fn corrupt(cause: impl Into<String>) -> Self {
        Self::CorruptImage(cause.into())
    }
}
