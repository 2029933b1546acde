//! JPEG (ITU-T T.81): the segments that are kept, and the picture through pixels.
//!
//! An allow-list decides what a redacted file holds: the picture itself, and of the metadata what is needed to show
//! it as it was. Everything else is left out, known or not.

mod codec;
mod header;
mod huffman;
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
        self.segments()
            .filter(is_picture)
            .for_each(|segment| segment.write(&mut out));
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
        let mut original = self.header.trailing;
        let mut kept = Vec::new();
        // JFIF wants to be the first.
        let mut metadata: Vec<u8> = Vec::new();
        let mut exif = self.header.exif.write(keep);
        for segment in self.segments() {
            if is_picture(&segment) {
                continue;
            }
            original += segment.size();
            match kept_form(&segment, encoded.then_some(self.header.frame.components.len())) {
                Kept::First(payload) if kept.is_empty() => write_segment(&mut kept, segment.marker, &payload),
                Kept::AsItIs(payload) => write_segment(&mut metadata, segment.marker, &payload),
                _ => {}
            }
        }
        if let Some(exif) = exif.take() {
            write_segment(&mut kept, APP1, &[b"Exif\0\0", exif.as_slice()].concat());
        }
        kept.append(&mut metadata);
        out.extend_from_slice(&kept);
        original.saturating_sub(kept.len()) as u64
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

enum Kept {
    First(Vec<u8>),
    AsItIs(Vec<u8>),
    No,
}

/// What remains of a metadata segment. `components`: of the picture, if it is encoded anew.
fn kept_form(segment: &Segment, components: Option<usize>) -> Kept {
    let payload = segment.payload;
    match segment.marker {
        APP0 if payload.starts_with(b"JFIF\0") => jfif_without_thumbnail(payload).map_or(Kept::No, Kept::First),
        APP2 if payload.starts_with(b"ICC_PROFILE\0") => Kept::AsItIs(payload.to_vec()),
        // Five letters, version, two flags, the colour transform; anything more is not Adobe's.
        APP14 if payload.starts_with(b"Adobe") => payload.get(..12).map_or(Kept::No, |adobe| {
            let mut adobe = adobe.to_vec();
            if let (Some(4), Some(transform)) = (components, adobe.last_mut()) {
                *transform = 0; // four inks are encoded as they are
            }
            Kept::AsItIs(adobe)
        }),
        _ => Kept::No,
    }
}

/// JFIF version, unit and density, with the size of the thumbnail set to nothing.
fn jfif_without_thumbnail(payload: &[u8]) -> Option<Vec<u8>> {
    Some([payload.get(..12)?, &[0, 0]].concat())
}
