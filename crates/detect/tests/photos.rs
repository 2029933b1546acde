//! The detector on the sample photos: what it finds, what it must not find, and that it does so every time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod samples;

use gatehouse_detect::{Detector, Face, Image, Options, Tiles, useful_sides};
use image::imageops::{FilterType, replace, resize};
use image::{Rgb, RgbImage};
use samples::hits;
use std::sync::LazyLock;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::embedded().unwrap());

fn detect(photo: &samples::Photo) -> Vec<Face> {
    DETECTOR.detect(&photo.image(), &Options::default()).unwrap()
}

#[test]
fn every_face_of_every_sample_is_found() {
    for photo in samples::all() {
        let faces = detect(&photo);
        assert_eq!(hits(&photo, &faces), photo.truth.len(), "{}: {faces:?}", photo.file);
    }
}

#[test]
fn nothing_is_found_where_nobody_is() {
    for photo in samples::all().iter().filter(|photo| photo.truth.is_empty()) {
        assert_eq!(detect(photo), [], "{}", photo.file);
    }
}

#[test]
fn the_boxes_lie_in_the_image_and_the_surest_comes_first() {
    let photo = samples::one("eight-faces.jpg");
    let faces = detect(&photo);
    for face in &faces {
        let sides = [
            face.left,
            face.top,
            face.left + face.width,
            face.top + face.height,
            face.confidence,
        ];
        assert!(sides.iter().all(|side| (0.0..=1.0001).contains(side)), "{face:?}");
    }
    assert!(faces.is_sorted_by(|a, b| a.confidence >= b.confidence), "{faces:?}");
}

#[test]
fn the_same_photo_gives_the_same_answer_on_every_thread() {
    let photo = samples::one("eight-faces.jpg");
    let expected = detect(&photo);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| detect(&photo))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn far_faces_are_found_only_by_looking_in_detail() {
    let photo = samples::one("far.jpg");
    let never = DETECTOR
        .detect(
            &photo.image(),
            &Options {
                tiles: Tiles::Never,
                ..Options::default()
            },
        )
        .unwrap();
    assert!(hits(&photo, &never) < photo.truth.len() / 2, "{}", never.len());
    assert_eq!(hits(&photo, &detect(&photo)), photo.truth.len());
}

/// A photo of 1080×`height` pixels with one face, 45 pixels wide, near its lower end, scaled to its longest `side`.
fn long_photo(file: &str, height: u32, side: u32) -> samples::Photo {
    let photo = samples::one(file);
    let face = photo.truth[0];
    let (width, tall) = (photo.pixels.width() as f32, photo.pixels.height() as f32);
    let scale = 45.0 / (face.width * width);
    let (width, tall) = (width * scale, tall * scale);
    let small = resize(&photo.pixels, width as u32, tall as u32, FilterType::Triangle);
    let (left, top) = (500, height - 1000);
    let mut long = RgbImage::from_pixel(1080, height, Rgb([120, 130, 140]));
    replace(&mut long, &small, left, i64::from(top));
    samples::Photo {
        file: format!("{file} in 1080×{height} at {side}"),
        pixels: resize(&long, 1080 * side / height, side, FilterType::Triangle),
        truth: vec![Face {
            left: (left as f32 + width * face.left) / 1080.0,
            top: (top as f32 + tall * face.top) / height as f32,
            width: width * face.width / 1080.0,
            height: tall * face.height / height as f32,
            confidence: 1.0,
        }],
    }
}

#[test]
fn a_small_face_in_a_long_photo_is_found_after_scaling_to_the_useful_sides() {
    let surely = Options {
        threshold: 0.5, // weaker findings join the head and the shoulders into one box
        tiles: Tiles::Auto,
    };
    for file in ["obama.JPG", "hopper.jpeg"] {
        let photo = long_photo(file, 8000, *useful_sides(1080, 8000).end());
        let faces = DETECTOR.detect(&photo.image(), &surely).unwrap();
        assert_eq!(hits(&photo, &faces), 1, "{}: {faces:?}", photo.file);
    }
}

#[test]
fn a_face_that_lies_on_its_side_or_stands_on_its_head_is_found() {
    for file in [
        "astronaut.jpg",
        "obama.JPG",
        "hopper.jpeg",
        "biden.jpg",
        "closeup.jpg",
        "photographer.jpg",
    ] {
        let mut photo = samples::one(file);
        for degrees in [90, 180, 270] {
            photo = photo.turned();
            for tiles in [Tiles::Auto, Tiles::Always] {
                let options = Options {
                    tiles,
                    threshold: 0.5, // as surely as upright; without turning, some are weak findings
                };
                let faces = DETECTOR.detect(&photo.image(), &options).unwrap();
                let place = centre(&photo.truth[0]);
                assert!(
                    faces.iter().any(|face| covers(face, place)),
                    "{file} by {degrees}°, {tiles:?}: {faces:?}"
                );
            }
        }
    }
}

#[test]
fn far_faces_are_found_in_a_photo_that_stands_on_its_head() {
    let photo = samples::one("far.jpg").turned().turned();
    let faces = detect(&photo);
    assert!(hits(&photo, &faces) >= 22, "{}: {faces:?}", hits(&photo, &faces));
}

/// The middle of the box, across and down, in ratios of the image.
fn centre(face: &Face) -> (f32, f32) {
    (face.left + face.width / 2.0, face.top + face.height / 2.0)
}

/// Whether a place (across, down, in ratios of the image) lies in the face's box.
fn covers(face: &Face, (x, y): (f32, f32)) -> bool {
    (face.left..face.left + face.width).contains(&x) && (face.top..face.top + face.height).contains(&y)
}

#[test]
fn a_face_larger_than_the_frame_is_found() {
    let photo = samples::one("closeup.jpg");
    for part in [0.95, 0.85, 0.75] {
        let (width, height) = photo.pixels.dimensions();
        let (w, h) = ((width as f32 * part) as u32, (height as f32 * part) as u32);
        let cut = image::imageops::crop_imm(&photo.pixels, (width - w) / 2, (height - h) / 2, w, h).to_image();
        let image = Image::new(w, h, cut.as_raw()).unwrap();
        let faces = DETECTOR.detect(&image, &Options::default()).unwrap();
        assert!(
            faces.iter().any(|face| face.width * face.height > 0.5),
            "{part}: {faces:?}"
        );
    }
}

#[test]
fn a_higher_threshold_never_finds_more() {
    let photo = samples::one("group.jpg");
    let count = |threshold| {
        let options = Options {
            threshold,
            tiles: Tiles::Never,
        };
        DETECTOR.detect(&photo.image(), &options).unwrap().len()
    };
    let counts: Vec<_> = [0.2, 0.5, 0.7, 1.1].map(count).to_vec();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    assert_eq!(counts[3], 0);
}
