//! JPEG (ITU-T T.81): regions hidden in the compressed picture itself, and the segments that are kept.
//!
//! The modules in the order in which a file goes through them: its [`segments`], the [`header`] with the [`frame`] that
//! they give, a [`scan`] and its [`entropy`]-coded data, read by [`bits`] and [`huffman`] codes. Then either the splice:
//! a [`walk`] that [`skip`]s over coefficients, a [`cover`] (a smooth [`surface`]) for what is hidden, [`codes`] and a
//! [`writer`] for the [`splice`]; or, for several scans, a [`check`] of them all and the [`coefficients`].
//!
//! An allow-list decides what else a redacted file holds: what is needed to show the picture as it was. Everything else
//! is left out, known or not.

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
mod scan;
mod segments;
mod skip;
mod splice;
mod surface;
mod walk;
mod writer;

use std::ops::RangeInclusive;

use codes::Encoder;
use coefficients::Coefficients;
use color::Model;
use cover::Cover;
use frame::Layout;
use header::Header;
use scan::Scan;
use segments::{APP0, APP1, APP2, APP14, DHT, DQT, DRI, EOI, SOI, SOS, Segment, Segments, write_segment};
use splice::Splice;
use walk::Walk;

use crate::redacted::Outcome;
use crate::region::Area;
use crate::{Engine, Error, KeepMetadata, Limits, Options, Orientation, Preview, Style};

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
    /// One scan of all components.
    Walked(Scan<'a>, Walk),
    /// Anything else; with the DC coefficients.
    Decoded(Coefficients, Vec<Vec<i16>>),
}

