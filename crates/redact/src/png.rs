//! PNG (ISO/IEC 15948): the chunks that are kept, and the picture through pixels. Animated ones (APNG) too.

mod animation;
mod chunks;
mod codec;

use animation::{Animation, Reader};
use chunks::{Chunk, Chunks};

use crate::animation::without_idle_alpha;
use crate::metadata::exif::{Exif, is_plain_text};
use crate::pixels::Pixels;
use crate::{Error, KeepMetadata, Limits, Orientation};

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
    animation: Option<Animation>,
    /// Size of what follows IEND.
    trailing: usize,
}

/// IHDR, as far as it matters here (section 11.2.2).
#[derive(Debug, Clone, Copy)]
struct Header {
    /// The whole of it.
    bytes: [u8; 13],
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
        let mut animation: Option<Reader> = None;
        let (mut in_picture, mut after_picture) = (false, false);
        for chunk in chunks.by_ref() {
            let chunk = chunk?;
            match &chunk.kind {
                // Behind the picture it means nothing (section 11.3.6.1).
                b"acTL" if !in_picture => animation = Some(Reader::new(chunk.data, &header, limits, animation)?),
                b"eXIf" => exif = exif.or(Some(Exif::read(chunk.data))),
                b"IHDR" => return Err(Error::corrupt("it has two header chunks")),
                b"IDAT" if after_picture => return Err(Error::corrupt("its picture is in two places")),
                b"IDAT" => in_picture = true,
                b"PLTE" => {}
                kind if chunk.is_critical() => return Err(unknown_critical(*kind)),
                _ => {}
            }
            after_picture = in_picture && chunk.kind != *b"IDAT";
            if let Some(animation) = &mut animation {
                animation.read(&chunk)?;
            }
        }
        let trailing = chunks.trailing().len();
        Ok(Self {
            file,
            header,
            exif: exif.unwrap_or_default(),
            animation: animation.map(Reader::finish).transpose()?,
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

    /// Decodes the picture, or each frame of an animation, to its end, checksums included.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Vec<Pixels>, Error> {
        match &self.animation {
            None => Ok(vec![codec::decode(self.file)?]),
            Some(animation) => {
                let files = animation.separated(self.chunks());
                Ok(without_idle_alpha(animation.shown(&self.header, files)?))
            }
        }
    }

    /// The file with the same pixels, compressed anew, so that nothing hides in or behind the compressed data; and how
    /// many bytes of metadata were left out. `frames`: as [`Self::decode`] gave them.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn recompress(&self, frames: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        // Parts of an animation may hold colours that their transparency hides in every frame: whole frames do not.
        if self.header.color_type != INDEXED || self.animation.is_some() {
            return self.encode(frames, keep);
        }
        drop(frames); // a palette takes less
        let (before, removed) = self.metadata(keep, 3);
        Ok((codec::recompress_indices(self.file, before)?, removed))
    }

    /// The file with other pixels; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn encode(&self, frames: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        let mut frames = frames.into_iter();
        let first = frames
            .next()
            .ok_or_else(|| Error::Encoding("there is no picture".into()))?;
        let (before, removed) = self.metadata(keep, first.color.channels());
        let first = codec::encode(&first, before)?;
        let file = match &self.animation {
            None => first,
            Some(animation) => animation.write(&first, &self.header, frames)?,
        };
        Ok((file, removed))
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
            let is_picture = chunk.is_picture() || self.animation.is_some() && chunk.is_animation();
            if !is_picture && !is_icc {
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
        let bytes: [u8; 13] = chunk.data.try_into().map_err(|_| broken())?;
        let [w3, w2, w1, w0, h3, h2, h1, h0, depth, color_type, ..] = bytes;
        let (width, height) = (
            u32::from_be_bytes([w3, w2, w1, w0]),
            u32::from_be_bytes([h3, h2, h1, h0]),
        );
        let most = i32::MAX as u32;
        if chunk.kind != *b"IHDR" || width == 0 || height == 0 || width > most || height > most {
            return Err(broken());
        }
        Ok(Self {
            bytes,
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
