//! Rust without C: zune-jpeg decodes, jpeg-encoder encodes.

use std::{
    fs::{self, File},
    io::BufWriter,
};

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use peers::{Job, QUALITY, Result, SIGMA, blur};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

fn main() -> Result<()> {
    let job = Job::from_arguments()?;
    let options = DecoderOptions::new_fast().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(fs::read(&job.input)?), options);
    let mut pixels = decoder.decode()?;
    let (width, height) = decoder.dimensions().ok_or("no size")?;
    for &face in &job.faces {
        blur::<3>(&mut pixels, width * 3, face, SIGMA);
    }
    let mut encoder = Encoder::new(BufWriter::new(File::create(&job.output)?), QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(&pixels, width.try_into()?, height.try_into()?, ColorType::Rgb)?;
    Ok(())
}
