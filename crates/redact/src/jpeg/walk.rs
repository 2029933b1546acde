//! Walks over the entropy-coded data of all scans without decoding values, to see that it is whole.
//!
//! Decoders forgive: left-over data at the end of a scan, restart markers out of order, a last run that reaches beyond
//! the picture. Each means that something was damaged, and then nobody knows what is where. Here each restart
//! interval must end exactly with its last block.

use super::header::Frame;
use super::huffman::{Bits, Table, TableDefinition};
use super::segments::{DHT, DRI, SOS, Segment};
use crate::Error;

/// Checks every scan.
///
/// # Errors
/// [`Error::CorruptImage`].
pub(super) fn check_scans<'a>(segments: impl Iterator<Item = Segment<'a>>, frame: &Frame) -> Result<(), Error> {
    let mut walk = Walk::new(frame);
    for segment in segments {
        match segment.marker {
            DHT => walk.tables(segment.payload)?,
            DRI => {
                walk.restart_interval = segment
                    .payload
                    .first_chunk()
                    .map_or(0, |pair| u16::from_be_bytes(*pair))
            }
            SOS => walk.scan(&segment)?,
            _ => {}
        }
    }
    Ok(())
}

/// What is in force as the walk goes on.
struct Walk<'a> {
    progressive: bool,
    components: Vec<Plane>,
    /// MCUs of an interleaved scan, across and down.
    mcus: (usize, usize),
    dc_tables: [Option<TableDefinition<'a>>; 4],
    ac_tables: [Option<TableDefinition<'a>>; 4],
    restart_interval: u16,
}

/// The blocks of one component.
struct Plane {
    id: u8,
    /// Blocks of an MCU, across and down.
    in_mcu: (usize, usize),
    /// Blocks of a scan of this component alone, across and down.
    alone: (usize, usize),
    /// Blocks in memory across, whole MCUs.
    stride: usize,
    /// For each block, which coefficients are not zero: bit k for the k-th in zigzag order. Refining scans depend
    /// on it. Empty unless progressive.
    nonzero: Vec<u64>,
}

/// What a scan codes, from its header.
struct Scan {
    parts: Vec<Part>,
    first: u32,
    last: u32,
    refining: bool,
}

/// One component of a scan.
struct Part {
    plane: usize,
    dc: Option<Table>,
    ac: Option<Table>,
}

impl<'a> Walk<'a> {
    fn new(frame: &Frame) -> Self {
        let (width, height) = (usize::from(frame.width), usize::from(frame.height));
        let most = |factor: fn((u8, u8)) -> u8| {
            frame
                .components
                .iter()
                .map(|part| factor(part.sampling))
                .max()
                .map_or(1, usize::from)
        };
        let (h_most, v_most) = (most(|(h, _)| h), most(|(_, v)| v));
        let mcus = (width.div_ceil(8 * h_most), height.div_ceil(8 * v_most));
        let components = frame.components.iter().map(|component| {
            let (h, v) = (usize::from(component.sampling.0), usize::from(component.sampling.1));
            let alone = (
                (width * h).div_ceil(h_most).div_ceil(8),
                (height * v).div_ceil(v_most).div_ceil(8),
            );
            let blocks = if frame.progressive { mcus.0 * h * mcus.1 * v } else { 0 };
            Plane {
                id: component.id,
                in_mcu: (h, v),
                alone,
                stride: mcus.0 * h,
                nonzero: vec![0; blocks],
            }
        });
        Self {
            progressive: frame.progressive,
            components: components.collect(),
            mcus,
            dc_tables: [None; 4],
            ac_tables: [None; 4],
            restart_interval: 0,
        }
    }

    fn tables(&mut self, mut payload: &'a [u8]) -> Result<(), Error> {
        let broken = || Error::corrupt("a Huffman table is malformed");
        while !payload.is_empty() {
            let (head, definition, rest) = TableDefinition::split_off(payload).ok_or_else(broken)?;
            let tables = if head >> 4 == 0 {
                &mut self.dc_tables
            } else {
                &mut self.ac_tables
            };
            let slot = tables
                .get_mut(usize::from(head & 15))
                .filter(|_| head < 32)
                .ok_or_else(broken)?;
            *slot = Some(definition);
            payload = rest;
        }
        Ok(())
    }

    fn scan(&mut self, segment: &Segment<'a>) -> Result<(), Error> {
        let scan = self.scan_header(segment.payload)?;
        let mcus = match scan.parts.as_slice() {
            [alone] => self.components.get(alone.plane).map_or((0, 0), |plane| plane.alone),
            _ => self.mcus,
        };
        let total = mcus.0 * mcus.1;
        let interval = if self.restart_interval == 0 {
            total
        } else {
            usize::from(self.restart_interval)
        };
        let mut data = segment.scan;
        for (index, start) in (0..total).step_by(interval.max(1)).enumerate() {
            let (bytes, restart, rest) = split_interval(data);
            let end = total.min(start + interval);
            let expected = (end < total).then_some(0xD0 + (index % 8) as u8);
            if restart != expected {
                return Err(Error::corrupt("its restart markers are not in order"));
            }
            self.interval(&scan, bytes, mcus.0, start..end)?;
            data = rest;
        }
        Ok(())
    }

    fn scan_header(&self, payload: &[u8]) -> Result<Scan, Error> {
        let broken = || Error::corrupt("a scan header is malformed");
        let (count, rest) = payload.split_first().ok_or_else(broken)?;
        let (selectors, spectrum) = rest.split_at_checked(usize::from(*count) * 2).ok_or_else(broken)?;
        let &[first, last, approximation] = spectrum else {
            return Err(broken());
        };
        let (first, last) = if self.progressive {
            (u32::from(first), u32::from(last))
        } else {
            (0, 63)
        };
        let refining = self.progressive && approximation >> 4 != 0;
        let alone = *count == 1;
        let spectrum_fits = !self.progressive
            || if first == 0 {
                last == 0
            } else {
                alone && first <= last && last < 64
            };
        if !spectrum_fits || !(1..=4).contains(count) {
            return Err(broken());
        }
        let table =
            |definition: Option<&Option<TableDefinition>>| definition.copied().flatten().map(Table::new).transpose();
        let mut parts = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let &[id, slots] = selector else { return Err(broken()) };
            let plane = self
                .components
                .iter()
                .position(|plane| plane.id == id)
                .ok_or_else(broken)?;
            let dc = table(self.dc_tables.get(usize::from(slots >> 4)))?;
            let ac = table(self.ac_tables.get(usize::from(slots & 15)))?;
            parts.push(Part { plane, dc, ac });
        }
        Ok(Scan {
            parts,
            first,
            last,
            refining,
        })
    }

    /// The MCUs of one restart interval.
    fn interval(
        &mut self,
        scan: &Scan,
        bytes: &[u8],
        across: usize,
        mcus: std::ops::Range<usize>,
    ) -> Result<(), Error> {
        let mut bits = Bits::of(bytes);
        let mut end_of_band_run = 0;
        for mcu in mcus {
            let (x, y) = (mcu % across.max(1), mcu / across.max(1));
            for part in &scan.parts {
                let Some(plane) = self.components.get_mut(part.plane) else {
                    continue;
                };
                let (h, v) = if scan.parts.len() == 1 { (1, 1) } else { plane.in_mcu };
                for (row, column) in (0..v).flat_map(|row| (0..h).map(move |column| (row, column))) {
                    let block = (y * v + row) * plane.stride + x * h + column;
                    let nonzero = plane.nonzero.get_mut(block);
                    part.block(scan, &mut bits, nonzero, &mut end_of_band_run)?;
                }
            }
        }
        if end_of_band_run > 0 {
            return Err(Error::corrupt("a run reaches beyond the end of its scan"));
        }
        if !bits.is_at_end() {
            return Err(Error::corrupt(
                "there is more compressed data than the picture has room for",
            ));
        }
        Ok(())
    }
}

