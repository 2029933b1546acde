//! The sample photos, decoded and upright, with the faces that are in them.

use gatehouse_detect::{Face, Image};
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A sample photo.
pub struct Photo {
    pub file: String,
    pub pixels: RgbImage,
    /// The faces in it, marked by hand or by the script that made it.
    pub truth: Vec<Face>,
}

impl Photo {
    pub fn image(&self) -> Image<'_> {
        Image::new(self.pixels.width(), self.pixels.height(), self.pixels.as_raw()).unwrap()
    }

    /// The same photo, a quarter turn clockwise.
    pub fn turned(&self) -> Self {
        Self {
            file: self.file.clone(),
            pixels: image::imageops::rotate90(&self.pixels),
            truth: self.truth.iter().map(turned).collect(),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// All photos that `samples.json` lists.
pub fn all() -> Vec<Photo> {
    let listing = json("samples.json");
    let truth = json("truth.json");
    let files = listing
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["file"].as_str().unwrap());
    files
        .map(|file| Photo {
            file: file.to_owned(),
            pixels: upright(file),
            truth: boxes(&truth[file]),
        })
        .collect()
}

/// One photo by its file name.
#[allow(dead_code, reason = "not every user of this module looks for one photo")]
pub fn one(file: &str) -> Photo {
    Photo {
        file: file.to_owned(),
        pixels: upright(file),
        truth: boxes(&json("truth.json")[file]),
    }
}

/// How many of the photo's faces are among `found`: each by a box of its own that overlaps it by more than 0.3
/// (intersection over union).
pub fn hits(photo: &Photo, found: &[Face]) -> usize {
    let mut left: Vec<&Face> = found.iter().collect();
    let mut count = 0;
    for truth in &photo.truth {
        if let Some(index) = left.iter().position(|face| overlap(face, truth) > 0.3) {
            left.swap_remove(index);
            count += 1;
        }
    }
    count
}

/// A face in an image that is turned by a quarter clockwise.
fn turned(face: &Face) -> Face {
    Face {
        left: 1.0 - face.top - face.height,
        top: face.left,
        width: face.height,
        height: face.width,
        confidence: face.confidence,
    }
}

fn overlap(a: &Face, b: &Face) -> f32 {
    let width = (a.left + a.width).min(b.left + b.width) - a.left.max(b.left);
    let height = (a.top + a.height).min(b.top + b.height) - a.top.max(b.top);
    let both = width.max(0.0) * height.max(0.0);
    both / (a.width * a.height + b.width * b.height - both)
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(file)).unwrap()).unwrap()
}

fn upright(file: &str) -> RgbImage {
    let mut decoder = ImageReader::open(folder().join(file)).unwrap().into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    let mut image = DynamicImage::from_decoder(decoder).unwrap();
    image.apply_orientation(orientation);
    image.into_rgb8()
}

/// Boxes in pixels (left, top, width, height) as ratios.
fn boxes(truth: &Value) -> Vec<Face> {
    let side = |name: &str| truth[name].as_f64().unwrap_or(1.0);
    let (across, down) = (side("width"), side("height"));
    let rows = truth["boxes"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .map(|row| {
            let ratio = |index: usize, whole: f64| (row[index].as_f64().unwrap() / whole) as f32;
            Face {
                left: ratio(0, across),
                top: ratio(1, down),
                width: ratio(2, across),
                height: ratio(3, down),
                confidence: 1.0,
            }
        })
        .collect()
}
