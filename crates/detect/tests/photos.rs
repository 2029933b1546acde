//! The detector on the sample photos: what it finds, what it must not find, and that it does so every time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod samples;

use gatehouse_detect::{Detector, Face, Image, Options, Tiles};
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
