//! Photos of 12 megapixels with faces of known size, made from the samples.

use std::path::{Path, PathBuf};

use gatehouse_detect::Face;
use gatehouse_redact::{Limits, Photo, Preview};
use image::RgbImage;
use image::imageops::{FilterType, crop_imm, flip_horizontal, replace, resize};
use serde_json::Value;

/// A photo and the faces that are in it.
pub struct Scene {
    pub jpeg: Vec<u8>,
    pub truth: Vec<Face>,
}

/// A sample: its upright pixels and its faces in pixels (left, top, width, height).
struct Sample {
    file: String,
    pixels: RgbImage,
    faces: Vec<[f32; 4]>,
}

const PORTRAITS: [&str; 5] = [
    "astronaut.jpg",
    "obama.JPG",
    "hopper.jpeg",
    "biden.jpg",
    "photographer.jpg",
];

const BACKGROUNDS: [&str; 4] = ["coffee.jpg", "rocket.jpg", "bricks.jpg", "gravel.jpg"];

impl Scene {
    fn new(pixels: RgbImage, faces: &[[f32; 4]]) -> Self {
        let (width, height) = pixels.dimensions();
        let ratio = |[left, top, wide, high]: [f32; 4]| Face {
            left: left / width as f32,
            top: top / height as f32,
            width: wide / width as f32,
            height: high / height as f32,
            confidence: 1.0,
        };
        let preview = Preview::from_rgb(width, height, pixels.into_raw()).unwrap();
        Self {
            jpeg: preview.to_jpeg(90).unwrap(),
            truth: faces.iter().copied().map(ratio).collect(),
        }
    }

    /// How many of the faces are among `found`: each by a box of its own that overlaps it by more than 0.3 (intersection over
    /// union).
    pub fn hits(&self, found: &[Face]) -> usize {
        let mut left: Vec<&Face> = found.iter().collect();
        let is_found = |truth: &&Face| {
            let index = left.iter().position(|face| overlap(face, truth) > 0.3);
            index.map(|index| left.swap_remove(index)).is_some()
        };
        self.truth.iter().filter(is_found).count()
    }
}

fn overlap(a: &Face, b: &Face) -> f32 {
    let width = (a.left + a.width).min(b.left + b.width) - a.left.max(b.left);
    let height = (a.top + a.height).min(b.top + b.height) - a.top.max(b.top);
    let both = width.max(0.0) * height.max(0.0);
    both / (a.width * a.height + b.width * b.height - both)
}

/// All sets of photos, by name.
pub fn sets() -> Vec<(String, Vec<Scene>)> {
    let samples = samples();
    let (crowd, empty): (Vec<_>, Vec<_>) = samples.iter().partition(|sample| !sample.faces.is_empty());
    let portraits: Vec<&Sample> = crowd
        .iter()
        .copied()
        .filter(|s| PORTRAITS.contains(&s.file.as_str()))
        .collect();

    let own = |sample: &Sample| Scene::new(sample.pixels.clone(), &sample.faces);
    let mut sets = vec![
        ("the samples".to_owned(), samples.iter().map(own).collect()),
        (
            "the samples, enlarged to 12 MP".to_owned(),
            samples.iter().map(|sample| enlarged(sample, 12e6)).collect(),
        ),
    ];
    let empty: Vec<&Sample> = empty
        .into_iter()
        .filter(|sample| BACKGROUNDS.contains(&sample.file.as_str()))
        .collect();
    let grounds: Vec<RgbImage> = empty
        .iter()
        .map(|sample| covering(&sample.pixels, 4000, 3000))
        .collect();
    let mut random = Random(7);
    for (low, high) in [(30, 50), (50, 80), (80, 160), (160, 300), (300, 600), (30, 600)] {
        let montages = grounds.iter().map(|ground| {
            let widths = std::iter::repeat_with(|| random.between(low, high))
                .take(12)
                .collect::<Vec<_>>();
            montage(ground, &portraits, &widths)
        });
        sets.push((format!("12 faces, {low}–{high} px"), montages.collect()));
    }
    for (low, high) in [(30, 50), (50, 80), (80, 160)] {
        let montages = grounds.iter().map(|ground| {
            let mut widths = vec![random.between(300, 600)];
            widths.extend(std::iter::repeat_with(|| random.between(low, high)).take(2));
            montage(ground, &portraits, &widths)
        });
        sets.push((
            format!("a face of 300–600 px, two of {low}–{high} px"),
            montages.collect(),
        ));
    }
    sets
}

