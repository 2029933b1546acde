//! What hides a region in the DCT domain: for each block of it a DC coefficient and five low AC terms, made of nothing
//! but the averages of a few large cells.
//!
//! The picture is seen through DC coefficients alone: averages over 8×8 samples. Cells are averages of those, about two
//! across the shorter side of a region, whole MCUs. So two originals with the same DC coefficients give the same bytes,
//! and no sharpening brings a face back.

use std::ops::Range;

use super::frame::{Frame, Layout, ZIGZAG};
use super::skip::LARGEST_AC;
use super::surface::{Line, Lines, Surface};
use crate::hide::cells_across;
use crate::region::Area;
use crate::{Options, Shape, Style};

/// The coefficients of a hidden block, in zigzag order: DC and the first five AC terms. All others are zero.
pub(super) const KEPT: usize = 6;

/// The coefficients of a hidden block behind the DC coefficient.
pub(super) type LowAc = [i16; KEPT - 1];

/// The blocks that take the place of what is hidden. Only their DC coefficients are made ahead: these are averaged again
/// where regions overlap, and the others cost less to make than to remember.
#[derive(Debug)]
pub(super) struct Cover {
    /// For each row of MCUs of the frame what is hidden in it, from left to right.
    rows: Vec<Vec<Run>>,
    regions: Vec<Hidden>,
}

/// MCUs of a row that one region hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub columns: Range<usize>,
    pub region: usize,
}

/// A region whose MCUs are hidden.
#[derive(Debug)]
struct Hidden {
    touched: Touched,
    components: Vec<Painted>,
}

/// What a component becomes in a region.
#[derive(Debug)]
struct Painted {
    lines: Lines,
    steps: [f32; KEPT],
}

/// A row of blocks that are hidden.
#[derive(Debug, Clone, Copy)]
pub(super) struct HiddenRow<'a> {
    line: Line<'a>,
    steps: [f32; KEPT],
    /// The first block that is touched.
    first: usize,
}

impl HiddenRow<'_> {
    /// The AC terms of the block in a column.
    pub fn ac(&self, column: usize) -> LowAc {
        let block = self.line.block(column.saturating_sub(self.first));
        let [_, ac @ ..] = quantised(block, self.steps);
        ac
    }
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
            rows: vec![Vec::new(); layout.mcus.1],
            regions: Vec::with_capacity(areas.len()),
        };
        for (number, area) in areas.iter().enumerate() {
            let region = HiddenRegion {
                touched: Touched::by(area, layout),
                area,
                layout,
                options,
            };
            let components = frame.components.iter().zip(&mut *dc).enumerate();
            let painted = components.map(|(index, (component, dc))| {
                let steps = steps(component.quant.as_ref());
                let surface = region.surface(index, dc, steps, color.get(index).copied().unwrap_or_default());
                let lines = region.paint(index, &surface, steps[0], dc);
                Painted { lines, steps }
            });
            let components = painted.collect();
            for row in region.touched.down.clone() {
                if let Some(runs) = cover.rows.get_mut(row) {
                    let columns = region.columns_of(row);
                    lay_over(
                        runs,
                        Run {
                            columns,
                            region: number,
                        },
                    );
                }
            }
            let touched = region.touched;
            cover.regions.push(Hidden { touched, components });
        }
        cover
    }

    /// What is hidden in a row of MCUs of the frame, from left to right.
    pub fn runs(&self, row: usize) -> &[Run] {
        self.rows.get(row).map(Vec::as_slice).unwrap_or_default()
    }

    /// The blocks that one region hides in a row, given the component and the row among all of its blocks.
    pub fn hidden_row(&self, region: usize, component: usize, row: usize, layout: &Layout) -> Option<HiddenRow<'_>> {
        let Hidden { touched, components } = self.regions.get(region)?;
        let Painted { lines, steps } = components.get(component)?;
        let (h, v) = layout.components.get(component)?.in_mcu;
        Some(HiddenRow {
            line: lines.row(row.checked_sub(touched.down.start * v)?),
            steps: *steps,
            first: touched.across.start * h,
        })
    }
}

/// Puts a run in its place among others, over what they have in common.
fn lay_over(runs: &mut Vec<Run>, run: Run) {
    let cut = |over: &Run, columns: Range<usize>| (!columns.is_empty()).then_some(Run { columns, ..*over });
    let Range { start, end } = run.columns;
    let before = runs
        .iter()
        .filter_map(|over| cut(over, over.columns.start..over.columns.end.min(start)));
    let behind = runs
        .iter()
        .filter_map(|over| cut(over, over.columns.start.max(end)..over.columns.end));
    let it = cut(&run, start..end);
    *runs = before.chain(it).chain(behind).collect();
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

    /// Changes the DC coefficients of all blocks of a component that are hidden, and gives what the others are made of.
    fn paint(&self, component: usize, surface: &Surface, step: f32, dc: &mut [i16]) -> Lines {
        let Touched { across, down } = &self.touched;
        let Some(blocks) = self.layout.components.get(component) else {
            return surface.lines((0, 0), (0, 0));
        };
        let (h, v) = blocks.in_mcu;
        let lines = surface.lines((across.len(), h), (down.len(), v));
        for y in down.clone() {
            let hidden = self.columns_of(y);
            let columns = hidden.start * h..hidden.end * h;
            for row in y * v..(y + 1) * v {
                let line = lines.row(row - down.start * v);
                let start = row * blocks.stride;
                let dc = dc
                    .get_mut(start + columns.start..start + columns.end)
                    .unwrap_or_default();
                for (dc, column) in dc.iter_mut().zip(columns.clone()) {
                    [*dc] = quantised([line.dc(column - across.start * h)], [step]);
                }
            }
        }
        lines
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

fn quantised<const N: usize>(coefficients: [f32; N], steps: [f32; N]) -> [i16; N] {
    let largest = f32::from(LARGEST_AC);
    let mut values = [0; N];
    for ((value, coefficient), step) in values.iter_mut().zip(coefficients).zip(steps) {
        let steps = (coefficient / step).clamp(-largest, largest);
        // Rounded by the cast, which needs no call.
        *value = (steps + 0.5_f32.copysign(steps)) as i16;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_runs_that_meet_the_later_one_is_seen_and_each_column_belongs_to_one() {
        for second in (0..10).flat_map(|start| (start..=10).map(move |end| start..end)) {
            let mut runs = Vec::new();
            let all = [(0, 2..5), (1, 7..9), (2, second.clone())];
            for (region, columns) in all.clone() {
                lay_over(&mut runs, Run { columns, region });
            }
            for column in 0..10 {
                let seen = runs.iter().filter(|run| run.columns.contains(&column));
                let seen: Vec<usize> = seen.map(|run| run.region).collect();
                let last = all.iter().rev().find(|(_, columns)| columns.contains(&column));
                assert_eq!(seen, last.map(|(region, _)| *region).into_iter().collect::<Vec<_>>());
            }
            assert!(runs.is_sorted_by_key(|run| run.columns.start), "{second:?}: {runs:?}");
        }
    }
}
