//! PNG (ISO/IEC 15948): the chunks that are kept, and the picture through pixels.

mod chunks;
mod codec;

use chunks::{Chunk, Chunks};

use crate::metadata::exif::{Exif, is_plain_text};
use crate::pixels::Pixels;
use crate::redacted::Outcome;
use crate::region::Area;
use crate::{Engine, Error, KeepMetadata, Limits, Options, Orientation, hide};

/// Keywords of texts that a person may want to keep (section 11.3.3.2).
const TEXTS: &[&str] = &[
    "Title",
    "Author",
    "Description",
    "Copyright",
    "Creation Time",
    "Software",
    "Disclaimer",
    "Source",
];

/// Colour type of pictures with a palette (section 11.2.2).
const INDEXED: u8 = 3;

/// A PNG whose chunks are known to be whole (checksums included) and within the limits.
#[derive(Debug)]
pub(crate) struct Png<'a> {
    file: &'a [u8],
    header: Header,
    exif: Exif<'a>,
    /// Size of what follows IEND.
    trailing: usize,
}

/// IHDR, as far as it matters here (section 11.2.2).
#[derive(Debug, Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    wide: bool,
    color_type: u8,
}

impl<'a> Png<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken. The compressed data is not looked at.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let mut chunks = Chunks::of(file)?;
        let first = chunks
            .next()
            .transpose()?
            .ok_or_else(|| Error::corrupt("it has no chunks"))?;
        let header = Header::read(first)?;
        limits.check_picture(header.width, header.height, header.bytes_per_pixel())?;
        let mut exif = None;
        let (mut in_picture, mut after_picture) = (false, false);
        for chunk in chunks.by_ref() {
            let chunk = chunk?;
            match &chunk.kind {
                b"acTL" => return Err(Error::UnsupportedFormat("animated PNG (APNG)")),
                b"eXIf" => exif = exif.or(Some(Exif::read(chunk.data))),
                b"IHDR" => return Err(Error::corrupt("it has two header chunks")),
                b"IDAT" if after_picture => return Err(Error::corrupt("its picture is in two places")),
                b"IDAT" => in_picture = true,
                b"PLTE" => {}
                kind if chunk.is_critical() => return Err(unknown_critical(*kind)),
                _ => {}
            }
            after_picture = in_picture && chunk.kind != *b"IDAT";
        }
        let trailing = chunks.trailing().len();
        Ok(Self {
            file,
            header,
            exif: exif.unwrap_or_default(),
            trailing,
        })
    }

    pub fn orientation(&self) -> Orientation {
        self.exif.orientation
    }

    /// Stored width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.header.width, self.header.height)
    }

    /// Decodes the picture to its end, checksums included.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Pixels, Error> {
        codec::decode(self.file)
    }

    /// The file with some areas hidden and its metadata cleaned. `pixels`: as [`Self::decode`] gave them, if it did.
    ///
    /// # Errors
    /// [`Error::CorruptImage`]; [`Error::Encoding`], which would be a defect.
    pub fn redact(&self, pixels: Option<Pixels>, areas: &[Area], options: &Options) -> Result<Outcome, Error> {
        let mut pixels = match pixels {
            Some(pixels) => pixels,
            None => self.decode()?,
        };
        let (engine, (bytes, metadata_bytes_removed)) = if areas.is_empty() {
            (Engine::Untouched, self.recompress(pixels, options.keep_metadata)?)
        } else {
            hide::hide(&mut pixels, areas, options);
            (Engine::Pixels, self.encode(pixels, options.keep_metadata)?)
        };
        Ok(Outcome {
            bytes,
            engine,
            metadata_bytes_removed,
            read_to_end: true,
        })
    }

    /// The file with the same pixels, compressed anew, so that nothing hides in or behind the compressed data; and how
    /// many bytes of metadata were left out. `pixels`: as [`Self::decode`] gave them.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    fn recompress(&self, pixels: Pixels, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        if self.header.color_type != INDEXED {
            return self.encode(pixels, keep);
        }
        drop(pixels); // a palette takes less
        let (before, removed) = self.metadata(keep, 3);
        Ok((codec::recompress_indices(self.file, before)?, removed))
    }

    /// The file with other pixels; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    fn encode(&self, pixels: Pixels, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        let (before, removed) = self.metadata(keep, pixels.color.channels());
        Ok((codec::encode(&pixels, before)?, removed))
    }

    /// The metadata to be kept; and the size of the other. `channels`: those of the picture that is written.
    fn metadata(&self, keep: KeepMetadata, channels: usize) -> (codec::Before, u64) {
        let icc = codec::icc_profile(self.file);
        let mut kept = Vec::new();
        let mut original = self.trailing;
        let mut seen: Vec<[u8; 4]> = Vec::new();
        let mut before_picture = true;
        for chunk in self.chunks().skip(1) {
            before_picture &= chunk.kind != *b"IDAT";
            let is_new = before_picture && !seen.contains(&chunk.kind);
            let is_icc = chunk.kind == *b"iCCP" && is_new && icc.is_some();
            if !chunk.is_picture() && !is_icc {
                original += chunk.size();
            }
            let is_text = keep == KeepMetadata::AllButPictures && is_kept_text(chunk);
            let is_color = is_new && is_kept_color(chunk, channels);
            if is_text || is_color {
                chunk.write(&mut kept);
            }
            if is_color || is_icc {
                seen.push(chunk.kind);
            }
        }
        if let Some(exif) = self.exif.write(keep) {
            Chunk {
                kind: *b"eXIf",
                data: &exif,
            }
            .write(&mut kept);
        }
        let removed = original.saturating_sub(kept.len()) as u64;
        (codec::Before { icc, chunks: kept }, removed)
    }

    /// The chunks once more, IHDR first, IEND left out. That they can be read is known since [`Self::open`].
    fn chunks(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        Chunks::of(self.file).into_iter().flatten().map_while(Result::ok)
    }
}