/// Places portraits in rows over the background, one face of each width.
fn montage(ground: &RgbImage, portraits: &[&Sample], widths: &[u32]) -> Scene {
    let mut canvas = ground.clone();
    let mut random = Random(widths.iter().sum());
    let (mut x, mut y, mut row) = (random.between(20, 200), random.between(20, 200), 0);
    let mut faces = Vec::new();
    for &width in widths {
        let sample = portraits[random.between(0, portraits.len() as u32 - 1) as usize];
        let (patch, face) = portrait(sample, width as f32, random.between(0, 1) == 1);
        if x + patch.width() > canvas.width() {
            (x, y, row) = (random.between(20, 200), y + row + random.between(20, 100), 0);
        }
        if y + patch.height() > canvas.height() {
            continue; // full
        }
        replace(&mut canvas, &patch, i64::from(x), i64::from(y));
        faces.push([face[0] + x as f32, face[1] + y as f32, face[2], face[3]]);
        x += patch.width() + random.between(20, 500);
        row = row.max(patch.height());
    }
    Scene::new(canvas, &faces)
}

/// A head with some of what is around it, its face `width` pixels wide.
fn portrait(sample: &Sample, width: f32, mirrored: bool) -> (RgbImage, [f32; 4]) {
    let [left, top, wide, high] = sample.faces[0];
    let (from_x, from_y) = (
        (left - 0.7 * wide).max(0.0).floor(),
        (top - 0.5 * high).max(0.0).floor(),
    );
    let to_x = (left + 1.7 * wide).min(sample.pixels.width() as f32).floor();
    let to_y = (top + 1.8 * high).min(sample.pixels.height() as f32).floor();
    let cut = crop_imm(
        &sample.pixels,
        from_x as u32,
        from_y as u32,
        (to_x - from_x) as u32,
        (to_y - from_y) as u32,
    )
    .to_image();
    let scale = width / wide;
    let size = |length: u32| ((length as f32 * scale) as u32).max(1);
    let small = resize(&cut, size(cut.width()), size(cut.height()), FilterType::CatmullRom);
    let mut face = [
        (left - from_x) * scale,
        (top - from_y) * scale,
        wide * scale,
        high * scale,
    ];
    if !mirrored {
        return (small, face);
    }
    face[0] = small.width() as f32 - face[0] - face[2];
    (flip_horizontal(&small), face)
}

fn enlarged(sample: &Sample, area: f32) -> Scene {
    let (width, height) = (sample.pixels.width() as f32, sample.pixels.height() as f32);
    let scale = (area / (width * height)).sqrt();
    let large = resize(
        &sample.pixels,
        (width * scale) as u32,
        (height * scale) as u32,
        FilterType::CatmullRom,
    );
    let faces: Vec<_> = sample
        .faces
        .iter()
        .map(|face| face.map(|length| length * scale))
        .collect();
    Scene::new(large, &faces)
}

/// The photo, enlarged and cut to this size.
fn covering(pixels: &RgbImage, width: u32, height: u32) -> RgbImage {
    let scale = f32::max(
        width as f32 / pixels.width() as f32,
        height as f32 / pixels.height() as f32,
    );
    let (wide, high) = (
        (pixels.width() as f32 * scale).ceil(),
        (pixels.height() as f32 * scale).ceil(),
    );
    let large = resize(pixels, wide as u32, high as u32, FilterType::Triangle);
    crop_imm(&large, 0, 0, width, height).to_image()
}

fn samples() -> Vec<Sample> {
    let (listing, truth) = (json("samples.json"), json("truth.json"));
    let files = listing
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["file"].as_str().unwrap());
    files
        .map(|file| {
            let boxes = truth[file]["boxes"].as_array().cloned().unwrap_or_default();
            let bytes = std::fs::read(folder().join(file)).unwrap();
            let mut photo = Photo::open(&bytes, &Limits::default()).unwrap();
            let upright = photo.previews(u32::MAX).unwrap().swap_remove(0);
            Sample {
                file: file.to_owned(),
                pixels: RgbImage::from_raw(upright.width(), upright.height(), upright.rgb().to_vec()).unwrap(),
                faces: boxes
                    .iter()
                    .map(|row| [0, 1, 2, 3].map(|index| row[index].as_f64().unwrap() as f32))
                    .collect(),
            }
        })
        .collect()
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(file)).unwrap()).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// The same numbers every time.
struct Random(u32);

impl Random {
    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low + (self.0 >> 8) % (high - low + 1)
    }
}
