//! A scan: its header (ITU-T T.81 section B.2.3), and what is in force when it starts.

use super::frame::{Blocks, Frame, Layout};
use super::huffman::Tables;
use super::segments::{DHT, DRI, SOS, Segment};
use crate::Error;

/// Blocks of an MCU when components are interleaved (section B.2.3).
pub(super) const MOST_BLOCKS_IN_MCU: u32 = 10;

/// A scan with all that is needed to decode it.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    pub header: ScanHeader,
    pub tables: Tables<'a>,
    /// MCUs between two restart markers; 0 if there are none.
    pub restart_interval: u16,
    /// Entropy-coded data with its restart markers, as it stands.
    pub data: &'a [u8],
}

/// What a scan header says.
#[derive(Debug)]
pub(super) struct ScanHeader {
    pub parts: Vec<Part>,
    /// The first and the last coefficient that it codes, in zigzag order.
    pub spectrum: (u8, u8),
    /// The lowest bit that earlier scans coded (0: none did), and the lowest that this one codes.
    pub bits: (u8, u8),
}

/// One component of a scan.
#[derive(Debug)]
pub(super) struct Part {
    /// Its place among the components of the frame.
    pub component: usize,
    pub dc_table: u8,
    pub ac_table: u8,
}

impl ScanHeader {
    /// # Errors
    /// [`Error::CorruptImage`].
    pub fn read(payload: &[u8], frame: &Frame) -> Result<Self, Error> {
        let broken = || Error::corrupt("a scan header is malformed");
        let (count, rest) = payload.split_first().ok_or_else(broken)?;
        let (selectors, rest) = rest.split_at_checked(usize::from(*count) * 2).ok_or_else(broken)?;
        let &[first, last, approximation] = rest else {
            return Err(broken());
        };
        let mut parts: Vec<Part> = Vec::new();
        for selector in selectors.chunks_exact(2) {
            let &[id, slots] = selector else { return Err(broken()) };
            let is_it = |component: &super::frame::Component| component.id == id;
            let component = frame.components.iter().position(is_it).ok_or_else(broken)?;
            // Components come in the order of the frame, each once.
            if parts.last().is_some_and(|before| before.component >= component) {
                return Err(broken());
            }
            parts.push(Part {
                component,
                dc_table: slots >> 4,
                ac_table: slots & 15,
            });
        }
        let header = Self {
            parts,
            spectrum: (first, last),
            bits: (approximation >> 4, approximation & 15),
        };
        if header.parts.is_empty() || !header.fits(frame) || !header.fits_mcu(frame) {
            return Err(broken());
        }
        Ok(header)
    }

    /// Whether the coefficients that it codes are those that a scan of this frame may code.
    fn fits(&self, frame: &Frame) -> bool {
        let (first, last) = self.spectrum;
        if !frame.progressive {
            // Decoders of sequential frames do not look at these four, so a wrong one hides what the scan is.
            return (first, last) == (0, 63) && self.bits == (0, 0);
        }
        if first == 0 {
            return last == 0;
        }
        self.parts.len() == 1 && first <= last && last < 64
    }

    /// Whether an MCU has no more blocks than it may have.
    fn fits_mcu(&self, frame: &Frame) -> bool {
        let components = self
            .parts
            .iter()
            .filter_map(|part| frame.components.get(part.component));
        let blocks = components.map(|component| u32::from(component.sampling.0) * u32::from(component.sampling.1));
        self.parts.len() == 1 || blocks.sum::<u32>() <= MOST_BLOCKS_IN_MCU
    }
}

/// How the blocks of a scan lie (section A.2).
#[derive(Debug)]
pub(super) struct ScanLayout {
    /// MCUs across and down. Those of a component alone are single blocks; all others are the frame's.
    pub mcus: (usize, usize),
    /// The blocks of each part.
    parts: Vec<(usize, Blocks)>,
}

impl ScanLayout {
    pub fn of(header: &ScanHeader, layout: &Layout) -> Self {
        let parts = header.parts.iter().filter_map(|part| {
            let blocks = layout.components.get(part.component)?;
            Some((part.component, blocks.clone()))
        });
        let mut parts: Vec<(usize, Blocks)> = parts.collect();
        match parts.as_mut_slice() {
            [(_, alone)] => {
                alone.in_mcu = (1, 1);
                let mcus = alone.visible;
                Self { mcus, parts }
            }
            _ => Self {
                mcus: layout.mcus,
                parts,
            },
        }
    }

    /// MCUs in all.
    pub fn total(&self) -> usize {
        self.mcus.0 * self.mcus.1
    }

    /// The blocks of an MCU in the order of the scan.
    pub fn blocks(&self, mcu: usize) -> impl Iterator<Item = Place> {
        let (row, column) = (mcu / self.mcus.0.max(1), mcu % self.mcus.0.max(1));
        let parts = self.parts.iter().enumerate();
        parts.flat_map(move |(part, (component, blocks))| {
            let (component, step) = (*component, blocks.in_mcu.0);
            let place = move |block| Place {
                part,
                component,
                block,
                step,
            };
            blocks.of_mcu(column, row).map(place)
        })
    }

    /// How many MCUs of this scan one of the frame is, across and down.
    pub fn in_mcu(&self, layout: &Layout) -> (usize, usize) {
        match self.parts.as_slice() {
            [(component, _)] => layout.components.get(*component).map_or((1, 1), |blocks| blocks.in_mcu),
            _ => (1, 1),
        }
    }

    /// Which row and column of its component a block is in.
    pub fn row_and_column(&self, place: Place) -> (usize, usize) {
        let stride = self.parts.get(place.part).map_or(1, |(_, blocks)| blocks.stride.max(1));
        (place.block / stride, place.block % stride)
    }
}

/// A block of an MCU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Which part of the scan it belongs to, and which component of the frame.
    pub part: usize,
    pub component: usize,
    /// Which of the component's blocks it is.
    pub block: usize,
    /// How many blocks further it is in the next MCU of the row.
    pub step: usize,
}

/// The scans of a file, one after the other.
///
/// # Errors
/// [`Error::CorruptImage`] for malformed tables and headers.
pub(super) fn scans<'a, 's>(
    segments: &'s [Segment<'a>],
    frame: &'s Frame,
) -> impl Iterator<Item = Result<Scan<'a>, Error>> + use<'a, 's> {
    let mut tables = Tables::default();
    let mut restart_interval = 0;
    segments.iter().filter_map(move |segment| match segment.marker {
        DHT => tables.define(segment.payload).err().map(Err),
        DRI => {
            restart_interval = segment
                .payload
                .first_chunk()
                .map_or(0, |pair| u16::from_be_bytes(*pair));
            None
        }
        SOS => Some(ScanHeader::read(segment.payload, frame).map(|header| Scan {
            header,
            tables,
            restart_interval,
            data: segment.scan,
        })),
        _ => None,
    })
}

impl Scan<'_> {
    /// MCUs to a restart interval, of `total` MCUs: at least 1.
    pub fn interval(&self, total: usize) -> usize {
        match self.restart_interval {
            0 => total.max(1),
            interval => usize::from(interval),
        }
    }
}
