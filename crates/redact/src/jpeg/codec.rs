//! Pixels out of JPEG, by `libjpeg-turbo-rs`: for previews that need more detail than the DC image has.

use libjpeg_turbo_rs::{DecodeLimits, Decoder, PixelFormat, ScalingFactor};

use super::header::Header;
use crate::Error;
use crate::pixels::{Color, Pixels};

/// Decodes the picture at so many eighths of its size: 1, 2, 4, or 8.
///
/// # Errors
/// [`Error::CorruptImage`] for anything that the decoder would only warn of.
pub(super) fn decode(file: &[u8], header: &Header, eighths: u32) -> Result<Pixels, Error> {
    let corrupt = |error: libjpeg_turbo_rs::JpegError| Error::corrupt(error.to_string());
    let scale = ScalingFactor::try_new(1, 8 / eighths.max(1)).map_err(corrupt)?;
    let color = color(header);
    // Its limits (65,500 pixels a side, 8,192 scans) were checked already, and are wider than ours.
    let decoder = Decoder::new_with_limits(file, DecodeLimits::default()).map_err(corrupt)?;
    let image = decoder
        .with_output_format(pixel_format(color))
        .with_scale(scale)
        .with_stop_on_warning(true)
        .with_block_smoothing(false)
        .decode_image()
        .map_err(corrupt)?;
    Pixels::new(image.width as u32, image.height as u32, color, false, image.data)
}

/// What the decoder gives for this file.
fn color(header: &Header) -> Color {
    match header.frame.components.len() {
        1 => Color::Gray,
        4 => Color::Cmyk {
            inverted: header.adobe.is_some(),
        },
        _ => Color::Rgb,
    }
}

fn pixel_format(color: Color) -> PixelFormat {
    match color {
        Color::Gray | Color::GrayAlpha => PixelFormat::Grayscale,
        Color::Rgb | Color::Rgba => PixelFormat::Rgb,
        Color::Cmyk { .. } => PixelFormat::Cmyk,
    }
}
