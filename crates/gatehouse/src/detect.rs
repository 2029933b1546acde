//! `gatehouse detect`

use std::path::PathBuf;

use gatehouse_detect::{Detector, Face, Image, Options};
use gatehouse_redact::{Limits, Photo, Preview};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::file;

/// The arguments of `gatehouse detect`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The photo
    file: PathBuf,
    /// Print JSON: boxes in ratios (0-1) of the upright image
    #[arg(long)]
    json: bool,
}

/// The faces in a photo, as `gatehouse detect --json` prints them and `gatehouse redact --faces`
/// takes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Faces {
    /// One box per face, in ratios (0–1) of the upright image.
    pub faces: Vec<Face>,
    /// The upright image's width in pixels.
    #[serde(default)]
    pub width: u32,
    /// The upright image's height in pixels.
    #[serde(default)]
    pub height: u32,
}

impl Faces {
    /// Looks for faces in a photo.
    pub fn find(photo: &mut Photo<'_>) -> Result<Self, Failure> {
        let (width, height) = photo.upright_size();
        let pictures = |sides| {
            let previews = photo.previews_within(sides)?;
            previews.into_iter().map(image).collect()
        };
        let faces = Detector::embedded()?.detect_lazily((width, height), pictures, &Options::default())?;
        Ok(Self { faces, width, height })
    }
}

fn image(preview: Preview) -> Result<Image<'static>, Failure> {
    let (width, height) = (preview.width(), preview.height());
    Ok(Image::new(width, height, preview.into_rgb())?)
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.file;
    let bytes = file::read(path)?;
    let found = Faces::find(&mut Photo::open(&bytes, &Limits::default())?)?;
    if arguments.json {
        println!("{}", serde_json::json!(found));
        return Ok(());
    }
    let Faces { faces, width, height } = found;
    println!("{} faces in {} ({width}x{height} pixels)", faces.len(), path.display());
    for face in faces {
        let pixels = |ratio: f32, length: u32| (ratio * length as f32).round();
        println!(
            "  {}x{} pixels at {},{}  confidence {:.2}",
            pixels(face.width, width),
            pixels(face.height, height),
            pixels(face.left, width),
            pixels(face.top, height),
            face.confidence,
        );
    }
    Ok(())
}
