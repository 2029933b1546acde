//! What kind of file it is, by its first bytes and never by a name.

use std::fmt;

use crate::Error;

/// A file format that can be redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JPEG (ITU-T T.81), baseline, extended sequential or progressive, 8 bits, Huffman-coded.
    Jpeg,
    /// PNG (ISO/IEC 15948), any colour type and depth, not animated.
    Png,
}

const JPEG_START: [u8; 3] = [0xFF, 0xD8, 0xFF];
pub(crate) const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// First bytes of formats that are refused, so that the message can name them.
const REFUSED: &[(&[u8], &str)] = &[
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0\x10\0\0\0CR", "Canon RAW (CR2)"),
    (b"II*\0", "TIFF or RAW"),
    (b"MM\0*", "TIFF or RAW"),
    (b"II+\0", "TIFF or RAW"),
    (b"MM\0+", "TIFF or RAW"),
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
    /// A file cut off within the first bytes of a JPEG or PNG is taken for one, and found corrupt later.
    ///
    /// # Errors
    /// [`Error::EmptyFile`] and [`Error::UnsupportedFormat`].
    pub fn of(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::EmptyFile);
        }
        if bytes.starts_with(&JPEG_START) || JPEG_START.starts_with(bytes) {
            return Ok(Self::Jpeg);
        }
        if bytes.starts_with(&PNG_SIGNATURE) || PNG_SIGNATURE.starts_with(bytes) {
            return Ok(Self::Png);
        }
        Err(Error::UnsupportedFormat(refused_name(bytes)))
    }

    /// The media type, as in `Content-Type`.
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        })
    }
}

fn refused_name(bytes: &[u8]) -> &'static str {
    let named = |table: &[(&[u8], &'static str)], start: &[u8]| {
        table
            .iter()
            .find(|(magic, _)| start.starts_with(magic))
            .map(|(_, name)| *name)
    };
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "WebP";
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        let brand = bytes.get(8..12).unwrap_or_default();
        return named(REFUSED_BRANDS, brand).unwrap_or("an ISO media file (video?)");
    }
    named(REFUSED, bytes).unwrap_or("this kind of file")
}
