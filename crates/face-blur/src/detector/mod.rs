//! Step 4: where the faces are.
//!
//! Two detectors can look: the model inside of the function, and Amazon Rekognition. A detector
//! that can't answer is an error, never "no faces": an undetected photo is never published.

mod embedded;
mod rekognition;

pub use embedded::Embedded;
pub use rekognition::Rekognition;

use gatehouse_core::event::Record;
use gatehouse_detect::{Face, union};
use gatehouse_redact::Preview;

use crate::config::DetectorChoice;
use crate::error::PhotoError;

/// The photo that a detector is to look at.
#[derive(Debug)]
pub struct Subject {
    /// Which object it is: Rekognition can read it by itself.
    pub record: Record,
    /// The size of the file in bytes.
    pub bytes: usize,
    /// Whether the file says that it has to be turned to be upright.
    pub turned: bool,
    /// The upright picture, scaled down, in every way in which it can look: more than one if parts
    /// of it are transparent.
    pub previews: Vec<Preview>,
}

/// Something that finds faces.
pub trait FindFaces {
    /// All faces in the photo, in ratios (0–1) of the upright image.
    ///
    /// # Errors
    /// Any [`PhotoError`]; whatever the cause, the faces are not known.
    fn find_faces(&self, subject: &Subject) -> impl Future<Output = Result<Vec<Face>, PhotoError>> + Send;
}

/// The detector that the configuration chose.
#[derive(Debug, Clone)]
pub enum Detector {
    /// The embedded model alone.
    Embedded(Embedded),
    /// Rekognition alone.
    Rekognition(Rekognition),
    /// The faces that either of them finds. Both have to answer.
    Both(Embedded, Rekognition),
    /// Rekognition; the embedded model whenever Rekognition does not answer.
    Fallback(Rekognition, Embedded),
}

impl Detector {
    /// Builds the detector of this choice.
    pub fn new(choice: DetectorChoice, embedded: Embedded, rekognition: Rekognition) -> Self {
        match choice {
            DetectorChoice::Embedded => Self::Embedded(embedded),
            DetectorChoice::Rekognition => Self::Rekognition(rekognition),
            DetectorChoice::Both => Self::Both(embedded, rekognition),
            DetectorChoice::Fallback => Self::Fallback(rekognition, embedded),
        }
    }
}

impl FindFaces for Detector {
    async fn find_faces(&self, subject: &Subject) -> Result<Vec<Face>, PhotoError> {
        match self {
            Self::Embedded(embedded) => embedded.find_faces(subject).await,
            Self::Rekognition(rekognition) => rekognition.find_faces(subject).await,
            Self::Both(embedded, rekognition) => {
                let theirs = rekognition.find_faces(subject).await?;
                let ours = embedded.find_faces(subject).await?;
                Ok(union([ours, theirs].concat()))
            }
            Self::Fallback(rekognition, embedded) => match rekognition.find_faces(subject).await {
                Ok(faces) => Ok(faces),
                Err(error) => {
                    tracing::warn!(%error, "Rekognition did not answer; the embedded detector does");
                    metrics::counter!("DetectorFallbacks").increment(1);
                    embedded.find_faces(subject).await
                }
            },
        }
    }
}
