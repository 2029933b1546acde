//! How large the pictures of a photo should be that a detector is given.

use crate::{Image, plan::Budget};
use std::ops::RangeInclusive;

/// The first look at the whole photo.
pub(crate) const WHOLE: Budget = Budget {
    area: 640.0 * 480.0,
    side: 2048.0,
};

/// The look in detail.
pub(crate) const DETAIL: Budget = Budget {
    area: 2048.0 * 1536.0,
    side: 8192.0,
};

/// The smallest and the largest glance, as parts of [`WHOLE`]'s sides. The largest is twice the smallest, so that a half,
/// a quarter or an eighth of the photo always lies between them: sizes that a JPEG is decoded to without more ado.
const GLANCE: (f32, f32) = (0.75, 1.5);

/// The smallest picture in detail, as a part of [`DETAIL`]'s sides: a half of 4000×3000 pixels will do.
const NEARLY: f32 = 0.9;

/// The longest side, in pixels, of the picture that [`Detector::detect_lazily`](crate::Detector::detect_lazily) should
/// look at first, for an upright photo of this size: 480–960 for 4000×3000. An eighth of a photo of 11 megapixels or
/// more is large enough.
///
/// A photo that is smaller than this comes in its own size.
pub fn glance_sides(width: u32, height: u32) -> RangeInclusive<u32> {
    let (smallest, largest) = GLANCE;
    side(width, height, WHOLE, smallest)..=side(width, height, WHOLE, largest)
}

/// The longest side, in pixels, of the picture of an upright photo in which all is seen that
/// [`Detector`](crate::Detector) can see: 1843–2048 for 4000×3000, more for longer shapes (4344–4827 for 1080×8000). It is
/// not looked at in more detail than the upper end, which is never more than the photo's own longest side.
pub fn useful_sides(width: u32, height: u32) -> RangeInclusive<u32> {
    side(width, height, DETAIL, NEARLY)..=side(width, height, DETAIL, 1.0)
}

/// Whether the first look would take a larger picture than this.
pub(crate) fn is_coarse(picture: &Image<'_>) -> bool {
    WHOLE.scale(picture.width(), picture.height(), f32::INFINITY) > 1.0
}

/// The longest side of what fits into a part of the budget, at least 1 and at most the photo's own.
fn side(width: u32, height: u32, budget: Budget, part: f32) -> u32 {
    let own = width.max(height);
    let scale = budget.scale(width, height, f32::INFINITY) * part;
    ((own as f32 * scale).round() as u32).clamp(1, own.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_useful_sides_go_by_the_area_and_are_bounded_for_any_shape() {
        for (width, height, expected) in [
            (4000, 3000, 1843..=2048),
            (3000, 4000, 1843..=2048),
            (6000, 4000, 1955..=2172),
            (5000, 5000, 1596..=1774),
            (1080, 8000, 4344..=4827),
            (1080, 16_000, 6144..=6827),
            (20_000, 10, 7373..=8192),
            (u32::MAX, 1, 7373..=8192),
        ] {
            assert_eq!(useful_sides(width, height), expected, "{width}×{height}");
        }
    }

    #[test]
    fn a_photo_that_is_looked_at_in_full_keeps_its_longest_side() {
        for (width, height, expected) in [(2048, 1536, 2048), (640, 480, 640), (1, 1, 1), (0, 0, 1)] {
            assert_eq!(*useful_sides(width, height).end(), expected, "{width}×{height}");
        }
    }

    #[test]
    fn an_eighth_of_twelve_megapixels_is_a_glance_and_a_half_of_them_is_detail() {
        for (width, height) in [(4000, 3000), (3000, 4000), (4032, 3024), (4240, 2832), (3840, 2880)] {
            let side = u32::max(width, height);
            assert!(glance_sides(width, height).contains(&(side / 8)), "{width}×{height}");
        }
        for (width, height) in [(4000, 3000), (3000, 4000), (4032, 3024)] {
            assert!(useful_sides(width, height).contains(&(u32::max(width, height) / 2)));
        }
    }

    #[test]
    fn a_half_a_quarter_or_an_eighth_of_every_larger_photo_is_a_glance() {
        for (width, height) in [
            (700, 500),
            (1600, 1200),
            (1920, 1080),
            (3264, 2448),
            (5000, 3000),
            (8000, 1080),
        ] {
            let glance = glance_sides(width, height);
            let fits = [1, 2, 4, 8].map(|part| glance.contains(&(width / part)));
            assert!(fits.contains(&true), "{width}×{height}: {glance:?}");
        }
    }

    #[test]
    fn a_glance_is_bounded_for_any_shape() {
        for (width, height) in [
            (20_000, 10),
            (10, 20_000),
            (30_000, 30_000),
            (u32::MAX, 1),
            (0, 0),
            (1, 1),
        ] {
            let glance = glance_sides(width, height);
            assert!((1..=3072).contains(glance.end()) && !glance.is_empty(), "{glance:?}");
        }
    }
}
