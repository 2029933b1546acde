//! The photo that a detector is to look at.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use gatehouse_redact::{Limits, Orientation, Photo, Preview};

use crate::{PhotoError, Source};

/// A photo, and pictures of it for whoever asks: none is made before.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Which object it is: Rekognition can read it by itself.
    pub source: Source,
    /// The size of the file in bytes.
    pub bytes: usize,
    photo: Photo<'a>,
    decoding: Duration,
}

impl<'a> Subject<'a> {
    /// Reads the headers of a photo and checks them against the limits.
    ///
    /// # Errors
    /// [`PhotoError::Image`].
    pub fn open(file: &'a [u8], source: Source, limits: &Limits) -> Result<Self, PhotoError> {
        Ok(Self {
            source,
            bytes: file.len(),
            photo: Photo::open(file, limits)?,
            decoding: Duration::ZERO,
        })
    }

    /// Width and height of the upright photo, in pixels.
    pub fn upright_size(&self) -> (u32, u32) {
        self.photo.upright_size()
    }

    /// Whether the file says that it has to be turned to be upright.
    pub fn is_turned(&self) -> bool {
        self.photo.orientation() != Orientation::default()
    }

    /// The upright photo, scaled down so that its longest side has a number of pixels within these bounds, in every way
    /// in which it can look: more than one if parts of it are transparent.
    ///
    /// # Errors
    /// [`PhotoError::Image`] if the photo can't be decoded to its end.
    pub fn previews(&mut self, longest_side: RangeInclusive<u32>) -> Result<Vec<Preview>, PhotoError> {
        let start = Instant::now();
        let previews = self.photo.previews_within(longest_side);
        self.decoding += start.elapsed();
        Ok(previews?)
    }

    /// How long it took to make all the previews so far.
    pub fn decoding(&self) -> Duration {
        self.decoding
    }

    /// The photo itself, with what is decoded of it.
    pub fn into_photo(self) -> Photo<'a> {
        self.photo
    }
}

/// Photos for the tests of the detectors.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
pub(super) mod tests {
    use super::*;

    /// A grey JPEG of 640×480.
    pub fn grey_photo() -> Vec<u8> {
        let grey = Preview::from_rgb(640, 480, vec![128; 640 * 480 * 3]).unwrap();
        grey.to_jpeg(90).unwrap()
    }

    /// The same photo, its headers and its end sound, but without half of the picture.
    pub fn corrupt_photo() -> Vec<u8> {
        let mut file = grey_photo();
        file.truncate(file.len() / 2);
        file.extend([0xFF, 0xD9]); // end of image
        file
    }

    /// An object, in this version.
    pub fn source(version: Option<&str>) -> Source {
        Source {
            bucket: "photos".into(),
            key: "grey.jpg".into(),
            version_id: version.map(str::to_owned),
        }
    }

    #[test]
    fn a_photo_is_not_decoded_before_a_picture_is_asked_for() {
        let file = corrupt_photo();
        let mut subject = Subject::open(&file, source(None), &Limits::default()).unwrap();
        assert_eq!(subject.upright_size(), (640, 480));
        assert_eq!(subject.decoding(), Duration::ZERO);
        assert!(matches!(subject.previews(100..=200), Err(PhotoError::Image(_))));
        assert!(subject.decoding() > Duration::ZERO);
    }
}
