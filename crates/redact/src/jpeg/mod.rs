//! JPEG (ITU-T T.81): the segments that are kept, and the picture through pixels.
//!
//! An allow-list decides what a redacted file holds: the picture itself, and of the metadata what is needed to show
//! it as it was. Everything else is left out, known or not.

mod codec;
mod header;
mod huffman;
mod icc;
mod segments;
mod walk;

use header::Header;
use segments::{APP0, APP1, APP2, APP14, DHT, DQT, DRI, EOI, SOI, SOS, Segment, Segments, write_segment};

use crate::pixels::Pixels;
use crate::{Error, KeepMetadata, Limits, Orientation};

/// A JPEG whose segments are known to be whole and within the limits.
#[derive(Debug)]
pub(crate) struct Jpeg<'a> {
    file: &'a [u8],
    header: Header<'a>,
}

impl<'a> Jpeg<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        Ok(Self {
            file,
            header: Header::read(file, limits)?,
        })
    }

    pub fn orientation(&self) -> Orientation {
        self.header.exif.orientation
    }

    /// Stored width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (u32::from(self.header.frame.width), u32::from(self.header.frame.height))
    }

    /// Decodes the picture, after its entropy-coded data was found to end where it should.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Pixels, Error> {
        walk::check_scans(self.segments(), &self.header.frame)?;
        codec::decode(self.file, &self.header)
    }

    /// The file with its picture as it is; and how many bytes of metadata were left out.
    pub fn copy(&self, keep: KeepMetadata) -> (Vec<u8>, u64) {
        let mut out = Vec::with_capacity(self.file.len());
        let removed = self.write_metadata(&mut out, keep, false);
        self.picture().for_each(|segment| segment.write(&mut out));
        out.extend([0xFF, EOI]);
        (out, removed)
    }

    /// The file with other pixels; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn encode(&self, pixels: Pixels, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        let encoded = codec::encode(&pixels, &self.header)?;
        drop(pixels);
        let mut out = Vec::with_capacity(encoded.len() + 1024);
        let removed = self.write_metadata(&mut out, keep, true);
        let segments = Segments::of(&encoded).map_err(|error| Error::Encoding(error.to_string()))?;
        for segment in segments {
            let segment = segment.map_err(|error| Error::Encoding(error.to_string()))?;
            if is_picture(&segment) {
                segment.write(&mut out);
            }
        }
        out.extend([0xFF, EOI]);
        Ok((out, removed))
    }

    /// SOI and the metadata to be kept; gives the size of what is not. `encoded`: the picture to follow is ours.
    fn write_metadata(&self, out: &mut Vec<u8>, keep: KeepMetadata, encoded: bool) -> u64 {
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
        if let Some([ref adobe @ .., transform]) = self.header.adobe {
            // Four inks are encoded as they are.
            let is_plain = encoded && self.header.frame.components.len() == 4;
            let transform = if is_plain { 0 } else { transform };
            write_segment(out, APP14, &[&adobe[..], &[transform]].concat());
        }
        let picture: usize = self.picture().map(|segment| segment.size()).sum();
        // SOI and EOI take two bytes each.
        let kept = out.len() - start + picture + 4;
        self.file.len().saturating_sub(kept) as u64
    }

    /// Frame, tables, restart intervals and scans. Tables behind the last scan serve nothing and are left out.
    fn picture(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let mut scans_left = self.header.scans;
        let until_last_scan = move |segment: &Segment| {
            let is_within = scans_left > 0;
            scans_left -= usize::from(is_within && segment.marker == SOS);
            is_within
        };
        self.segments().take_while(until_last_scan).filter(is_picture)
    }

    /// The segments once more. That they can be read is known since [`Self::open`].
    fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        Segments::of(self.file).into_iter().flatten().map_while(Result::ok)
    }
}

/// Frame, tables, restart interval and scans.
fn is_picture(segment: &Segment) -> bool {
    matches!(segment.marker, 0xC0..=0xC2 | DHT | DQT | DRI | SOS)
}
