//! Pixels in and out of PNG, by the `png` crate.

use std::io::Cursor;

use ::png::{BitDepth, ColorType, Compression, Decoder, Encoder, Limits, Transformations};

use super::chunks::{Chunk, Chunks};
use crate::Error;
use crate::pixels::{Color, Pixels};

/// Decodes the whole picture: palettes become RGB or RGBA, depths below 8 become 8, colour keys become alpha.
///
/// # Errors
/// [`Error::CorruptImage`] for whatever is broken, checksums included.
pub(super) fn decode(file: &[u8]) -> Result<Pixels, Error> {
    let corrupt = |error: ::png::DecodingError| Error::corrupt(error.to_string());
    // Rows and inflated metadata count here; the picture itself was checked against our own limits.
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: 64 << 20 });
    decoder.ignore_checksums(false);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(corrupt)?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| Error::corrupt("its size is beyond all memory"))?;
    let mut data = vec![0; size];
    let frame = reader.next_frame(&mut data).map_err(corrupt)?;
    reader.finish().map_err(corrupt)?;
    let color = match frame.color_type {
        ColorType::Grayscale => Color::Gray,
        ColorType::GrayscaleAlpha => Color::GrayAlpha,
        ColorType::Rgb => Color::Rgb,
        ColorType::Rgba => Color::Rgba,
        ColorType::Indexed => return Err(Error::corrupt("its palette is missing")),
    };
    Pixels::new(
        frame.width,
        frame.height,
        color,
        frame.bit_depth == BitDepth::Sixteen,
        data,
    )
}

/// Encodes pixels, with chunks of metadata (already written) before them.
///
/// # Errors
/// [`Error::Encoding`], which would be a defect.
pub(super) fn encode(pixels: &Pixels, metadata: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Encoding(error.to_string());
    // JPEG and PNG sizes fit 32 bits.
    let mut picture = Vec::new();
    let mut encoder = Encoder::new(&mut picture, pixels.width as u32, pixels.height as u32);
    encoder.set_color(match pixels.color {
        Color::Gray => ColorType::Grayscale,
        Color::GrayAlpha => ColorType::GrayscaleAlpha,
        Color::Rgb => ColorType::Rgb,
        Color::Rgba | Color::Cmyk { .. } => ColorType::Rgba,
    });
    encoder.set_depth(if pixels.wide {
        BitDepth::Sixteen
    } else {
        BitDepth::Eight
    });
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
    writer.write_image_data(&pixels.data).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))?;
    insert_after_header(&picture, metadata).map_err(|error| failed(&error))
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
