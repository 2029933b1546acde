//! Pixels in and out of WebP, by `vaam-image-webp`: the crate `image-webp`, whose name it keeps in code, with an encoder
//! for lossy pictures.

use std::io::Cursor;

use image_webp::{ColorType, EncoderParams, WebPDecoder, WebPEncoder};

use super::riff::{Canvas, Chunks, Coding, Picture, Surroundings};
use super::vp8;
use crate::Error;
use crate::pixels::{Color, Pixels};

/// Decodes one picture to its end.
///
/// # Errors
/// [`Error::CorruptImage`].
pub(super) fn decode(picture: &Picture) -> Result<Pixels, Error> {
    let corrupt = |error: image_webp::DecodingError| Error::corrupt(error.to_string());
    let file = alone(picture);
    let mut decoder = WebPDecoder::new(Cursor::new(&file)).map_err(corrupt)?;
    let size = decoder
        .output_buffer_size()
        .ok_or_else(|| Error::corrupt("its size is beyond all memory"))?;
    let color = if decoder.has_alpha() { Color::Rgba } else { Color::Rgb };
    let mut data = vec![0; size];
    decoder.read_image(&mut data).map_err(corrupt)?;
    Pixels::new(picture.width, picture.height, color, false, data)
}

/// Encodes pixels with or without loss, as the picture that they are to replace. A lossy one gets half the quantiser
/// that it had: this encoder with the same one loses visibly more than the first encoding did, and with half of it makes
/// a file of about the same size.
///
/// # Errors
/// [`Error::Encoding`], which would be a defect.
pub(super) fn encode_like(original: &Picture, pixels: &Pixels) -> Result<Vec<u8>, Error> {
    match original.coding {
        Coding::Lossless(_) => encode_lossless(pixels),
        Coding::Lossy { data, .. } => {
            // The encoder takes 127 - quality × 127 / 100, rounded down, as its quantiser.
            let finer = 127 - u32::from(vp8::quantiser(data) / 2);
            encode(pixels, Some((finer * 100).div_ceil(127) as u8))
        }
    }
}

/// A file that holds these pixels without loss.
///
/// # Errors
/// [`Error::Encoding`], which would be a defect.
pub(super) fn encode_lossless(pixels: &Pixels) -> Result<Vec<u8>, Error> {
    encode(pixels, None)
}

fn encode(pixels: &Pixels, quality: Option<u8>) -> Result<Vec<u8>, Error> {
    let mut params = EncoderParams::default();
    if let Some(quality) = quality {
        params.use_lossy = true;
        params.lossy_quality = quality.min(100);
    }
    let color = if pixels.color.has_alpha() {
        ColorType::Rgba8
    } else {
        ColorType::Rgb8
    };
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new(&mut file);
    encoder.set_params(params);
    // WebP sizes fit 32 bits.
    encoder
        .encode(&pixels.data, pixels.width as u32, pixels.height as u32, color)
        .map_err(|error| Error::Encoding(error.to_string()))?;
    Ok(file)
}

/// The picture in a file that this crate has just encoded.
///
/// # Errors
/// [`Error::Encoding`], which would be a defect.
pub(super) fn picture_of(file: &[u8]) -> Result<Picture<'_>, Error> {
    let picture = Chunks::of_file(file).and_then(|(chunks, _)| Picture::of(chunks));
    picture.map_err(|error| Error::Encoding(error.to_string()))
}

/// A file that holds nothing but this picture.
fn alone(picture: &Picture) -> Vec<u8> {
    let mut chunks = Vec::new();
    picture.write(&mut chunks);
    let surroundings = Surroundings {
        canvas: Canvas {
            width: picture.width,
            height: picture.height,
            is_animated: false,
        },
        has_alpha: picture.has_alpha(),
        icc: None,
        exif: None,
        animation: None,
    };
    surroundings.write(&chunks)
}
