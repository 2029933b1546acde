//! The model inside of the function.

use std::sync::Arc;

use gatehouse_detect::{Detector, Error, Face, Image, Options};
use gatehouse_redact::Preview;

use super::{FindFaces, Subject};
use crate::PhotoError;

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
    async fn find_faces(&self, subject: &mut Subject<'_>) -> Result<Vec<Face>, PhotoError> {
        let size = subject.upright_size();
        let pictures = |sides| {
            let previews = subject.previews(sides)?;
            previews.into_iter().map(image).collect()
        };
        self.0.detect_lazily(size, pictures, &Options::default())
    }
}

fn image(preview: Preview) -> Result<Image<'static>, PhotoError> {
    let (width, height) = (preview.width(), preview.height());
    Ok(Image::new(width, height, preview.into_rgb())?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::detector::subject::tests::{corrupt_photo, grey_photo, source};
    use gatehouse_redact::Limits;

    fn find(file: &[u8]) -> Result<Vec<Face>, PhotoError> {
        let embedded = Embedded::load(None).unwrap();
        let mut subject = Subject::open(file, source(None), &Limits::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(embedded.find_faces(&mut subject))
    }

    #[test]
    fn a_photo_that_cannot_be_decoded_is_an_error_and_never_no_faces() {
        assert_eq!(find(&grey_photo()).unwrap(), []);
        assert!(matches!(find(&corrupt_photo()), Err(PhotoError::Image(_))));
    }
}
