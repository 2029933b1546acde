//! Tables that pass over a block as fast as it goes: several AC symbols by one look-up, their values never looked at
//! (ITU-T T.81 section F.2.2.2).

use super::bits::Bits;
use super::huffman::{Code, Table, TableDefinition};
use crate::Error;

/// The bits that one look-up sees. With one more, two tables no longer fit the first-level cache beside everything else.
const SEEN: u32 = 12;

/// The highest index of a coefficient in zigzag order.
const LAST: u32 = 63;

/// The largest category of a DC difference of 8-bit samples (table F.1).
const LARGEST_DC_CATEGORY: u8 = 11;

/// The quantised DC coefficients that 8-bit samples have (section A.3.3), whatever the quantisation. So the difference of
/// any two is one of table F.1, also where one of them is new.
pub(super) const DC_RANGE: std::ops::RangeInclusive<i32> = -1024..=1023;

/// AC coefficients of 8-bit samples have at most 10 bits (table F.2).
pub(super) const LARGEST_AC: u16 = 1023;

/// An AC table that passes over the coefficients of a block.
#[derive(Debug)]
pub(super) struct AcSkips {
    /// By the next bits: what one look-up passes over.
    steps: Box<[Step; 1 << SEEN]>,
    /// For codes too long for that, and for the end of a block.
    single: Table,
}

/// As many whole symbols as the bits seen hold: bits 0–5 how many bits to consume, bits 6–12 how far the index of the
/// coefficient moves (one more if the block ends here), bit 15 whether the block ends.
#[derive(Debug, Clone, Copy)]
struct Step(u16);

impl Step {
    const END: u16 = 1 << 15;

    /// Not even one symbol. It moves beyond the block from everywhere.
    const NONE: Self = Self(127 << 6);

    #[inline(always)]
    fn bits(self) -> u32 {
        u32::from(self.0 & 63)
    }

    #[inline(always)]
    fn reach(self) -> u32 {
        u32::from(self.0 >> 6 & 127)
    }

    #[inline(always)]
    fn ends(self) -> bool {
        self.0 & Self::END != 0
    }
}

/// One AC symbol: a run of zeros and the size of the coefficient behind it.
enum Symbol {
    EndOfBlock,
    Zeros16,
    Coefficient { zeros: u32, size: u32 },
}

impl Symbol {
    #[inline]
    fn of(value: u8) -> Self {
        let (zeros, size) = (u32::from(value >> 4), u32::from(value & 15));
        match (zeros, size) {
            (15, 0) => Self::Zeros16,
            (_, 0) => Self::EndOfBlock,
            _ => Self::Coefficient { zeros, size },
        }
    }
}

impl AcSkips {
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn new(definition: TableDefinition) -> Result<Self, Error> {
        let seen = codes_seen(definition)?;
        let mut steps = Box::new([Step::NONE; 1 << SEEN]);
        for (next, step) in (0_u32..).zip(steps.iter_mut()) {
            *step = Step::of(next, &seen);
        }
        Ok(Self {
            steps,
            single: Table::new(definition)?,
        })
    }

    /// Passes over the AC coefficients of a block. At least 29 bits must be in the window.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] for an unknown code, or coefficients beyond the block.
    #[inline(always)]
    pub fn skip(&self, bits: &mut Bits) -> Result<(), Error> {
        let mut index = self.step(bits, 0)?;
        while index < LAST {
            bits.fill();
            // Two steps take at most 54 bits.
            index = self.step(bits, index)?;
            if index < LAST {
                index = self.step(bits, index)?;
            }
        }
        Ok(())
    }

    /// Passes over as many symbols as one look-up knows. Gives the index reached: the last one at the end of the block.
    #[inline(always)]
    fn step(&self, bits: &mut Bits, index: u32) -> Result<u32, Error> {
        let step = self.steps.get(bits.peek(SEEN) as usize).copied().unwrap_or(Step::NONE);
        let reached = index + step.reach();
        if reached > LAST {
            let (behind, reached) = self.skip_one(*bits, index)?;
            *bits = behind;
            return Ok(reached);
        }
        bits.consume(step.bits());
        Ok(if step.ends() { LAST } else { reached })
    }

