//! The coefficients engine: all quantised coefficients decoded, those of hidden blocks replaced, all written back. For
//! what can't be spliced: progressive pictures, and those whose Huffman tables have no room. `libjpeg-turbo-rs` does the
//! coding; it does not read sequential pictures of several scans.

use libjpeg_turbo_rs::{
    ComponentCoefficients, JpegCoefficients, read_coefficients, write_coefficients_optimized,
    write_coefficients_progressive,
};

use super::cover::Cover;
use super::frame::{Blocks, Frame, Layout};
use super::scan::MOST_BLOCKS_IN_MCU;
use super::skip::{DC_RANGE, LARGEST_AC};
use crate::Error;

/// The quantised coefficients of a picture.
pub(super) struct Coefficients(JpegCoefficients);

impl std::fmt::Debug for Coefficients {
    /// Nothing: a photo is nobody's business in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coefficients")
    }
}

impl Coefficients {
    /// Decodes a file whose scans were found to be whole, or, with an early stop, as far as they were looked at.
    ///
    /// # Errors
    /// [`Error::CorruptImage`], and [`Error::UnsupportedFormat`] for quantisation tables that change between scans.
    pub fn read(file: &[u8], frame: &Frame) -> Result<Self, Error> {
        let coefficients = read_coefficients(file).map_err(|error| Error::corrupt(error.to_string()))?;
        let written = coefficients.components.iter();
        let tables = written.map(|component| coefficients.quant_tables.get(usize::from(component.quant_table_index)));
        // Written back are the tables that stand last in the file; in force are those before a component's first scan.
        if !frame
            .components
            .iter()
            .map(|component| component.quant.as_ref())
            .eq(tables)
        {
            return Err(Error::UnsupportedFormat(
                "a JPEG whose quantisation tables change between scans",
            ));
        }
        // Larger ones cannot be written back, or not so that a decoder of 8-bit samples takes them.
        let mut blocks = coefficients.components.iter().flat_map(|component| &component.blocks);
        if !blocks.all(is_in_range) {
            return Err(Error::corrupt("a coefficient is larger than any of 8-bit samples"));
        }
        Ok(Self(coefficients))
    }

    /// The DC coefficients, for each component one per block.
    pub fn dc(&self, layout: &Layout) -> Vec<Vec<i16>> {
        let planes = self.0.components.iter().zip(&layout.components);
        let plane = |(component, blocks): (&ComponentCoefficients, &Blocks)| {
            let mut dc = Vec::with_capacity(blocks.total);
            for row in component
                .blocks
                .chunks_exact(component.blocks_x.max(1))
                .take(blocks.rows())
            {
                dc.extend(row.iter().take(blocks.stride).map(|block| block[0]));
            }
            dc
        };
        planes.map(plane).collect()
    }

    /// Replaces the coefficients of hidden blocks. `dc`: as they shall be.
    pub fn hide(&mut self, dc: &[Vec<i16>], cover: &Cover, layout: &Layout) {
        for row in 0..layout.mcus.1 {
            for run in cover.runs(row) {
                run.columns
                    .clone()
                    .for_each(|column| self.hide_mcu((column, row), run.region, dc, cover, layout));
            }
        }
    }

    fn hide_mcu(
        &mut self,
        (column, row): (usize, usize),
        region: usize,
        dc: &[Vec<i16>],
        cover: &Cover,
        layout: &Layout,
    ) {
        let planes = self.0.components.iter_mut().zip(&layout.components).zip(dc).enumerate();
        for (index, ((component, blocks), dc)) in planes {
            for block in blocks.of_mcu(column, row) {
                let (x, y) = (block % blocks.stride.max(1), block / blocks.stride.max(1));
                let place = component.blocks.get_mut(y * component.blocks_x + x);
                if let (Some(place), Some(dc), Some(hidden)) =
                    (place, dc.get(block), cover.hidden_row(region, index, y, layout))
                {
                    *place = [0; 64];
                    let low = std::iter::once(*dc).chain(hidden.ac(x));
                    place.iter_mut().zip(low).for_each(|(place, value)| *place = value);
                }
            }
        }
    }

    /// A new file without metadata, with Huffman tables made for it.
    ///
    /// # Errors
    /// [`Error::UnsupportedFormat`] for a frame whose components can't be interleaved: the codec knows no other way.
    /// [`Error::Encoding`], which would be a defect.
    pub fn write(&self, progressive: bool) -> Result<Vec<u8>, Error> {
        let components = self.0.components.iter();
        let blocks = components.map(|component| u32::from(component.h_sampling) * u32::from(component.v_sampling));
        if self.0.components.len() > 1 && blocks.sum::<u32>() > MOST_BLOCKS_IN_MCU {
            return Err(Error::UnsupportedFormat(
                "a progressive JPEG of more than ten blocks to an MCU",
            ));
        }
        let written = if progressive {
            write_coefficients_progressive(&self.0, None)
        } else {
            write_coefficients_optimized(&self.0)
        };
        written.map_err(|error| Error::Encoding(error.to_string()))
    }
}

/// Whether these are coefficients that 8-bit samples have (tables F.1 and F.2).
fn is_in_range(block: &[i16; 64]) -> bool {
    let [dc, ac @ ..] = block;
    // Without a way out in between: so it takes many at a time.
    let largest = ac.iter().fold(0, |largest, value| largest.max(value.unsigned_abs()));
    DC_RANGE.contains(&i32::from(*dc)) && largest <= LARGEST_AC
}
