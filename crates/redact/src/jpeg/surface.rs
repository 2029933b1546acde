//! The surface that a hidden region becomes, and its DCT: only the lowest terms are computed, because nothing else is in
//! it (ITU-T T.81 section A.3.3).

use super::cover::KEPT;
use crate::hide::Blend;

/// Frequencies along one axis that are computed: 0, 1 and 2.
const FREQUENCIES: usize = 3;

/// The frequencies (across, down) of the coefficients in zigzag order.
const ORDER: [(usize, usize); KEPT] = [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (2, 0)];

/// Levels of cells in a grid, shown as they are or blended smoothly.
#[derive(Debug)]
pub(super) struct Surface {
    columns: usize,
    rows: usize,
    /// Row by row.
    levels: Vec<f32>,
    smooth: bool,
}

/// A part of a cell's weight in one block: for each frequency the one-dimensional DCT of that weight over the block.
type Share = (usize, [f32; FREQUENCIES]);

impl Surface {
    /// Each cell of one level.
    pub fn flat(columns: usize, rows: usize, levels: Vec<f32>) -> Self {
        Self {
            columns,
            rows,
            levels,
            smooth: false,
        }
    }

    /// Cells blended by a cubic B-spline, so that no border shows.
    pub fn smooth(columns: usize, rows: usize, levels: Vec<f32>) -> Self {
        Self {
            smooth: true,
            ..Self::flat(columns, rows, levels)
        }
    }

    /// The surface over a grid of blocks. For each axis: how many MCUs there are, and how many blocks in each.
    pub fn lines(&self, across: (usize, usize), down: (usize, usize)) -> Lines {
        let shares = |(mcus, in_mcu), cells| match self.smooth {
            true => smooth_shares(mcus * in_mcu, cells),
            false => flat_shares(mcus, in_mcu, cells),
        };
        let down = shares(down, self.rows);
        Lines {
            across: shares(across, self.columns),
            mixed: down.iter().map(|shares| self.mixed(shares)).collect(),
        }
    }

    /// For each column of cells the DCT down a row of blocks.
    fn mixed(&self, shares: &[Share]) -> Vec<[f32; FREQUENCIES]> {
        let mut mixed = vec![[0.0; FREQUENCIES]; self.columns];
        for (row, weights) in shares {
            let levels = self.levels.chunks_exact(self.columns.max(1)).nth(*row);
            for (sums, level) in mixed.iter_mut().zip(levels.unwrap_or_default()) {
                sums.iter_mut()
                    .zip(weights)
                    .for_each(|(sum, weight)| *sum += weight * level);
            }
        }
        mixed
    }
}

/// A surface over a grid of blocks.
#[derive(Debug)]
pub(super) struct Lines {
    /// For each column of blocks.
    across: Vec<Vec<Share>>,
    /// For each row of blocks, for each column of cells.
    mixed: Vec<Vec<[f32; FREQUENCIES]>>,
}

impl Lines {
    /// A row of blocks.
    pub fn row(&self, row: usize) -> Line<'_> {
        Line {
            across: &self.across,
            mixed: self.mixed.get(row).map(Vec::as_slice).unwrap_or_default(),
        }
    }
}

/// A row of blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    across: &'a [Vec<Share>],
    mixed: &'a [[f32; FREQUENCIES]],
}

impl Line<'_> {
    /// The DC coefficient of a block, not quantised: the first of [`Self::block`].
    pub fn dc(&self, column: usize) -> f32 {
        let parts = self.parts(column);
        parts.map(|(across, down)| across[0] * down[0]).sum()
    }

    /// The lowest coefficients of a block, not quantised, in zigzag order.
    pub fn block(&self, column: usize) -> [f32; KEPT] {
        let mut coefficients = [0.0; KEPT];
        for (across, down) in self.parts(column) {
            for (sum, (u, v)) in coefficients.iter_mut().zip(ORDER) {
                *sum += across.get(u).copied().unwrap_or_default() * down.get(v).copied().unwrap_or_default();
            }
        }
        coefficients
    }

    /// For each cell that is seen in a block its DCT across and down.
    fn parts(&self, column: usize) -> impl Iterator<Item = (&[f32; FREQUENCIES], &[f32; FREQUENCIES])> {
        let shares = self.across.get(column).map(Vec::as_slice).unwrap_or_default();
        shares
            .iter()
            .filter_map(|(cell, across)| Some((across, self.mixed.get(*cell)?)))
    }
}

/// For each block the cells that are seen in it, blended.
fn smooth_shares(blocks: usize, cells: usize) -> Vec<Vec<Share>> {
    let cosines: [_; 8] = std::array::from_fn(cosines);
    let share = |block: usize| {
        let mut shares: Vec<Share> = Vec::with_capacity(5);
        for (sample, cosines) in cosines.iter().enumerate() {
            for (cell, weight) in Blend::at(block * 8 + sample, blocks * 8, cells).parts() {
                let known = shares.iter().position(|(known, _)| *known == cell);
                let place = known.unwrap_or_else(|| {
                    shares.push((cell, [0.0; FREQUENCIES]));
                    shares.len() - 1
                });
                if let Some((_, sums)) = shares.get_mut(place) {
                    sums.iter_mut()
                        .zip(cosines)
                        .for_each(|(sum, cosine)| *sum += weight * cosine);
                }
            }
        }
        shares
    };
    (0..blocks).map(share).collect()
}

/// For each block the one cell that it lies in. Cells are whole MCUs.
fn flat_shares(mcus: usize, in_mcu: usize, cells: usize) -> Vec<Vec<Share>> {
    let constant: f32 = (0..8).map(|sample| cosines(sample)[0]).sum();
    // The last cell that starts no later than the MCU.
    let cell = |mcu: usize| ((mcu + 1) * cells - 1) / mcus.max(1);
    (0..mcus * in_mcu)
        .map(|block| vec![(cell(block / in_mcu.max(1)), [constant, 0.0, 0.0])])
        .collect()
}

/// What a sample adds to each frequency of the one-dimensional DCT.
fn cosines(sample: usize) -> [f32; FREQUENCIES] {
    let angle = |frequency: f32| (2.0 * sample as f32 + 1.0) * frequency * std::f32::consts::PI / 16.0;
    [
        0.5 * std::f32::consts::FRAC_1_SQRT_2,
        0.5 * angle(1.0).cos(),
        0.5 * angle(2.0).cos(),
    ]
}
