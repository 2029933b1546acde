//! Which parts of an image are looked at, and at what size.

use crate::Image;

/// The model's input is a multiple of this many pixels on each side.
const STEP: u32 = 32;

/// A part of the image, the size it is scaled to, and the size it is padded to. All in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    pub scaled_width: u32,
    pub scaled_height: u32,
    pub padded_width: u32,
    pub padded_height: u32,
}

impl Window {
    /// A window that is scaled by `scale`, to at least one pixel.
    fn new(left: u32, top: u32, width: u32, height: u32, scale: f32) -> Self {
        let scaled_width = scaled(width, scale);
        let scaled_height = scaled(height, scale);
        Self {
            left,
            top,
            width,
            height,
            scaled_width,
            scaled_height,
            padded_width: scaled_width.next_multiple_of(STEP),
            padded_height: scaled_height.next_multiple_of(STEP),
        }
    }
}

impl Window {
    /// Whether a place (in ratios of the image) lies in this window.
    pub(crate) fn contains(&self, image: &Image<'_>, (x, y): (f32, f32)) -> bool {
        let (x, y) = (x * image.width() as f32, y * image.height() as f32);
        let (left, top) = (self.left as f32, self.top as f32);
        (left..=left + self.width as f32).contains(&x) && (top..=top + self.height as f32).contains(&y)
    }
}

/// A bound on the work of one pass, whatever the shape of the image: area and longest side, in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub area: f32,
    pub side: f32,
}

impl Budget {
    /// The largest scale up to `at_most` at which the image fits.
    pub(crate) fn scale(&self, width: u32, height: u32, at_most: f32) -> f32 {
        let (width, height) = (width as f32, height as f32);
        let by_area = (self.area / (width * height)).sqrt();
        let by_side = self.side / width.max(height);
        by_area.min(by_side).min(at_most)
    }
}

/// The whole image at one scale.
pub(crate) fn whole(width: u32, height: u32, scale: f32) -> Window {
    Window::new(0, 0, width, height, scale)
}

/// Windows of at most `side` scaled pixels that cover the image and overlap by at least `overlap` scaled pixels.
pub(crate) fn tiles(width: u32, height: u32, scale: f32, side: u32, overlap: u32) -> Vec<Window> {
    let columns = spans(width, scale, side, overlap);
    let rows = spans(height, scale, side, overlap);
    rows.iter()
        .flat_map(|&(top, height)| {
            columns
                .iter()
                .map(move |&(left, width)| Window::new(left, top, width, height, scale))
        })
        .collect()
}

/// Start and length of the tiles along one axis, in source pixels, evenly spread.
fn spans(length: u32, scale: f32, side: u32, overlap: u32) -> Vec<(u32, u32)> {
    let full = scaled(length, scale);
    if full <= side {
        return vec![(0, length)];
    }
    let count = 1 + (full - side).div_ceil(side.saturating_sub(overlap).max(1));
    let even = (full + (count - 1) * overlap)
        .div_ceil(count)
        .next_multiple_of(STEP)
        .min(side);
    let tile = ((even as f32 / scale) as u32).clamp(1, length);
    let room = u64::from(length - tile);
    (0..count)
        .map(|i| {
            let start = room * u64::from(i) / u64::from(count - 1).max(1);
            (u32::try_from(start).unwrap_or(0), tile)
        })
        .collect()
}

fn scaled(length: u32, scale: f32) -> u32 {
    ((length as f32 * scale).round() as u32).max(1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_padded_to_what_the_model_takes() {
        let window = whole(1000, 10, 0.5);
        assert_eq!((window.scaled_width, window.scaled_height), (500, 5));
        assert_eq!((window.padded_width, window.padded_height), (512, 32));
    }

    #[test]
    fn the_work_is_bounded_for_any_shape() {
        let budget = Budget {
            area: 300_000.0,
            side: 2048.0,
        };
        for (width, height) in [
            (1, 1),
            (20_000, 10),
            (10, 20_000),
            (4000, 3000),
            (u32::MAX, 1),
            (30_000, 30_000),
        ] {
            let window = whole(width, height, budget.scale(width, height, 1.0));
            let area = u64::from(window.padded_width) * u64::from(window.padded_height);
            assert!(area < 400_000, "{width}×{height} gives {window:?}");
        }
    }

    #[test]
    fn tiles_cover_every_pixel_and_overlap() {
        for (length, scale) in [(641, 1.0), (2048, 1.0), (1900, 1.0), (5000, 0.37), (1281, 1.0)] {
            let spans = spans(length, scale, 640, 128);
            assert_eq!(spans[0].0, 0);
            let last = spans.last().unwrap();
            assert_eq!(last.0 + last.1, length);
            for pair in spans.windows(2) {
                let overlap = (pair[0].0 + pair[0].1 - pair[1].0) as f32 * scale;
                assert!(overlap >= 126.0, "{length} at {scale}: {spans:?}");
            }
            assert!(spans.iter().all(|span| scaled(span.1, scale) <= 640));
        }
    }

    #[test]
    fn a_small_image_is_one_tile() {
        assert_eq!(tiles(640, 480, 1.0, 640, 128), [whole(640, 480, 1.0)]);
    }
}
