//! JPEG (ITU-T T.81): regions hidden in the compressed picture itself, and the segments that are kept.
//!
//! The modules in the order in which a file goes through them: its [`segments`], the [`header`] with the [`frame`] that
//! they give, a [`scan`] and its [`entropy`]-coded data, read by [`bits`] and [`huffman`] codes. Then either the splice:
//! a [`walk`] that [`skip`]s over coefficients, a [`cover`] (a smooth [`surface`]) for what is hidden, [`codes`] and a
//! [`writer`] for the [`splice`]; or, for a progressive picture and for Huffman tables without room, the
//! [`coefficients`] (after a [`check`] of the progressive scans). The [`output`] is put together from that.

mod bits;
mod check;
mod codec;
mod codes;
mod coefficients;
mod color;
mod cover;
mod dc_image;
mod entropy;
mod frame;
mod header;
mod huffman;
mod icc;
mod output;
mod scan;
mod segments;
mod skip;
mod splice;
mod surface;
mod walk;
mod writer;

use std::ops::RangeInclusive;

use coefficients::Coefficients;
use color::Model;
use frame::Layout;
use header::Header;
use scan::{Scan, ScanLayout};
use segments::{Segment, Segments};
use splice::Walked;
use walk::Walk;

use crate::output::Output;
use crate::redacted::Outcome;
use crate::region::Area;
use crate::{Error, Limits, Options, Orientation, Preview};

/// A JPEG whose segments are known to be whole and within the limits.
#[derive(Debug)]
pub(crate) struct Jpeg<'a> {
    file: &'a [u8],
    segments: Vec<Segment<'a>>,
    header: Header<'a>,
    layout: Layout,
    picture: Option<Picture<'a>>,
}

/// The picture, read to its end.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one per photo")]
enum Picture<'a> {
    /// Sequential: its scans, most often one of all components.
    Walked(Vec<Walked<'a>>, DcPlanes),
    /// Progressive.
    Decoded(Coefficients, DcPlanes),
}

/// Quantised DC coefficients: for each component one per block.
type DcPlanes = Vec<Vec<i16>>;

impl<'a> Jpeg<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let (segments, end) = Segments::all_of(file)?;
        let header = Header::read(&segments, end, limits)?;
        let layout = Layout::of(&header.frame);
        Ok(Self {
            file,
            segments,
            header,
            layout,
            picture: None,
        })
    }

    pub fn orientation(&self) -> Orientation {
        self.header.exif.orientation
    }

    /// Bytes of the file.
    pub fn length(&self) -> usize {
        self.file.len()
    }

    /// Stored width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (u32::from(self.header.frame.width), u32::from(self.header.frame.height))
    }

    /// The upright picture in small; see [`Photo::previews_within`](crate::Photo::previews_within).
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn previews(&mut self, longest_side: RangeInclusive<u32>) -> Result<Vec<Preview>, Error> {
        let picture = match self.picture.take() {
            Some(picture) => picture,
            None => self.read()?,
        };
        let (width, height) = self.size();
        let wanted = width.max(height).min(*longest_side.start());
        let (dc_width, dc_height) = dc_image::size(&self.header.frame);
        let model = Model::of(&self.header);
        let is_enough = dc_width.max(dc_height) as u32 >= wanted && dc_image::is_an_eighth(&self.header.frame, model);
        let pixels = if is_enough {
            dc_image::of(picture.dc(), &self.header.frame, &self.layout, model)?
        } else {
            let is_enough = |eighths: &u32| (width.max(height) * eighths).div_ceil(8) >= wanted;
            let eighths = [1, 2, 4].into_iter().find(is_enough);
            codec::decode(self.file, &self.header, eighths.unwrap_or(8))?
        };
        self.picture = Some(picture);
        Ok(Preview::all_of(&pixels, self.orientation(), *longest_side.end()))
    }

    /// The file with some areas hidden and its metadata cleaned.
    ///
    /// # Errors
    /// [`Error::CorruptImage`]; [`Error::Encoding`], which would be a defect.
    pub fn redact(mut self, areas: &[Area], options: &Options, out: &mut Output) -> Result<Outcome, Error> {
        let to_baseline = self.header.frame.progressive && options.baseline_output;
        let has_one_scan = !self.header.frame.progressive && self.header.scans == 1;
        let picture = match self.picture.take() {
            Some(picture) => picture,
            None if options.stop_early && has_one_scan => return self.redact_early(areas, options, out),
            None => self.read()?,
        };
        if areas.is_empty() && !to_baseline {
            return Ok(self.copy(options.keep_metadata, out));
        }
        match picture {
            Picture::Walked(scans, dc) => self.splice(&scans, dc, areas, options, out),
            Picture::Decoded(coefficients, dc) => self.rewrite(coefficients, dc, areas, options, out),
        }
    }

    /// The same without a look at what comes behind the last area.
    fn redact_early(&self, areas: &[Area], options: &Options, out: &mut Output) -> Result<Outcome, Error> {
        let outcome = if areas.is_empty() {
            self.copy(options.keep_metadata, out)
        } else {
            // The MCU behind the last hidden one is written anew, too.
            let (scans, dc) = self.walk(Some(cover::end_of(areas, &self.layout) + 1))?;
            self.splice(&scans, dc, areas, options, out)?
        };
        Ok(Outcome {
            read_to_end: false,
            ..outcome
        })
    }

    /// Reads the picture to its end.
    fn read(&self) -> Result<Picture<'a>, Error> {
        if !self.header.frame.progressive {
            let (scans, dc) = self.walk(None)?;
            return Ok(Picture::Walked(scans, dc));
        }
        check::check_scans(self.scans(), &self.layout)?;
        let coefficients = Coefficients::read(self.file, &self.header.frame)?;
        let dc = coefficients.dc(&self.layout);
        self.check_brightness(&dc)?;
        Ok(Picture::Decoded(coefficients, dc))
    }

    /// Walks over all scans; over so many MCUs of each, if that is said.
    fn walk(&self, mcus: Option<usize>) -> Result<(Vec<Walked<'a>>, DcPlanes), Error> {
        let mut dc: DcPlanes = self
            .layout
            .components
            .iter()
            .map(|blocks| vec![0; blocks.total])
            .collect();
        let walked = self.scans().map(|scan| {
            let scan = scan?;
            let layout = ScanLayout::of(&scan.header, &self.layout);
            let walk = Walk::over(&scan, &layout, mcus, &mut dc)?;
            Ok(Walked { scan, layout, walk })
        });
        let walked = walked.collect::<Result<_, Error>>()?;
        self.check_brightness(&dc)?;
        Ok((walked, dc))
    }

    fn check_brightness(&self, dc: &DcPlanes) -> Result<(), Error> {
        if dc_image::is_in_range(dc, &self.header.frame) {
            return Ok(());
        }
        Err(Error::corrupt("the brightness of a block is beyond all bounds"))
    }

    fn scans(&self) -> impl Iterator<Item = Result<Scan<'a>, Error>> {
        scan::scans(&self.segments, &self.header.frame)
    }
}

impl Picture<'_> {
    /// The DC coefficients, for each component one per block.
    fn dc(&self) -> &[Vec<i16>] {
        match self {
            Self::Walked(_, dc) | Self::Decoded(_, dc) => dc,
        }
    }
}
