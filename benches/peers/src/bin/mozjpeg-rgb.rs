//! The `mozjpeg` crate on RGB pixels, at its fastest: without the trellis and the progressive scans that it is known
//! for, which cost some times more.

use std::fs;

use mozjpeg::{ColorSpace, Compress, Decompress};
use peers::{Job, QUALITY, Result, SIGMA, blur};

fn main() -> Result<()> {
    let job = Job::from_arguments()?;
    let jpeg = fs::read(&job.input)?;
    let mut decoder = Decompress::new_mem(&jpeg)?.rgb()?;
    let (width, height) = (decoder.width(), decoder.height());
    let mut pixels: Vec<u8> = decoder.read_scanlines()?;
    decoder.finish()?;
    for &face in &job.faces {
        blur::<3>(&mut pixels, width * 3, face, SIGMA);
    }

    let mut encoder = Compress::new(ColorSpace::JCS_RGB);
    encoder.set_size(width, height);
    encoder.set_fastest_defaults();
    encoder.set_quality(QUALITY.into());
    encoder.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
    let mut encoder = encoder.start_compress(Vec::new())?;
    encoder.write_scanlines(&pixels)?;
    fs::write(&job.output, encoder.finish()?)?;
    Ok(())
}
