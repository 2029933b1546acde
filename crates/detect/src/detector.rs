//! The passes over an image, and what decides how many there are.

use crate::{
    Error, Face, Image,
    centerface::CenterFace,
    decode::Found,
    plan::{self, Budget, Window},
    resize,
    turn::{Planes, Turn},
    union,
};

/// Boxes below this confidence are left out: see the table in the crate's README for what it trades.
pub const DEFAULT_THRESHOLD: f32 = 0.2;

/// The first look at the whole image.
const WHOLE: Budget = Budget {
    area: 640.0 * 480.0,
    side: 2048.0,
};

/// In the first look: a finding that is so weak only says that it is worth looking closer.
const HINT: f32 = 0.1;

/// In the first look: with a face that is so sure, the photo's subject is found.
const CERTAIN: f32 = 0.6;

/// Findings in a turned look count from this confidence on, or from the threshold on if that is higher. Textures have
/// three more chances there to look like a face.
const TURNED: f32 = 0.25;

/// In the first look: a face that is fewer pixels wide is small; where there is one, there may be smaller ones.
const SMALL: f32 = 20.0;

/// Largest side of a tile in pixels, which bounds the memory.
const TILE: u32 = 512;

/// Tiles overlap by so many pixels. A face up to this size is whole in one of them; a larger one is seen in the first
/// look.
const OVERLAP: u32 = 96;

/// The look in detail.
const DETAIL: Budget = Budget {
    area: 2048.0 * 1536.0,
    side: 8192.0,
};

/// The longest side, in pixels, beyond which an upright image of this shape is not looked at in more detail. A photo can
/// be scaled down to it before [`Detector::detect`] is called, and nothing is lost: 2048 for 4000×3000, more for longer
/// shapes (4827 for 1080×8000), and never more than the image's own longest side.
pub fn useful_side(width: u32, height: u32) -> u32 {
    let side = width.max(height);
    let scale = DETAIL.scale(width, height, 1.0);
    ((side as f32 * scale).round() as u32).clamp(1, side.max(1))
}

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
        let (width, height) = (image.width(), image.height());
        let window = plan::whole(width, height, WHOLE.scale(width, height, 1.0));
        let whole = to_planes(image, &window);
        let hints = self.look(&whole, options.threshold.min(HINT))?;

        let mut faces = to_faces(&hints, &window, image, options.threshold);
        let mut likely = None;
        if options.tiles != Tiles::Never && !any_certain(&hints) {
            let looks = self.look_turned(&whole)?;
            likely = likely_turn(&hints, &looks);
            for (_, found) in &looks {
                faces.extend(to_faces(found, &window, image, options.threshold.max(TURNED)));
            }
        }
        for tile in self.tiles(image, &window, &hints, options) {
            let planes = to_planes(image, &tile);
            let found = self.look(&planes, options.threshold)?;
            faces.extend(to_faces(&found, &tile, image, options.threshold));
            if let Some(turn) = likely {
                let found = self.look_by(turn, &planes)?;
                faces.extend(to_faces(&found, &tile, image, options.threshold.max(TURNED)));
            }
        }
        Ok(union(faces))
    }

    /// The parts that are worth a look in detail after the first look at the whole.
    fn tiles(&self, image: &Image<'_>, whole: &Window, hints: &[Found], options: &Options) -> Vec<Window> {
        let doubt = match options.tiles {
            Tiles::Always => Doubt::Everywhere,
            Tiles::Auto => Doubt::of(hints, whole, image, options.threshold),
            Tiles::Never => Doubt::None,
        };
        let (width, height) = (image.width(), image.height());
        let mut tiles = plan::tiles(width, height, DETAIL.scale(width, height, 1.0), TILE, OVERLAP);
        tiles.retain(|tile| tile != whole); // a small image: the first look was in detail already
        match doubt {
            Doubt::None => tiles.clear(),
            Doubt::Here(places) => tiles.retain(|tile| places.iter().any(|&place| tile.contains(image, place))),
            Doubt::Everywhere => {}
        }
        tiles
    }

    /// The hints in the planes by every turn.
    fn look_turned(&self, planes: &Planes) -> Result<Vec<(Turn, Vec<Found>)>, Error> {
        let looks = Turn::ALL.map(|turn| Ok((turn, self.look_by(turn, planes)?)));
        looks.into_iter().collect()
    }

    /// The hints in the planes when they are turned; the boxes are turned back.
    fn look_by(&self, turn: Turn, planes: &Planes) -> Result<Vec<Found>, Error> {
        let mut found = self.look(&turn.of(planes), HINT)?;
        for found in &mut found {
            *found = turn.back(found, planes.width, planes.height);
        }
        Ok(found)
    }

    fn look(&self, planes: &Planes, threshold: f32) -> Result<Vec<Found>, Error> {
        let (width, height) = (planes.width as usize, planes.height as usize);
        self.model.run(&planes.values, width, height)?.faces(threshold)
    }
}