impl Part {
    /// One block. `nonzero` is there if the frame is progressive.
    fn block(&self, scan: &Scan, bits: &mut Bits, nonzero: Option<&mut u64>, run: &mut u32) -> Result<(), Error> {
        match nonzero {
            None => {
                self.dc(bits)?;
                sequential_ac(table(&self.ac)?, bits)
            }
            Some(_) if scan.first == 0 && scan.refining => bits.skip(1),
            Some(_) if scan.first == 0 => self.dc(bits),
            Some(nonzero) if scan.refining => refining_ac(table(&self.ac)?, scan, bits, nonzero, run),
            Some(nonzero) => first_ac(table(&self.ac)?, scan, bits, nonzero, run),
        }
    }

    fn dc(&self, bits: &mut Bits) -> Result<(), Error> {
        let size = table(&self.dc)?.decode(bits)?;
        if size > 15 {
            return Err(beyond());
        }
        bits.skip(u32::from(size))
    }
}

/// Section F.2.2.2.
fn sequential_ac(table: &Table, bits: &mut Bits) -> Result<(), Error> {
    let mut k = 1;
    while k <= 63 {
        let code = table.decode(bits)?;
        let (zeros, size) = (u32::from(code >> 4), u32::from(code & 15));
        match (zeros, size) {
            (15, 0) => k += 16,
            (_, 0) => return Ok(()),
            _ => {
                k += zeros + 1;
                if k > 64 {
                    return Err(beyond());
                }
                bits.skip(size)?;
            }
        }
    }
    Ok(())
}

