//! Metadata that a redacted photo may keep: an allow-list, so that what is not known is left out.

pub(crate) mod exif;
pub(crate) mod icc;
pub(crate) mod tiff;
