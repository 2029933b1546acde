//! The walk over a scan: where each MCU starts, and the DC coefficient of each block. AC coefficients are passed over.
//!
//! Decoders forgive: left-over data at the end of a scan, restart markers out of order, a last run that reaches beyond
//! the picture. Each means that something was damaged, and then nobody knows what is where. Here each restart interval
//! must end exactly with its last block.

use std::ops::Range;

use super::bits::{BitPlace, Bits, Mark};
use super::entropy::Intervals;
use super::scan::{Part, Place, Scan, ScanLayout};
use super::skip::{AcSkips, DcDifferences};
use crate::Error;

/// Bits behind the last MCU of an interval: one byte more than there should be. A photo that was redacted with an early stop
/// may have it.
const MOST_PADDING: u64 = 15;

/// What the walk over a scan found.
#[derive(Debug)]
pub(super) struct Walk {
    /// MCUs to a restart interval; all of them if there are no restarts.
    pub interval: usize,
    /// Where each MCU starts. If the walk stopped early, the last one is the first MCU that it did not walk over.
    starts: Vec<Mark>,
    /// The restart intervals that it entered.
    pub intervals: Vec<Interval>,
    decoders: Decoders,
}

/// What stands between two restart markers; the whole scan if there are none.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    /// Its bytes in the scan, without the marker behind it.
    pub bytes: Range<usize>,
    /// The bit behind its last MCU; `None` if the walk stopped before.
    pub end: Option<Mark>,
}

/// How the parts of a scan are decoded. Those with the same tables share them: two fit into the first-level cache.
#[derive(Debug)]
struct Decoders {
    all: Vec<Decoder>,
    /// For each part of the scan its place among them.
    of_parts: Vec<usize>,
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
            interval,
            starts: Vec::with_capacity(total + 1),
            intervals: Vec::new(),
            decoders: Decoders::of(scan)?,
        };
        let mut intervals = Intervals::of(scan.data, total.div_ceil(interval));
        let until = mcus.map_or(total, |mcus| mcus.min(total));
        for first in (0..until).step_by(interval) {
            let end = total.min(first + interval);
            let bits = walk.mcus(intervals.bits(), first..end.min(until), layout, dc)?;
            walk.intervals.push(if until < end {
                walk.starts.push(bits.mark());
                let bytes = intervals.pass_over()?;
                Interval { bytes, end: None }
            } else {
                let (bytes, end) = (intervals.finish(bits, MOST_PADDING)?, Some(bits.mark()));
                Interval { bytes, end }
            });
        }
        Ok(walk)
    }

    /// Walks over MCUs of one restart interval, from the first of them on.
    fn mcus<'b>(
        &mut self,
        mut bits: Bits<'b>,
        mcus: Range<usize>,
        layout: &ScanLayout,
        dc: &mut [Vec<i16>],
    ) -> Result<Bits<'b>, Error> {
        let Self { starts, decoders, .. } = self;
        let decoders: Vec<&Decoder> = decoders.by_part().collect();
        let mut before = [0; 4];
        let mut next = mcus.start;
        while next < mcus.end {
            // As far as the row goes, the blocks of an MCU are a step behind those before.
            let count = (layout.mcus.0 - next % layout.mcus.0).min(mcus.end - next);
            let with_decoder = |place: Place| Some((place, *decoders.get(place.part)?));
            let mut places: Vec<_> = layout.blocks(next).filter_map(with_decoder).collect();
            for _ in 0..count {
                starts.push(bits.mark());
                mcu(&mut bits, &mut places, &mut before, dc)?;
                if bits.is_beyond() {
                    return Err(Error::corrupt("its compressed data ends too early"));
                }
            }
            next += count;
        }
        Ok(bits)
    }

    /// How a part of the scan is decoded.
    pub fn decoder(&self, part: usize) -> Option<&Decoder> {
        self.decoders.by_part().nth(part)
    }

    /// Where an MCU starts in the data of the scan.
    pub fn start(&self, data: &[u8], mcu: usize) -> BitPlace {
        self.starts.get(mcu).copied().unwrap_or_default().place(data)
    }
}

/// Walks over one MCU.
#[inline(always)]
fn mcu(
    bits: &mut Bits,
    places: &mut [(Place, &Decoder)],
    before: &mut [i32; 4],
    dc: &mut [Vec<i16>],
) -> Result<(), Error> {
    for (place, decoder) in places {
        let (Some(before), Some(dc)) = (before.get_mut(place.part), dc.get_mut(place.component)) else {
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

impl Decoders {
    fn of(scan: &Scan) -> Result<Self, Error> {
        let parts = &scan.header.parts;
        let tables = |part: &Part| (part.dc_table, part.ac_table);
        let (mut all, mut of_parts) = (Vec::new(), Vec::new());
        for part in parts {
            let like_it = parts.iter().position(|other| tables(other) == tables(part));
            match like_it.and_then(|other| of_parts.get(other)) {
                Some(place) => of_parts.push(*place),
                None => {
                    of_parts.push(all.len());
                    all.push(Decoder {
                        dc: DcDifferences::new(scan.tables.dc(part.dc_table)?)?,
                        ac: AcSkips::new(scan.tables.ac(part.ac_table)?)?,
                    });
                }
            }
        }
        Ok(Self { all, of_parts })
    }

    fn by_part(&self) -> impl Iterator<Item = &Decoder> {
        self.of_parts.iter().filter_map(|place| self.all.get(*place))
    }
}
