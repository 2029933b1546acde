//! The door of this crate: a loaded model, and how it looks at one picture or at a photo.

use crate::{
    Error, Face, Image,
    centerface::CenterFace,
    doubt::{FAINT_HINT, HINT},
    glance::Glance,
    glance_sides,
    sides::is_coarse,
    union, useful_sides,
};
use std::ops::RangeInclusive;

/// Boxes below this confidence are left out: see the table in the crate's README for what it trades.
pub const DEFAULT_THRESHOLD: f32 = 0.2;

/// How the passes are run.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Confidence (0–1) from which on a finding counts as a face. Lower finds more faces, and more things that are not.
    pub threshold: f32,
    /// Where the image is looked at in detail, too.
    pub tiles: Tiles,
}

impl Default for Options {
    /// Tuned for recall: a wrongly blurred lamp is a blemish, a missed face is a leak.
    fn default() -> Self {
        Self {
            threshold: DEFAULT_THRESHOLD,
            tiles: Tiles::Auto,
        }
    }
}

/// Where an image that is larger than the first pass's input is also looked at in detail, tile by tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiles {
    /// Everywhere if the first pass found nothing certain, or a small face: there may be more. Otherwise only where it
    /// found something small that it is not sure about. If it found nothing certain, the whole is also looked at turned
    /// by 90°, 180° and 270°, and so are the tiles by the turn that shows the most, if it shows more than upright.
    Auto,
    /// Everywhere, always. Turned as with `Auto`.
    Always,
    /// Nowhere. One pass only: small faces in large photos are missed, and faces that are not upright.
    Never,
}

/// A loaded model. Make one per process and share it: it is `Send + Sync`, and running it does not change it.
pub struct Detector {
    model: CenterFace,
}

impl Detector {
    /// The model that is part of this crate (CenterFace).
    ///
    /// # Errors
    /// [`Error::BadModel`] only if the crate was built with a damaged model file.
    pub fn embedded() -> Result<Self, Error> {
        Ok(Self {
            model: CenterFace::embedded()?,
        })
    }

    /// Another model with CenterFace's inputs and outputs, as the bytes of an ONNX file.
    ///
    /// # Errors
    /// [`Error::BadModel`] says which input or output is not as expected. The model is tried out once.
    pub fn from_onnx(bytes: Vec<u8>) -> Result<Self, Error> {
        Ok(Self {
            model: CenterFace::from_onnx(bytes)?,
        })
    }

    /// Finds the faces in an upright image, surest first.
    ///
    /// # Errors
    /// [`Error::Inference`] if the model did not run, or what it said makes no sense; then nothing is known about the
    /// image.
    pub fn detect(&self, image: &Image<'_>, options: &Options) -> Result<Vec<Face>, Error> {
        let glance = Glance::at(image, &self.model, options, HINT)?;
        Ok(union(glance.settled(image, &self.model, options)?))
    }

    /// Finds the faces in a photo of `size` (the upright width and height, in pixels), surest first, and asks for no
    /// more of it than it takes: `pictures` is called with the longest sides, in pixels, that would serve, and gives the
    /// upright photo scaled down to one of them. That is a coarse picture first ([`glance_sides`]), and a detailed one
    /// ([`useful_sides`]) only if the first leaves doubt.
    ///
    /// A photo that can look in several ways, because parts of it are transparent or because it moves, has a picture of
    /// each, always in the same order. A photo smaller than what is asked for comes in its own size.
    ///
    /// # Errors
    /// Whatever `pictures` fails with; [`Error::MissingPicture`] if it gives none, or not as many in detail as before;
    /// [`Error::Inference`] as for [`Self::detect`]. In all these cases nothing is known about the photo.
    pub fn detect_lazily<'a, E: From<Error>>(
        &self,
        size: (u32, u32),
        mut pictures: impl FnMut(RangeInclusive<u32>) -> Result<Vec<Image<'a>>, E>,
        options: &Options,
    ) -> Result<Vec<Face>, E> {
        let (width, height) = size;
        let coarse = pictures(glance_sides(width, height))?;
        check_number(coarse.len().max(1), &coarse)?;
        let useful = useful_sides(width, height);
        let suffices = |picture: &Image<'_>| picture.width().max(picture.height()) >= *useful.start();
        let glance = |picture| {
            let hint = if is_coarse(picture) && !suffices(picture) {
                FAINT_HINT
            } else {
                HINT
            };
            Glance::at(picture, &self.model, options, hint)
        };
        let glances: Vec<Glance> = coarse.iter().map(glance).collect::<Result<_, _>>()?;

        let detailed = if coarse.iter().all(suffices) || !glances.iter().any(Glance::leaves_doubt) {
            coarse
        } else {
            drop(coarse);
            pictures(useful)?
        };
        check_number(glances.len(), &detailed)?;
        let mut faces = Vec::new();
        for (glance, picture) in glances.into_iter().zip(&detailed) {
            faces.extend(glance.settled(picture, &self.model, options)?);
        }
        Ok(union(faces))
    }
}

/// # Errors
/// [`Error::MissingPicture`] if these are not `expected` pictures.
fn check_number(expected: usize, pictures: &[Image<'_>]) -> Result<(), Error> {
    match pictures.len() {
        actual if actual == expected => Ok(()),
        actual => Err(Error::MissingPicture { expected, actual }),
    }
}
