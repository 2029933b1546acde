//! The styles: what a region looks like once nothing of the original is left in it.
//!
//! Blur and pixelate see a region only through [`Cells`]: averages over at least 8×8 pixels (unless the region itself
//! is smaller), about two across the shorter side. Two originals with the same averages give the same result, so no
//! sharpening brings a face back.

mod cells;

use std::ops::Range;

use cells::Cells;
pub(crate) use cells::{Blend, cells_across};

use crate::pixels::Pixels;
use crate::region::Area;
use crate::{Options, Shape, Style};

/// Hides each area in turn. Areas may overlap: the later one then averages what the earlier one left.
pub(crate) fn hide(pixels: &mut Pixels, areas: &[Area], options: &Options) {
    for area in areas {
        match options.style {
            Style::Blur => {
                let cells = Cells::of(pixels, area);
                let columns = cells.smooth_columns();
                paint(pixels, area, options.shape, |y| cells.smooth_row(y, &columns));
            }
            Style::Pixelate => {
                let cells = Cells::of(pixels, area);
                paint(pixels, area, options.shape, |y| cells.plain_row(y));
            }
            Style::Fill(rgb) => {
                let one = if pixels.wide { 257.0 } else { 1.0 };
                let color = pixels.color.of_rgb(rgb).map(|sample| f32::from(sample) * one);
                let row = vec![color; area.x.len()];
                paint(pixels, area, options.shape, |_| row.clone());
            }
        }
    }
}

/// Replaces each pixel within the shape, alpha too: a face may be drawn in it alone. `row(y)` gives the samples of all
/// columns of the area in its row `y`, counted from the area's top.
fn paint(pixels: &mut Pixels, area: &Area, shape: Shape, row: impl Fn(usize) -> Vec<[f32; 4]>) {
    let (stride, pixel_bytes, wide) = (pixels.stride(), pixels.pixel_bytes(), pixels.wide);
    let rows = pixels
        .data
        .chunks_exact_mut(stride)
        .enumerate()
        .skip(area.y.start)
        .take(area.y.len());
    for (y, bytes) in rows {
        let columns = columns_within(area, shape, y);
        let colors = row(y - area.y.start);
        let targets = bytes
            .chunks_exact_mut(pixel_bytes)
            .skip(columns.start)
            .take(columns.len());
        for (pixel, color) in targets.zip(colors.iter().skip(columns.start - area.x.start)) {
            // The casts saturate: out of range becomes the nearest value.
            if wide {
                let places = pixel.chunks_exact_mut(2);
                places
                    .zip(color)
                    .for_each(|(place, sample)| place.copy_from_slice(&((sample + 0.5) as u16).to_be_bytes()));
            } else {
                pixel
                    .iter_mut()
                    .zip(color)
                    .for_each(|(place, sample)| *place = (sample + 0.5) as u8);
            }
        }
    }
}

/// The columns of row `y` that the shape touches; within `area.x`, possibly none.
fn columns_within(area: &Area, shape: Shape, y: usize) -> Range<usize> {
    match shape {
        Shape::Rectangle => area.x.clone(),
        Shape::Ellipse => area.columns_within_ellipse(y..y + 1),
    }
}
