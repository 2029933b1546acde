//! The blocks of a GIF file (GIF89a specification, sections 17–27).

use super::{Gif, lzw};
use crate::animation::{Disposal, Rect};
use crate::{Error, Limits};

pub(super) const TRAILER: u8 = 0x3B;
const IMAGE: u8 = 0x2C;
const EXTENSION: u8 = 0x21;
const GRAPHIC_CONTROL: u8 = 0xF9;
const APPLICATION: u8 = 0xFF;
/// Applications whose extension says how often an animation is repeated.
const LOOPING: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// The logical screen (section 18).
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen<'a> {
    pub width: u32,
    pub height: u32,
    /// Red, green, blue of each colour; empty if there is no global palette.
    pub palette: &'a [u8],
}

/// One image, with the graphic control that stands before it (sections 20 and 23).
#[derive(Debug, Clone, Copy)]
pub(super) struct Image<'a> {
    pub rect: Rect,
    pub disposal: Disposal,
    /// Hundredths of a second.
    pub delay: u16,
    pub transparent: Option<u8>,
    /// The palette of its own.
    pub palette: Option<&'a [u8]>,
    interlaced: bool,
    code_size: u8,
    /// Sub-blocks, their terminator included.
    data: &'a [u8],
}

/// A graphic control extension.
#[derive(Default, Clone, Copy)]
struct Control {
    packed: u8,
    delay: u16,
    transparent: u8,
}

/// Reads on from where it stands. Beyond the end is an error, never a panic.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// All sub-blocks up to their terminator, as they stand (section 15).
    fn sub_blocks(&mut self) -> Result<&'a [u8], Error> {
        let start = *self;
        loop {
            let size = self.byte()?;
            if size == 0 {
                return Ok(start.0.get(..start.0.len() - self.0.len()).unwrap_or_default());
            }
            self.take(usize::from(size))?;
        }
    }

    /// The palette that a packed field announces.
    fn palette(&mut self, packed: u8) -> Result<Option<&'a [u8]>, Error> {
        if packed & 0x80 == 0 {
            return Ok(None);
        }
        self.take(3 << ((packed & 7) + 1)).map(Some)
    }
}

/// The contents of sub-blocks.
fn contents(sub_blocks: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = sub_blocks;
    std::iter::from_fn(move || {
        let (size, after) = rest.split_first()?;
        let (content, after) = after.split_at_checked(usize::from(*size))?;
        rest = after;
        (*size > 0).then_some(content)
    })
}

/// Signature, logical screen, and global palette; and where the blocks start.
///
/// # Errors
/// [`Error::CorruptImage`].
pub(super) fn read_screen(file: &[u8]) -> Result<(Screen<'_>, Cursor<'_>), Error> {
    let mut cursor = Cursor(file);
    let [_, _, _, _, _, _, w0, w1, h0, h1, packed, _background, _aspect] = cursor.array()?;
    let screen = Screen {
        width: u32::from(u16::from_le_bytes([w0, w1])),
        height: u32::from(u16::from_le_bytes([h0, h1])),
        palette: cursor.palette(packed)?.unwrap_or_default(),
    };
    if screen.width == 0 || screen.height == 0 {
        return Err(Error::corrupt("its screen has no area"));
    }
    Ok((screen, cursor))
}

/// All blocks up to the trailer.
///
/// # Errors
/// [`Error::CorruptImage`], and [`Error::TooManyFrames`].
pub(super) fn read_images<'a>(
    size: usize,
    screen: Screen<'a>,
    mut cursor: Cursor<'a>,
    limits: &Limits,
) -> Result<Gif<'a>, Error> {
    let mut gif = Gif {
        screen,
        images: Vec::new(),
        loops: None,
        other_bytes: 0,
    };
    let mut control = Control::default();
    let mut picture_bytes = size - cursor.0.len();
    loop {
        let before = cursor.0.len();
        let serves_picture = match cursor.byte()? {
            IMAGE => {
                if gif.images.len() as u64 >= u64::from(limits.frames) {
                    return Err(Error::TooManyFrames {
                        frames: gif.images.len() as u64 + 1,
                        limit: u64::from(limits.frames),
                    });
                }
                let image = read_image(&mut cursor, &screen, std::mem::take(&mut control))?;
                gif.images.push(image);
                true
            }
            EXTENSION => read_extension(&mut cursor, &mut control, &mut gif.loops)?,
            TRAILER => {
                picture_bytes += 1;
                break;
            }
            _ => return Err(Error::corrupt("there is no block where one should be")),
        };
        if serves_picture {
            picture_bytes += before - cursor.0.len();
        }
    }
    if gif.images.is_empty() {
        return Err(Error::corrupt("it holds no image"));
    }
    gif.other_bytes = (size - picture_bytes) as u64;
    Ok(gif)
}

