//! What kind of file it is, by its first bytes and never by a name.

use std::fmt;

use crate::Error;

/// A file format that can be redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG (ITU-T T.81), baseline, extended sequential or progressive, 8 bits, Huffman-coded.
    Jpeg,
    /// PNG (ISO/IEC 15948), any colour type and depth, animated (APNG) or not.
    Png,
    /// WebP (RFC 9649), lossy or lossless, with alpha or without, animated or not.
    WebP,
    /// GIF (87a, 89a), animated or not.
    Gif,
    /// TIFF (6.0), grey, RGB or palette, 8 or 16 bits, of one page or several.
    Tiff,
    /// BMP (Windows 3 and later), uncompressed.
    Bmp,
}

const JPEG_START: [u8; 3] = [0xFF, 0xD8, 0xFF];
pub(crate) const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// First bytes of formats that are taken. RIFF holds other things than WebP, see [`is_webp`].
const TAKEN: &[(&[u8], Format)] = &[
    (&JPEG_START, Format::Jpeg),
    (&PNG_SIGNATURE, Format::Png),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
    (b"BM", Format::Bmp),
];

/// First bytes of formats that are refused, so that the message can name them.
const REFUSED: &[(&[u8], &str)] = &[
    (b"II*\0\x10\0\0\0CR", "Canon RAW (CR2)"),
    (b"II+\0", "TIFF of more than 4 GiB (BigTIFF)"),
    (b"MM\0+", "TIFF of more than 4 GiB (BigTIFF)"),
    (b"IIRO", "Olympus RAW (ORF)"),
    (b"IIRS", "Olympus RAW (ORF)"),
    (b"IIU\0", "Panasonic RAW (RW2)"),
    (b"FUJIFILMCCD-RAW", "Fujifilm RAW (RAF)"),
    (b"\xFF\x0A", "JPEG XL"),
    (b"\0\0\0\x0CJXL ", "JPEG XL"),
    (b"\0\0\0\x0CjP  ", "JPEG 2000"),
    (b"\xFF\x4F\xFF\x51", "JPEG 2000"),
    (b"8BPS", "Photoshop (PSD)"),
    (b"\0\0\x01\0", "ICO"),
    (b"%PDF", "PDF"),
];

/// Brands in the `ftyp` box of ISO base media files (ISO/IEC 14496-12 section 4.3).
const REFUSED_BRANDS: &[(&[u8], &str)] = &[
    (b"avi", "AVIF"), // avif, avis
    (b"hei", "HEIC"), // heic, heix, heim, heis
    (b"hev", "HEIC"), // hevc, hevx, hevm, hevs
    (b"mif", "HEIC"),
    (b"msf", "HEIC"),
    (b"crx ", "Canon RAW (CR3)"),
];

impl Format {
    /// Names the format of a file by its first bytes.
    ///
    /// A file cut off within the first bytes of a format is taken for one, and found corrupt later.
    ///
    /// # Errors
    /// [`Error::EmptyFile`] and [`Error::UnsupportedFormat`].
    pub fn of(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::EmptyFile);
        }
        if let Some(name) = refused_name(bytes) {
            return Err(Error::UnsupportedFormat(name));
        }
        let begins = |(start, _): &&(&[u8], Self)| bytes.starts_with(start) || start.starts_with(bytes);
        let known = TAKEN.iter().find(begins).map(|(_, format)| *format);
        let webp = is_webp(bytes).then_some(Self::WebP);
        known.or(webp).ok_or(Error::UnsupportedFormat("this kind of file"))
    }

    /// The media type, as in `Content-Type`.
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
        })
    }
}

/// Whether it starts as a WebP file (RFC 9649 section 2.4), as far as there are bytes.
fn is_webp(bytes: &[u8]) -> bool {
    let agrees = |at: usize, expected: &[u8]| {
        let found = bytes.get(at..).unwrap_or_default();
        found.starts_with(expected) || expected.starts_with(found)
    };
    agrees(0, b"RIFF") && agrees(8, b"WEBP")
}

fn refused_name(bytes: &[u8]) -> Option<&'static str> {
    let named = |table: &[(&[u8], &'static str)], start: &[u8]| {
        table
            .iter()
            .find(|(magic, _)| start.starts_with(magic))
            .map(|(_, name)| *name)
    };
    if bytes.get(4..8) == Some(b"ftyp") {
        let brand = bytes.get(8..12).unwrap_or_default();
        return Some(named(REFUSED_BRANDS, brand).unwrap_or("an ISO media file (video?)"));
    }
    named(REFUSED, bytes)
}
