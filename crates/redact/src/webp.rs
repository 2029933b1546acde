//! WebP (RFC 9649): the chunks that are kept, and the picture or the animation through pixels.

mod codec;
mod riff;
mod vp8;

use riff::{Canvas, Chunk, Chunks, Coding, Frame, Picture, Surroundings};

use crate::animation::{self, Blend, Disposal, Placement, Rect, without_idle_alpha};
use crate::metadata::exif::Exif;
use crate::metadata::icc;
use crate::pixels::{Color, Pixels};
use crate::{Error, KeepMetadata, Limits, Orientation};

/// What a pixel takes while one picture is worked on: the pixels (4), planes or another copy (4), three previews (9).
const BYTES_PER_PIXEL: u64 = 17;
/// The longest side of a picture in pixels. The canvas of an animation may be larger.
const LONGEST_SIDE: u32 = 16_383;

/// A WebP whose chunks are known to be whole and within the limits.
#[derive(Debug)]
pub(crate) struct WebP<'a> {
    canvas: Canvas,
    /// One, if it is not an animation.
    frames: Vec<Frame<'a>>,
    /// The data of `ANIM`: background colour, which no viewer shows, and number of loops.
    animation: Option<&'a [u8]>,
    icc: Option<&'a [u8]>,
    exif: Exif<'a>,
    /// Size of all chunks that neither are the picture nor kept, and of what follows the last.
    other_bytes: usize,
}

impl<'a> WebP<'a> {
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken. The compressed data is not looked at.
    pub fn open(file: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let (mut chunks, trailing) = Chunks::of_file(file)?;
        let first = chunks
            .next()
            .transpose()?
            .ok_or_else(|| Error::corrupt("it has no chunks"))?;
        match &first.kind {
            b"VP8X" => Self::open_extended(first, chunks, trailing, limits),
            b"VP8 " | b"VP8L" => Self::open_simple(first, chunks, trailing, limits),
            _ => Err(Error::corrupt("its first chunk is of an unknown kind")),
        }
    }

    fn open_simple(first: Chunk<'a>, others: Chunks<'a>, trailing: usize, limits: &Limits) -> Result<Self, Error> {
        let picture = Picture::of([Ok(first)].into_iter())?;
        limits.check_picture(picture.width, picture.height, BYTES_PER_PIXEL)?;
        let mut webp = Self {
            canvas: Canvas {
                width: picture.width,
                height: picture.height,
                is_animated: false,
            },
            frames: vec![still(picture)],
            animation: None,
            icc: None,
            exif: Exif::default(),
            other_bytes: trailing,
        };
        for chunk in others {
            webp.other_bytes += chunk?.size();
        }
        Ok(webp)
    }

    fn open_extended(first: Chunk<'a>, chunks: Chunks<'a>, trailing: usize, limits: &Limits) -> Result<Self, Error> {
        let canvas = Canvas::read(first.data)?;
        limits.check_picture(canvas.width, canvas.height, BYTES_PER_PIXEL)?;
        if canvas.width.max(canvas.height) > LONGEST_SIDE {
            return Err(Error::UnsupportedFormat("WebP with a side of more than 16,383 pixels"));
        }
        let mut webp = Self {
            canvas,
            frames: Vec::new(),
            animation: None,
            icc: None,
            exif: Exif::default(),
            other_bytes: trailing,
        };
        let (mut pictures, mut exif) = (Vec::new(), None);
        for chunk in chunks {
            let chunk = chunk?;
            match &chunk.kind {
                b"ANMF" if canvas.is_animated => {
                    webp.frames.push(Frame::read(chunk.data, &canvas)?);
                    limits.check_frames(webp.frames.len() as u32, canvas.width, canvas.height, BYTES_PER_PIXEL)?;
                }
                b"ANIM" if canvas.is_animated && webp.animation.is_none() => webp.animation = Some(chunk.data),
                b"ALPH" | b"VP8 " | b"VP8L" if !canvas.is_animated => pictures.push(Ok(chunk)),
                b"ICCP" if webp.icc.is_none() && icc::is_profile(chunk.data) => webp.icc = Some(chunk.data),
                kind => {
                    if kind == b"EXIF" && exif.is_none() {
                        exif = Some(Exif::read(chunk.data.strip_prefix(b"Exif\0\0").unwrap_or(chunk.data)));
                    }
                    webp.other_bytes += chunk.size();
                }
            }
        }
        webp.exif = exif.unwrap_or_default();
        if !canvas.is_animated {
            webp.frames.push(still(Picture::of(pictures.into_iter())?));
        }
        webp.checked()
    }

