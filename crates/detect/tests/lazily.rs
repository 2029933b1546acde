//! How much of a photo is asked for: a glance, and the detailed picture only if that leaves doubt.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod samples;

use gatehouse_detect::{Detector, Error, Face, Image, Options, Tiles, glance_sides, useful_sides};
use image::imageops::{FilterType, resize};
use samples::{Photo, hits};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::embedded().unwrap());

/// Why a photo was not shown.
#[derive(Debug)]
enum Failure {
    Unreadable,
    Detector(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Detector(error)
    }
}

/// A photo that notes what is asked of it.
struct Shown<'a> {
    looks: Vec<&'a Photo>,
    asked: Vec<RangeInclusive<u32>>,
}

impl<'a> Shown<'a> {
    fn new(looks: &[&'a Photo]) -> Self {
        Self {
            looks: looks.to_vec(),
            asked: Vec::new(),
        }
    }

    fn size(&self) -> (u32, u32) {
        self.looks[0].pixels.dimensions()
    }

    fn pictures(&mut self, sides: RangeInclusive<u32>) -> Vec<Image<'static>> {
        let pictures = self.looks.iter().map(|photo| scaled(photo, &sides)).collect();
        self.asked.push(sides);
        pictures
    }

    fn faces(&mut self, options: &Options) -> Vec<Face> {
        let size = self.size();
        let pictures = |sides| Ok::<_, Error>(self.pictures(sides));
        DETECTOR.detect_lazily(size, pictures, options).unwrap()
    }
}

/// The photo in the largest size that is asked for.
fn scaled(photo: &Photo, sides: &RangeInclusive<u32>) -> Image<'static> {
    let (width, height) = photo.pixels.dimensions();
    let scale = f64::min(1.0, f64::from(*sides.end()) / f64::from(width.max(height)));
    let [wide, high] = [width, height].map(|side| (f64::from(side) * scale).round() as u32);
    let small = resize(&photo.pixels, wide, high, FilterType::Triangle);
    Image::new(wide, high, small.into_raw()).unwrap()
}

/// The photo, with every side twice as long.
fn enlarged(file: &str) -> Photo {
    let mut photo = samples::one(file);
    let (width, height) = photo.pixels.dimensions();
    photo.pixels = resize(&photo.pixels, 2 * width, 2 * height, FilterType::Triangle);
    photo
}

#[test]
fn a_glance_without_doubt_never_asks_for_detail() {
    for file in ["obama.JPG", "hopper.jpeg", "closeup.jpg"] {
        let photo = enlarged(file);
        let (width, height) = photo.pixels.dimensions();
        let mut shown = Shown::new(&[&photo]);
        let faces = shown.faces(&Options::default());
        assert_eq!(hits(&photo, &faces), photo.truth.len(), "{file}: {faces:?}");
        assert_eq!(shown.asked, [glance_sides(width, height)], "{file}");
    }
}

#[test]
fn doubt_asks_for_detail_once_however_many_pictures_there_are() {
    let photo = samples::one("far.jpg");
    let (width, height) = photo.pixels.dimensions();
    let mut shown = Shown::new(&[&photo, &photo, &photo]);
    let faces = shown.faces(&Options::default());
    assert_eq!(shown.asked, [glance_sides(width, height), useful_sides(width, height)]);
    assert_eq!(hits(&photo, &faces), photo.truth.len(), "{faces:?}");
}

#[test]
fn a_photo_no_larger_than_a_glance_is_asked_for_once() {
    let mut photo = samples::one("bricks.jpg");
    photo.pixels = resize(&photo.pixels, 400, 400, FilterType::Triangle);
    let mut shown = Shown::new(&[&photo]);
    shown.faces(&Options::default());
    assert_eq!(shown.asked.len(), 1);
}

#[test]
fn tiles_say_whether_detail_is_asked_for() {
    let (clear, doubtful) = (enlarged("obama.JPG"), enlarged("bricks.jpg"));
    for (photo, tiles, asked) in [(&clear, Tiles::Always, 2), (&doubtful, Tiles::Never, 1)] {
        let mut shown = Shown::new(&[photo]);
        shown.faces(&Options {
            tiles,
            ..Options::default()
        });
        assert_eq!(shown.asked.len(), asked, "{tiles:?}");
    }
}

#[test]
fn a_face_that_only_one_of_the_pictures_shows_is_found() {
    let photo = samples::one("obama.JPG");
    let mut grey = samples::one("obama.JPG");
    grey.pixels.fill(128);
    for looks in [[&photo, &grey], [&grey, &photo]] {
        let faces = Shown::new(&looks).faces(&Options::default());
        assert_eq!(hits(&photo, &faces), 1, "{faces:?}");
    }
}

#[test]
fn a_picture_that_cannot_be_had_is_an_error_and_never_no_faces() {
    let photo = samples::one("far.jpg");
    for readable in [0, 1] {
        let mut shown = Shown::new(&[&photo]);
        let size = shown.size();
        let pictures = |sides| match shown.asked.len() {
            asked if asked == readable => Err(Failure::Unreadable),
            _ => Ok(shown.pictures(sides)),
        };
        let result = DETECTOR.detect_lazily(size, pictures, &Options::default());
        assert!(matches!(result, Err(Failure::Unreadable)), "{readable}: {result:?}");
        assert_eq!(shown.asked.len(), readable);
    }
}

#[test]
fn pictures_that_are_missing_are_an_error_and_never_no_faces() {
    let photo = samples::one("far.jpg");
    for (glances, details) in [(0, 0), (2, 1), (1, 0), (1, 2)] {
        let mut shown = Shown::new(&[&photo]);
        let pictures = |sides| {
            let number = if shown.asked.is_empty() { glances } else { details };
            Ok::<_, Failure>(vec![shown.pictures(sides).remove(0); number])
        };
        let result = DETECTOR.detect_lazily(photo.pixels.dimensions(), pictures, &Options::default());
        assert!(
            matches!(result, Err(Failure::Detector(Error::MissingPicture { actual, .. })) if actual == details),
            "{glances} and {details}: {result:?}"
        );
    }
}