fn to_planes(image: &Image<'_>, window: &Window) -> Planes {
    Planes {
        width: window.padded_width,
        height: window.padded_height,
        values: resize::to_planes(image, window),
    }
}

/// The turn by which there are more hints than in any other, and than upright: the photo itself may be turned.
fn likely_turn(upright: &[Found], looks: &[(Turn, Vec<Found>)]) -> Option<Turn> {
    let weight = |hints: &[Found]| -> f32 {
        let sure = hints.iter().map(|hint| hint.confidence).filter(|&sure| sure >= HINT);
        sure.sum()
    };
    let (turn, hints) = looks.iter().max_by(|(_, a), (_, b)| weight(a).total_cmp(&weight(b)))?;
    (weight(hints) > weight(upright)).then_some(*turn)
}

fn any_certain(hints: &[Found]) -> bool {
    hints.iter().any(|hint| hint.confidence >= CERTAIN)
}

/// What the first look leaves open.
enum Doubt {
    /// Nothing: the photo's subject was found, and no sign of anything small.
    None,
    /// Whether these weak, small findings (centres, in ratios of the image) are faces.
    Here(Vec<(f32, f32)>),
    /// Everything: no sure face, or small ones, which seldom come alone.
    Everywhere,
}

impl Doubt {
    fn of(hints: &[Found], window: &Window, image: &Image<'_>, threshold: f32) -> Self {
        let mut small = hints.iter().filter(|hint| hint.width < SMALL).peekable();
        if !any_certain(hints) || small.clone().any(|hint| hint.confidence >= threshold) {
            Self::Everywhere
        } else if small.peek().is_none() {
            Self::None
        } else {
            Self::Here(small.map(|hint| to_face(hint, window, image).centre()).collect())
        }
    }
}

/// What was found in a window with enough confidence, in ratios of the image.
fn to_faces(found: &[Found], window: &Window, image: &Image<'_>, threshold: f32) -> Vec<Face> {
    found
        .iter()
        .filter(|found| found.confidence >= threshold)
        .map(|found| to_face(found, window, image))
        .collect()
}

fn to_face(found: &Found, window: &Window, image: &Image<'_>) -> Face {
    let scale_x = window.width as f32 / window.scaled_width as f32;
    let scale_y = window.height as f32 / window.scaled_height as f32;
    let left = (found.left * scale_x + window.left as f32) / image.width() as f32;
    let top = (found.top * scale_y + window.top as f32) / image.height() as f32;
    let right = left + found.width * scale_x / image.width() as f32;
    let bottom = top + found.height * scale_y / image.height() as f32;
    let (left, top) = (left.clamp(0.0, 1.0), top.clamp(0.0, 1.0));
    Face {
        left,
        top,
        width: right.clamp(0.0, 1.0) - left,
        height: bottom.clamp(0.0, 1.0) - top,
        confidence: found.confidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_useful_side_goes_by_the_area_and_is_bounded_for_any_shape() {
        for (width, height, expected) in [
            (4000, 3000, 2048),
            (3000, 4000, 2048),
            (6000, 4000, 2172),
            (5000, 5000, 1774),
            (1080, 8000, 4827),
            (1080, 16_000, 6827),
            (20_000, 10, 8192),
            (u32::MAX, 1, 8192),
        ] {
            assert_eq!(useful_side(width, height), expected, "{width}×{height}");
        }
    }

    #[test]
    fn an_image_that_is_looked_at_in_full_keeps_its_longest_side() {
        for (width, height, expected) in [(2048, 1536, 2048), (640, 480, 640), (1, 1, 1), (0, 0, 1)] {
            assert_eq!(useful_side(width, height), expected, "{width}×{height}");
        }
    }
}
