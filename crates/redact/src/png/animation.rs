//! The frames of an animated PNG (ISO/IEC 15948:2025 sections 4.9 and 11.3.6).
//!
//! Every frame has the compression and the palette of a PNG of its own, so that is what it is made for decoding.

use super::chunks::{Chunk, Chunks};
use super::{Header, codec};
use crate::animation::{Blend, Canvas, Disposal, Placement, Rect};
use crate::format::PNG_SIGNATURE;
use crate::pixels::{Color, Pixels};
use crate::{Error, Limits};

/// Previews of a frame: three, in red, green and blue.
const PREVIEW_BYTES: u64 = 9;

/// What `acTL` and all `fcTL` say.
#[derive(Debug, Clone)]
pub(super) struct Animation {
    /// How often it is shown; 0 is for ever.
    plays: u32,
    frames: Vec<Frame>,
    /// Whether `IDAT` is no frame, but shown only by what does not know animations.
    has_still: bool,
}

#[derive(Debug, Clone)]
struct Frame {
    placement: Placement,
    /// Numerator and denominator of its time in seconds, 16 bits each.
    delay: [u8; 4],
}

/// Reads the chunks of an animation in their order, strictly.
#[derive(Debug)]
pub(super) struct Reader {
    animation: Animation,
    /// How many frames `acTL` promises.
    promised: u32,
    size: (u32, u32),
    /// The number that the next `fcTL` or `fdAT` has.
    sequence: u32,
    /// Whether the frame that was read last has data.
    has_data: bool,
    seen_idat: bool,
}

