//! What comes out, and what was done.

/// A redacted photo.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted<Bytes = Vec<u8>> {
    /// The file, in the format of the original; only how many bytes it has, if it was written elsewhere.
    pub bytes: Bytes,
    /// How the picture was treated.
    pub engine: Engine,
    /// What was done, in figures.
    pub report: Report,
}

/// How the picture itself was treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// There was nothing to hide: the picture's pixels are untouched, its metadata cleaned. The compressed data
    /// of JPEG and of lossy WebP is copied bit for bit; other formats are compressed anew without loss.
    Untouched,
    /// Sequential JPEG: the compressed data was edited. Outside of the MCUs that a region touches every coefficient is the
    /// original's.
    Splice,
    /// Progressive JPEG, or one whose Huffman tables have no room for a code that is needed: the quantised coefficients
    /// were decoded, edited and written back. Outside of the MCUs that a region touches every coefficient is the original's.
    Coefficients,
    /// The picture was decoded, changed, and encoded again.
    Pixels,
}

impl Engine {
    /// A stable name for logs, metrics and object metadata.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Splice => "splice",
            Self::Coefficients => "coefficients",
            Self::Pixels => "pixels",
        }
    }
}

/// What was done, in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Regions that were hidden.
    pub regions: usize,
    /// Regions that lay altogether outside of the image: nothing was to be hidden there.
    pub outside: usize,
    /// Bytes of the original that were neither picture nor metadata to keep: EXIF, thumbnails, XMP, comments, what
    /// follows the end of the image.
    pub metadata_bytes_removed: u64,
    /// Whether the picture was read to its end, and so is known to be whole: always, unless
    /// [`Options::stop_early`](crate::Options::stop_early) asked for less.
    pub read_to_end: bool,
}

/// What a format says of a redacted photo.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub engine: Engine,
    pub metadata_bytes_removed: u64,
    pub read_to_end: bool,
}
