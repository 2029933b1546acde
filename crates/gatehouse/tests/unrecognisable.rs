//! What the detector sees of a face once it is hidden: nothing, at any size.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::PathBuf;

use gatehouse_detect::{Detector, Face, HEAD_MARGIN, Image, Options as DetectOptions};
use gatehouse_redact::{Limits, Options, Photo, Preview, Region, Style, redact};
use serde_json::Value;

fn samples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// Faces of one photo that are looked at one by one: looking takes time, and a montage has dozens.
const MOST_FACES: usize = 6;

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
    truth
        .as_object()
        .unwrap()
        .iter()
        .map(photo)
        .filter(|(_, regions)| !regions.is_empty())
        .collect()
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

/// The upright picture at its full size.
fn upright(file: &[u8]) -> Preview {
    Photo::open(file, &Limits::default())
        .unwrap()
        .previews(u32::MAX)
        .unwrap()
        .remove(0)
}

/// The part of a picture that a region covers.
fn cut(picture: &Preview, region: &Region) -> Preview {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let left = (region.left.max(0.0) * width).ceil() as u32;
    let top = (region.top.max(0.0) * height).ceil() as u32;
    let right = ((region.left + region.width).min(1.0) * width) as u32;
    let bottom = ((region.top + region.height).min(1.0) * height) as u32;
    picture.crop(left, top, right - left, bottom - top).unwrap()
}

/// A picture in the middle of a plain grey, as large again on each side.
fn on_grey(picture: &Preview) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut rgb = vec![128; width * 3 * height * 3 * 3];
    for (y, row) in picture.rgb().chunks(width * 3).enumerate() {
        let start = ((y + height) * width * 3 + width) * 3;
        rgb[start..start + row.len()].copy_from_slice(row);
    }
    let canvas = Preview::from_rgb(width as u32 * 3, height as u32 * 3, rgb).unwrap();
    canvas.to_jpeg(95).unwrap()
}

fn mean_color(picture: &Preview) -> [u8; 3] {
    [0, 1, 2].map(|channel| {
        let samples = picture.rgb().iter().skip(channel).step_by(3);
        (samples.clone().map(|sample| f64::from(*sample)).sum::<f64>() / samples.count() as f64) as u8
    })
}

const STYLES: [Style; 2] = [Style::Blur, Style::Pixelate];

fn hidden(file: &[u8], regions: &[Region], style: Style) -> Vec<u8> {
    let options = Options {
        style,
        ..Options::default()
    };
    redact(file, regions, &options).unwrap().bytes
}

#[test]
fn no_face_is_found_in_a_hidden_region_at_full_half_or_quarter_size() {
    let detector = Detector::embedded().unwrap();
    let mut seen_before = 0;
    for (name, regions) in &photos() {
        let file = std::fs::read(samples().join(name)).unwrap();
        let before = upright(&file);
        for style in STYLES {
            let after = upright(&hidden(&file, regions, style));
            for region in regions.iter().take(MOST_FACES) {
                seen_before += faces(&detector, &on_grey(&cut(&before, region)), 1).len();
                let part = on_grey(&cut(&after, region));
                for divisor in [1, 2, 4] {
                    assert_eq!(
                        faces(&detector, &part, divisor),
                        [],
                        "{name}, {style:?}, {region:?}, 1/{divisor}"
                    );
                }
            }
        }
    }
    assert!(seen_before > 20, "the same regions showed {seen_before} faces before");
}

/// A head of hair around a plain rectangle still looks like somebody. What is found there must be found around one colour
/// as well: then it is not in the region.
#[test]
fn what_is_found_around_a_hidden_region_is_found_around_a_plain_colour_too() {
    let detector = Detector::embedded().unwrap();
    for (name, regions) in &photos() {
        let file = std::fs::read(samples().join(name)).unwrap();
        let after = hidden(&file, regions, Style::Blur);
        let found = [1, 2, 4].into_iter().flat_map(|divisor| {
            let faces = faces(&detector, &after, divisor);
            regions
                .iter()
                .filter(move |region| faces.iter().any(|face| is_centred_in(face, region)))
        });
        for region in found {
            let plain = hidden(&file, regions, Style::Fill(mean_color(&cut(&upright(&file), region))));
            let is_seen = |divisor| {
                faces(&detector, &plain, divisor)
                    .iter()
                    .any(|face| is_centred_in(face, region))
            };
            assert!([1, 2, 4].into_iter().any(is_seen), "{name}, {region:?}");
        }
    }
}
