//! libjpeg-turbo through the `turbojpeg` crate, on the planes that a JPEG is made of: no colour conversion, and chroma
//! stays as small as it is.

use std::fs;

use peers::{Job, QUALITY, Rectangle, Result, SIGMA, blur};
use turbojpeg::{Compressor, Subsamp};

fn main() -> Result<()> {
    let job = Job::from_arguments()?;
    let mut image = turbojpeg::decompress_to_yuv(&fs::read(&job.input)?)?;
    if image.subsamp != Subsamp::Sub2x2 {
        return Err("only 4:2:0".into());
    }
    let (luma_stride, luma_length) = (image.y_width(), image.y_width() * image.y_height());
    let (chroma_stride, chroma_length) = (image.uv_width(), image.uv_width() * image.uv_height());
    let (luma, chroma) = image.pixels.split_at_mut(luma_length);
    for &face in &job.faces {
        blur::<1>(luma, luma_stride, face, SIGMA);
        for plane in chroma.chunks_exact_mut(chroma_length) {
            blur::<1>(plane, chroma_stride, Rectangle::halved(face), SIGMA / 2.0);
        }
    }
    let mut compressor = Compressor::new()?;
    compressor.set_quality(QUALITY.into())?;
    fs::write(&job.output, compressor.compress_yuv_to_owned(image.as_deref())?)?;
    Ok(())
}
