//! The walk over a scan: where each MCU starts, and the DC coefficient of each block. AC coefficients are passed over.
//!
//! Decoders forgive: left-over data at the end of a scan, restart markers out of order, a last run that reaches beyond
//! the picture. Each means that something was damaged, and then nobody knows what is where. Here each restart interval
//! must end exactly with its last block.

use std::ops::Range;

use super::bits::Bits;
use super::entropy::Entropy;
use super::scan::{Part, Place, Scan, ScanLayout};
use super::skip::{AcSkips, DcDifferences};
use crate::Error;

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
    /// How each part of the scan is decoded.
    pub decoders: Vec<Decoder>,
}

/// The tables with which a component is decoded.
#[derive(Debug)]
pub(super) struct Decoder {
    pub dc: DcDifferences,
    pub ac: AcSkips,
}

impl Walk {
    /// Walks over all MCUs, or over as many as `mcus` says; then what lies behind goes unnoticed.
    ///
    /// `dc` gets the quantised DC coefficients: for each component of the frame one per block.
    ///
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn over(scan: &Scan, layout: &ScanLayout, mcus: Option<usize>, dc: &mut [Vec<i16>]) -> Result<Self, Error> {
        let total = layout.total();
        let interval = scan.interval(total);
        let mut walk = Self {
            entropy: Entropy::of(scan.data, total.div_ceil(interval))?,
            interval,
            starts: Vec::with_capacity(total + 1),
            ends: Vec::new(),
            decoders: decoders(scan)?,
        };
        let until = mcus.map_or(total, |mcus| mcus.min(total));
        for index in 0..until.div_ceil(interval) {
            let first = index * interval;
            let end = total.min(first + interval);
            walk.interval(index, first..end.min(until), end, layout, dc)?;
        }
        Ok(walk)
    }

    /// One restart interval. `mcus`: those to walk over; `end`: the first that is not its own.
    fn interval(
        &mut self,
        index: usize,
        mcus: Range<usize>,
        end: usize,
        layout: &ScanLayout,
        dc: &mut [Vec<i16>],
    ) -> Result<(), Error> {
        let Self {
            entropy,
            starts,
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
            // As far as the row goes, the blocks of an MCU are a step behind those before.
            let count = (layout.mcus.0 - next % layout.mcus.0).min(mcus.end - next);
            let mut places: Vec<Place> = layout.blocks(next).collect();
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
            check_padding(bits, bytes.end * 8)?;
            self.ends.push(bits.position());
        } else {
            starts.push(bits.position());
        }
        Ok(())
    }
}

/// Behind the last MCU stand fewer than eight bits (section F.1.2.3). One more byte of ones does no harm and holds nothing:
/// a photo that was redacted with an early stop may have it.
fn check_padding(bits: Bits, end: usize) -> Result<(), Error> {
    let left = end.saturating_sub(bits.position());
    let mut rest = bits;
    let mut is_all_ones = || rest.take(left as u32) == (1 << left) - 1;
    if left < 8 || (left < 16 && is_all_ones()) {
        return Ok(());
    }
    Err(Error::corrupt(
        "there is more compressed data than the picture has room for",
    ))
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
            decoders.get(place.part),
            before.get_mut(place.part),
            dc.get_mut(place.component),
        ) else {
            continue;
        };
        *before = decoder.dc.following(*before, bits)?;
        if let Some(dc) = dc.get_mut(place.block) {
            *dc = *before as i16;
        }
        place.block += place.step;
        decoder.ac.skip(bits)?;
    }
    Ok(())
}

/// The decoder of each part of a scan.
fn decoders(scan: &Scan) -> Result<Vec<Decoder>, Error> {
    let decoder = |part: &Part| {
        Ok(Decoder {
            dc: DcDifferences::new(scan.tables.dc(part.dc_table)?)?,
            ac: AcSkips::new(scan.tables.ac(part.ac_table)?)?,
        })
    };
    scan.header.parts.iter().map(decoder).collect()
}