    /// What only the end of the file shows.
    fn checked(self) -> Result<Self, Error> {
        let loops_are_known = self.animation.is_some_and(|animation| animation.len() == 6);
        if self.frames.is_empty() || self.canvas.is_animated && !loops_are_known {
            return Err(Error::corrupt("it is an animation without frames, or without its head"));
        }
        let is_whole = |frame: &Frame| (frame.picture.width, frame.picture.height) == self.size();
        if !self.canvas.is_animated && !self.frames.iter().all(is_whole) {
            return Err(Error::corrupt("its picture is not as large as its canvas"));
        }
        Ok(self)
    }

    pub fn orientation(&self) -> Orientation {
        self.exif.orientation
    }

    /// Stored width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.canvas.width, self.canvas.height)
    }

    /// The picture, or each frame as it looks on the canvas. The background colour counts as transparent, as in all
    /// browsers.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn decode(&self) -> Result<Vec<Pixels>, Error> {
        if !self.canvas.is_animated {
            return self.frames.iter().map(|frame| codec::decode(&frame.picture)).collect();
        }
        let mut canvas = animation::Canvas::new(self.canvas.width, self.canvas.height, Color::Rgba, false);
        let mut shown = Vec::with_capacity(self.frames.len());
        for frame in &self.frames {
            shown.push(canvas.show(codec::decode(&frame.picture)?, frame.placement)?);
        }
        Ok(without_idle_alpha(shown))
    }

    /// The file with the same pixels, and how many bytes of metadata were left out. Lossy pictures are copied bit for
    /// bit, others compressed anew without loss. `shown`: as [`Self::decode`] gave them.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn untouched(&self, shown: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        // What is transparent in such a part may be seen in no frame, and yet be in the file.
        let hides = |frame: &Frame| frame.placement.blend == Blend::Over && frame.picture.has_alpha();
        if self.canvas.is_animated && self.frames.iter().any(hides) {
            return self.write_whole(shown, keep, |_, pixels| codec::encode_lossless(pixels));
        }
        drop(shown);
        let mut pictures = Vec::new();
        for frame in &self.frames {
            let anew = match frame.picture.coding {
                Coding::Lossy { .. } => None,
                Coding::Lossless(_) => Some(codec::encode_lossless(&codec::decode(&frame.picture)?)?),
            };
            let picture = match &anew {
                None => frame.picture,
                Some(file) => codec::picture_of(file)?,
            };
            self.write_picture(Frame { picture, ..*frame }, &mut pictures);
        }
        let has_alpha = self.frames.iter().any(|frame| frame.picture.has_alpha());
        Ok(self.write(&pictures, has_alpha, keep))
    }

    /// The file with other pixels, in whole frames; and how many bytes of metadata were left out.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn encode(&self, shown: Vec<Pixels>, keep: KeepMetadata) -> Result<(Vec<u8>, u64), Error> {
        self.write_whole(shown, keep, |frame, pixels| codec::encode_like(&frame.picture, pixels))
    }

    fn write_whole(
        &self,
        shown: Vec<Pixels>,
        keep: KeepMetadata,
        encode: impl Fn(&Frame, &Pixels) -> Result<Vec<u8>, Error>,
    ) -> Result<(Vec<u8>, u64), Error> {
        let has_alpha = shown.iter().any(|pixels| pixels.color.has_alpha());
        let mut pictures = Vec::new();
        for (frame, pixels) in self.frames.iter().zip(shown) {
            let file = encode(frame, &pixels)?;
            drop(pixels);
            let picture = codec::picture_of(&file)?;
            let whole = Frame {
                duration: frame.duration,
                ..still(picture)
            };
            self.write_picture(whole, &mut pictures);
        }
        Ok(self.write(&pictures, has_alpha, keep))
    }

    fn write_picture(&self, frame: Frame, out: &mut Vec<u8>) {
        if self.canvas.is_animated {
            frame.write(out);
        } else {
            frame.picture.write(out);
        }
    }

    fn write(&self, pictures: &[u8], has_alpha: bool, keep: KeepMetadata) -> (Vec<u8>, u64) {
        let exif = self.exif.write(keep);
        let surroundings = Surroundings {
            canvas: self.canvas,
            has_alpha,
            icc: self.icc,
            exif: exif.as_deref(),
            animation: self.animation,
        };
        let kept = exif.as_ref().map_or(0, |exif| exif.len() + 8);
        let removed = self.other_bytes.saturating_sub(kept) as u64;
        (surroundings.write(pictures), removed)
    }
}

/// A picture as a frame that replaces the whole canvas, and stays.
fn still(picture: Picture) -> Frame {
    Frame {
        picture,
        placement: Placement {
            rect: Rect {
                left: 0,
                top: 0,
                width: picture.width as usize,
                height: picture.height as usize,
            },
            blend: Blend::Replace,
            disposal: Disposal::Keep,
        },
        duration: 0,
    }
}
