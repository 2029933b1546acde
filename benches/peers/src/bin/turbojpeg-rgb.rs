//! libjpeg-turbo through the `turbojpeg` crate, on RGB pixels.

use std::fs;

use peers::{Job, QUALITY, Result, SIGMA, blur};
use turbojpeg::{Compressor, PixelFormat, Subsamp};

fn main() -> Result<()> {
    let job = Job::from_arguments()?;
    let mut image = turbojpeg::decompress(&fs::read(&job.input)?, PixelFormat::RGB)?;
    for &face in &job.faces {
        blur::<3>(&mut image.pixels, image.pitch, face, SIGMA);
    }
    let mut compressor = Compressor::new()?;
    compressor.set_quality(QUALITY.into())?;
    compressor.set_subsamp(Subsamp::Sub2x2)?;
    fs::write(&job.output, compressor.compress_to_owned(image.as_deref())?)?;
    Ok(())
}
