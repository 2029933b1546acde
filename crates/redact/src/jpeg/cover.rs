//! What hides a region in the DCT domain: for each block of it a DC coefficient and five low AC terms, made of nothing
//! but the averages of a few large cells.
//!
//! The picture is seen through DC coefficients alone: averages over 8×8 samples. Cells are averages of those, about two
//! across the shorter side of a region, whole MCUs. So two originals with the same DC coefficients give the same bytes,
//! and no sharpening brings a face back.

use std::ops::Range;

use super::frame::{Blocks, Frame, Layout, ZIGZAG};
use super::skip::LARGEST_AC;
use super::surface::Surface;
use crate::hide::cells_across;
use crate::region::Area;
use crate::{Options, Shape, Style};

/// The coefficients of a hidden block, in zigzag order: DC and the first five AC terms. All others are zero.
pub(super) const KEPT: usize = 6;

/// The coefficients of a hidden block behind the DC coefficient.
pub(super) type LowAc = [i16; KEPT - 1];

/// The blocks that take the place of what is hidden.
#[derive(Debug)]
pub(super) struct Cover {
    /// For each MCU of the frame the region that hides it, counted from one; 0 if none does.
    mcus: Vec<u32>,
    regions: Vec<Hidden>,
}

/// A region whose MCUs are hidden.
#[derive(Debug)]
struct Hidden {
    touched: Touched,
    /// For each component the AC terms of the blocks of all MCUs that are touched, row by row.
    ac: Vec<Vec<LowAc>>,
}

/// The MCUs that a region touches.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Touched {
    across: Range<usize>,
    down: Range<usize>,
}

impl Touched {
    fn by(area: &Area, layout: &Layout) -> Self {
        let (width, height) = layout.mcu_pixels;
        Self {
            across: area.x.start / width..area.x.end.div_ceil(width).min(layout.mcus.0),
            down: area.y.start / height..area.y.end.div_ceil(height).min(layout.mcus.1),
        }
    }
}

impl Touched {
    /// Where a block stands among those of a component that are touched, row by row.
    fn place(&self, column: usize, row: usize, blocks: &Blocks) -> Option<usize> {
        let (h, v) = blocks.in_mcu;
        let column = column.checked_sub(self.across.start * h)?;
        let row = row.checked_sub(self.down.start * v)?;
        Some(row * self.across.len() * h + column)
    }
}

/// One more than the last MCU that any of these areas touches.
pub(super) fn end_of(areas: &[Area], layout: &Layout) -> usize {
    let ends = areas
        .iter()
        .map(|area| Touched::by(area, layout).down.end * layout.mcus.0);
    ends.max().unwrap_or(0)
}

impl Cover {
    /// Hides each area in turn: changes the DC coefficients, and gives what goes with them. Areas may overlap: the later
    /// one then averages what the earlier one left.
    ///
    /// `color`: the samples of the fill colour, 0–255.
    pub fn over(
        areas: &[Area],
        dc: &mut [Vec<i16>],
        frame: &Frame,
        layout: &Layout,
        color: [f32; 4],
        options: &Options,
    ) -> Self {
        let mut cover = Self {
            mcus: vec![0; layout.total()],
            regions: Vec::with_capacity(areas.len()),
        };
        for (area, number) in areas.iter().zip(1..) {
            let region = HiddenRegion {
                touched: Touched::by(area, layout),
                area,
                layout,
                options,
            };
            let components = frame.components.iter().zip(&mut *dc).enumerate();
            let ac = components.map(|(index, (component, dc))| {
                let steps = steps(component.quant.as_ref());
                let surface = region.surface(index, dc, steps, color.get(index).copied().unwrap_or_default());
                region.paint(index, &surface, steps, dc)
            });
            let ac = ac.collect();
            region.mcus().for_each(|(x, y)| {
                if let Some(hidden) = cover.mcus.get_mut(y * layout.mcus.0 + x) {
                    *hidden = number;
                }
            });
            let touched = region.touched;
            cover.regions.push(Hidden { touched, ac });
        }
        cover
    }

    /// Whether an MCU of the frame is hidden.
    pub fn hides(&self, mcu: usize) -> bool {
        self.mcus.get(mcu).is_some_and(|hidden| *hidden > 0)
    }

    /// The AC terms of a hidden block, given the MCU of the frame, the component, and the block among all of it.
    pub fn ac(&self, mcu: usize, component: usize, block: usize, layout: &Layout) -> Option<&LowAc> {
        let number = *self.mcus.get(mcu)? as usize;
        let Hidden { touched, ac } = self.regions.get(number.checked_sub(1)?)?;
        let blocks = layout.components.get(component)?;
        let (column, row) = (block % blocks.stride.max(1), block / blocks.stride.max(1));
        ac.get(component)?.get(touched.place(column, row, blocks)?)
    }
}

/// The quantisation steps of the coefficients that are written.
fn steps(table: Option<&[u16; 64]>) -> [f32; KEPT] {
    let mut steps = [1.0; KEPT];
    for (step, place) in steps.iter_mut().zip(ZIGZAG) {
        let entry = table.and_then(|table| table.get(place)).copied().unwrap_or(1);
        // Zero is not a step, but it is what a decoder multiplies by: whatever is written then, nothing is seen.
        *step = f32::from(entry.max(1));
    }
    steps
}

