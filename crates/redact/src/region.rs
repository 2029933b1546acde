//! Where to hide: rectangles in ratios of the upright image, and their place among the stored pixels.

use crate::Orientation;

/// A rectangle to hide, in ratios (0–1) of the upright image, as in Rekognition's `BoundingBox`.
///
/// It may reach beyond the image on any side and is clipped to it. It may overlap other regions. Doubt hides more,
/// never less: if any of the four numbers is NaN or infinite, the region is the whole image; a negative width or
/// height spans to the other side; one of zero hides the pixel it is at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Distance of the left side from the left side of the image, in widths of the image.
    pub left: f32,
    /// Distance of the upper side from the upper side of the image, in heights of the image.
    pub top: f32,
    /// Width, in widths of the image.
    pub width: f32,
    /// Height, in heights of the image.
    pub height: f32,
}

impl Region {
    /// The whole image.
    pub const WHOLE: Self = Self {
        left: 0.0,
        top: 0.0,
        width: 1.0,
        height: 1.0,
    };

    /// This region with each side moved outwards by `margin` × its own width (left, right) or height (top, bottom).
    /// The result may reach beyond the image.
    pub fn grown(self, margin: f32) -> Self {
        Self {
            left: self.left - margin * self.width,
            top: self.top - margin * self.height,
            width: self.width * (1.0 + 2.0 * margin),
            height: self.height * (1.0 + 2.0 * margin),
        }
    }

    /// Where this region lies among the stored pixels of an image of `width` × `height` (stored), or `None` if it is
    /// outside of it altogether.
    fn place(self, orientation: Orientation, width: u32, height: u32) -> Option<Area> {
        let [left, top, right, bottom] = orientation.to_stored(self.sides());
        let (outer_x, outer_y) = (scale(left, right, width), scale(top, bottom, height));
        let (x, y) = (clip(outer_x, width)?, clip(outer_y, height)?);
        Some(Area { x, y, outer_x, outer_y })
    }

    /// Left, top, right, bottom; in order, and finite.
    fn sides(self) -> [f64; 4] {
        // f64, because the sum of two large f32 may be infinite.
        let [left, top, width, height] = [self.left, self.top, self.width, self.height].map(f64::from);
        if ![left, top, width, height].iter().all(|side| side.is_finite()) {
            return [0.0, 0.0, 1.0, 1.0];
        }
        let (right, bottom) = (left + width, top + height);
        [left.min(right), top.min(bottom), left.max(right), top.max(bottom)]
    }
}

/// A region among the stored pixels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Area {
    /// Columns, within the image, at least one.
    pub x: std::ops::Range<usize>,
    /// Rows, within the image, at least one.
    pub y: std::ops::Range<usize>,
    /// Left and right side in pixels before clipping: what an ellipse is inscribed in.
    pub outer_x: (f64, f64),
    /// Upper and lower side in pixels before clipping.
    pub outer_y: (f64, f64),
}

impl Area {
    /// Where the regions that touch an image of this stored width and height lie among its pixels.
    pub fn all_of(regions: &[Region], orientation: Orientation, (width, height): (u32, u32)) -> Vec<Self> {
        let areas = regions
            .iter()
            .filter_map(|region| region.place(orientation, width, height));
        areas.collect()
    }

    /// The columns that the inscribed ellipse touches in some rows; within the area's own, possibly none.
    pub fn columns_within_ellipse(&self, rows: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let centre_x = (self.outer_x.0 + self.outer_x.1) / 2.0;
        let centre_y = (self.outer_y.0 + self.outer_y.1) / 2.0;
        // A region of no width still hides the pixel it is at.
        let radius_x = ((self.outer_x.1 - self.outer_x.0) / 2.0).max(0.5);
        let radius_y = ((self.outer_y.1 - self.outer_y.0) / 2.0).max(0.5);
        // Of the rows' height take what is nearest to the centre, so that each pixel touched is hidden.
        let nearest = centre_y.clamp(rows.start as f64, rows.end as f64);
        let rise = (nearest - centre_y) / radius_y;
        let reach = radius_x * (1.0 - rise * rise).max(0.0).sqrt();
        let (from, to) = (
            (centre_x - reach).floor().max(0.0) as usize,
            (centre_x + reach).ceil().max(0.0) as usize,
        );
        let from = from.clamp(self.x.start, self.x.end);
        from..to.clamp(from, self.x.end)
    }
}

fn scale(from: f64, to: f64, pixels: u32) -> (f64, f64) {
    (from * f64::from(pixels), to * f64::from(pixels))
}

/// Every pixel that the span touches.
fn clip((from, to): (f64, f64), pixels: u32) -> Option<std::ops::Range<usize>> {
    let end = f64::from(pixels);
    if to < 0.0 || from >= end {
        return None;
    }
    // In range by the clamps, so the casts are exact.
    let first = from.floor().clamp(0.0, end - 1.0) as usize;
    let last = to.ceil().clamp(0.0, end) as usize;
    Some(first..last.max(first + 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn region(left: f32, top: f32, width: f32, height: f32) -> Region {
        Region {
            left,
            top,
            width,
            height,
        }
    }

    fn placed(region: Region) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        region.place(Orientation::UPRIGHT, 100, 50).map(|area| (area.x, area.y))
    }

    #[test]
    fn every_pixel_that_a_region_touches_is_hidden() {
        assert_eq!(placed(region(0.105, 0.1, 0.1, 0.1)), Some((10..21, 5..11)));
    }

    #[test]
    fn a_region_beyond_the_image_is_clipped_or_nothing() {
        assert_eq!(placed(region(-0.5, -0.5, 0.625, 0.625)), Some((0..13, 0..7)));
        assert_eq!(placed(region(0.75, 0.75, 5.0, 5.0)), Some((75..100, 37..50)));
        assert_eq!(placed(region(1.2, 0.0, 0.1, 0.1)), None);
        assert_eq!(placed(region(0.0, -0.3, 0.1, 0.1)), None);
    }

    #[test]
    fn numbers_that_are_none_hide_the_whole_image() {
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(placed(region(broken, 0.0, 0.1, 0.1)), Some((0..100, 0..50)));
            assert_eq!(placed(region(0.0, 0.0, 0.1, broken)), Some((0..100, 0..50)));
        }
        assert_eq!(
            placed(region(f32::MIN, f32::MIN, f32::MAX, f32::MAX)),
            Some((0..1, 0..1))
        );
    }

    #[test]
    fn a_region_turned_inside_out_hides_the_same_place() {
        assert_eq!(placed(region(0.5, 0.5, -0.25, -0.25)), Some((25..50, 12..25)));
        assert_eq!(placed(region(0.5, 0.5, 0.0, 0.0)), Some((50..51, 25..26)));
    }

    #[test]
    fn growing_moves_each_side_by_the_margin() {
        let grown = region(0.4, 0.4, 0.2, 0.1).grown(0.5);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(near(grown.left, 0.3) && near(grown.top, 0.35) && near(grown.width, 0.4) && near(grown.height, 0.2));
    }
}
