//! The container of WebP (RFC 9649 section 2): RIFF chunks, read strictly and written.

use super::vp8;
use crate::Error;
use crate::animation::{Blend, Disposal, Placement, Rect};

/// Bits of the `VP8X` chunk (section 2.7.1.1).
const ANIMATION: u8 = 0x02;
const EXIF: u8 = 0x08;
const ALPHA: u8 = 0x10;
const ICC: u8 = 0x20;
/// Bits of an `ANMF` chunk (section 2.7.1.4).
const CLEAR: u8 = 0x01;
const REPLACE: u8 = 0x02;

/// A chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
}

/// The chunks of some bytes. After an error there is nothing more.
pub(super) struct Chunks<'a>(&'a [u8]);

/// One compressed picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picture<'a> {
    pub coding: Coding<'a>,
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Coding<'a> {
    /// `VP8 `, with `ALPH` if there is one.
    Lossy { data: &'a [u8], alpha: Option<&'a [u8]> },
    /// `VP8L`.
    Lossless(&'a [u8]),
}

/// One picture of an animation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub picture: Picture<'a>,
    pub placement: Placement,
    /// Milliseconds.
    pub duration: u32,
}

/// What an extended file is: what `VP8X` and `ANIM` say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canvas {
    pub width: u32,
    pub height: u32,
    pub is_animated: bool,
}

impl Chunk<'_> {
    /// How many bytes this chunk takes in a file.
    pub fn size(&self) -> usize {
        8 + self.data.len() + self.data.len() % 2
    }
}

/// Appends a chunk. `data` is shorter than 4 GiB, because each file is that is read.
pub(super) fn write_chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend(kind);
    out.extend((data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    out.resize(out.len() + data.len() % 2, 0);
}

impl<'a> Chunks<'a> {
    /// The chunks of a file, and the size of what follows their end.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the file is shorter than it says.
    pub fn of_file(file: &'a [u8]) -> Result<(Self, usize), Error> {
        let (head, rest) = file.split_first_chunk::<12>().ok_or_else(cut_short)?;
        let [_, _, _, _, s0, s1, s2, s3, ..] = *head;
        // The size counts the four bytes of `WEBP` too.
        let size = (u32::from_le_bytes([s0, s1, s2, s3]) as usize).checked_sub(4);
        let (chunks, trailing) = size
            .and_then(|size| rest.split_at_checked(size))
            .ok_or_else(cut_short)?;
        Ok((Self(chunks), trailing.len()))
    }

    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn read(&mut self) -> Option<Chunk<'a>> {
        let (kind, rest) = self.0.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (data, rest) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
        self.0 = rest.get(data.len() % 2..)?;
        Some(Chunk { kind: *kind, data })
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let chunk = self.read();
        if chunk.is_none() {
            self.0 = &[];
        }
        Some(chunk.ok_or_else(cut_short))
    }
}

impl Canvas {
    /// Reads `VP8X`.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn read(data: &[u8]) -> Result<Self, Error> {
        let &[flags, _, _, _, w0, w1, w2, h0, h1, h2] = data else {
            return Err(Error::corrupt("its extended header is malformed"));
        };
        Ok(Self {
            width: number([w0, w1, w2]) + 1,
            height: number([h0, h1, h2]) + 1,
            is_animated: flags & ANIMATION != 0,
        })
    }
}

impl<'a> Picture<'a> {
    /// Takes a compressed picture from its chunks, of which there must be exactly one `VP8 ` or `VP8L`. Others than
    /// these and `ALPH` are nothing that is seen.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn of(chunks: impl Iterator<Item = Result<Chunk<'a>, Error>>) -> Result<Self, Error> {
        let (mut alpha, mut picture) = (None, None);
        for chunk in chunks {
            let chunk = chunk?;
            let found = match &chunk.kind {
                b"ALPH" if picture.is_none() => {
                    alpha = alpha.or(Some(chunk.data));
                    continue;
                }
                b"VP8 " => Self::lossy(chunk.data, alpha)?,
                b"VP8L" => Self::lossless(chunk.data)?,
                _ => continue,
            };
            if picture.replace(found).is_some() {
                return Err(Error::corrupt("there are two pictures where one should be"));
            }
        }
        picture.ok_or_else(|| Error::corrupt("there is no picture where one should be"))
    }

    fn lossy(data: &'a [u8], alpha: Option<&'a [u8]>) -> Result<Self, Error> {
        let (width, height) =
            vp8::size(data).ok_or_else(|| Error::corrupt("the head of a lossy picture is malformed"))?;
        Ok(Self {
            coding: Coding::Lossy { data, alpha },
            width,
            height,
        })
    }

    /// RFC 9649 section 3.4.
    fn lossless(data: &'a [u8]) -> Result<Self, Error> {
        let Some([0x2F, bits @ ..]) = data.first_chunk::<5>() else {
            return Err(Error::corrupt("the head of a lossless picture is malformed"));
        };
        let bits = u32::from_le_bytes(*bits);
        Ok(Self {
            coding: Coding::Lossless(data),
            width: (bits & 0x3FFF) + 1,
            height: (bits >> 14 & 0x3FFF) + 1,
        })
    }

    /// Whether it says that it may be transparent.
    pub fn has_alpha(&self) -> bool {
        match self.coding {
            Coding::Lossy { alpha, .. } => alpha.is_some(),
            Coding::Lossless(data) => data.get(4).is_some_and(|bits| bits & 0x10 != 0),
        }
    }

    /// Appends the chunks.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.coding {
            Coding::Lossy { data, alpha } => {
                if let Some(alpha) = alpha {
                    write_chunk(out, b"ALPH", alpha);
                }
                write_chunk(out, b"VP8 ", data);
            }
            Coding::Lossless(data) => write_chunk(out, b"VP8L", data),
        }
    }
}

