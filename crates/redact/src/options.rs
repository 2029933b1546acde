//! How to hide: the style, the shape, and what becomes of the metadata.

/// How a region is made unrecognisable. Each style is irreversible: none keeps any detail of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Style {
    /// A smooth blur drawn from the averages of a few large cells, about two across the shorter side of the region.
    #[default]
    Blur,
    /// The same cells, shown as they are.
    Pixelate,
    /// One colour: red, green, blue, each 0–255, in the colour space of the file.
    Fill([u8; 3]),
}

/// The outline of what is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Shape {
    /// The whole rectangle of the region.
    #[default]
    Rectangle,
    /// The ellipse within that rectangle. The corners stay as they were, so grow tight boxes before.
    Ellipse,
}

/// What metadata the redacted file keeps. Embedded pictures, positions (GPS), maker notes and bytes after the end of
/// the image go in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeepMetadata {
    /// Only what is needed to show the picture as it was: colour profile, orientation, resolution.
    #[default]
    OnlyNeeded,
    /// In addition short texts: author, copyright, description, dates, camera and lens.
    AllButPictures,
}

/// How to redact. Start from the default and change what you need:
///
/// ```
/// use gatehouse_redact::{Options, Shape, Style};
/// let options = Options { style: Style::Pixelate, shape: Shape::Ellipse, ..Options::default() };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How a region is made unrecognisable.
    pub style: Style,
    /// The outline of what is hidden.
    pub shape: Shape,
    /// What metadata the redacted file keeps.
    pub keep_metadata: KeepMetadata,
    /// A progressive JPEG comes out as a baseline one, which can be shown by everything but not bit by bit.
    pub baseline_output: bool,
    /// Read a JPEG of one scan only as far as the last region reaches: quicker, but damage behind it goes unnoticed, and
    /// is in what comes out; and its compressed data may end with a byte of padding too many, as some readers warn.
    /// Not for a photo that somebody else may have damaged.
    pub stop_early: bool,
}
