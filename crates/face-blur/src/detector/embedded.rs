//! The model inside of the function.

use std::sync::Arc;

use gatehouse_detect::{Detector, Error, Face, Image, Options, union};

use super::{FindFaces, Subject};
use crate::error::PhotoError;

/// Looks for faces in process: no call, no quota, no price per photo.
#[derive(Clone)]
pub struct Embedded(Arc<Detector>);

impl Embedded {
    /// Loads the model that the function brings along, or another one from an ONNX file.
    ///
    /// # Errors
    /// [`Error`] if the model can't be used; the function should not start then.
    pub fn load(model: Option<Vec<u8>>) -> Result<Self, Error> {
        let detector = match model {
            None => Detector::embedded()?,
            Some(onnx) => Detector::from_onnx(onnx)?,
        };
        Ok(Self(Arc::new(detector)))
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

impl FindFaces for Embedded {
    async fn find_faces(&self, subject: &Subject) -> Result<Vec<Face>, PhotoError> {
        let mut faces = Vec::new();
        for preview in &subject.previews {
            let image = Image::new(preview.width(), preview.height(), preview.rgb())?;
            faces.extend(self.0.detect(&image, &Options::default())?);
        }
        Ok(union(faces))
    }
}
