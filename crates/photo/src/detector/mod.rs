//! Where the faces are.
//!
//! Two detectors can look: the model inside of the function, and Amazon Rekognition. A detector
//! that can't answer is an error, never "no faces": an undetected photo is never published.

mod choice;
mod embedded;
mod rekognition;
mod subject;

pub use choice::Detectors;
pub use embedded::Embedded;
pub use rekognition::Rekognition;
pub use subject::Subject;

use gatehouse_detect::{Face, union};

use crate::PhotoError;
use crate::config::DetectorChoice;

/// Something that finds faces.
pub trait FindFaces {
    /// All faces in the photo, in ratios (0–1) of the upright image.
    ///
    /// # Errors
    /// Any [`PhotoError`]; whatever the cause, the faces are not known.
    fn find_faces(&self, subject: &mut Subject<'_>) -> impl Future<Output = Result<Vec<Face>, PhotoError>> + Send;
}

/// The detector that was chosen for a photo.
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
    async fn find_faces(&self, subject: &mut Subject<'_>) -> Result<Vec<Face>, PhotoError> {
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
