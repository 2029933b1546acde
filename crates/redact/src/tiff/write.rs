//! Writing TIFF: big-endian, each page in one strip, its directory behind it.

use std::io::Write;

use flate2::write::ZlibEncoder;
use weezl::{BitOrder, encode::Encoder};

use super::page::{Compression, Page};
use crate::metadata::tiff::{NewField, directory_size, write_directory};
use crate::pixels::{Color, Pixels};
use crate::{Error, KeepMetadata};

/// A file to which pages are added.
pub(super) struct Writer {
    out: Vec<u8>,
    /// Where the offset of the next directory goes.
    link: usize,
}

impl Writer {
    pub fn new() -> Self {
        Self {
            out: b"MM\0*\0\0\0\0".to_vec(),
            link: 4,
        }
    }

    /// Adds a page with these pixels, and the tags that `like` has and may keep. Gives the size of its directory.
    ///
    /// # Errors
    /// [`Error::Encoding`] when the file would be larger than TIFF can be.
    pub fn add(&mut self, like: &Page, pixels: &Pixels, keep: KeepMetadata) -> Result<usize, Error> {
        let start = self.out.len();
        let (compression, predicted) = match like.compression {
            Compression::None => (1, false),
            Compression::Deflate => (8, like.predicted),
            // PackBits, which compresses photos hardly at all, becomes LZW.
            Compression::Lzw | Compression::PackBits => (5, like.predicted),
        };
        let data = if predicted {
            differences(pixels)
        } else {
            pixels.data.clone()
        };
        self.compress(data, compression)?;
        let size = self.out.len() - start;
        self.out.resize(self.out.len() + self.out.len() % 2, 0);

        let mut fields = like.exif.first_directory(keep);
        fields.extend(structure(pixels, compression, predicted));
        fields.push(NewField::long(273, start as u32));
        fields.push(NewField::long(279, size as u32));
        fields.extend(like.icc.map(|profile| NewField::undefined(34_675, profile)));
        let directory = self.out.len();
        let directory_size = directory_size(&fields);
        let end = u32::try_from(directory + directory_size);
        end.map_err(|_| Error::Encoding("a TIFF can't be larger than 4 GiB".into()))?;
        if let Some(link) = self.out.get_mut(self.link..self.link + 4) {
            link.copy_from_slice(&(directory as u32).to_be_bytes());
        }
        self.link = directory + 2 + 12 * fields.len();
        self.out.extend(write_directory(&mut fields, directory));
        Ok(directory_size)
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn compress(&mut self, data: Vec<u8>, compression: u16) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::Encoding(error.to_string());
        match compression {
            8 => {
                let mut encoder = ZlibEncoder::new(&mut self.out, flate2::Compression::default());
                encoder.write_all(&data).map_err(failed)?;
                encoder.finish().map_err(failed)?;
            }
            5 => {
                let mut encoder = Encoder::with_tiff_size_switch(BitOrder::Msb, 8);
                encoder
                    .into_vec(&mut self.out)
                    .encode_all(&data)
                    .status
                    .map_err(|error| Error::Encoding(error.to_string()))?;
            }
            _ => self.out.extend_from_slice(&data),
        }
        Ok(())
    }
}

/// The fields that say how the pixels are stored (sections 3–8).
fn structure(pixels: &Pixels, compression: u16, predicted: bool) -> Vec<NewField> {
    let channels = pixels.color.channels();
    let bits = vec![if pixels.wide { 16 } else { 8 }; channels];
    let is_gray = matches!(pixels.color, Color::Gray | Color::GrayAlpha);
    let mut fields = vec![
        NewField::long(256, pixels.width as u32),
        NewField::long(257, pixels.height as u32),
        NewField::shorts(258, &bits),
        NewField::short(259, compression),
        NewField::short(262, if is_gray { 1 } else { 2 }),
        NewField::short(277, channels as u16),
        NewField::long(278, pixels.height as u32),
    ];
    if predicted {
        fields.push(NewField::short(317, 2));
    }
    if pixels.color.has_alpha() {
        fields.push(NewField::short(338, 2));
    }
    fields
}

/// Each sample as the difference to that of the pixel before (section 14).
fn differences(pixels: &Pixels) -> Vec<u8> {
    let mut data = pixels.data.clone();
    let channels = pixels.color.channels();
    for row in data.chunks_exact_mut(pixels.stride()) {
        if pixels.wide {
            let (pairs, _) = row.as_chunks_mut::<2>();
            let mut before = vec![0_u16; channels];
            for pixel in pairs.chunks_exact_mut(channels) {
                for (pair, before) in pixel.iter_mut().zip(&mut before) {
                    let sample = u16::from_be_bytes(*pair);
                    *pair = sample.wrapping_sub(*before).to_be_bytes();
                    *before = sample;
                }
            }
        } else {
            let mut before = vec![0_u8; channels];
            for pixel in row.chunks_exact_mut(channels) {
                for (byte, before) in pixel.iter_mut().zip(&mut before) {
                    let sample = *byte;
                    *byte = sample.wrapping_sub(*before);
                    *before = sample;
                }
            }
        }
    }
    data
}
