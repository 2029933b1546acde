//! Scales a window of the image into the model's input: three planes of floats, 0–255.

use crate::{Image, plan::Window};

/// How much of each source pixel goes into one destination pixel.
struct Taps {
    /// First source pixel.
    start: usize,
    /// Weights of the source pixels from `start` on; they add up to 1.
    weights: Vec<f32>,
}

/// The `window` of `image`, scaled to `window.scaled_*` and padded with black on the right and below to
/// `window.padded_*`, as red, green and blue planes one after another.
///
/// A triangle filter as wide as the reduction: no source pixel is skipped, so that a small face does not depend on
/// which pixels happened to be sampled.
pub(crate) fn to_planes(image: &Image<'_>, window: &Window) -> Vec<f32> {
    let columns = taps(window.width as usize, window.scaled_width as usize);
    let rows = taps(window.height as usize, window.scaled_height as usize);
    let source: Vec<&[u8]> = image
        .rows(window.left, window.top, window.width, window.height)
        .collect();

    let plane = window.padded_width as usize * window.padded_height as usize;
    let mut planes = vec![0.0; plane * 3];
    let mut sums = vec![0.0; window.width as usize * 3];
    for (y, row_taps) in rows.iter().enumerate() {
        blend_rows(&source, row_taps, &mut sums);
        let start = y * window.padded_width as usize;
        for (channel, plane) in planes.chunks_exact_mut(plane).enumerate() {
            let line = plane.get_mut(start..).unwrap_or_default();
            for (value, column_taps) in line.iter_mut().zip(&columns) {
                *value = blend_column(&sums, channel, column_taps);
            }
        }
    }
    planes
}

/// One destination row at the source's width: the weighted sum of the source rows that it covers.
fn blend_rows(source: &[&[u8]], taps: &Taps, sums: &mut [f32]) {
    sums.fill(0.0);
    for (row, weight) in source.iter().skip(taps.start).zip(&taps.weights) {
        for (sum, byte) in sums.iter_mut().zip(*row) {
            *sum += weight * f32::from(*byte);
        }
    }
}

/// One destination value: the weighted sum of one channel of the source pixels that it covers.
fn blend_column(sums: &[f32], channel: usize, taps: &Taps) -> f32 {
    let pixels = sums.get(taps.start * 3 + channel..).unwrap_or_default();
    pixels
        .iter()
        .step_by(3)
        .zip(&taps.weights)
        .map(|(value, weight)| value * weight)
        .sum()
}

/// The taps of every destination pixel along one axis.
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f32 / to as f32;
    let reach = scale.max(1.0); // half the width of the triangle
    (0..to)
        .map(|i| {
            let centre = (i as f32 + 0.5) * scale - 0.5;
            let start = ((centre - reach).ceil().max(0.0) as usize).min(from.saturating_sub(1));
            let end = ((centre + reach).floor().max(0.0) as usize).clamp(start, from.saturating_sub(1));
            let mut weights: Vec<f32> = (start..=end)
                .map(|j| (1.0 - (j as f32 - centre).abs() / reach).max(0.0))
                .collect();
            let total: f32 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= total);
            Taps { start, weights }
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    fn window(width: u32, height: u32, scaled: (u32, u32), padded: (u32, u32)) -> Window {
        Window {
            left: 0,
            top: 0,
            width,
            height,
            scaled_width: scaled.0,
            scaled_height: scaled.1,
            padded_width: padded.0,
            padded_height: padded.1,
        }
    }

    #[test]
    fn at_full_size_every_pixel_is_copied_into_its_plane() {
        let pixels: Vec<u8> = (0..12).collect();
        let image = Image::new(2, 2, &pixels).unwrap();
        let planes = to_planes(&image, &window(2, 2, (2, 2), (3, 2)));
        assert_eq!(
            planes,
            [0., 3., 0., 6., 9., 0., 1., 4., 0., 7., 10., 0., 2., 5., 0., 8., 11., 0.]
        );
    }

    #[test]
    fn an_even_colour_stays_the_same_at_any_scale() {
        let pixels = [10, 20, 30].repeat(100 * 70);
        let image = Image::new(100, 70, &pixels).unwrap();
        for scaled in [(1, 1), (7, 3), (33, 64), (300, 200)] {
            let planes = to_planes(&image, &window(100, 70, scaled, scaled));
            let plane = (scaled.0 * scaled.1) as usize;
            for (channel, expected) in [10.0, 20.0, 30.0].into_iter().enumerate() {
                let values = &planes[channel * plane..(channel + 1) * plane];
                assert!(values.iter().all(|value| (value - expected).abs() < 0.01), "{scaled:?}");
            }
        }
    }

    #[test]
    fn no_source_pixel_is_skipped_when_scaling_down() {
        for hot in 0..90 {
            let mut pixels = vec![0; 90 * 3];
            pixels[hot * 3] = 255;
            let image = Image::new(90, 1, &pixels).unwrap();
            let planes = to_planes(&image, &window(90, 1, (10, 1), (10, 1)));
            let red: f32 = planes[..10].iter().sum();
            assert!(red > 10.0, "pixel {hot} left no trace");
        }
    }
}