/// Whether the extension serves the picture.
fn read_extension(cursor: &mut Cursor, control: &mut Control, loops: &mut Option<u16>) -> Result<bool, Error> {
    let label = cursor.byte()?;
    let blocks = cursor.sub_blocks()?;
    match label {
        GRAPHIC_CONTROL => {
            let &[4, packed, d0, d1, transparent, 0] = blocks else {
                return Err(Error::corrupt("a graphic control is malformed"));
            };
            *control = Control {
                packed,
                delay: u16::from_le_bytes([d0, d1]),
                transparent,
            };
            Ok(true)
        }
        APPLICATION => {
            let mut contents = contents(blocks);
            let is_looping = contents.next().is_some_and(|name| LOOPING.contains(&name));
            if let (true, Some(&[1, l0, l1])) = (is_looping, contents.next()) {
                *loops = loops.or(Some(u16::from_le_bytes([l0, l1])));
                return Ok(true);
            }
            Ok(false)
        }
        _ => Ok(false),
    }
}

fn read_image<'a>(cursor: &mut Cursor<'a>, screen: &Screen<'a>, control: Control) -> Result<Image<'a>, Error> {
    let [l0, l1, t0, t1, w0, w1, h0, h1, packed] = cursor.array()?;
    let number = |bytes: [u8; 2]| usize::from(u16::from_le_bytes(bytes));
    let rect = Rect {
        left: number([l0, l1]),
        top: number([t0, t1]),
        width: number([w0, w1]),
        height: number([h0, h1]),
    };
    if !rect.fits(screen.width, screen.height) {
        return Err(Error::corrupt("a frame reaches beyond the screen, or has no area"));
    }
    let palette = cursor.palette(packed)?;
    let code_size = cursor.byte()?;
    if palette.is_none() && screen.palette.is_empty() || !(1..=8).contains(&code_size) {
        return Err(Error::corrupt("a frame has no palette, or codes of an impossible size"));
    }
    Ok(Image {
        rect,
        disposal: match control.packed >> 2 & 7 {
            2 => Disposal::Clear,
            // Early documents gave the third method the number 4.
            3 | 4 => Disposal::Restore,
            _ => Disposal::Keep,
        },
        delay: control.delay,
        transparent: (control.packed & 1 == 1).then_some(control.transparent),
        palette,
        interlaced: packed & 0x40 != 0,
        code_size,
        data: cursor.sub_blocks()?,
    })
}

impl Image<'_> {
    /// The palette index of each pixel, rows from top to bottom.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when there are fewer than the image should have.
    pub fn indices(&self) -> Result<Vec<u8>, Error> {
        let Rect { width, height, .. } = self.rect;
        let stored = lzw::decode(contents(self.data), self.code_size, width * height)?;
        if !self.interlaced {
            return Ok(stored);
        }
        let mut indices = vec![0; stored.len()];
        // Section 20, Appendix E: first row and step of each pass.
        let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
        let order = passes.iter().flat_map(|(first, step)| (*first..height).step_by(*step));
        for (row, source) in order.zip(stored.chunks_exact(width)) {
            if let Some(target) = indices.get_mut(row * width..(row + 1) * width) {
                target.copy_from_slice(source);
            }
        }
        Ok(indices)
    }
}

fn cut_short() -> Error {
    Error::corrupt("it ends before its trailer")
}
