//! Pixels in and out of PNG, by the `png` crate.

use std::io::Cursor;

use ::png::{BitDepth, ColorType, Compression, Decoder, Encoder, Info, Limits, Reader, Transformations};

use super::chunks::{Chunk, Chunks};
use crate::Error;
use crate::metadata::icc;
use crate::pixels::{Color, Pixels};

/// What stands before the picture in a file that is written.
pub(super) struct Before {
    /// An ICC profile, uncompressed.
    pub icc: Option<Vec<u8>>,
    /// Other chunks, already written.
    pub chunks: Vec<u8>,
}

/// Decodes the whole picture: palettes become RGB or RGBA, depths below 8 become 8, colour keys become alpha.
///
/// # Errors
/// [`Error::CorruptImage`] for whatever is broken, checksums included.
pub(super) fn decode(file: &[u8]) -> Result<Pixels, Error> {
    let mut reader = reader(file, Transformations::EXPAND)?;
    let data = samples(&mut reader)?;
    let (color_type, depth) = reader.output_color_type();
    let color = match color_type {
        ColorType::Grayscale => Color::Gray,
        ColorType::GrayscaleAlpha => Color::GrayAlpha,
        ColorType::Rgb => Color::Rgb,
        ColorType::Rgba => Color::Rgba,
        ColorType::Indexed => return Err(Error::corrupt("its palette is missing")),
    };
    let info = reader.info();
    Pixels::new(info.width, info.height, color, depth == BitDepth::Sixteen, data)
}

/// Encodes pixels.
///
/// # Errors
/// [`Error::Encoding`], which would be a defect.
pub(super) fn encode(pixels: &Pixels, before: Before) -> Result<Vec<u8>, Error> {
    // JPEG and PNG sizes fit 32 bits.
    let mut info = Info::with_size(pixels.width as u32, pixels.height as u32);
    info.color_type = match pixels.color {
        Color::Gray => ColorType::Grayscale,
        Color::GrayAlpha => ColorType::GrayscaleAlpha,
        Color::Rgb => ColorType::Rgb,
        Color::Rgba | Color::Cmyk { .. } => ColorType::Rgba,
    };
    info.bit_depth = if pixels.wide {
        BitDepth::Sixteen
    } else {
        BitDepth::Eight
    };
    write(info, &pixels.data, before)
}

/// Compresses a picture with a palette anew, its indices as they are.
///
/// # Errors
/// [`Error::CorruptImage`], and [`Error::Encoding`], which would be a defect.
pub(super) fn recompress_indices(file: &[u8], before: Before) -> Result<Vec<u8>, Error> {
    let mut reader = reader(file, Transformations::IDENTITY)?;
    let mut data = samples(&mut reader)?;
    let stored = reader.info();
    let mut info = Info::with_size(stored.width, stored.height);
    (info.color_type, info.bit_depth) = (stored.color_type, stored.bit_depth);
    // Entries beyond what an index can reach would be room to hide something in.
    let reach = 1_usize << stored.bit_depth as u32;
    let palette = stored.palette.as_deref().unwrap_or_default();
    let entries = (palette.len() / 3).min(reach);
    info.palette = palette.get(..entries * 3).map(|colors| colors.to_vec().into());
    let alphas = |alphas: &[u8]| alphas.iter().take(entries).copied().collect::<Vec<u8>>().into();
    info.trns = stored.trns.as_deref().map(alphas);
    clear_row_ends(&mut data, stored.raw_row_length() - 1, stored.width, stored.bit_depth);
    write(info, &data, before)
}

/// The ICC profile of a file, uncompressed, if it is a sound one.
pub(super) fn icc_profile(file: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = decoder(file, icc::MOST_BYTES);
    decoder.set_ignore_iccp_chunk(false);
    let reader = decoder.read_info().ok()?;
    let profile = reader.info().icc_profile.as_deref()?;
    icc::is_profile(profile).then(|| profile.to_vec())
}

/// `bytes`: for rows and inflated metadata; the picture itself was checked against our own limits.
fn decoder(file: &[u8], bytes: usize) -> Decoder<Cursor<&[u8]>> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes });
    decoder.ignore_checksums(false);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder
}

fn reader(file: &[u8], transformations: Transformations) -> Result<Reader<Cursor<&[u8]>>, Error> {
    let mut decoder = decoder(file, 64 << 20);
    decoder.set_transformations(transformations);
    decoder.read_info().map_err(corrupt)
}

/// All rows of the picture, read to the end of the file.
fn samples(reader: &mut Reader<Cursor<&[u8]>>) -> Result<Vec<u8>, Error> {
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| Error::corrupt("its size is beyond all memory"))?;
    let mut data = vec![0; size];
    reader.next_frame(&mut data).map_err(corrupt)?;
    reader.finish().map_err(corrupt)?;
    Ok(data)
}

/// Sets the bits that fill up the last byte of each row to zero.
fn clear_row_ends(data: &mut [u8], row_bytes: usize, width: u32, depth: BitDepth) {
    let used = width % 8 * depth as u32 % 8;
    if used == 0 {
        return;
    }
    for row in data.chunks_exact_mut(row_bytes) {
        row.iter_mut()
            .rev()
            .take(1)
            .for_each(|last| *last &= 0xFF << (8 - used));
    }
}

fn write(info: Info, data: &[u8], before: Before) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Encoding(error.to_string());
    let mut picture = Vec::new();
    let mut info = info;
    info.icc_profile = before.icc.map(Into::into);
    let mut encoder = Encoder::with_info(&mut picture, info).map_err(|error| failed(&error))?;
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer.write_image_data(data).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    insert_after_header(&picture, &before.chunks).map_err(|error| failed(&error))
}

fn corrupt(error: ::png::DecodingError) -> Error {
    Error::corrupt(error.to_string())
}

/// IHDR is always the first chunk, and of a fixed size.
fn insert_after_header(picture: &[u8], metadata: &[u8]) -> Result<Vec<u8>, Error> {
    let header = Chunks::of(picture)?.next().transpose()?;
    let end = 8 + header.as_ref().map_or(0, Chunk::size);
    let (before, after) = picture
        .split_at_checked(end)
        .ok_or_else(|| Error::Encoding("no header".into()))?;
    Ok([before, metadata, after].concat())
}