/// A region while it is being hidden.
struct HiddenRegion<'a> {
    touched: Touched,
    area: &'a Area,
    layout: &'a Layout,
    options: &'a Options,
}

impl HiddenRegion<'_> {
    /// What a component becomes: levels in samples from -128 to 127.
    fn surface(&self, component: usize, dc: &[i16], steps: [f32; KEPT], color: f32) -> Surface {
        let Touched { across, down } = &self.touched;
        if let Style::Fill(_) = self.options.style {
            return Surface::flat(1, 1, vec![color - 128.0]);
        }
        let (columns, rows) = cells_across(self.area);
        let (columns, rows) = (columns.clamp(1, across.len().max(1)), rows.clamp(1, down.len().max(1)));
        let levels = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .map(|(row, column)| {
                let x = part(across, column, columns);
                let y = part(down, row, rows);
                // A block's DC coefficient is eight times its average (section A.3.3).
                self.average(component, dc, x, y) * steps[0] / 8.0
            });
        let levels = levels.collect();
        match self.options.style {
            Style::Pixelate => Surface::flat(columns, rows, levels),
            _ => Surface::smooth(columns, rows, levels),
        }
    }

    /// The average of the quantised DC coefficients of some MCUs. Summed in integers, so that equal sums give equal bits.
    fn average(&self, component: usize, dc: &[i16], across: Range<usize>, down: Range<usize>) -> f32 {
        let Some(blocks) = self.layout.components.get(component) else {
            return 0.0;
        };
        let (h, v) = blocks.in_mcu;
        // Blocks beyond the picture only fill up the last MCUs: what they hold was never seen.
        let columns = across.start * h..(across.end * h).min(blocks.visible.0).max(across.start * h + 1);
        let rows = down.start * v..(down.end * v).min(blocks.visible.1).max(down.start * v + 1);
        let mut sum = 0_i64;
        for row in rows.clone() {
            let start = row * blocks.stride;
            let line = dc.get(start + columns.start..start + columns.end).unwrap_or_default();
            sum += line.iter().map(|dc| i64::from(*dc)).sum::<i64>();
        }
        (sum as f64 / (columns.len() * rows.len()) as f64) as f32
    }

    /// Changes the DC coefficients of all blocks of a component that are hidden, and gives their AC terms.
    fn paint(&self, component: usize, surface: &Surface, steps: [f32; KEPT], dc: &mut [i16]) -> Vec<LowAc> {
        let Some(blocks) = self.layout.components.get(component) else {
            return Vec::new();
        };
        let Touched { across, down } = &self.touched;
        let (h, v) = blocks.in_mcu;
        let lines = surface.lines((across.len(), h), (down.len(), v));
        let width = across.len() * h;
        let mut all = vec![[0; KEPT - 1]; width * down.len() * v];
        for y in down.clone() {
            let hidden = self.columns_of(y);
            for row in y * v..(y + 1) * v {
                let line_number = row - down.start * v;
                let line = lines.row(line_number);
                for column in hidden.start * h..hidden.end * h {
                    let place = column - across.start * h;
                    let [first, rest @ ..] = quantised(line.block(place), steps);
                    let dc = dc.get_mut(row * blocks.stride + column);
                    if let (Some(dc), Some(ac)) = (dc, all.get_mut(line_number * width + place)) {
                        (*dc, *ac) = (first, rest);
                    }
                }
            }
        }
        all
    }

    /// The hidden MCUs, as columns and rows.
    fn mcus(&self) -> impl Iterator<Item = (usize, usize)> {
        let rows = self.touched.down.clone();
        rows.flat_map(|y| self.columns_of(y).map(move |x| (x, y)))
    }

    /// The MCUs of a row that the shape touches.
    fn columns_of(&self, row: usize) -> Range<usize> {
        let (width, height) = self.layout.mcu_pixels;
        match self.options.shape {
            Shape::Rectangle => self.touched.across.clone(),
            Shape::Ellipse => {
                let columns = self.area.columns_within_ellipse(row * height..(row + 1) * height);
                if columns.is_empty() {
                    return 0..0;
                }
                columns.start / width..columns.end.div_ceil(width).min(self.touched.across.end)
            }
        }
    }
}

/// The `index`-th of so many nearly equal parts of a range.
fn part(range: &Range<usize>, index: usize, parts: usize) -> Range<usize> {
    let at = |index: usize| range.start + index * range.len() / parts;
    at(index)..at(index + 1)
}

fn quantised(coefficients: [f32; KEPT], steps: [f32; KEPT]) -> [i16; KEPT] {
    let largest = f32::from(LARGEST_AC);
    let mut values = [0; KEPT];
    for ((value, coefficient), step) in values.iter_mut().zip(coefficients).zip(steps) {
        let steps = (coefficient / step).clamp(-largest, largest);
        // Rounded by the cast, which needs no call.
        *value = (steps + 0.5_f32.copysign(steps)) as i16;
    }
    values
}