/// Section G.1.2.2: the first scan of a band.
fn first_ac(table: &Table, scan: &Scan, bits: &mut Bits, nonzero: &mut u64, run: &mut u32) -> Result<(), Error> {
    if *run > 0 {
        *run -= 1;
        return Ok(());
    }
    let mut k = scan.first;
    while k <= scan.last {
        let code = table.decode(bits)?;
        let (zeros, size) = (u32::from(code >> 4), u32::from(code & 15));
        match (zeros, size) {
            (15, 0) => k += 16,
            (_, 0) => {
                *run = (1 << zeros) - 1 + bits.take(zeros)?;
                return Ok(());
            }
            _ => {
                k += zeros;
                if k > scan.last {
                    return Err(beyond());
                }
                bits.skip(size)?;
                *nonzero |= 1 << k;
                k += 1;
            }
        }
    }
    Ok(())
}

/// Section G.1.2.3: one more bit for the coefficients that are known, and those that appear only now.
fn refining_ac(table: &Table, scan: &Scan, bits: &mut Bits, nonzero: &mut u64, run: &mut u32) -> Result<(), Error> {
    let mut k = scan.first;
    while *run == 0 && k <= scan.last {
        let code = table.decode(bits)?;
        let (mut zeros, size) = (u32::from(code >> 4), u32::from(code & 15));
        match (zeros, size) {
            (0..=14, 0) => {
                *run = (1 << zeros) + bits.take(zeros)?;
                break;
            }
            (_, 0) => {}
            (_, 1) => bits.skip(1)?, // the sign
            _ => return Err(beyond()),
        }
        // Passes over as many zeros as said; each known coefficient on the way has its bit.
        while k <= scan.last {
            if *nonzero >> k & 1 == 1 {
                bits.skip(1)?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            k += 1;
        }
        if size == 1 {
            if k > scan.last {
                return Err(beyond());
            }
            *nonzero |= 1 << k;
        }
        k += 1;
    }
    if *run > 0 {
        *run -= 1;
        let known = (k..=scan.last).filter(|k| *nonzero >> k & 1 == 1).count();
        (0..known).try_for_each(|_| bits.skip(1))?;
    }
    Ok(())
}

/// The data up to the next restart marker, that marker, and what follows it.
fn split_interval(data: &[u8]) -> (&[u8], Option<u8>, &[u8]) {
    let is_restart = |pair: &[u8]| matches!(pair, [0xFF, 0xD0..=0xD7]);
    let Some(at) = data.windows(2).position(is_restart) else {
        return (data, None, &[]);
    };
    let (before, rest) = data.split_at_checked(at).unwrap_or((data, &[]));
    // Fill bytes may stand before a marker (section B.1.1.2).
    let filled = before.iter().rev().take_while(|byte| **byte == 0xFF).count();
    let interval = before.get(..before.len() - filled).unwrap_or_default();
    (interval, rest.get(1).copied(), rest.get(2..).unwrap_or_default())
}

fn table(table: &Option<Table>) -> Result<&Table, Error> {
    table
        .as_ref()
        .ok_or_else(|| Error::corrupt("a Huffman table is missing"))
}

fn beyond() -> Error {
    Error::corrupt("its compressed data reaches beyond a block")
}
