//! The frame: how large the picture is, what its components are, and how their blocks lie (ITU-T T.81 sections A.1, A.2
//! and B.2.2).

use crate::Error;

/// A quantisation table in natural order (row by row), as opposed to the file's zigzag order.
pub(super) type QuantTable = [u16; 64];

/// The frame header (ITU-T T.81 section B.2.2).
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub progressive: bool,
    pub width: u16,
    pub height: u16,
    pub components: Vec<Component>,
}

/// One component of the frame: one, three or four of them.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub id: u8,
    /// Sampling factors across and down, each 1–4.
    pub sampling: (u8, u8),
    pub table: u8,
    /// The table in force at the component's first scan.
    pub quant: Option<QuantTable>,
    /// Of each coefficient in zigzag order, the lowest bit that the scans so far have coded; `None` before the first.
    pub coded: [Option<u8>; 64],
}

impl Frame {
    pub fn read(marker: u8, payload: &[u8]) -> Result<Self, Error> {
        let broken = || Error::corrupt("the frame header is malformed");
        let &[precision, h1, h0, w1, w0, count, ref components @ ..] = payload else {
            return Err(broken());
        };
        if precision != 8 {
            return Err(Error::UnsupportedFormat(if precision == 12 {
                "12-bit JPEG"
            } else {
                "this depth of JPEG"
            }));
        }
        let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
        if height == 0 {
            return Err(Error::UnsupportedFormat(
                "a JPEG that states its height at its end (DNL)",
            ));
        }
        if width == 0 || components.len() != usize::from(count) * 3 {
            return Err(broken());
        }
        let components: Vec<Component> = components.chunks_exact(3).filter_map(Component::read).collect();
        if components.len() != usize::from(count) {
            return Err(broken());
        }
        match components.len() {
            1 | 3 | 4 => Ok(Self {
                progressive: marker == 0xC2,
                width,
                height,
                components,
            }),
            _ => Err(Error::UnsupportedFormat(
                "a JPEG of two or more than four colour components",
            )),
        }
    }

    /// An estimate of what decoding and encoding take, in bytes: the component planes and the pixels, and, unless there
    /// is one sequential scan, all coefficients in 16 bits. The decoder of previews then has its own copy of them.
    pub fn memory(&self, scans: usize) -> u64 {
        let layout = Layout::of(self);
        let pixels = layout.total() * layout.mcu_pixels.0 * layout.mcu_pixels.1;
        let samples: usize = layout.components.iter().map(|blocks| blocks.total * 64).sum();
        let coefficients = if self.progressive || scans > 1 { 4 * samples } else { 0 };
        (2 * pixels * self.components.len() + coefficients) as u64
    }
}

impl Component {
    /// Sampling factors across and down.
    fn factors(&self) -> (usize, usize) {
        (usize::from(self.sampling.0), usize::from(self.sampling.1))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[id, sampling, table] = bytes else { return None };
        let (across, down) = (sampling >> 4, sampling & 15);
        let valid = (1..=4).contains(&across) && (1..=4).contains(&down) && table < 4;
        valid.then_some(Self {
            id,
            sampling: (across, down),
            table,
            quant: None,
            coded: [None; 64],
        })
    }
}

pub(super) fn natural_order(values: &[u8], wide: bool) -> QuantTable {
    let mut table = [0; 64];
    for (index, place) in ZIGZAG.iter().enumerate() {
        let value = if wide {
            values
                .get(index * 2..)
                .and_then(|rest| rest.first_chunk())
                .map(|pair| u16::from_be_bytes(*pair))
        } else {
            values.get(index).copied().map(u16::from)
        };
        if let (Some(slot), Some(value)) = (table.get_mut(*place), value) {
            *slot = value;
        }
    }
    table
}

/// Where the zigzag sequence stands in natural order (ITU-T T.81 figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [usize; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// How the blocks of a frame lie (section A.2) when all components are interleaved: MCUs from left to right and top to
/// bottom, in each of them the blocks of the components in turn.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// MCUs across and down.
    pub mcus: (usize, usize),
    /// Width and height of an MCU in pixels.
    pub mcu_pixels: (usize, usize),
    pub components: Vec<Blocks>,
}

/// The blocks of one component.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    /// Blocks of an MCU, across and down.
    pub in_mcu: (usize, usize),
    /// Blocks that hold pixels of the picture, across and down; those beyond only fill up the last MCUs. A scan of this
    /// component alone has these and no others.
    pub visible: (usize, usize),
    /// Blocks across, whole MCUs.
    pub stride: usize,
    /// Blocks in all, whole MCUs.
    pub total: usize,
}

impl Layout {
    pub fn of(frame: &Frame) -> Self {
        let (width, height) = (usize::from(frame.width), usize::from(frame.height));
        let factors = || frame.components.iter().map(Component::factors);
        let most_across = factors().map(|(h, _)| h).max().unwrap_or(1);
        let most_down = factors().map(|(_, v)| v).max().unwrap_or(1);
        // A component alone is not interleaved: whatever its factors, an MCU is one block (section A.2.2).
        let is_alone = frame.components.len() == 1;
        let mcu_pixels = if is_alone {
            (8, 8)
        } else {
            (8 * most_across, 8 * most_down)
        };
        let mcus = (width.div_ceil(mcu_pixels.0), height.div_ceil(mcu_pixels.1));
        let components = factors().map(|(h, v)| {
            let in_mcu = if is_alone { (1, 1) } else { (h, v) };
            let visible = (
                (width * h).div_ceil(most_across).div_ceil(8),
                (height * v).div_ceil(most_down).div_ceil(8),
            );
            let stride = mcus.0 * in_mcu.0;
            Blocks {
                in_mcu,
                visible,
                stride,
                total: stride * mcus.1 * in_mcu.1,
            }
        });
        Self {
            mcus,
            mcu_pixels,
            components: components.collect(),
        }
    }

    /// MCUs in all.
    pub fn total(&self) -> usize {
        self.mcus.0 * self.mcus.1
    }
}

impl Blocks {
    /// Blocks down, whole MCUs.
    pub fn rows(&self) -> usize {
        self.total / self.stride.max(1)
    }

    /// Where the blocks of an MCU stand among all blocks of the component, in the order in which they are coded.
    pub fn of_mcu(&self, across: usize, down: usize) -> impl Iterator<Item = usize> + use<> {
        let (h, v) = self.in_mcu;
        let first = down * v * self.stride + across * h;
        let stride = self.stride;
        (0..v).flat_map(move |row| (0..h).map(move |column| first + row * stride + column))
    }
}
