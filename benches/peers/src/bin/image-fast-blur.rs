//! The `image` crate: its decoder (zune-jpeg), its `fast_blur`, its encoder.

use std::{fs::File, io::BufWriter};

use image::{ImageReader, codecs::jpeg::JpegEncoder, imageops};
use peers::{Job, QUALITY, Result, SIGMA};

fn main() -> Result<()> {
    let job = Job::from_arguments()?;
    let mut photo = ImageReader::open(&job.input)?.decode()?.into_rgb8();
    for face in &job.faces {
        let [x, y, width, height] = [face.x, face.y, face.width, face.height].map(|pixels| pixels as u32);
        let patch = imageops::crop_imm(&photo, x, y, width, height).to_image();
        imageops::replace(
            &mut photo,
            &imageops::fast_blur(&patch, SIGMA as f32),
            x.into(),
            y.into(),
        );
    }
    let out = BufWriter::new(File::create(&job.output)?);
    JpegEncoder::new_with_quality(out, QUALITY).encode_image(&photo)?;
    Ok(())
}
