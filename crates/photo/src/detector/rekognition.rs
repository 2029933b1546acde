//! Amazon Rekognition's DetectFaces.
//!
//! It reads JPEG and PNG objects of up to 15 MB from S3 by itself, takes up to 5 MB of image bytes
//! in a request, and lists the 100 largest faces at the most (Rekognition developer guide,
//! "Guidelines and quotas"; API reference, "DetectFaces").

use std::fmt::Display;

use aws_config::SdkConfig;
use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rekognition::operation::detect_faces::DetectFacesError;
use aws_sdk_rekognition::primitives::Blob;
use aws_sdk_rekognition::types::{FaceDetail, Image, S3Object};
use gatehouse_core::client;
use gatehouse_detect::{Face, glance_sides, union, useful_sides};
use gatehouse_redact::Preview;

use super::{FindFaces, Subject};
use crate::PhotoError;

/// The largest S3 object that Rekognition reads, in bytes.
const LARGEST_OBJECT: usize = 15 * 1024 * 1024;
/// The most image bytes in one request.
const LARGEST_IMAGE: usize = 5 * 1024 * 1024;
/// The most faces in one answer.
const MOST_FACES: usize = 100;
/// JPEG qualities to try until the picture fits into a request. The last one does: a preview has
/// some three megapixels at the most.
const QUALITIES: [u8; 3] = [90, 70, 40];
/// Parts of a photo are not divided below this, in pixels a side. 80 is Rekognition's own limit.
const SMALLEST_PART: u32 = 160;

/// Parts of one picture that are looked at, at the most: each is a call.
const MOST_PARTS: usize = 64;

/// Asks Amazon Rekognition.
#[derive(Debug, Clone)]
pub struct Rekognition(Client);