impl<'a> Jpeg<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let segments = Segments::all_of(file)?;
        let header = Header::read(&segments, limits)?;
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
        let pixels = if dc_width.max(dc_height) as u32 >= wanted {
            dc_image::of(picture.dc(), &self.header.frame, &self.layout, Model::of(&self.header))?
        } else {
            let is_enough = |eighths: &u32| (width.max(height) * eighths).div_ceil(8) >= wanted;
            codec::decode(self.file, &self.header, [2, 4].into_iter().find(is_enough).unwrap_or(8))?
        };
        self.picture = Some(picture);
        Ok(Preview::all_of(&pixels, self.orientation(), *longest_side.end()))
    }

    /// The file with some areas hidden and its metadata cleaned.
    ///
    /// # Errors
    /// [`Error::CorruptImage`]; [`Error::Encoding`], which would be a defect.
    pub fn redact(mut self, areas: &[Area], options: &Options) -> Result<Outcome, Error> {
        let to_baseline = self.header.frame.progressive && options.baseline_output;
        let stop_early = options.stop_early && self.is_spliceable() && self.picture.is_none();
        let picture = match self.picture.take() {
            Some(picture) => picture,
            None if stop_early => return self.redact_early(areas, options),
            None => self.read()?,
        };
        if areas.is_empty() && !to_baseline {
            return Ok(self.outcome(Engine::Untouched, self.copy(options.keep_metadata)));
        }
        match picture {
            Picture::Walked(scan, walk) => self.splice(&scan, walk, areas, options),
            Picture::Decoded(coefficients, dc) => self.rewrite(coefficients, dc, areas, options),
        }
    }

    /// The same without a look at what comes behind the last area.
    fn redact_early(&self, areas: &[Area], options: &Options) -> Result<Outcome, Error> {
        let outcome = if areas.is_empty() {
            self.outcome(Engine::Untouched, self.copy(options.keep_metadata))
        } else {
            // The MCU behind the last hidden one is written anew, too.
            let (scan, walk) = self.walk(Some(cover::end_of(areas, &self.layout) + 1))?;
            self.splice(&scan, walk, areas, options)?
        };
        Ok(Outcome {
            read_to_end: false,
            ..outcome
        })
    }

    /// Reads the picture to its end.
    fn read(&self) -> Result<Picture<'a>, Error> {
        if self.is_spliceable() {
            let (scan, walk) = self.walk(None)?;
            return Ok(Picture::Walked(scan, walk));
        }
        check::check_scans(scan::scans(&self.segments, &self.header.frame), &self.header.frame)?;
        let coefficients = Coefficients::read(self.file, &self.header.frame)?;
        let dc = coefficients.dc(&self.layout);
        Ok(Picture::Decoded(coefficients, dc))
    }

    /// Whether there is one sequential scan. It is of all components then, because the header has none without a scan.
    fn is_spliceable(&self) -> bool {
        !self.header.frame.progressive && self.header.scans == 1
    }

    fn walk(&self, mcus: Option<usize>) -> Result<(Scan<'a>, Walk), Error> {
        let scan = scan::scans(&self.segments, &self.header.frame).next();
        let scan = scan.unwrap_or_else(|| Err(Error::corrupt("it has no scan")))?;
        let walk = Walk::over(&scan, &self.layout, mcus)?;
        Ok((scan, walk))
    }

    fn cover(&self, dc: &mut [Vec<i16>], areas: &[Area], options: &Options) -> Cover {
        let color = match options.style {
            Style::Fill(rgb) => Model::of(&self.header).of_rgb(rgb),
            _ => [0.0; 4],
        };
        Cover::over(areas, dc, &self.header.frame, &self.layout, color, options)
    }

    /// Splices the scan; if its tables lack codes and have no room for them, all coefficients are written anew.
    fn splice(&self, scan: &Scan, mut walk: Walk, areas: &[Area], options: &Options) -> Result<Outcome, Error> {
        let cover = self.cover(&mut walk.dc, areas, options);
        let splice = Splice {
            data: scan.data,
            layout: &self.layout,
            walk: &walk,
            cover: &cover,
        };
        let mut out = Vec::with_capacity(self.file.len() + 1024);
        let removed = self.write_metadata(&mut out, options.keep_metadata);
        self.picture()
            .filter(|segment| segment.marker != SOS)
            .for_each(|segment| segment.write(&mut out));
        let (start, mut encoder) = (out.len(), Encoder::of(scan)?);
        let write_scan = |out: &mut Vec<u8>, encoder: &mut Encoder| {
            let header = self.picture().find(|segment| segment.marker == SOS);
            write_segment(out, SOS, header.map_or(&[], |segment| segment.payload));
            splice.write(encoder, out)
        };
        write_scan(&mut out, &mut encoder)?;
        let Some(extended) = encoder.extended_tables(scan) else {
            let coefficients = Coefficients::read(self.file, &self.header.frame)?;
            return self.write_coefficients(coefficients, &walk.dc, &cover, options);
        };
        if !extended.is_empty() {
            out.truncate(start);
            write_segment(&mut out, DHT, &extended);
            let mut tables = scan.tables;
            tables.define(&extended)?;
            write_scan(&mut out, &mut Encoder::with(scan, &tables)?)?;
        }
        out.extend([0xFF, EOI]);
        Ok(self.outcome(Engine::Splice, (out, removed)))
    }

    /// Writes all coefficients anew.
    fn rewrite(
        &self,
        coefficients: Coefficients,
        mut dc: Vec<Vec<i16>>,
        areas: &[Area],
        options: &Options,
    ) -> Result<Outcome, Error> {
        let cover = self.cover(&mut dc, areas, options);
        self.write_coefficients(coefficients, &dc, &cover, options)
    }

    fn write_coefficients(
        &self,
        mut coefficients: Coefficients,
        dc: &[Vec<i16>],
        cover: &Cover,
        options: &Options,
    ) -> Result<Outcome, Error> {
        coefficients.hide(dc, cover, &self.layout);
        let encoded = coefficients.write(self.header.frame.progressive && !options.baseline_output)?;
        drop(coefficients);
        let mut out = Vec::with_capacity(encoded.len() + 1024);
        let removed = self.write_metadata(&mut out, options.keep_metadata);
        let segments = Segments::all_of(&encoded).map_err(|error| Error::Encoding(error.to_string()))?;
        segments
            .iter()
            .filter(is_picture)
            .for_each(|segment| segment.write(&mut out));
        out.extend([0xFF, EOI]);
        Ok(self.outcome(Engine::Coefficients, (out, removed)))
    }

    fn outcome(&self, engine: Engine, (bytes, metadata_bytes_removed): (Vec<u8>, u64)) -> Outcome {
        Outcome {
            bytes,
            engine,
            metadata_bytes_removed,
            read_to_end: true,
        }
    }

    /// The file with its picture as it is; and how many bytes of metadata were left out.
    fn copy(&self, keep: KeepMetadata) -> (Vec<u8>, u64) {
        let mut out = Vec::with_capacity(self.file.len());
        let removed = self.write_metadata(&mut out, keep);
        self.picture().for_each(|segment| segment.write(&mut out));
        out.extend([0xFF, EOI]);
        (out, removed)
    }

    /// SOI and the metadata to be kept; gives the size of what is not.
    fn write_metadata(&self, out: &mut Vec<u8>, keep: KeepMetadata) -> u64 {
        out.extend([0xFF, SOI]);
        let start = out.len();
        // JFIF wants to be the first. It ends with the size of its thumbnail: nothing.
        if let Some(jfif) = self.header.jfif {
            write_segment(out, APP0, &[&jfif[..], &[0, 0]].concat());
        }
        if let Some(exif) = self.header.exif.write(keep) {
            write_segment(out, APP1, &[b"Exif\0\0", exif.as_slice()].concat());
        }
        for payload in &self.header.icc {
            write_segment(out, APP2, payload);
        }
        if let Some(adobe) = self.header.adobe {
            write_segment(out, APP14, &adobe);
        }
        let picture: usize = self.picture().map(Segment::size).sum();
        // SOI and EOI take two bytes each.
        let kept = out.len() - start + picture + 4;
        self.file.len().saturating_sub(kept) as u64
    }

    /// Frame, tables, restart intervals and scans. Tables behind the last scan serve nothing and are left out.
    fn picture(&self) -> impl Iterator<Item = &Segment<'a>> {
        let last = self.segments.iter().rposition(|segment| segment.marker == SOS);
        self.segments
            .iter()
            .take(last.map_or(0, |last| last + 1))
            .filter(is_picture)
    }
}

impl Picture<'_> {
    /// The DC coefficients, for each component one per block.
    fn dc(&self) -> &[Vec<i16>] {
        match self {
            Self::Walked(_, walk) => &walk.dc,
            Self::Decoded(_, dc) => dc,
        }
    }
}

/// Frame, tables, restart interval and scans.
fn is_picture(segment: &&Segment) -> bool {
    matches!(segment.marker, 0xC0..=0xC2 | DHT | DQT | DRI | SOS)
}
