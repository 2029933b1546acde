//! The walk over a scan: where each MCU starts, and the DC coefficient of each block. AC coefficients are passed over.
//!
//! Decoders forgive: left-over data at the end of a scan, restart markers out of order, a last run that reaches beyond
//! the picture. Each means that something was damaged, and then nobody knows what is where. Here each restart interval
//! must end exactly with its last block.

use std::ops::Range;

use super::bits::Bits;
use super::entropy::Entropy;
use super::frame::{Blocks, Layout};
use super::scan::{Part, Scan};
use super::skip::{AcSkips, DcDifferences};
use crate::Error;

/// Beyond what 8-bit samples can give, whatever the quantisation: the differences of table F.1 fit it.
const DC_RANGE: std::ops::RangeInclusive<i32> = -2047..=2047;

/// What the walk over a scan found.
#[derive(Debug)]
pub(super) struct Walk {
    pub entropy: Entropy,
    /// MCUs to a restart interval; all of them if there are no restarts.
    pub interval: usize,
    /// The bit at which each MCU starts, counted in [`Entropy::bytes`]. If the walk stopped early, the last one is the
    /// first MCU that it did not walk over.
    pub starts: Vec<usize>,
    /// The bit behind the last MCU of each interval that was walked over to its end.
    pub ends: Vec<usize>,
    /// Quantised DC coefficients, for each component one per block.
    pub dc: Vec<Vec<i16>>,
    /// How each component is decoded.
    pub decoders: Vec<Decoder>,
}

/// The tables with which a component is decoded.
#[derive(Debug)]
pub(super) struct Decoder {
    pub dc: DcDifferences,
    pub ac: AcSkips,
}

/// A block of an MCU.
struct Place {
    component: usize,
    /// Which of the component's blocks it is in the MCU at hand.
    block: usize,
    /// How many blocks further it is in the next MCU.
    step: usize,
}

/// The blocks of an MCU, in the order of the scan.
fn places(layout: &Layout, row: usize, column: usize) -> Vec<Place> {
    let components = layout.components.iter().enumerate();
    let of_component = |(component, blocks): (usize, &Blocks)| {
        let step = blocks.in_mcu.0;
        let place = move |block| Place { component, block, step };
        blocks.of_mcu(column, row).map(place)
    };
    components.flat_map(of_component).collect()
}

impl Walk {
    /// Walks over all MCUs, or over as many as `mcus` says; then what lies behind goes unnoticed.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn over(scan: &Scan, layout: &Layout, mcus: Option<usize>) -> Result<Self, Error> {
        let total = layout.total();
        let interval = scan.interval(total);
        let mut walk = Self {
            entropy: Entropy::of(scan.data, total.div_ceil(interval))?,
            interval,
            starts: Vec::with_capacity(total + 1),
            ends: Vec::new(),
            dc: layout.components.iter().map(|blocks| vec![0; blocks.total]).collect(),
            decoders: decoders(scan)?,
        };
        let until = mcus.map_or(total, |mcus| mcus.min(total));
        for index in 0..until.div_ceil(interval) {
            let first = index * interval;
            let end = total.min(first + interval);
            walk.interval(index, first..end.min(until), end, layout)?;
        }
        Ok(walk)
    }

    /// One restart interval. `mcus`: those to walk over; `end`: the first that is not its own.
    fn interval(&mut self, index: usize, mcus: Range<usize>, end: usize, layout: &Layout) -> Result<(), Error> {
        let Self {
            entropy,
            starts,
            dc,
            decoders,
            ..
        } = self;
        let bytes = entropy
            .intervals
            .get(index)
            .map_or(0..0, |interval| interval.bytes.clone());
        let mut bits = Bits::at(&entropy.bytes, bytes.start * 8);
        let mut before = [0; 4];
        let mut next = mcus.start;
        while next < mcus.end {
            let (row, column) = (next / layout.mcus.0, next % layout.mcus.0);
            let count = (layout.mcus.0 - column).min(mcus.end - next);
            let mut places = places(layout, row, column);
            for _ in 0..count {
                starts.push(bits.position());
                mcu(&mut bits, decoders, &mut places, &mut before, dc)?;
                if bits.position() > bytes.end * 8 {
                    return Err(Error::corrupt("its compressed data ends too early"));
                }
            }
            next += count;
        }
        if mcus.end == end {
            if bits.position() + 8 <= bytes.end * 8 {
                return Err(Error::corrupt(
                    "there is more compressed data than the picture has room for",
                ));
            }
            self.ends.push(bits.position());
        } else {
            starts.push(bits.position());
        }
        Ok(())
    }
}

/// Walks over one MCU.
#[inline(always)]
fn mcu(
    bits: &mut Bits,
    decoders: &[Decoder],
    places: &mut [Place],
    before: &mut [i32; 4],
    dc: &mut [Vec<i16>],
) -> Result<(), Error> {
    for place in places {
        let (Some(decoder), Some(before), Some(dc)) = (
            decoders.get(place.component),
            before.get_mut(place.component),
            dc.get_mut(place.component),
        ) else {
            continue;
        };
        *before += decoder.dc.next(bits)?;
        if !DC_RANGE.contains(before) {
            return Err(Error::corrupt("the brightness of a block is beyond all bounds"));
        }
        if let Some(dc) = dc.get_mut(place.block) {
            *dc = *before as i16;
        }
        place.block += place.step;
        decoder.ac.skip(bits)?;
    }
    Ok(())
}

/// The decoder of each component of a scan of all components, in their order.
fn decoders(scan: &Scan) -> Result<Vec<Decoder>, Error> {
    let decoder = |part: &Part| {
        Ok(Decoder {
            dc: DcDifferences::new(scan.tables.dc(part.dc_table)?)?,
            ac: AcSkips::new(scan.tables.ac(part.ac_table)?)?,
        })
    };
    scan.header.parts.iter().map(decoder).collect()
}
