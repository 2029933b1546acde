//! Pixels out of JPEG, by `libjpeg-turbo-rs`: for previews that need more detail than the DC image has.

use libjpeg_turbo_rs::{DecodeLimits, Decoder, PixelFormat, ScalingFactor};

use super::frame::Frame;
use super::header::Header;
use crate::Error;
use crate::pixels::{Color, Pixels};

/// Decodes the picture at so many eighths of its size: 1, 2, 4, or 8. Its scans must be known to be whole.
///
/// # Errors
/// [`Error::UnsupportedFormat`]: the decoder knows fewer ways to lay out scans and to sample colours than the standard.
pub(super) fn decode(file: &[u8], header: &Header, eighths: u32) -> Result<Pixels, Error> {
    let unsupported = || Error::UnsupportedFormat("a JPEG of this colour sampling or order of scans");
    if !is_sampled_evenly(&header.frame) {
        return Err(unsupported());
    }
    let refuse = |_| unsupported();
    let scale = ScalingFactor::try_new(1, 8 / eighths.max(1)).map_err(refuse)?;
    let color = color(header);
    // Its limits (65,500 pixels a side, 8,192 scans) were checked already, and are wider than ours.
    let decoder = Decoder::new_with_limits(file, DecodeLimits::default()).map_err(refuse)?;
    let image = decoder
        .with_output_format(pixel_format(color))
        .with_scale(scale)
        .with_stop_on_warning(true)
        .with_block_smoothing(false)
        .decode_image()
        .map_err(refuse)?;
    Pixels::new(image.width as u32, image.height as u32, color, false, image.data)
}

/// Whether of four components the first and the last are sampled alike, and the others no finer. The decoder panics at
/// some of the others.
fn is_sampled_evenly(frame: &Frame) -> bool {
    let factors: Vec<(u8, u8)> = frame.components.iter().map(|component| component.sampling).collect();
    match factors.as_slice() {
        [first, second, third, last] => first == last && second == third && second.0 <= first.0 && second.1 <= first.1,
        _ => true,
    }
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
