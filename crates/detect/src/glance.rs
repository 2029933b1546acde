//! The passes over a photo: a glance at the whole, then tiles of the detailed picture where the glance leaves doubt.

use crate::{
    Error, Face, Image, Options, Tiles,
    centerface::CenterFace,
    decode::Found,
    doubt::{Doubt, HINT, any_certain},
    plan::{self, Window},
    resize,
    sides::{DETAIL, WHOLE},
    turn::{Planes, Turn},
};

/// Findings in a turned look count from this confidence on, or from the threshold on if that is higher. Textures have
/// three more chances there to look like a face.
const TURNED: f32 = 0.25;

/// Largest side of a tile in pixels, which bounds the memory.
const TILE: u32 = 512;

/// Tiles overlap by so many pixels. A face up to this size is whole in one of them; a larger one is seen in the first
/// look.
const OVERLAP: u32 = 96;

/// What a first look at the whole has shown.
pub(crate) struct Glance {
    /// The findings that count as faces already.
    faces: Vec<Face>,
    doubt: Doubt,
    /// By which turn the tiles should be looked at, too.
    turn: Option<Turn>,
    /// What was looked at.
    window: Window,
}

impl Glance {
    /// Looks at the whole of a picture; turned, too, if nothing certain is seen. Findings from the confidence `hint` on
    /// can leave doubt.
    pub(crate) fn at(image: &Image<'_>, model: &CenterFace, options: &Options, hint: f32) -> Result<Self, Error> {
        let (width, height) = (image.width(), image.height());
        let window = plan::whole(width, height, WHOLE.scale(width, height, 1.0));
        let whole = to_planes(image, &window);
        let hints = look(model, &whole, options.threshold.min(hint))?;

        let mut faces = to_faces(&hints, &window, image, options.threshold);
        let mut turn = None;
        if options.tiles != Tiles::Never && !any_certain(&hints) {
            let looks = look_turned(model, &whole)?;
            turn = likely_turn(&hints, &looks);
            for (_, found) in &looks {
                faces.extend(to_faces(found, &window, image, options.threshold.max(TURNED)));
            }
        }
        let doubt = Doubt::of(&hints, options);
        Ok(Self {
            faces,
            doubt,
            turn,
            window,
        })
    }

    /// Whether the detailed picture should be looked at as well.
    pub(crate) fn leaves_doubt(&self) -> bool {
        self.doubt != Doubt::None
    }

    /// The faces, after a look at those parts of the detailed picture that the glance leaves doubt about. It may be the
    /// picture that was glanced at.
    pub(crate) fn settled(
        self,
        detailed: &Image<'_>,
        model: &CenterFace,
        options: &Options,
    ) -> Result<Vec<Face>, Error> {
        let tiles = self.tiles(detailed);
        let mut faces = self.faces;
        for tile in tiles {
            let planes = to_planes(detailed, &tile);
            let found = look(model, &planes, options.threshold)?;
            faces.extend(to_faces(&found, &tile, detailed, options.threshold));
            if let Some(turn) = self.turn {
                let found = look_by(model, turn, &planes)?;
                faces.extend(to_faces(&found, &tile, detailed, options.threshold.max(TURNED)));
            }
        }
        Ok(faces)
    }

    /// The parts of the detailed picture that are worth a look.
    fn tiles(&self, detailed: &Image<'_>) -> Vec<Window> {
        let (width, height) = (detailed.width(), detailed.height());
        let mut tiles = plan::tiles(width, height, DETAIL.scale(width, height, 1.0), TILE, OVERLAP);
        // A small photo: the first look was in detail already.
        tiles.retain(|tile| *tile != self.window);
        match &self.doubt {
            Doubt::None => tiles.clear(),
            Doubt::Here(hints) => {
                let places: Vec<_> = hints.iter().map(|hint| self.place(hint)).collect();
                tiles.retain(|tile| places.iter().any(|&place| tile.contains(detailed, place)));
            }
            Doubt::Everywhere => {}
        }
        tiles
    }

    /// The middle of a finding, across and down, in ratios of the photo.
    fn place(&self, hint: &Found) -> (f32, f32) {
        let across = (hint.left + hint.width / 2.0) / self.window.scaled_width as f32;
        let down = (hint.top + hint.height / 2.0) / self.window.scaled_height as f32;
        (across, down)
    }
}

/// The hints in the planes by every turn.
fn look_turned(model: &CenterFace, planes: &Planes) -> Result<Vec<(Turn, Vec<Found>)>, Error> {
    let looks = Turn::ALL.map(|turn| Ok((turn, look_by(model, turn, planes)?)));
    looks.into_iter().collect()
}

/// The hints in the planes when they are turned; the boxes are turned back.
fn look_by(model: &CenterFace, turn: Turn, planes: &Planes) -> Result<Vec<Found>, Error> {
    let mut found = look(model, &turn.of(planes), HINT)?;
    for found in &mut found {
        *found = turn.back(found, planes.width, planes.height);
    }
    Ok(found)
}

fn look(model: &CenterFace, planes: &Planes, threshold: f32) -> Result<Vec<Found>, Error> {
    let (width, height) = (planes.width as usize, planes.height as usize);
    model.run(&planes.values, width, height)?.faces(threshold)
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
