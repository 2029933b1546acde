//! Hides regions of a photo for good, and the metadata that would give them away.
//!
//! Bytes and regions go in, bytes come out. This crate knows images; it knows no faces and no AWS. The one thing to
//! know: **a photo that cannot be read to its very end is refused**, never output half redacted.
//!
//! A photo is opened (headers and limits, nothing decoded), shown small and upright to whoever looks for faces, and
//! redacted:
//!
//! ```
//! use gatehouse_redact::{Error, Limits, Options, Photo, Preview, Region};
//!
//! # fn find_faces(_: &Preview) -> Vec<Region> {
//! #     vec![Region { left: 0.4, top: 0.2, width: 0.2, height: 0.3 }]
//! # }
//! fn hide_faces(upload: &[u8]) -> Result<Vec<u8>, Error> {
//!     let mut photo = Photo::open(upload, &Limits::default())?;
//!     let faces = photo.previews(640)?.into_iter().flat_map(|preview| find_faces(&preview));
//!     let regions: Vec<Region> = faces.map(|face| face.grown(0.2)).collect();
//!     Ok(photo.redact(&regions, &Options::default())?.bytes)
//! }
//! # let upload = Preview::from_rgb(64, 64, vec![90; 64 * 64 * 3])?.to_jpeg(90)?;
//! # assert!(hide_faces(&upload)?.starts_with(&[0xFF, 0xD8, 0xFF]));
//! # Ok::<(), Error>(())
//! ```

mod animation;
mod bmp;
mod error;
mod format;
mod gif;
mod hide;
mod jpeg;
mod limits;
mod metadata;
mod options;
mod orientation;
mod output;
mod pixels;
mod png;
mod preview;
mod raster;
mod redacted;
mod region;
mod tiff;
mod webp;

pub use error::{Error, WriteError};
pub use format::Format;
pub use limits::Limits;
pub use options::{KeepMetadata, Options, Shape, Style};
pub use orientation::Orientation;
pub use preview::Preview;
pub use redacted::{Engine, Redacted, Report};
pub use region::Region;

use std::io::Write;
use std::ops::RangeInclusive;

use jpeg::Jpeg;
use output::Output;
use raster::Raster;
use region::Area;

/// A photo whose headers are read and whose limits are checked.
///
/// It is read further when [`previews`](Self::previews) or [`redact`](Self::redact) needs it, and then only once.
#[derive(Debug)]
pub struct Photo<'a> {
    content: Content<'a>,
}