impl<'a> Frame<'a> {
    /// Reads `ANMF`.
    ///
    /// # Errors
    /// [`Error::CorruptImage`], also when it does not fit its canvas.
    pub fn read(data: &'a [u8], canvas: &Canvas) -> Result<Self, Error> {
        let Some((head, chunks)) = data.split_first_chunk::<16>() else {
            return Err(Error::corrupt("the head of a frame is cut short"));
        };
        let [x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2, d0, d1, d2, flags] = *head;
        let rect = Rect {
            left: number([x0, x1, x2]) as usize * 2,
            top: number([y0, y1, y2]) as usize * 2,
            width: number([w0, w1, w2]) as usize + 1,
            height: number([h0, h1, h2]) as usize + 1,
        };
        let picture = Picture::of(Chunks::new(chunks))?;
        let same = (picture.width as usize, picture.height as usize) == (rect.width, rect.height);
        if !same || !rect.fits(canvas.width, canvas.height) {
            return Err(Error::corrupt("a frame does not fit its canvas"));
        }
        let blend = if flags & REPLACE != 0 {
            Blend::Replace
        } else {
            Blend::Over
        };
        let disposal = if flags & CLEAR != 0 {
            Disposal::Clear
        } else {
            Disposal::Keep
        };
        Ok(Self {
            picture,
            placement: Placement { rect, blend, disposal },
            duration: number([d0, d1, d2]),
        })
    }

    /// Appends `ANMF`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let Placement { rect, blend, disposal } = self.placement;
        let mut data = Vec::new();
        let sizes = [rect.left / 2, rect.top / 2, rect.width - 1, rect.height - 1];
        for number in sizes.map(|size| size as u32).into_iter().chain([self.duration]) {
            data.extend(three_bytes(number));
        }
        let replace = if blend == Blend::Replace { REPLACE } else { 0 };
        let clear = if disposal == Disposal::Clear { CLEAR } else { 0 };
        data.push(replace | clear);
        self.picture.write(&mut data);
        write_chunk(out, b"ANMF", &data);
    }
}

/// What stands around the pictures of a file that is written.
pub(super) struct Surroundings<'a> {
    pub canvas: Canvas,
    pub has_alpha: bool,
    pub icc: Option<&'a [u8]>,
    pub exif: Option<&'a [u8]>,
    /// The data of `ANIM`, in an animation.
    pub animation: Option<&'a [u8]>,
}

impl Surroundings<'_> {
    /// The file around these chunks: extended only where it has to be.
    pub fn write(&self, pictures: &[u8]) -> Vec<u8> {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        let flags =
            flag(self.canvas.is_animated, ANIMATION) | flag(self.exif.is_some(), EXIF) | flag(self.icc.is_some(), ICC);
        let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
        // A picture with a chunk for its alpha needs the extended header, one that is lossless does not.
        if flags != 0 || pictures.starts_with(b"ALPH") {
            let mut header = vec![flags | flag(self.has_alpha, ALPHA), 0, 0, 0];
            header.extend(three_bytes(self.canvas.width - 1));
            header.extend(three_bytes(self.canvas.height - 1));
            write_chunk(&mut out, b"VP8X", &header);
        }
        if let Some(icc) = self.icc {
            write_chunk(&mut out, b"ICCP", icc);
        }
        if let Some(animation) = self.animation {
            write_chunk(&mut out, b"ANIM", animation);
        }
        out.extend_from_slice(pictures);
        if let Some(exif) = self.exif {
            write_chunk(&mut out, b"EXIF", exif);
        }
        let size = (out.len() as u32 - 8).to_le_bytes();
        if let Some(place) = out.get_mut(4..8) {
            place.copy_from_slice(&size);
        }
        out
    }
}

fn number([low, middle, high]: [u8; 3]) -> u32 {
    u32::from_le_bytes([low, middle, high, 0])
}

fn three_bytes(number: u32) -> [u8; 3] {
    let [low, middle, high, _] = number.to_le_bytes();
    [low, middle, high]
}

fn cut_short() -> Error {
    Error::corrupt("it ends before its last chunk")
}
