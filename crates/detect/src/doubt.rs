//! What the first look at a photo leaves open.

use crate::{Options, Tiles, decode::Found};

/// In the first look: a finding that is so weak only says that it is worth looking closer.
pub(crate) const HINT: f32 = 0.1;

/// In the first look: with a face that is so sure, the photo's subject is found.
const CERTAIN: f32 = 0.6;

/// In the first look: a face that is fewer pixels wide is small; where there is one, there may be smaller ones.
const SMALL: f32 = 20.0;

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
    /// The doubt after a first look that gave these hints.
    pub(crate) fn of(hints: &[Found], options: &Options) -> Self {
        match options.tiles {
            Tiles::Always => Self::Everywhere,
            Tiles::Never => Self::None,
            Tiles::Auto => Self::by_hints(hints, options.threshold),
        }
    }

    fn by_hints(hints: &[Found], threshold: f32) -> Self {
        let small = hints.iter().filter(|hint| hint.width < lab("SMALL", SMALL));
        let small: Vec<Found> = small.copied().collect();
        if !any_certain(hints) || small.iter().any(|hint| hint.confidence >= threshold) {
            Self::Everywhere
        } else if small.is_empty() {
            Self::None
        } else {
            Self::Here(small)
        }
    }
}

pub(crate) fn lab(name: &str, value: f32) -> f32 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(value)
}

/// Whether a face was found that is sure to be one.
pub(crate) fn any_certain(hints: &[Found]) -> bool {
    hints.iter().any(|hint| hint.confidence >= CERTAIN)
}
