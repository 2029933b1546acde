//! The pixels engine: every frame is decoded, hidden, and encoded. For all formats but JPEG.

use std::collections::HashSet;

use crate::output::Output;
use crate::pixels::Pixels;
use crate::redacted::Outcome;
use crate::region::Area;
use crate::{
    Engine, Error, Format, KeepMetadata, Limits, Options, Orientation, Preview, Region, bmp, gif, hide, png, tiff, webp,
};

/// A file, and its frames once they are decoded.
#[derive(Debug)]
pub(crate) struct Raster<'a> {
    source: Source<'a>,
    frames: Option<Vec<Pixels>>,
}

impl<'a> Raster<'a> {
    /// `None` for a JPEG.
    ///
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Option<Self>, Error> {
        let source = Source::open(file, limits)?;
        Ok(source.map(|source| Self { source, frames: None }))
    }

    pub fn format(&self) -> Format {
        self.source.format()
    }

    /// How the stored pixels of all frames are turned to stand upright.
    pub fn orientation(&self) -> Orientation {
        self.source.orientation()
    }

    /// Stored width and height in pixels; of several pages, those of the first.
    pub fn size(&self) -> (u32, u32) {
        self.source.size()
    }

    /// Each frame in small, in every way in which it can look; frames that are the same come once.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn previews(&mut self, longest_side: u32) -> Result<Vec<Preview>, Error> {
        let frames = match self.frames.take() {
            Some(frames) => frames,
            None => self.source.decode()?,
        };
        let previews = distinct(&frames)
            .flat_map(|frame| Preview::all_of(frame, self.orientation(), longest_side))
            .collect();
        self.frames = Some(frames);
        Ok(previews)
    }

    /// The file with the regions hidden in every frame and its metadata cleaned.
    ///
    /// # Errors
    /// [`Error::CorruptImage`]; [`Error::Encoding`], which would be a defect.
    pub fn redact(mut self, regions: &[Region], options: &Options, out: &mut Output) -> Result<Outcome, Error> {
        let mut frames = match self.frames.take() {
            Some(frames) => frames,
            None => self.source.decode()?,
        };
        let orientation = self.orientation();
        let is_untouched = Area::all_of(regions, orientation, self.size()).is_empty();
        let (engine, (bytes, metadata_bytes_removed)) = if is_untouched {
            (Engine::Untouched, self.source.untouched(frames, options.keep_metadata)?)
        } else {
            for frame in &mut frames {
                // Each page of a TIFF has a size of its own.
                let size = (frame.width as u32, frame.height as u32);
                hide::hide(frame, &Area::all_of(regions, orientation, size), options);
            }
            (Engine::Pixels, self.source.encode(frames, options.keep_metadata)?)
        };
        out.extend(&bytes);
        Ok(Outcome {
            engine,
            metadata_bytes_removed,
            read_to_end: true,
        })
    }
}

/// The frames that differ in anything that is seen.
fn distinct(frames: &[Pixels]) -> impl Iterator<Item = &Pixels> {
    let mut seen = HashSet::new();
    frames
        .iter()
        .filter(move |frame| seen.insert((frame.width, frame.color, frame.wide, frame.data.as_slice())))
}

/// A file whose headers are read and whose limits are checked.
#[derive(Debug)]
enum Source<'a> {
    Png(png::Png<'a>),
    WebP(webp::WebP<'a>),
    Gif(gif::Gif<'a>),
    Tiff(tiff::Tiff<'a>),
    Bmp(bmp::Bmp<'a>),
}

impl<'a> Source<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken.
    fn open(file: &'a [u8], limits: &Limits) -> Result<Option<Self>, Error> {
        Ok(Some(match Format::of(file)? {
            Format::Jpeg => return Ok(None),
            Format::Png => Self::Png(png::Png::open(file, limits)?),
            Format::WebP => Self::WebP(webp::WebP::open(file, limits)?),
            Format::Gif => Self::Gif(gif::Gif::open(file, limits)?),
            Format::Tiff => Self::Tiff(tiff::Tiff::open(file, limits)?),
            Format::Bmp => Self::Bmp(bmp::Bmp::open(file, limits)?),
        }))
    }

    fn format(&self) -> Format {
        match self {
            Self::Png(_) => Format::Png,
            Self::WebP(_) => Format::WebP,
            Self::Gif(_) => Format::Gif,
            Self::Tiff(_) => Format::Tiff,
            Self::Bmp(_) => Format::Bmp,
        }
    }

    /// How the stored pixels of all frames are turned to stand upright.
    fn orientation(&self) -> Orientation {
        match self {
            Self::Png(png) => png.orientation(),
            Self::WebP(webp) => webp.orientation(),
            Self::Tiff(tiff) => tiff.orientation(),
            Self::Gif(_) | Self::Bmp(_) => Orientation::UPRIGHT,
        }
    }

    /// Stored width and height in pixels; of several pages, those of the first.
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Png(png) => png.size(),
            Self::WebP(webp) => webp.size(),
            Self::Gif(gif) => gif.size(),
            Self::Tiff(tiff) => tiff.size(),
            Self::Bmp(bmp) => bmp.size(),
        }
    }

    /// Every picture that the file shows, at least one: the frames of an animation as they look on their canvas, the
    /// pages of a TIFF.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    fn decode(&self) -> Result<Vec<Pixels>, Error> {
        match self {
            Self::Png(png) => png.decode(),
            Self::WebP(webp) => webp.decode(),
            Self::Gif(gif) => gif.decode(),
            Self::Tiff(tiff) => tiff.decode(),
            Self::Bmp(bmp) => Ok(vec![bmp.decode()?]),
        }
    }

    /// The file with its pixels as they are; and how many bytes of metadata were left out. `frames`: as
    /// [`Self::decode`] gave them.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    fn untouched(&self, frames: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        match self {
            Self::Png(png) => png.recompress(frames, keep),
            Self::WebP(webp) => webp.untouched(frames, keep),
            Self::Gif(gif) => gif.recompress(),
            Self::Tiff(tiff) => tiff.encode(frames, keep),
            Self::Bmp(bmp) => bmp.untouched(&frames),
        }
    }

    /// The file with other pixels; and how many bytes of metadata were left out. `frames`: as many as
    /// [`Self::decode`] gave, each of the same size.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    fn encode(&self, frames: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        match self {
            Self::Png(png) => png.encode(frames, keep),
            Self::WebP(webp) => webp.encode(frames, keep),
            Self::Gif(gif) => gif.encode(frames),
            Self::Tiff(tiff) => tiff.encode(frames, keep),
            Self::Bmp(bmp) => bmp.encode(&frames),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::pixels::Color;

    #[test]
    fn frames_of_the_same_bytes_are_the_same_only_if_these_mean_the_same() {
        let frame = |color, wide| Pixels::new(2, 1, color, wide, vec![128, 7, 128, 9]).unwrap();
        let frames = [(Color::Gray, true), (Color::GrayAlpha, false), (Color::Gray, true)];
        let frames = frames.map(|(color, wide)| frame(color, wide));
        assert_eq!(distinct(&frames).count(), 2);
    }
}
