//! The headers of BMP: `BITMAPFILEHEADER`, and `BITMAPINFOHEADER` or one of its successors up to `BITMAPV5HEADER`.

use crate::Error;
use crate::metadata::icc;

/// Size of the file header.
pub(super) const FILE_HEADER: usize = 14;
/// Size of both headers at the least.
pub(super) const SMALLEST: usize = FILE_HEADER + 40;
/// `PROFILE_EMBEDDED`, as the colour space of a `BITMAPV5HEADER`.
pub(super) const EMBEDDED: u32 = 0x4D42_4544;

/// What matters of the headers.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub width: u32,
    pub height: u32,
    pub top_down: bool,
    /// Bits per pixel: 1, 4, 8, 16, 24 or 32.
    pub bits: u16,
    pub layout: Layout,
    /// Pixels per metre, across and down.
    pub resolution: [u32; 2],
    pub icc: Option<&'a [u8]>,
    /// From the first pixel to the end of the file.
    pub pixels: &'a [u8],
}

/// What the bits of a pixel mean.
#[derive(Debug)]
pub(super) enum Layout {
    /// An index of these colours: red, green, blue.
    Palette(Vec<[u8; 3]>),
    Masks(Masks),
}

/// The bits of red, green, blue and alpha in a pixel.
#[derive(Debug)]
pub(super) struct Masks {
    masks: [u32; 4],
    /// Whether the header does not say that there is alpha, but there is room for it.
    pub alpha_is_a_guess: bool,
}

impl Header<'_> {
    /// Whether the header itself says that there is alpha.
    pub fn says_alpha(&self) -> bool {
        matches!(&self.layout, Layout::Masks(masks) if masks.has_alpha() && !masks.alpha_is_a_guess)
    }

    /// Bytes per row: full words of four (`BITMAPINFOHEADER`, remarks).
    pub fn row_bytes(&self) -> usize {
        let bits = u64::from(self.width) * u64::from(self.bits);
        (bits.div_ceil(32) * 4) as usize
    }
}

impl<'a> Header<'a> {
    /// # Errors
    /// [`Error::UnsupportedFormat`] by name, and [`Error::CorruptImage`].
    pub fn read(file: &'a [u8]) -> Result<Self, Error> {
        let (size, offset) = (u32_at(file, 2)?, u32_at(file, 10)?);
        let info = file.get(FILE_HEADER..).unwrap_or_default();
        let info_size = u32_at(info, 0)?;
        if !matches!(info_size, 40 | 52 | 56 | 108 | 124) {
            return Err(Error::UnsupportedFormat("BMP of OS/2, or of an unknown version,"));
        }
        if size as usize > file.len() {
            return Err(cut_short());
        }
        let (width, height) = (u32_at(info, 4)? as i32, u32_at(info, 8)? as i32);
        if width <= 0 || height == 0 || height == i32::MIN {
            return Err(Error::corrupt("its picture has no area"));
        }
        let bits = (u32_at(info, 12)? >> 16) as u16;
        let after = info.get(info_size as usize..).ok_or_else(cut_short)?;
        Ok(Self {
            width: width as u32,
            height: height.unsigned_abs(),
            top_down: height < 0,
            bits,
            layout: layout(info, info_size, bits, after)?,
            resolution: [u32_at(info, 24)?, u32_at(info, 28)?],
            icc: profile(info, info_size),
            pixels: file.get(offset as usize..).ok_or_else(cut_short)?,
        })
    }
}

/// `after`: what follows the header.
fn layout(info: &[u8], info_size: u32, bits: u16, after: &[u8]) -> Result<Layout, Error> {
    let compression = u32_at(info, 16)?;
    match (compression, bits) {
        (0, 1 | 4 | 8) => palette(after, u32_at(info, 32)?, bits).map(Layout::Palette),
        (0, 16) => Ok(Layout::Masks(Masks::new([0x7C00, 0x03E0, 0x001F, 0], false))),
        (0, 24) => Ok(Layout::Masks(Masks::new([0xFF_0000, 0xFF00, 0xFF, 0], false))),
        (0, 32) => Ok(Layout::Masks(Masks::new([0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000], true))),
        (3 | 6, 16 | 32) => {
            // In the smallest header they follow it; in all others they are a part of it, at the same place.
            let mut masks = [0; 4];
            let known = if info_size >= 56 || compression == 6 { 4 } else { 3 };
            for (index, mask) in masks.iter_mut().take(known).enumerate() {
                *mask = u32_at(info, 40 + 4 * index)?;
            }
            let used = masks.iter().fold(0, |used, mask| used | mask);
            if bits == 16 && used > u32::from(u16::MAX) || masks.iter().take(3).any(|mask| *mask == 0) {
                return Err(Error::corrupt("the masks of its colours are malformed"));
            }
            Ok(Layout::Masks(Masks::new(masks, false)))
        }
        (1 | 2, _) => Err(Error::UnsupportedFormat("BMP with run-length compression")),
        (4 | 5, _) => Err(Error::UnsupportedFormat("BMP that holds a JPEG or PNG")),
        _ => Err(Error::UnsupportedFormat("BMP of an unusual depth")),
    }
}

/// Blue, green, red and an unused byte for each colour.
fn palette(after: &[u8], used: u32, bits: u16) -> Result<Vec<[u8; 3]>, Error> {
    let most = 1_usize << bits;
    let count = if used == 0 { most } else { (used as usize).min(most) };
    let entries = after.get(..count * 4).ok_or_else(cut_short)?;
    let (entries, _) = entries.as_chunks::<4>();
    Ok(entries
        .iter()
        .map(|[blue, green, red, _]| [*red, *green, *blue])
        .collect())
}

/// The colour profile that a `BITMAPV5HEADER` names, if it is a sound one.
fn profile(info: &[u8], info_size: u32) -> Option<&[u8]> {
    let field = |at: usize| u32_at(info, at).ok();
    if info_size != 124 || field(56)? != EMBEDDED {
        return None;
    }
    let (start, size) = (field(112)? as usize, field(116)? as usize);
    let profile = info.get(start..start.checked_add(size)?)?;
    icc::is_profile(profile).then_some(profile)
}

impl Masks {
    fn new(masks: [u32; 4], alpha_is_a_guess: bool) -> Self {
        Self {
            masks,
            alpha_is_a_guess,
        }
    }

    pub fn has_alpha(&self) -> bool {
        let [.., alpha] = self.masks;
        alpha != 0
    }

    /// Red, green, blue and alpha, each 0–255; alpha is 255 where there is none.
    pub fn samples(&self, pixel: u32) -> [u8; 4] {
        self.masks.map(|mask| {
            let shift = mask.trailing_zeros();
            let most = u64::from(mask.checked_shr(shift).unwrap_or(0));
            let value = u64::from((pixel & mask).checked_shr(shift).unwrap_or(0));
            (value * 255 + most / 2)
                .checked_div(most)
                .map_or(u8::MAX, |sample| sample.min(255) as u8)
        })
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Error> {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk);
    field.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(cut_short)
}

pub(super) fn cut_short() -> Error {
    Error::corrupt("it ends before its last pixel")
}
