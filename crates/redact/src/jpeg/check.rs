//! Checks that the scans of a progressive picture are whole, values skipped (ITU-T T.81 Annex G).
//!
//! A sequential scan is checked by the [walk](super::walk) over it. This one is slower, but knows how scans build upon
//! each other.

use super::bits::Bits;
use super::entropy::Intervals;
use super::frame::Layout;
use super::huffman::Table;
use super::scan::Scan;
use super::skip::DcDifferences;
use crate::Error;

/// Checks every scan: each restart interval must end exactly with its last block.
///
/// # Errors
/// [`Error::CorruptImage`].
pub(super) fn check_scans<'a>(
    scans: impl Iterator<Item = Result<Scan<'a>, Error>>,
    layout: &Layout,
) -> Result<(), Error> {
    // For each block, which coefficients are not zero: bit k for the k-th in zigzag order. Refining scans depend on it.
    let mut nonzero: Vec<Vec<u64>> = layout.components.iter().map(|blocks| vec![0; blocks.total]).collect();
    for scan in scans {
        let scan = scan?;
        let coder = Coder::of(&scan)?;
        let mcus = match scan.header.parts.as_slice() {
            [alone] => layout
                .components
                .get(alone.component)
                .map_or((0, 0), |blocks| blocks.visible),
            _ => layout.mcus,
        };
        let total = mcus.0 * mcus.1;
        let interval = scan.interval(total);
        let mut intervals = Intervals::of(scan.data, total.div_ceil(interval));
        for start in (0..total).step_by(interval) {
            let mut data = Interval {
                bits: intervals.bits(),
                end_of_band_run: 0,
            };
            for mcu in start..total.min(start + interval) {
                coder.mcu(
                    &mut data,
                    layout,
                    (mcu % mcus.0.max(1), mcu / mcus.0.max(1)),
                    &mut nonzero,
                )?;
            }
            if data.end_of_band_run > 0 {
                return Err(Error::corrupt("a run reaches beyond the end of its scan"));
            }
            intervals.finish(data.bits, 7)?;
        }
    }
    Ok(())
}

/// What is left of a restart interval.
struct Interval<'a> {
    bits: Bits<'a>,
    /// Blocks to come that have no more coefficients in this band (section G.1.2.2).
    end_of_band_run: u32,
}

/// What a scan codes, and with which tables.
struct Coder {
    parts: Vec<Part>,
    first: u32,
    last: u32,
    refining: bool,
}

/// One component of a scan. Only the tables that the scan needs are there.
struct Part {
    component: usize,
    dc: Option<DcDifferences>,
    ac: Option<Table>,
}

impl Coder {
    fn of(scan: &Scan) -> Result<Self, Error> {
        let (first, last) = scan.header.spectrum;
        let refining = scan.header.bits.0 > 0;
        let part = |part: &super::scan::Part| -> Result<Part, Error> {
            let dc = (first == 0 && !refining).then(|| DcDifferences::new(scan.tables.dc(part.dc_table)?));
            let ac = (last > 0).then(|| Table::new(scan.tables.ac(part.ac_table)?));
            Ok(Part {
                component: part.component,
                dc: dc.transpose()?,
                ac: ac.transpose()?,
            })
        };
        Ok(Self {
            parts: scan.header.parts.iter().map(part).collect::<Result<_, _>>()?,
            first: u32::from(first),
            last: u32::from(last),
            refining,
        })
    }

    fn mcu(
        &self,
        data: &mut Interval,
        layout: &Layout,
        (x, y): (usize, usize),
        nonzero: &mut [Vec<u64>],
    ) -> Result<(), Error> {
        for part in &self.parts {
            let (Some(blocks), Some(nonzero)) =
                (layout.components.get(part.component), nonzero.get_mut(part.component))
            else {
                continue;
            };
            let alone = (self.parts.len() == 1).then_some(y * blocks.stride + x);
            let interleaved = alone.is_none().then(|| blocks.of_mcu(x, y));
            for block in alone.into_iter().chain(interleaved.into_iter().flatten()) {
                if let Some(nonzero) = nonzero.get_mut(block) {
                    self.block(part, data, nonzero)?;
                }
            }
        }
        if data.bits.is_beyond() {
            return Err(Error::corrupt("its compressed data ends too early"));
        }
        Ok(())
    }

    fn block(&self, part: &Part, data: &mut Interval, nonzero: &mut u64) -> Result<(), Error> {
        if let Some(dc) = &part.dc {
            dc.next(&mut data.bits)?;
        } else if self.first == 0 {
            data.bits.take(1);
        }
        match &part.ac {
            None => Ok(()),
            Some(ac) if self.refining => self.refine(ac, data, nonzero),
            Some(ac) => self.first_of_band(ac, data, nonzero),
        }
    }

    /// Section G.1.2.2: the first scan of a band.
    fn first_of_band(&self, table: &Table, data: &mut Interval, nonzero: &mut u64) -> Result<(), Error> {
        if data.end_of_band_run > 0 {
            data.end_of_band_run -= 1;
            return Ok(());
        }
        let mut k = self.first;
        while k <= self.last {
            let code = table.decode(&mut data.bits)?;
            let (zeros, size) = (u32::from(code >> 4), u32::from(code & 15));
            match (zeros, size) {
                (15, 0) => k += 16,
                (_, 0) => {
                    data.end_of_band_run = (1 << zeros) - 1 + data.bits.take(zeros);
                    return Ok(());
                }
                _ => {
                    k += zeros;
                    if k > self.last {
                        return Err(beyond());
                    }
                    data.bits.take(size);
                    *nonzero |= 1 << k;
                    k += 1;
                }
            }
        }
        Ok(())
    }

    /// Section G.1.2.3: one more bit for the coefficients that are known, and those that appear only now.
    fn refine(&self, table: &Table, data: &mut Interval, nonzero: &mut u64) -> Result<(), Error> {
        let mut k = self.first;
        while data.end_of_band_run == 0 && k <= self.last {
            let code = table.decode(&mut data.bits)?;
            let (mut zeros, size) = (u32::from(code >> 4), u32::from(code & 15));
            match (zeros, size) {
                (0..=14, 0) => {
                    data.end_of_band_run = (1 << zeros) + data.bits.take(zeros);
                    break;
                }
                (_, 0) => {}
                (_, 1) => {
                    data.bits.take(1); // the sign
                }
                _ => return Err(beyond()),
            }
            // Passes over as many zeros as said; each known coefficient on the way has its bit.
            while k <= self.last {
                if *nonzero >> k & 1 == 1 {
                    data.bits.take(1);
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                k += 1;
            }
            if size == 1 {
                if k > self.last {
                    return Err(beyond());
                }
                *nonzero |= 1 << k;
            }
            k += 1;
        }
        if data.end_of_band_run > 0 {
            data.end_of_band_run -= 1;
            let known = (k..=self.last).filter(|k| *nonzero >> k & 1 == 1).count();
            (0..known).for_each(|_| {
                data.bits.take(1);
            });
        }
        Ok(())
    }
}

fn beyond() -> Error {
    Error::corrupt("its compressed data reaches beyond a block")
}
