//! Steps 4 and 5 from the picture's side: decode it, look at it, hide what was found.

use std::sync::Arc;

use gatehouse_core::event::Record;
use gatehouse_detect::{Face, LONGEST_USEFUL_SIDE};
use gatehouse_redact::{Limits, Options, Orientation, Photo, Region};

use crate::blocking::blocking;
use crate::destination::Redacted;
use crate::detector::Subject;
use crate::error::PhotoError;

/// Decodes the photo, to its end, and makes the upright picture that a detector looks at.
///
/// # Errors
/// [`PhotoError::Image`] (Reject).
pub async fn look(bytes: Vec<u8>, record: &Record, limits: Limits) -> Result<(Photo<'static>, Subject), PhotoError> {
    let record = record.clone();
    blocking(move || {
        let length = bytes.len();
        let mut photo = Photo::open(bytes, &limits)?;
        let preview = photo.preview(LONGEST_USEFUL_SIDE)?;
        let subject = Subject {
            record,
            bytes: length,
            format: photo.format(),
            turned: photo.orientation() != Orientation::default(),
            preview: Arc::new(preview),
        };
        Ok((photo, subject))
    })
    .await
}

/// Hides the faces, each with a margin around it.
///
/// # Errors
/// [`PhotoError::Image`] (Reject).
pub async fn hide(photo: Photo<'static>, faces: Vec<Face>, margin: f32) -> Result<Redacted, PhotoError> {
    blocking(move || {
        let regions: Vec<Region> = faces.iter().map(|face| region(face).grown(margin)).collect();
        let redacted = photo.redact(&regions, &Options::default())?;
        Ok(Redacted {
            bytes: redacted.bytes,
            faces: faces.len(),
            engine: redacted.engine.as_str(),
        })
    })
    .await
}

fn region(face: &Face) -> Region {
    let Face {
        left,
        top,
        width,
        height,
        ..
    } = *face;
    Region {
        left,
        top,
        width,
        height,
    }
}
