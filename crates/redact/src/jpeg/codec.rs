//! Pixels in and out of JPEG, by `libjpeg-turbo-rs`, at the quality that the file has.

use libjpeg_turbo_rs::{ColorSpace, DecodeLimits, Decoder, Encoder, PixelFormat, Subsampling};

use super::header::{Frame, Header, QuantTable};
use crate::Error;
use crate::pixels::{Color, Pixels};

/// Decodes the whole picture.
///
/// # Errors
/// [`Error::CorruptImage`] for anything that the decoder would only warn of.
pub(super) fn decode(file: &[u8], header: &Header) -> Result<Pixels, Error> {
    let (width, height) = (u32::from(header.frame.width), u32::from(header.frame.height));
    let corrupt = |error: libjpeg_turbo_rs::JpegError| Error::corrupt(error.to_string());
    let color = color(header);
    // Its limits (65,500 pixels a side, 8,192 scans) were checked already, and are wider than ours.
    let decoder = Decoder::new_with_limits(file, DecodeLimits::default()).map_err(corrupt)?;
    let image = decoder
        .with_output_format(pixel_format(color))
        .with_stop_on_warning(true)
        .with_block_smoothing(false)
        .decode_image()
        .map_err(corrupt)?;
    Pixels::new(width, height, color, false, image.data)
}

/// Encodes pixels as a baseline JPEG with the quantisation tables and the chroma sampling of the original.
///
/// # Errors
/// [`Error::Encoding`], which would be a defect.
pub(super) fn encode(pixels: &Pixels, header: &Header) -> Result<Vec<u8>, Error> {
    let format = pixel_format(pixels.color);
    let [first, others] = quant_tables(&header.frame, is_ycbcr(header));
    let mut encoder = Encoder::new(&pixels.data, pixels.width, pixels.height, format)
        .quant_table(0, first)
        // Huffman tables of Annex K: counting codes first would save some 6 % of the file, but takes twice the memory.
        .quant_table(1, others);
    if pixels.color == Color::Rgb {
        encoder = encoder.subsampling(subsampling(&header.frame));
        if !is_ycbcr(header) {
            encoder = encoder.subsampling(Subsampling::S444).colorspace(ColorSpace::Rgb);
        }
    } else if pixels.color != Color::Gray {
        encoder = encoder.subsampling(Subsampling::S444);
    }
    encoder.encode().map_err(|error| Error::Encoding(error.to_string()))
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

/// Whether three components are YCbCr, by the rules that decoders share: JFIF, then Adobe, then the component ids.
fn is_ycbcr(header: &Header) -> bool {
    let named_rgb = || header.frame.components.iter().map(|component| component.id).eq(*b"RGB");
    header.jfif.is_some()
        || header
            .adobe_transform()
            .map_or_else(|| !named_rgb(), |transform| transform != 0)
}

/// The tables of the first component and of the others. The encoder has these two slots, and for anything but YCbCr
/// uses the first alone; where the file's own tables differ beyond that, the finer value of each is taken.
fn quant_tables(frame: &Frame, ycbcr: bool) -> [QuantTable; 2] {
    let tables: Vec<QuantTable> = frame
        .components
        .iter()
        .filter_map(|component| component.quant)
        .collect();
    let finest = |tables: &[QuantTable]| {
        let finer = |a: QuantTable, b: &QuantTable| {
            std::array::from_fn(|at| match (a.get(at), b.get(at)) {
                // A zero is not a step; decoders take it as it comes, an encoder cannot.
                (Some(a), Some(b)) => (*a).min(*b).max(1),
                _ => 1,
            })
        };
        tables.iter().fold([u16::MAX; 64], finer)
    };
    match tables.split_first() {
        Some((first, others)) if ycbcr && !others.is_empty() => [finest(&[*first]), finest(others)],
        _ => [finest(&tables); 2],
    }
}

/// The chroma sampling of the file. An unusual one becomes 4:4:4: finer, never coarser.
fn subsampling(frame: &Frame) -> Subsampling {
    let factors: Vec<(u8, u8)> = frame.components.iter().map(|component| component.sampling).collect();
    match factors.as_slice() {
        [luma, (1, 1), (1, 1)] => match luma {
            (2, 1) => Subsampling::S422,
            (2, 2) => Subsampling::S420,
            (1, 2) => Subsampling::S440,
            (4, 1) => Subsampling::S411,
            (1, 4) => Subsampling::S441,
            (4, 2) => Subsampling::S410,
            (2, 4) => Subsampling::S24,
            _ => Subsampling::S444,
        },
        // 4:2:2 written the other way.
        [(2, 2), (1, 2), (1, 2)] => Subsampling::S422,
        [(2, 2), (2, 1), (2, 1)] => Subsampling::S440,
        _ => Subsampling::S444,
    }
}
