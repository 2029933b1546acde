//! The directories of a TIFF file, one for each page (TIFF 6.0 sections 2–10 and 14–18).

use crate::metadata::exif::Exif;
use crate::metadata::icc;
use crate::metadata::tiff::{Field, Tiff as Structure};
use crate::{Error, Limits};

const SUBFILE_TYPE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const MAKE: u16 = 271;
const STRIP_OFFSETS: u16 = 273;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_SIZES: u16 = 279;
const PLANAR: u16 = 284;
const PREDICTOR: u16 = 317;
const COLOR_MAP: u16 = 320;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_SIZES: u16 = 325;
const SUB_DIRECTORIES: u16 = 330;
const EXTRA_SAMPLES: u16 = 338;
const SAMPLE_FORMAT: u16 = 339;
const ICC: u16 = 34_675;
const DNG_VERSION: u16 = 50_706;
const SONY_PRIVATE: u16 = 50_740;

/// Directories that are looked at in one file, whatever the limit on pages: those of thumbnails are no pages.
const MOST_DIRECTORIES: usize = 10_000;

/// How a page is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
}

/// What the samples of a page mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// 0 is white instead of black.
    GrayInverted,
    Gray,
    Rgb,
    /// Red, green and blue of each index, 0–255.
    Palette(Vec<[u8; 3]>),
}

/// One page, known to be of a kind that can be read.
#[derive(Debug, Clone)]
pub(super) struct Page<'a> {
    pub width: u32,
    pub height: u32,
    pub wide: bool,
    pub little_endian: bool,
    pub meaning: Meaning,
    pub has_alpha: bool,
    pub compression: Compression,
    /// Whether samples are stored as the difference to the pixel before.
    pub predicted: bool,
    /// Whether each channel is stored by itself.
    pub planar: bool,
    /// Width and height of the parts that are compressed by themselves: strips or tiles, from left to right and from
    /// top to bottom, one channel after the other if they are planar.
    pub part: (u32, u32),
    /// Whether a part at the edge has its full size all the same.
    pub tiled: bool,
    pub parts: Vec<&'a [u8]>,
    pub icc: Option<&'a [u8]>,
    pub exif: Exif<'a>,
}

impl Page<'_> {
    /// Samples of each pixel, alpha included.
    pub fn samples(&self) -> usize {
        let colors = if self.meaning == Meaning::Rgb { 3 } else { 1 };
        colors + usize::from(self.has_alpha)
    }

    /// Bytes of compressed data.
    pub fn stored_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }
}

/// All pages of a file, at least one. Thumbnails are left out.
///
/// # Errors
/// [`Error::UnsupportedFormat`] by name, [`Error::CorruptImage`], [`Error::TooManyFrames`].
pub(super) fn all<'a>(structure: Structure<'a>, limits: &Limits) -> Result<Vec<Page<'a>>, Error> {
    let outside = || Error::corrupt("a directory lies outside of the file, or in a circle");
    let mut pages = Vec::new();
    let mut offset = structure.first_directory().ok_or_else(outside)?;
    let mut seen = Vec::new();
    while offset != 0 {
        if seen.contains(&offset) || seen.len() >= MOST_DIRECTORIES {
            return Err(outside());
        }
        seen.push(offset);
        let directory = Directory { structure, offset };
        let next = structure.next_directory(offset).ok_or_else(outside)?;
        if !structure.is_whole(offset) {
            return Err(Error::corrupt("a field of a page lies outside of the file"));
        }
        directory.refuse_raw()?;
        let subfile = directory.number(SUBFILE_TYPE).unwrap_or(0);
        match subfile & 0b101 {
            0 => pages.push(directory.page()?),
            // A RAW file has its thumbnail first.
            1 if !pages.is_empty() => {}
            1 => return Err(Error::UnsupportedFormat("TIFF that starts with a thumbnail (RAW?)")),
            _ => return Err(Error::UnsupportedFormat("TIFF with a mask for its transparency")),
        }
        if pages.len() as u64 > u64::from(limits.frames) {
            return Err(Error::TooManyFrames {
                frames: pages.len() as u64,
                limit: u64::from(limits.frames),
            });
        }
        offset = next;
    }
    if pages.is_empty() {
        return Err(Error::corrupt("it has no pages"));
    }
    Ok(pages)
}