impl Reader {
    /// `data`: that of `acTL`. `before`: what an earlier `acTL` gave.
    ///
    /// # Errors
    /// [`Error::TooManyFrames`], [`Error::TooMuchMemory`], and [`Error::CorruptImage`] for a second `acTL`.
    pub fn new(data: &[u8], header: &Header, limits: &Limits, before: Option<Self>) -> Result<Self, Error> {
        let &[f3, f2, f1, f0, p3, p2, p1, p0] = data else {
            return Err(broken("its animation chunk is malformed"));
        };
        let promised = u32::from_be_bytes([f3, f2, f1, f0]);
        if promised == 0 || before.is_some() {
            return Err(broken("it has no frames, or two animations"));
        }
        let per_pixel = header.bytes_per_pixel() + PREVIEW_BYTES;
        limits.check_frames(promised, header.width, header.height, per_pixel)?;
        Ok(Self {
            animation: Animation {
                plays: u32::from_be_bytes([p3, p2, p1, p0]),
                frames: Vec::new(),
                has_still: false,
            },
            promised,
            size: (header.width, header.height),
            sequence: 0,
            has_data: true,
            seen_idat: false,
        })
    }

    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn read(&mut self, chunk: &Chunk) -> Result<(), Error> {
        match &chunk.kind {
            b"IDAT" => {
                self.seen_idat = true;
                self.has_data = true;
                self.animation.has_still = self.animation.frames.is_empty();
                Ok(())
            }
            b"fcTL" => self.read_control(chunk.data),
            b"fdAT" => {
                self.count(chunk.data)?;
                if self.animation.frames.len() <= usize::from(!self.animation.has_still) || !self.seen_idat {
                    return Err(broken("it has the data of a frame without the frame"));
                }
                self.has_data = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// [`Error::CorruptImage`] when there are fewer frames, or more, than promised.
    pub fn finish(self) -> Result<Animation, Error> {
        if self.animation.frames.len() != self.promised as usize || !self.has_data {
            return Err(broken("it does not have as many frames as it says"));
        }
        Ok(self.animation)
    }

    fn count(&mut self, data: &[u8]) -> Result<(), Error> {
        if data.first_chunk().map(|number| u32::from_be_bytes(*number)) != Some(self.sequence) {
            return Err(broken("its frames are out of order"));
        }
        self.sequence += 1;
        Ok(())
    }

    fn read_control(&mut self, data: &[u8]) -> Result<(), Error> {
        self.count(data)?;
        let frame = Frame::read(data)?;
        let Rect {
            left,
            top,
            width,
            height,
        } = frame.placement.rect;
        let is_whole = (left, top, width, height) == (0, 0, self.size.0 as usize, self.size.1 as usize);
        if !frame.placement.rect.fits(self.size.0, self.size.1) || !self.seen_idat && !is_whole {
            return Err(broken("a frame does not fit its canvas"));
        }
        let is_one_too_many = self.animation.frames.len() >= self.promised as usize;
        if is_one_too_many || !self.has_data || !self.seen_idat && !self.animation.frames.is_empty() {
            return Err(broken("a frame has no data, or is one too many"));
        }
        self.animation.frames.push(frame);
        self.has_data = false;
        Ok(())
    }
}

impl Frame {
    /// Reads `fcTL` (section 11.3.6.2).
    fn read(data: &[u8]) -> Result<Self, Error> {
        let malformed = || broken("the head of a frame is malformed");
        let &[_, _, _, _, ref sizes @ .., d3, d2, d1, d0, disposal, blend] = data else {
            return Err(malformed());
        };
        let mut numbers = sizes.chunks_exact(4).filter_map(<[u8]>::first_chunk);
        let mut next = || numbers.next().map(|number| u32::from_be_bytes(*number) as usize);
        let (Some(width), Some(height), Some(left), Some(top), 16) = (next(), next(), next(), next(), sizes.len())
        else {
            return Err(malformed());
        };
        let rect = Rect {
            left,
            top,
            width,
            height,
        };
        let disposal = match disposal {
            0 => Disposal::Keep,
            1 => Disposal::Clear,
            2 => Disposal::Restore,
            _ => return Err(malformed()),
        };
        let blend = match blend {
            0 => Blend::Replace,
            1 => Blend::Over,
            _ => return Err(malformed()),
        };
        Ok(Self {
            placement: Placement { rect, blend, disposal },
            delay: [d3, d2, d1, d0],
        })
    }
}

impl Animation {
    /// A PNG file for each picture: the still one, if it is no frame, then the frames.
    pub fn separated<'a>(&self, chunks: impl Iterator<Item = Chunk<'a>>) -> Vec<Vec<u8>> {
        let mut palette = Vec::new();
        let mut pictures: Vec<Vec<u8>> = Vec::new();
        let mut in_still = false;
        for chunk in chunks {
            match &chunk.kind {
                b"PLTE" | b"tRNS" if pictures.iter().all(Vec::is_empty) => chunk.write(&mut palette),
                b"fcTL" => pictures.push(Vec::new()),
                b"IDAT" | b"fdAT" => {
                    if pictures.is_empty() && !in_still {
                        in_still = true;
                        pictures.push(Vec::new());
                    }
                    let data = match chunk.kind == *b"fdAT" {
                        true => chunk.data.get(4..).unwrap_or_default(),
                        false => chunk.data,
                    };
                    let kind = *b"IDAT";
                    pictures
                        .iter_mut()
                        .rev()
                        .take(1)
                        .for_each(|picture| Chunk { kind, data }.write(picture));
                }
                _ => {}
            }
        }
        pictures
            .iter()
            .map(|picture| [&palette[..], picture].concat())
            .collect()
    }

    /// All pictures that are seen. `files`: as [`Self::separated`] gave them.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn shown(&self, header: &Header, files: Vec<Vec<u8>>) -> Result<Vec<Pixels>, Error> {
        let mut files = files.into_iter();
        let whole = (header.width as usize, header.height as usize);
        let mut shown = Vec::new();
        if self.has_still {
            let file = files.next().unwrap_or_default();
            shown.push(decode(&file, header, whole)?.with_alpha());
        }
        let color = match header.color_type {
            0 | 4 => Color::GrayAlpha,
            _ => Color::Rgba,
        };
        let mut canvas = Canvas::new(header.width, header.height, color, header.wide);
        for (frame, file) in self.frames.iter().zip(files) {
            let Rect { width, height, .. } = frame.placement.rect;
            let pixels = decode(&file, header, (width, height))?;
            shown.push(canvas.show(pixels, frame.placement)?);
        }
        Ok(shown)
    }

    /// An animation of whole frames, with the times that they had. `first`: the file of the first picture.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn write(&self, first: &[u8], header: &Header, others: impl Iterator<Item = Pixels>) -> Result<Vec<u8>, Error> {
        let mut out = PNG_SIGNATURE.to_vec();
        let mut writer = Writer {
            sequence: 0,
            size: (header.width, header.height),
        };
        let mut frames = self.frames.iter();
        let mut in_head = true;
        for chunk in Chunks::written(first) {
            if chunk.kind == *b"IDAT" && in_head {
                in_head = false;
                let count = self.frames.len() as u32;
                let data = [count.to_be_bytes(), self.plays.to_be_bytes()].concat();
                write_chunk(&mut out, b"acTL", &data);
                if let Some(frame) = frames.next().filter(|_| !self.has_still) {
                    writer.control(&mut out, frame);
                }
            }
            chunk.write(&mut out);
        }
        if self.has_still {
            frames = self.frames.iter();
        }
        for (frame, pixels) in frames.zip(others) {
            let nothing = codec::Before {
                icc: None,
                chunks: Vec::new(),
            };
            let file = codec::encode(&pixels, nothing)?;
            drop(pixels);
            writer.control(&mut out, frame);
            for chunk in Chunks::written(&file).filter(|chunk| chunk.kind == *b"IDAT") {
                writer.data(&mut out, chunk.data);
            }
        }
        write_chunk(&mut out, b"IEND", &[]);
        Ok(out)
    }
}

struct Writer {
    sequence: u32,
    size: (u32, u32),
}

impl Writer {
    /// `fcTL` of a frame as large as the canvas, which replaces everything and stays.
    fn control(&mut self, out: &mut Vec<u8>, frame: &Frame) {
        let (width, height) = self.size;
        let numbers = [self.sequence, width, height, 0, 0];
        let mut data: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        data.extend(frame.delay);
        data.extend([0, 0]);
        write_chunk(out, b"fcTL", &data);
        self.sequence += 1;
    }

    fn data(&mut self, out: &mut Vec<u8>, data: &[u8]) {
        write_chunk(out, b"fdAT", &[&self.sequence.to_be_bytes(), data].concat());
        self.sequence += 1;
    }
}

/// Decodes one frame. `chunks`: its palette and its data.
fn decode(chunks: &[u8], header: &Header, (width, height): (usize, usize)) -> Result<Pixels, Error> {
    let [_, _, _, _, _, _, _, _, rest @ ..] = header.bytes;
    let sizes = [(width as u32).to_be_bytes(), (height as u32).to_be_bytes()].concat();
    let mut file = PNG_SIGNATURE.to_vec();
    write_chunk(&mut file, b"IHDR", &[&sizes[..], &rest].concat());
    file.extend_from_slice(chunks);
    write_chunk(&mut file, b"IEND", &[]);
    codec::decode(&file)
}

fn write_chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    Chunk { kind: *kind, data }.write(out);
}

fn broken(what: &str) -> Error {
    Error::corrupt(what)
}
