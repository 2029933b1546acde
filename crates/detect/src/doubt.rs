//! What the first look at a photo leaves open.

use crate::{Options, Tiles, decode::Found};

/// In the first look: a finding that is so weak only says that it is worth looking closer.
pub(crate) const HINT: f32 = 0.1;

/// The same in a coarse picture of a photo that can be had in more detail: there, what is [`TINY`] is looked at more
/// closely even if it is as weak as this.
pub(crate) const FAINT_HINT: f32 = 0.03;

/// In the first look: with a face that is so sure, the photo's subject is found.
const CERTAIN: f32 = 0.6;

/// In the first look: a face that is fewer pixels wide is small; where there is one, there may be smaller ones.
const SMALL: f32 = 20.0;

/// In the first look: a face that is fewer pixels wide hardly shows.
const TINY: f32 = 10.0;

/// What the first look leaves open.
#[derive(Debug, PartialEq)]
pub(crate) enum Doubt {
    /// Nothing: the photo's subject was found, and no sign of anything small.
    None,
    /// Whether these weak, small findings are faces.
    Here(Vec<Found>),
    /// Everything: no sure face, or small ones, which seldom come alone.
    Everywhere,
}

impl Doubt {
    /// The doubt after a first look that gave these hints. Those below [`HINT`] only count if they are tiny.
    pub(crate) fn of(hints: &[Found], options: &Options) -> Self {
        match options.tiles {
            Tiles::Always => Self::Everywhere,
            Tiles::Never => Self::None,
            Tiles::Auto => Self::by_hints(hints, options.threshold),
        }
    }

    fn by_hints(hints: &[Found], threshold: f32) -> Self {
        let is_small = |hint: &&Found| {
            let counts = hint.confidence >= HINT.min(threshold) && hint.width < SMALL;
            counts || hint.width < TINY
        };
        let small: Vec<Found> = hints.iter().filter(is_small).copied().collect();
        if !any_certain(hints) || small.iter().any(|hint| hint.confidence >= threshold) {
            Self::Everywhere
        } else if small.is_empty() {
            Self::None
        } else {
            Self::Here(small)
        }
    }
}

/// Whether a face was found that is sure to be one.
pub(crate) fn any_certain(hints: &[Found]) -> bool {
    hints.iter().any(|hint| hint.confidence >= CERTAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(width: f32, confidence: f32) -> Found {
        Found {
            left: 100.0,
            top: 100.0,
            width,
            height: width,
            confidence,
        }
    }

    #[test]
    fn a_certain_face_leaves_no_doubt_unless_there_are_signs_of_small_ones() {
        let sure = hint(80.0, 0.9);
        for (other, expected) in [
            (hint(40.0, 0.15), Doubt::None), // not small
            (hint(15.0, 0.05), Doubt::None), // too weak for its size
            (hint(15.0, 0.15), Doubt::Here(vec![hint(15.0, 0.15)])),
            (hint(8.0, 0.05), Doubt::Here(vec![hint(8.0, 0.05)])), // tiny
            (hint(15.0, 0.3), Doubt::Everywhere),                  // a small face
        ] {
            assert_eq!(Doubt::of(&[sure, other], &Options::default()), expected, "{other:?}");
        }
    }

    #[test]
    fn nothing_certain_is_doubt_everywhere() {
        for hints in [vec![], vec![hint(80.0, 0.5)], vec![hint(8.0, 0.05)]] {
            assert_eq!(Doubt::of(&hints, &Options::default()), Doubt::Everywhere);
        }
    }
}