#[derive(Clone, Copy)]
struct Directory<'a> {
    structure: Structure<'a>,
    offset: u32,
}

impl<'a> Directory<'a> {
    fn field(self, tag: u16) -> Option<Field<'a>> {
        self.structure.directory(self.offset).find(|field| field.tag == tag)
    }

    fn number(self, tag: u16) -> Option<u32> {
        self.field(tag)?.numbers().next()
    }

    fn numbers(self, tag: u16) -> Vec<u32> {
        self.field(tag).into_iter().flat_map(Field::numbers).collect()
    }

    /// RAW files are TIFF files whose pages are small previews; the photo itself is where nobody looks.
    fn refuse_raw(self) -> Result<(), Error> {
        let is_raw = self.field(SUB_DIRECTORIES).is_some() || self.field(SONY_PRIVATE).is_some();
        let is_sensor = matches!(self.number(PHOTOMETRIC), Some(32_803 | 34_892));
        let make = self
            .field(MAKE)
            .and_then(Field::text)
            .unwrap_or_default()
            .to_uppercase();
        let name = if self.field(DNG_VERSION).is_some() {
            "Adobe RAW (DNG)"
        } else if !is_raw && !is_sensor {
            return Ok(());
        } else if make.starts_with("NIKON") {
            "Nikon RAW (NEF)"
        } else if make.starts_with("SONY") {
            "Sony RAW (ARW)"
        } else {
            "RAW, or TIFF with pictures within pictures,"
        };
        Err(Error::UnsupportedFormat(name))
    }

    fn page(self) -> Result<Page<'a>, Error> {
        let missing = || Error::corrupt("a page lacks its size");
        let width = self.number(WIDTH).filter(|side| *side > 0).ok_or_else(missing)?;
        let height = self.number(HEIGHT).filter(|side| *side > 0).ok_or_else(missing)?;
        if width > i32::MAX as u32 || height > i32::MAX as u32 {
            return Err(missing());
        }
        let compression = self.compression()?;
        let samples = self.number(SAMPLES).unwrap_or(1);
        let wide = self.is_wide(samples)?;
        let meaning = self.meaning(wide)?;
        let colors = if meaning == Meaning::Rgb { 3 } else { 1 };
        let has_alpha = self.has_alpha(samples, colors)?;
        let predicted = match self.number(PREDICTOR).unwrap_or(1) {
            1 => false,
            2 => true,
            _ => return Err(Error::UnsupportedFormat("TIFF with an unusual predictor")),
        };
        let mut page = Page {
            width,
            height,
            wide,
            little_endian: self.structure.little_endian,
            meaning,
            has_alpha,
            compression,
            predicted,
            planar: self.number(PLANAR) == Some(2),
            part: (width, height),
            tiled: false,
            parts: Vec::new(),
            icc: self
                .field(ICC)
                .map(Field::bytes)
                .filter(|profile| icc::is_profile(profile)),
            exif: Exif::read_directory(self.structure, self.offset),
        };
        self.find_parts(&mut page)?;
        Ok(page)
    }

    fn compression(self) -> Result<Compression, Error> {
        if self.number(FILL_ORDER).unwrap_or(1) != 1 {
            return Err(Error::UnsupportedFormat("TIFF with reversed bits"));
        }
        Ok(match self.number(COMPRESSION).unwrap_or(1) {
            1 => Compression::None,
            5 => Compression::Lzw,
            8 | 32_946 => Compression::Deflate,
            32_773 => Compression::PackBits,
            2..=4 => return Err(Error::UnsupportedFormat("TIFF with fax compression")),
            6 | 7 => return Err(Error::UnsupportedFormat("TIFF with JPEG compression")),
            _ => return Err(Error::UnsupportedFormat("TIFF with an unusual compression (RAW?)")),
        })
    }

    /// Whether each sample has 16 bits; otherwise it has 8.
    fn is_wide(self, samples: u32) -> Result<bool, Error> {
        let (bits, formats) = (self.numbers(BITS), self.numbers(SAMPLE_FORMAT));
        if formats.iter().any(|format| *format != 1) {
            return Err(Error::UnsupportedFormat("TIFF with signed or fractional samples"));
        }
        let first = bits.first().copied().unwrap_or(1);
        if bits.iter().any(|bits| *bits != first) || bits.len() > samples as usize {
            return Err(Error::UnsupportedFormat("TIFF with samples of different depths"));
        }
        match first {
            8 => Ok(false),
            16 => Ok(true),
            _ => Err(Error::UnsupportedFormat("TIFF with samples of other than 8 or 16 bits")),
        }
    }

    fn meaning(self, wide: bool) -> Result<Meaning, Error> {
        Ok(match self.number(PHOTOMETRIC) {
            Some(0) => Meaning::GrayInverted,
            Some(1) => Meaning::Gray,
            Some(2) => Meaning::Rgb,
            Some(3) if !wide => Meaning::Palette(self.palette()?),
            Some(5) => return Err(Error::UnsupportedFormat("TIFF with four inks (CMYK)")),
            Some(6) => return Err(Error::UnsupportedFormat("TIFF with YCbCr colours")),
            _ => return Err(Error::UnsupportedFormat("TIFF with an unusual colour space")),
        })
    }

    /// Section 5: all reds, then all greens, then all blues, of 16 bits each.
    fn palette(self) -> Result<Vec<[u8; 3]>, Error> {
        let values = self.numbers(COLOR_MAP);
        let mut planes = values.chunks_exact(256);
        let (Some(red), Some(green), Some(blue), 768) = (planes.next(), planes.next(), planes.next(), values.len())
        else {
            return Err(Error::corrupt("its palette is malformed"));
        };
        // Some writers use 8 bits only. A viewer then shows black or guesses; the colours themselves hide nothing.
        let shift = if values.iter().all(|value| *value < 256) { 0 } else { 8 };
        let color =
            |((red, green), blue): ((&u32, &u32), &u32)| [*red, *green, *blue].map(|value| (value >> shift) as u8);
        Ok(red.iter().zip(green).zip(blue).map(color).collect())
    }

    /// Section 18. Alpha that colours are already multiplied with would need other averages.
    fn has_alpha(self, samples: u32, colors: u32) -> Result<bool, Error> {
        let extra = self.numbers(EXTRA_SAMPLES);
        match (samples.checked_sub(colors), extra.as_slice()) {
            (Some(0), _) => Ok(false),
            (Some(1), [2]) => Ok(true),
            (Some(1), [1]) => Err(Error::UnsupportedFormat("TIFF with premultiplied transparency")),
            (Some(_), _) => Err(Error::UnsupportedFormat("TIFF with channels beyond colour and alpha")),
            (None, _) => Err(Error::corrupt("a page has fewer channels than its colours need")),
        }
    }

    fn find_parts(self, page: &mut Page<'a>) -> Result<(), Error> {
        let (offsets, sizes) = if self.field(TILE_OFFSETS).is_some() {
            let side = |tag| self.number(tag).filter(|side| *side > 0);
            page.part = side(TILE_WIDTH)
                .zip(side(TILE_HEIGHT))
                .ok_or_else(|| Error::corrupt("its tiles have no size"))?;
            page.tiled = true;
            (self.numbers(TILE_OFFSETS), self.numbers(TILE_SIZES))
        } else {
            let rows = self.number(ROWS_PER_STRIP).unwrap_or(u32::MAX);
            page.part = (page.width, rows.clamp(1, page.height));
            (self.numbers(STRIP_OFFSETS), self.numbers(STRIP_SIZES))
        };
        let across = u64::from(page.width.div_ceil(page.part.0));
        let down = u64::from(page.height.div_ceil(page.part.1));
        let planes = if page.planar { page.samples() as u64 } else { 1 };
        if offsets.len() as u64 != across * down * planes || sizes.len() != offsets.len() {
            return Err(Error::corrupt("a page does not have as many parts as it should"));
        }
        let part = |(offset, size): (&u32, &u32)| self.structure.slice(*offset, *size);
        let parts: Option<Vec<&[u8]>> = offsets.iter().zip(&sizes).map(part).collect();
        page.parts = parts.ok_or_else(|| Error::corrupt("it ends before its last page"))?;
        Ok(())
    }
}
