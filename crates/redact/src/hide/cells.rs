//! The coarse averages that are all a hidden region keeps.

use crate::pixels::{Color, Pixels};
use crate::region::Area;

/// A cell is never smaller than this, in pixels: below it, features of a small face would survive.
const SMALLEST_CELL: f64 = 8.0;
/// Cells across the shorter side of a region: enough to match the surroundings, too few to know anyone.
const CELLS_ACROSS: f64 = 2.0;
/// Weight of a cell that counts as nothing visible.
const TRANSPARENT: f32 = 1e-9;

/// How many cells an area has, across and down; at least one.
pub(crate) fn cells_across(area: &Area) -> (usize, usize) {
    let (outer_width, outer_height) = (area.outer_x.1 - area.outer_x.0, area.outer_y.1 - area.outer_y.0);
    // The size of the face counts, not of that part of it which lies within the image.
    let cell = (outer_width.min(outer_height) / CELLS_ACROSS).max(SMALLEST_CELL);
    let count = |length: usize| ((length as f64 / cell).floor() as usize).max(1);
    (count(area.x.len()), count(area.y.len()))
}

/// The averages of an area in a grid of nearly equal cells.
pub(super) struct Cells {
    width: usize,
    height: usize,
    across: usize,
    down: usize,
    color: Color,
    /// An opaque alpha sample.
    opaque: f32,
    /// Row by row.
    averages: Vec<Average>,
}

/// The average colour of a cell times its average opacity, and that opacity (0–1).
///
/// Weighing by opacity keeps colours that nobody can see from leaking into what everybody can.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Average {
    color: [f32; 4],
    opacity: f32,
}

/// Up to four neighbouring cells, and how much of each is seen at one place.
pub(crate) struct Blend {
    cells: [usize; 4],
    weights: [f32; 4],
}

impl Cells {
    /// Averages the pixels of the area.
    pub fn of(pixels: &Pixels, area: &Area) -> Self {
        let (width, height) = (area.x.len(), area.y.len());
        let (across, down) = cells_across(area);
        let averages = (0..down)
            .flat_map(|row| (0..across).map(move |column| (row, column)))
            .map(|(row, column)| {
                let x = area.x.start + column * width / across..area.x.start + (column + 1) * width / across;
                let y = area.y.start + row * height / down..area.y.start + (row + 1) * height / down;
                Average::of(pixels, x, y)
            })
            .collect();
        Self {
            width,
            height,
            across,
            down,
            color: pixels.color,
            opaque: if pixels.wide { 65_535.0 } else { 255.0 },
            averages,
        }
    }

    /// The samples of row `y` (from the area's top), each that of its cell.
    pub fn plain_row(&self, y: usize) -> Vec<[f32; 4]> {
        let row = y * self.down / self.height;
        let column_of = |x: usize| ((x + 1) * self.across - 1) / self.width;
        (0..self.width)
            .map(|x| self.samples(self.average(row, column_of(x))))
            .collect()
    }

    /// How the columns blend their cells, for [`Self::smooth_row`].
    pub fn smooth_columns(&self) -> Vec<Blend> {
        (0..self.width).map(|x| Blend::at(x, self.width, self.across)).collect()
    }

    /// The samples of row `y` (from the area's top), blended smoothly from cell to cell.
    pub fn smooth_row(&self, y: usize, columns: &[Blend]) -> Vec<[f32; 4]> {
        let rows = Blend::at(y, self.height, self.down);
        let blended: Vec<Average> = (0..self.across)
            .map(|column| rows.mix(|row| self.average(row, column)))
            .collect();
        let at = |column: usize| blended.get(column).copied().unwrap_or_default();
        columns.iter().map(|column| self.samples(column.mix(at))).collect()
    }

    /// What an average looks like in the channels of the picture, alpha included.
    fn samples(&self, average: Average) -> [f32; 4] {
        let mut samples = average.color();
        if self.color.has_alpha()
            && let Some(alpha) = samples.get_mut(self.color.channels() - 1)
        {
            *alpha = average.opacity * self.opaque;
        }
        samples
    }

    fn average(&self, row: usize, column: usize) -> Average {
        self.averages
            .get(row * self.across + column)
            .copied()
            .unwrap_or_default()
    }
}

impl Average {
    /// Sums in integers, so that equal sums give equal bits whatever the pixels were.
    fn of(pixels: &Pixels, x: std::ops::Range<usize>, y: std::ops::Range<usize>) -> Self {
        let opaque: u64 = if pixels.wide { 65_535 } else { 255 };
        let has_alpha = pixels.color.has_alpha();
        let colors = pixels.color.channels() - usize::from(has_alpha);
        let mut sums = [0_u64; 4];
        let mut opacity = 0_u64;
        for row in pixels.data.chunks_exact(pixels.stride()).skip(y.start).take(y.len()) {
            for pixel in row.chunks_exact(pixels.pixel_bytes()).skip(x.start).take(x.len()) {
                let alpha = if has_alpha {
                    sample(pixel, colors, pixels.wide)
                } else {
                    opaque
                };
                opacity += alpha;
                let places = sums.iter_mut().take(colors).enumerate();
                places.for_each(|(channel, sum)| *sum += alpha * sample(pixel, channel, pixels.wide));
            }
        }
        let whole = (opaque * (x.len() * y.len()).max(1) as u64) as f64;
        Self {
            color: sums.map(|sum| (sum as f64 / whole) as f32),
            opacity: (opacity as f64 / whole) as f32,
        }
    }

    /// The colour without its weight.
    fn color(self) -> [f32; 4] {
        if self.opacity <= TRANSPARENT {
            [0.0; 4]
        } else {
            self.color.map(|sample| sample / self.opacity)
        }
    }
}

fn sample(pixel: &[u8], channel: usize, wide: bool) -> u64 {
    if wide {
        let pair = pixel
            .get(channel * 2..)
            .and_then(|rest| rest.first_chunk())
            .copied()
            .unwrap_or_default();
        u64::from(u16::from_be_bytes(pair))
    } else {
        pixel.get(channel).copied().map_or(0, u64::from)
    }
}

impl Blend {
    /// At pixel `place` of a line of `length` pixels divided into `cells`: the uniform cubic B-spline over the cells'
    /// centres. It has no kinks at the cells' borders, so no grid shows.
    pub fn at(place: usize, length: usize, cells: usize) -> Self {
        let position = (place as f32 + 0.5) * cells as f32 / length as f32 - 0.5;
        let before = position.floor();
        let t = position - before;
        let s = 1.0 - t;
        let weights = [
            s * s * s / 6.0,
            (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
            (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
            t * t * t / 6.0,
        ];
        let last = cells.saturating_sub(1) as f32;
        let cells = [-1.0, 0.0, 1.0, 2.0].map(|step| (before + step).clamp(0.0, last) as usize);
        Self { cells, weights }
    }

    /// The cells, and the weight of each. A cell at the border may come more than once.
    pub fn parts(&self) -> impl Iterator<Item = (usize, f32)> {
        self.cells.into_iter().zip(self.weights)
    }

    fn mix(&self, cell: impl Fn(usize) -> Average) -> Average {
        let mut mixed = Average::default();
        for (index, weight) in self.parts() {
            let average = cell(index);
            mixed
                .color
                .iter_mut()
                .zip(average.color)
                .for_each(|(sum, sample)| *sum += weight * sample);
            mixed.opacity += weight * average.opacity;
        }
        mixed
    }
}