/// How it is redacted.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one per photo")]
enum Content<'a> {
    /// In its compressed data.
    Jpeg(Jpeg<'a>),
    /// Through pixels.
    Raster(Raster<'a>),
}

impl<'a> Photo<'a> {
    /// Reads the headers of a photo, recognised by its first bytes, and checks them against the limits.
    /// Allocates nothing of the picture's size.
    ///
    /// # Errors
    /// Any [`Error`] that the headers and the structure of the file already show. A broken picture behind sound
    /// headers shows later, in [`previews`](Self::previews) and [`redact`](Self::redact).
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        limits.check_bytes(bytes.len())?;
        let content = match Raster::open(bytes, limits)? {
            Some(raster) => Content::Raster(raster),
            None => Content::Jpeg(Jpeg::open(bytes, limits)?),
        };
        Ok(Self { content })
    }

    /// The file format.
    pub fn format(&self) -> Format {
        match &self.content {
            Content::Jpeg(_) => Format::Jpeg,
            Content::Raster(raster) => raster.format(),
        }
    }

    /// How the stored pixels are turned to stand upright. Broken EXIF counts as upright.
    pub fn orientation(&self) -> Orientation {
        match &self.content {
            Content::Jpeg(jpeg) => jpeg.orientation(),
            Content::Raster(raster) => raster.orientation(),
        }
    }

    /// Width and height of the upright image, in pixels; of a TIFF with several pages, those of the first.
    pub fn upright_size(&self) -> (u32, u32) {
        let (width, height) = match &self.content {
            Content::Jpeg(jpeg) => jpeg.size(),
            Content::Raster(raster) => raster.size(),
        };
        self.orientation().upright_size(width, height)
    }

    /// The upright image in small, in every way in which it can look to somebody: scaled down by averaging so that its
    /// longest side has at most `longest_side` pixels (at least 1). It is never scaled up.
    ///
    /// An opaque photo has exactly one preview. If a single pixel lets something through there are three, all of the
    /// same size: the colours as they are stored with transparency ignored, the picture over white, and the picture
    /// over black. **Look for faces in each of them**: a face can hide behind transparency, or in transparency alone,
    /// one colour all over that only a backdrop brings out.
    ///
    /// Of an animation each frame has its previews, as it looks on the canvas, and of a TIFF each page. Frames that are
    /// the same come once.
    ///
    /// What was read of the photo is kept, so that [`redact`](Self::redact) does not read it again.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the picture cannot be decoded to its end.
    pub fn previews(&mut self, longest_side: u32) -> Result<Vec<Preview>, Error> {
        self.previews_within(longest_side..=longest_side)
    }

    /// [`Self::previews`] of any size within bounds: the longest side has a number of pixels that lies in
    /// `longest_side`, whichever costs the least. A photo smaller than that comes in its own size.
    ///
    /// # Errors
    /// As [`Self::previews`].
    pub fn previews_within(&mut self, longest_side: RangeInclusive<u32>) -> Result<Vec<Preview>, Error> {
        match &mut self.content {
            Content::Jpeg(jpeg) => jpeg.previews(longest_side),
            Content::Raster(raster) => raster.previews(*longest_side.end()),
        }
    }

    /// The same photo with the regions hidden, in every frame or page, and its metadata cleaned.
    ///
    /// Without regions (or with none that touches the image) the pixels are untouched: the compressed data of a JPEG or
    /// a lossy WebP is copied bit for bit, after it was read once to make sure that it is whole; others are compressed
    /// anew without loss. Of a JPEG with regions only the MCUs that these touch change. [`Options::baseline_output`] and
    /// [`Options::stop_early`] say what else may happen to one.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the picture cannot be decoded to its end.
    pub fn redact(self, regions: &[Region], options: &Options) -> Result<Redacted, Error> {
        let mut bytes = Vec::with_capacity(self.length());
        let Redacted { engine, report, .. } = match self.redact_to(regions, options, &mut bytes) {
            Ok(redacted) => redacted,
            Err(WriteError::Refused(error)) => return Err(error),
            // Memory takes all.
            Err(WriteError::NotWritten(error)) => return Err(Error::Encoding(error.to_string())),
        };
        Ok(Redacted { bytes, engine, report })
    }

    /// [`Self::redact`] into a file or a socket, as the bytes are made: they are never in memory as a whole, and so it is
    /// faster. `bytes` of what comes back is how many they are.
    ///
    /// Of a JPEG, a photo that is refused is refused before the first byte is written.
    ///
    /// # Errors
    /// [`WriteError`]. What was written by then must be thrown away.
    pub fn redact_to(
        self,
        regions: &[Region],
        options: &Options,
        out: &mut impl Write,
    ) -> Result<Redacted<u64>, WriteError> {
        let mut output = Output::to(out);
        let (areas, outcome) = match self.content {
            Content::Jpeg(jpeg) => {
                let areas = Area::all_of(regions, jpeg.orientation(), jpeg.size());
                (areas.len(), jpeg.redact(&areas, options, &mut output)?)
            }
            Content::Raster(raster) => {
                let areas = Area::all_of(regions, raster.orientation(), raster.size());
                (areas.len(), raster.redact(regions, options, &mut output)?)
            }
        };
        Ok(Redacted {
            bytes: output.finish()?,
            engine: outcome.engine,
            report: Report {
                regions: areas,
                outside: regions.len() - areas,
                metadata_bytes_removed: outcome.metadata_bytes_removed,
                read_to_end: outcome.read_to_end,
            },
        })
    }

    /// About how many bytes come out.
    fn length(&self) -> usize {
        match &self.content {
            Content::Jpeg(jpeg) => jpeg.length() + jpeg.length() / 64,
            Content::Raster(_) => 0,
        }
    }
}

/// Redacts one photo within the default [`Limits`]: [`Photo::open`] and [`Photo::redact`] in one call.
///
/// # Errors
/// See [`Error`]. None is worth a retry.
pub fn redact(bytes: &[u8], regions: &[Region], options: &Options) -> Result<Redacted, Error> {
    Photo::open(bytes, &Limits::default())?.redact(regions, options)
}
