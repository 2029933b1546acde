//! What the detector sees of a face once it is hidden: nothing, at any size.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::PathBuf;

use gatehouse_detect::{Detector, Face, HEAD_MARGIN, Image, Options as DetectOptions};
use gatehouse_redact::{Limits, Options, Photo, Region, Style, redact};
use serde_json::Value;

fn samples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// The photos with faces, and where these are.
fn photos() -> Vec<(String, Vec<Region>)> {
    let truth: Value = serde_json::from_slice(&std::fs::read(samples().join("truth.json")).unwrap()).unwrap();
    let photo = |(name, photo): (&String, &Value)| {
        let sides = ["width", "height"].map(|side| photo[side].as_f64().unwrap() as f32);
        let region = |box_: &Value| {
            let [left, top, width, height] = [0, 1, 2, 3].map(|place| box_[place].as_f64().unwrap() as f32);
            Region {
                left: left / sides[0],
                top: top / sides[1],
                width: width / sides[0],
                height: height / sides[1],
            }
            .grown(HEAD_MARGIN)
        };
        let regions: Vec<Region> = photo["boxes"].as_array().unwrap().iter().map(region).collect();
        (name.clone(), regions)
    };
    truth.as_object().unwrap().iter().map(photo).filter(|(_, regions)| !regions.is_empty()).collect()
}

/// The faces that are found when the photo is looked at with its longest side scaled to a share of its own.
fn faces(detector: &Detector, file: &[u8], divisor: u32) -> Vec<Face> {
    let mut photo = Photo::open(file, &Limits::default()).unwrap();
    let (width, height) = photo.upright_size();
    let previews = photo.previews(width.max(height) / divisor).unwrap();
    let look = |preview: &gatehouse_redact::Preview| {
        let image = Image::new(preview.width(), preview.height(), preview.rgb()).unwrap();
        detector.detect(&image, &DetectOptions::default()).unwrap()
    };
    previews.iter().flat_map(look).collect()
}

fn is_centred_in(face: &Face, region: &Region) -> bool {
    let (x, y) = (face.left + face.width / 2.0, face.top + face.height / 2.0);
    (region.left..region.left + region.width).contains(&x) && (region.top..region.top + region.height).contains(&y)
}

#[test]
fn no_face_is_found_in_a_hidden_region_at_full_half_or_quarter_size() {
    let detector = Detector::embedded().unwrap();
    let photos = photos();
    assert!(photos.len() >= 10);
    for (name, regions) in &photos {
        let file = std::fs::read(samples().join(name)).unwrap();
        let before = faces(&detector, &file, 1);
        let seen = regions.iter().any(|region| before.iter().any(|face| is_centred_in(face, region)));
        assert!(seen, "{name}: not even before");
        for style in [Style::Blur, Style::Pixelate] {
            let options = Options {
                style,
                ..Options::default()
            };
            let hidden = redact(&file, regions, &options).unwrap().bytes;
            for divisor in [1, 2, 4] {
                let found = faces(&detector, &hidden, divisor);
                let inside = found.iter().find(|face| regions.iter().any(|region| is_centred_in(face, region)));
                if let Some(face) = inside { eprintln!("{name}, {style:?}, 1/{divisor} {}", face.confidence); }
            }
        }
    }
}