/// A rectangle of the preview, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Rekognition {
    /// Asks with this configuration.
    pub fn new(aws: &SdkConfig) -> Self {
        Self::asking_through(client!(aws_sdk_rekognition, aws))
    }

    /// Asks through this client.
    pub fn asking_through(client: Client) -> Self {
        Self(client)
    }

    /// The whole object, read by Rekognition itself. None if it can't do that.
    async fn object(&self, subject: &mut Subject<'_>) -> Result<Option<Vec<Face>>, PhotoError> {
        let Some(object) = readable_object(subject)? else {
            return Ok(None);
        };
        match self.ask(Image::builder().s3_object(object).build()).await {
            Err(PhotoError::DetectorRefused(cause)) => {
                tracing::info!(cause, "Rekognition can't read the object; sending a picture");
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    /// The faces of a picture, looked at in parts if what was listed for the whole is not complete.
    async fn completed(&self, preview: &Preview, listed: Vec<Face>) -> Result<Vec<Face>, PhotoError> {
        match is_complete(&listed) {
            true => Ok(listed),
            false => self.in_parts(preview, listed).await,
        }
    }

    /// Looks at parts of the picture, and at parts of those parts, until each answer is complete.
    async fn in_parts(&self, preview: &Preview, mut faces: Vec<Face>) -> Result<Vec<Face>, PhotoError> {
        tracing::warn!(
            faces = faces.len(),
            "Rekognition lists no more faces than this; looking at the photo in parts"
        );
        metrics::counter!("DetectorSecondPasses").increment(1);
        let whole = Part::of(preview);
        let mut parts = whole.quarters();
        for _ in 0..MOST_PARTS {
            let Some(part) = parts.pop() else {
                return Ok(faces);
            };
            let cut = preview.crop(part.left, part.top, part.width, part.height)?;
            let found = self.ask(picture(&cut)?).await?;
            if !is_complete(&found) {
                if part.width.min(part.height) < 2 * SMALLEST_PART {
                    return Err(PhotoError::TooManyFaces);
                }
                parts.extend(part.quarters());
            }
            faces.extend(found.into_iter().map(|face| part.to_whole(face, &whole)));
        }
        Err(PhotoError::TooManyFaces)
    }

    async fn ask(&self, image: Image) -> Result<Vec<Face>, PhotoError> {
        let answer = self.0.detect_faces().image(image).send().await.map_err(classify)?;
        answer.face_details().iter().map(face).collect()
    }
}

impl FindFaces for Rekognition {
    async fn find_faces(&self, subject: &mut Subject<'_>) -> Result<Vec<Face>, PhotoError> {
        let of_object = match self.object(subject).await? {
            Some(listed) if is_complete(&listed) => return Ok(union(listed)),
            listed => listed,
        };
        let (width, height) = subject.upright_size();
        let mut faces = Vec::new();
        for preview in subject.previews(useful_sides(width, height))? {
            let listed = match &of_object {
                Some(listed) => listed.clone(),
                None => self.ask(picture(&preview)?).await?,
            };
            faces.extend(self.completed(&preview, listed).await?);
        }
        Ok(union(faces))
    }
}

/// Whether these are all the faces that there are, and not only as many as are listed.
fn is_complete(listed: &[Face]) -> bool {
    listed.len() < MOST_FACES
}

/// The object for Rekognition to read by itself, where it is certain to see what we redact: this
/// very version (else an upload that comes in between would be looked at instead), nothing turned
/// (else its reading of EXIF would have to be the same as ours), nothing transparent.
///
/// # Errors
/// [`PhotoError::Image`] if the photo is corrupt: it is refused before a call is paid for.
fn readable_object(subject: &mut Subject<'_>) -> Result<Option<S3Object>, PhotoError> {
    let version = subject.source.version_id.clone().filter(|version| version != "null");
    let Some(version) = version.filter(|_| !subject.is_turned() && subject.bytes <= LARGEST_OBJECT) else {
        return Ok(None);
    };
    let (width, height) = subject.upright_size();
    let is_opaque = subject.previews(glance_sides(width, height))?.len() == 1;
    let object = S3Object::builder()
        .bucket(&subject.source.bucket)
        .name(&subject.source.key)
        .version(version);
    Ok(is_opaque.then(|| object.build()))
}

fn picture(preview: &Preview) -> Result<Image, PhotoError> {
    for quality in QUALITIES {
        let jpeg = preview.to_jpeg(quality)?;
        if jpeg.len() <= LARGEST_IMAGE {
            return Ok(Image::builder().bytes(Blob::new(jpeg)).build());
        }
    }
    Err(PhotoError::DetectorRefused(
        "the picture does not fit into a request".into(),
    ))
}

/// A face without a box would be a face that stays visible: the answer is refused as a whole.
fn face(detail: &FaceDetail) -> Result<Face, PhotoError> {
    let incomplete = || PhotoError::DetectorUnavailable("a face came without a complete box".into());
    let area = detail.bounding_box().ok_or_else(incomplete)?;
    Ok(Face {
        left: area.left().ok_or_else(incomplete)?,
        top: area.top().ok_or_else(incomplete)?,
        width: area.width().ok_or_else(incomplete)?,
        height: area.height().ok_or_else(incomplete)?,
        confidence: detail.confidence().unwrap_or(100.0) / 100.0,
    })
}

fn classify<R>(error: SdkError<DetectFacesError, R>) -> PhotoError
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let refused = match error.code() {
        Some(
            code @ ("ImageTooLargeException"
            | "InvalidImageFormatException"
            | "InvalidS3ObjectException"
            | "InvalidParameterException"),
        ) => Some(code),
        _ => None,
    };
    match refused {
        Some(code) => PhotoError::DetectorRefused(refusal(code, error.message())),
        None => PhotoError::DetectorUnavailable(Box::new(error)),
    }
}

fn refusal(code: impl Display, message: Option<&str>) -> String {
    format!("{code}: {}", message.unwrap_or("no message"))
}

impl Part {
    fn of(preview: &Preview) -> Self {
        Self {
            left: 0,
            top: 0,
            width: preview.width(),
            height: preview.height(),
        }
    }

    /// Four parts that overlap by an eighth, so that a face on a border is whole in one of them.
    fn quarters(self) -> Vec<Self> {
        let overlapping = |length: u32| (length / 2 + length / 8).clamp(1, length.max(1));
        let (width, height) = (overlapping(self.width), overlapping(self.height));
        let right = self.left + self.width.saturating_sub(width);
        let bottom = self.top + self.height.saturating_sub(height);
        let corners = [
            (self.left, self.top),
            (right, self.top),
            (self.left, bottom),
            (right, bottom),
        ];
        corners
            .map(|(left, top)| Self {
                left,
                top,
                width,
                height,
            })
            .to_vec()
    }

    /// A face in ratios of this part, in ratios of the whole.
    fn to_whole(self, face: Face, whole: &Self) -> Face {
        let (wide, high) = (whole.width.max(1) as f32, whole.height.max(1) as f32);
        let (width, height) = (self.width as f32 / wide, self.height as f32 / high);
        Face {
            left: self.left as f32 / wide + face.left * width,
            top: self.top as f32 / high + face.top * height,
            width: face.width * width,
            height: face.height * height,
            ..face
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::time::Duration;

    use gatehouse_redact::Limits;

    use super::super::subject::tests::{corrupt_photo, grey_photo, source};
    use super::*;

    const WHOLE: Part = Part {
        left: 0,
        top: 0,
        width: 1600,
        height: 800,
    };

    #[test]
    fn the_quarters_of_a_part_cover_it_and_overlap() {
        let covers = |x: u32, y: u32| {
            let inside = |part: &Part| {
                (part.left..part.left + part.width).contains(&x) && (part.top..part.top + part.height).contains(&y)
            };
            WHOLE.quarters().iter().filter(|part| inside(part)).count()
        };
        for (x, y) in [(0, 0), (1599, 0), (0, 799), (1599, 799), (100, 700)] {
            assert!(covers(x, y) >= 1, "({x}, {y}) is in no part");
        }
        assert_eq!(covers(800, 400), 4);
    }

    #[test]
    fn a_face_in_a_part_lies_at_its_place_in_the_whole() {
        let part = Part {
            left: 800,
            top: 400,
            width: 800,
            height: 400,
        };
        let face = Face {
            left: 0.5,
            top: 0.5,
            width: 0.1,
            height: 0.2,
            confidence: 0.9,
        };
        let placed = part.to_whole(face, &WHOLE);
        assert_eq!((placed.left, placed.top), (0.75, 0.75));
        assert_eq!((placed.width, placed.height), (0.05, 0.1));
    }

    #[test]
    fn a_face_without_a_box_refuses_the_answer_instead_of_going_missing() {
        let answer = face(&FaceDetail::builder().confidence(99.0).build());
        assert!(matches!(answer, Err(PhotoError::DetectorUnavailable(_))));
    }

    #[test]
    fn an_object_without_a_version_of_its_own_is_not_read_by_rekognition_and_costs_no_decoding() {
        let file = grey_photo();
        for version in [None, Some("null")] {
            let mut subject = Subject::open(&file, source(version), &Limits::default()).unwrap();
            assert_eq!(readable_object(&mut subject).unwrap(), None);
            assert_eq!(subject.decoding(), Duration::ZERO);
        }
    }

    #[test]
    fn a_corrupt_photo_is_refused_before_a_call_is_paid_for() {
        let readable = |file: &[u8]| {
            let mut subject = Subject::open(file, source(Some("3")), &Limits::default())?;
            readable_object(&mut subject)
        };
        assert_eq!(readable(&grey_photo()).unwrap().unwrap().version(), Some("3"));
        assert!(matches!(readable(&corrupt_photo()), Err(PhotoError::Image(_))));
    }
}