impl Header {
    fn read(chunk: Chunk) -> Result<Self, Error> {
        let broken = || Error::corrupt("its header chunk is malformed");
        if chunk.kind == *b"CgBI" {
            return Err(Error::UnsupportedFormat("PNG in Apple's variant (CgBI)"));
        }
        let &[w3, w2, w1, w0, h3, h2, h1, h0, depth, color_type, ..] = chunk.data else {
            return Err(broken());
        };
        let (width, height) = (
            u32::from_be_bytes([w3, w2, w1, w0]),
            u32::from_be_bytes([h3, h2, h1, h0]),
        );
        let most = i32::MAX as u32;
        if chunk.kind != *b"IHDR"
            || chunk.data.len() != 13
            || width == 0
            || height == 0
            || width > most
            || height > most
        {
            return Err(broken());
        }
        Ok(Self {
            width,
            height,
            wide: depth == 16,
            color_type,
        })
    }

    /// An estimate of what decoding and encoding take: the pixels, and as much again for the file that is written.
    fn bytes_per_pixel(&self) -> u64 {
        // With transparency, grey has two channels and all others four.
        let channels = if self.color_type == 0 || self.color_type == 4 {
            2
        } else {
            4
        };
        channels * if self.wide { 4 } else { 2 }
    }
}

/// Whether a chunk is needed to show the picture as it was, and has the size that it should.
fn is_kept_color(chunk: Chunk, channels: usize) -> bool {
    let size = match &chunk.kind {
        b"sRGB" => 1,
        b"gAMA" | b"cICP" => 4,
        b"pHYs" => 9,
        b"cHRM" => 32,
        // One byte for each channel: it must fit the channels that are written.
        b"sBIT" => channels,
        _ => return false,
    };
    chunk.data.len() == size
}

fn unknown_critical(kind: [u8; 4]) -> Error {
    Error::corrupt(format!("it needs a chunk of the unknown kind {}", kind.escape_ascii()))
}

/// Whether this is an uncompressed text under one of the known keywords, short and printable.
fn is_kept_text(chunk: Chunk) -> bool {
    let mut parts = chunk.data.splitn(2, |byte| *byte == 0);
    let (keyword, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if !TEXTS.iter().any(|known| known.as_bytes() == keyword) {
        return false;
    }
    match &chunk.kind {
        b"tEXt" => is_plain_text(&rest.iter().map(|byte| char::from(*byte)).collect::<String>()),
        // Compression flag and method, both 0, then language and translated keyword, then the text.
        b"iTXt" => rest
            .strip_prefix(&[0, 0])
            .and_then(|rest| rest.splitn(3, |byte| *byte == 0).nth(2))
            .is_some_and(|text| chunk.data.len() < 4096 && std::str::from_utf8(text).is_ok_and(is_plain_text)),
        _ => false,
    }
}