    /// Passes over one symbol; gives the index reached, the last one at the end of the block.
    #[inline(never)]
    fn skip_one<'b>(&self, mut bits: Bits<'b>, index: u32) -> Result<(Bits<'b>, u32), Error> {
        let reached = match Symbol::of(self.single.decode(&mut bits)?) {
            Symbol::EndOfBlock => LAST,
            Symbol::Zeros16 => index + 16,
            Symbol::Coefficient { zeros, size } => {
                bits.consume(size);
                index + zeros + 1
            }
        };
        if reached > LAST {
            return Err(Error::corrupt("its compressed data reaches beyond a block"));
        }
        // As many as there would be behind a step, whatever the code took.
        bits.fill();
        Ok((bits, reached))
    }
}

/// By the bits seen: length and value of the first code, length 0 if it is longer than what is seen.
fn codes_seen(definition: TableDefinition) -> Result<Vec<(u32, u8)>, Error> {
    let mut seen = vec![(0, 0); 1 << SEEN];
    for Code { bits, length, value } in definition.codes()? {
        if length <= SEEN {
            let entries = seen.iter_mut().skip((bits << (SEEN - length)) as usize);
            entries
                .take(1 << (SEEN - length))
                .for_each(|entry| *entry = (length, value));
        }
    }
    Ok(seen)
}

impl Step {
    /// Takes as many whole codes out of the next bits as there are. The value bits of the last one may lie beyond.
    fn of(next: u32, seen: &[(u32, u8)]) -> Self {
        let (mut consumed, mut reach, mut end) = (0, 0, 0);
        while consumed < SEEN && end == 0 {
            let ahead = (next << consumed) & ((1 << SEEN) - 1);
            let (length, value) = seen.get(ahead as usize).copied().unwrap_or_default();
            if length == 0 || consumed + length > SEEN {
                break;
            }
            let (bits, moved) = match Symbol::of(value) {
                Symbol::EndOfBlock => {
                    end = Self::END;
                    (length, 1)
                }
                Symbol::Zeros16 => (length, 16),
                Symbol::Coefficient { zeros, size } => (length + size, zeros + 1),
            };
            if reach + moved > LAST {
                end = 0;
                break;
            }
            (consumed, reach) = (consumed + bits, reach + moved);
        }
        if consumed == 0 {
            return Self::NONE;
        }
        // At most 11 + 1 + 15 bits and an index of 63: both fit.
        Self(consumed as u16 | (reach as u16) << 6 | end)
    }
}

/// A DC table that gives differences.
#[derive(Debug)]
pub(super) struct DcDifferences(Table);

impl DcDifferences {
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn new(definition: TableDefinition) -> Result<Self, Error> {
        Table::new(definition).map(Self)
    }

    /// The next difference to the DC coefficient before (section F.2.2.1).
    ///
    /// # Errors
    /// [`Error::CorruptImage`] for an unknown code, or a category that 8-bit samples do not have.
    #[inline(always)]
    pub fn next(&self, bits: &mut Bits) -> Result<i32, Error> {
        let category = self.0.decode(bits)?;
        if category > LARGEST_DC_CATEGORY {
            return Err(Error::corrupt("the brightness of a block jumps beyond all bounds"));
        }
        let category = u32::from(category);
        // Code and value take at most 27 of the 56 bits or more that there were.
        Ok(extended(bits.take_filled(category), category))
    }

    /// The DC coefficient that comes after another one.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] as [`Self::next`], and when it is one that 8-bit samples do not have.
    #[inline(always)]
    pub fn following(&self, before: i32, bits: &mut Bits) -> Result<i32, Error> {
        let dc = before + self.next(bits)?;
        if DC_RANGE.contains(&dc) {
            Ok(dc)
        } else {
            Err(Error::corrupt("the brightness of a block is beyond all bounds"))
        }
    }
}

/// A value from the bits behind its code: the lower half of a category is negative (figure F.12).
#[inline(always)]
pub(super) fn extended(value: u32, category: u32) -> i32 {
    let (value, half) = (value as i32, (1 << category) >> 1);
    if value < half {
        value - (1 << category) + 1
    } else {
        value
    }
}
