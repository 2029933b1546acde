//! Tables that pass over a block as fast as it goes: several AC symbols by one look-up, their values never looked at
//! (ITU-T T.81 section F.2.2.2).

use super::bits::Bits;
use super::huffman::{Code, Table, TableDefinition};
use crate::Error;

/// The bits that one look-up sees. With one more, two tables no longer fit the first-level cache beside everything else.
const SEEN: u32 = 13;

/// The most bits that a step takes, so that three can follow each other: codes and values of more are rare.
const MOST_BITS: u16 = 18;

/// The highest index of a coefficient in zigzag order.
const LAST: u32 = 63;

/// The largest category of a DC difference of 8-bit samples (table F.1).
pub(super) const LARGEST_DC_CATEGORY: u8 = 11;

/// The quantised DC coefficients that 8-bit samples have (section A.3.3), whatever the quantisation. So the difference of
/// any two is one of table F.1, also where one of them is new.
pub(super) const DC_RANGE: std::ops::RangeInclusive<i32> = -1024..=1023;

/// AC coefficients of 8-bit samples have at most 10 bits (table F.2).
const MOST_AC_BITS: u32 = 10;
pub(super) const LARGEST_AC: u16 = (1 << MOST_AC_BITS) - 1;

/// An AC table that passes over the coefficients of a block.
#[derive(Debug)]
pub(super) struct AcSkips {
    /// By the next bits: what one look-up passes over.
    steps: Box<[Step; 1 << SEEN]>,
    /// The same for codes too long for that, one symbol each: by how much the next 16 bits are more than `first_long`.
    long: Vec<Step>,
    first_long: u32,
    /// For one symbol at a time.
    single: Table,
}

/// As many whole symbols as the bits seen hold: bits 0–5 how many bits to consume, bits 6–12 how far the index of the
/// coefficient moves (one more if the block ends here), bit 15 whether the block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step(u16);

impl Step {
    const END: u16 = 1 << 15;

    /// That as it stands in [`Self::reach`].
    const BEYOND: u32 = (Self::END >> 6) as u32;

    /// The first symbol is one of a code that is not seen whole. Like [`Self::NONE`] it moves beyond the block from
    /// everywhere.
    const LONG: Self = Self(126 << 6);

    /// Nothing that could be.
    const NONE: Self = Self(127 << 6);

    /// How far the index of the coefficient moves: [`Self::BEYOND`] more if the block ends.
    #[inline(always)]
    fn reach(self) -> u32 {
        u32::from(self.0 >> 6)
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

    /// The bits behind the code, how far the index moves, and [`Step::END`] if the block ends.
    fn passed(self) -> (u32, u32, u16) {
        match self {
            Self::EndOfBlock => (0, 1, Step::END),
            Self::Zeros16 => (0, 16, 0),
            Self::Coefficient { zeros, size } => (size, zeros + 1, 0),
        }
    }
}

impl AcSkips {
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn new(definition: TableDefinition) -> Result<Self, Error> {
        let seen = codes_seen(definition)?;
        let mut steps = Box::new([Step::LONG; 1 << SEEN]);
        for (next, step) in (0..).zip(steps.iter_mut()) {
            *step = Step::of(next, &seen);
        }
        let (first_long, long) = long_steps(definition)?;
        Ok(Self {
            steps,
            long,
            first_long,
            single: Table::new(definition)?,
        })
    }

    /// Passes over the AC coefficients of a block. At least 18 bits must be in the window.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] for an unknown code, or coefficients beyond the block.
    #[inline(always)]
    pub fn skip(&self, bits: &mut Bits) -> Result<(), Error> {
        let mut index = self.step(bits, 0)?;
        while index < LAST {
            bits.fill();
            // Enough for three steps.
            index = self.step(bits, index)?;
            if index < LAST {
                index = self.step(bits, index)?;
            }
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
        if reached < LAST {
            bits.consume_lowest(step.0);
            return Ok(reached);
        }
        if reached & !Step::BEYOND <= LAST {
            bits.consume_lowest(step.0);
            return Ok(LAST);
        }
        let mut copy = *bits;
        let reached = self.step_of_long_code(&mut copy, step, index)?;
        bits.go_on_as(copy);
        Ok(reached)
    }

    /// The same where a look-up of short codes is not enough.
    #[inline(never)]
    fn step_of_long_code(&self, bits: &mut Bits, step: Step, index: u32) -> Result<u32, Error> {
        bits.fill();
        if step == Step::LONG {
            let next = bits.peek(16).wrapping_sub(self.first_long);
            let step = self.long.get(next as usize).copied().unwrap_or(Step::NONE);
            let reached = index + step.reach();
            if reached & !Step::BEYOND <= LAST {
                bits.consume_lowest(step.0);
                // As many as there would be behind a step of short codes.
                bits.fill();
                return Ok(reached.min(LAST));
            }
        }
        self.skip_one(bits, index)
    }

    /// Passes over one symbol, where a step of several would reach beyond the block; gives the index reached, the last one
    /// at the end of the block.
    fn skip_one(&self, bits: &mut Bits, index: u32) -> Result<u32, Error> {
        let reached = match Symbol::of(self.single.decode(bits)?) {
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
        // The same.
        bits.fill();
        Ok(reached)
    }
}

/// By the bits seen: the length of the first code, and the step over its symbol. A code that is not seen whole counts as
/// longer than what is seen.
fn codes_seen(definition: TableDefinition) -> Result<Vec<(u16, Step)>, Error> {
    let mut seen = vec![(SEEN as u16 + 1, Step::NONE); 1 << SEEN];
    for code in definition.codes()?.iter().filter(|code| code.length <= SEEN) {
        let spare = SEEN - code.length;
        let entries = seen.iter_mut().skip((code.bits << spare) as usize).take(1 << spare);
        entries.for_each(|entry| *entry = (code.length as u16, Step::over(code)));
    }
    Ok(seen)
}

/// The codes that are longer than what is seen, filled up to 16 bits: the first of them, and, by how much the next bits are
/// more than that, what a code passes over.
fn long_steps(definition: TableDefinition) -> Result<(u32, Vec<Step>), Error> {
    let codes = definition.codes()?;
    let filled_up = |code: &Code| code.bits << (16 - code.length);
    let long = || codes.iter().filter(|code| code.length > SEEN);
    let first = long().next().map_or(0, filled_up);
    let mut steps = Vec::new();
    for code in long() {
        // No more bits than a step of short codes takes; 8-bit samples have no such coefficients.
        let step = match Symbol::of(code.value) {
            Symbol::Coefficient { size, .. } if size > MOST_AC_BITS => Step::NONE,
            _ => Step::over(code),
        };
        let start = (filled_up(code) - first) as usize;
        steps.resize(start, Step::NONE);
        steps.resize(start + (1 << (16 - code.length)), step);
    }
    Ok((first, steps))
}

impl Step {
    /// Over a single symbol.
    fn over(code: &Code) -> Self {
        let (bits, reach, end) = Symbol::of(code.value).passed();
        Self((code.length + bits) as u16 | (reach as u16) << 6 | end)
    }

    /// Takes as many whole codes out of the next bits as there are. The value bits of the last one may lie beyond.
    fn of(next: u16, seen: &[(u16, Self)]) -> Self {
        // Bits and reaches add up; neither runs over.
        let mut all = 0;
        while all & 63 < SEEN as u16 && all & Self::END == 0 {
            let ahead = next << (all & 63) & ((1 << SEEN) - 1);
            let (length, step) = seen.get(usize::from(ahead)).copied().unwrap_or((0, Self::NONE));
            let more = all + step.0;
            let is_seen = (all & 63) + length <= SEEN as u16;
            if !is_seen || more & 63 > MOST_BITS || Self(more).reach() & !Self::BEYOND > LAST {
                break;
            }
            all = more;
        }
        if all == 0 { Self::LONG } else { Self(all) }
    }
}

/// The bits by which the code of a DC difference is found; nearly all are shorter.
const DC_SEEN: u32 = 10;

/// A DC table that gives differences.
#[derive(Debug)]
pub(super) struct DcDifferences {
    /// By the next bits: how long the code is, and that with its value. 0 for a longer code or one that may not be.
    seen: Vec<(u8, u8)>,
    /// For those.
    single: Table,
}

impl DcDifferences {
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn new(definition: TableDefinition) -> Result<Self, Error> {
        let mut seen = vec![(0, 0); 1 << DC_SEEN];
        let is_seen = |code: &Code| code.length <= DC_SEEN && code.value <= LARGEST_DC_CATEGORY;
        for code in definition.codes()?.into_iter().filter(is_seen) {
            let spare = DC_SEEN - code.length;
            let entries = seen.iter_mut().skip((code.bits << spare) as usize).take(1 << spare);
            entries.for_each(|entry| *entry = (code.length as u8, code.length as u8 + code.value));
        }
        let single = Table::new(definition)?;
        Ok(Self { seen, single })
    }

    /// The next difference to the DC coefficient before (section F.2.2.1). At least 29 bits are left in the window.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] for an unknown code, or a category that 8-bit samples do not have.
    #[inline(always)]
    pub fn next(&self, bits: &mut Bits) -> Result<i32, Error> {
        bits.fill();
        match self.seen.get(bits.peek(DC_SEEN) as usize) {
            Some((length @ 1.., whole)) => {
                let (length, whole) = (u32::from(*length), u32::from(*whole));
                let value = bits.peek(whole);
                bits.consume(whole);
                let category = whole - length;
                Ok(extended(value & !(u32::MAX << category), category))
            }
            _ => {
                let mut copy = *bits;
                let difference = self.next_of_long_code(&mut copy)?;
                bits.go_on_as(copy);
                Ok(difference)
            }
        }
    }

    #[inline(never)]
    fn next_of_long_code(&self, bits: &mut Bits) -> Result<i32, Error> {
        let category = self.single.decode(bits)?;
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Numbers that look random and are the same each time (xorshift).
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % below
        }
    }

    /// A table of codes of all lengths: `counts` of each, and the values 0, 1, 2… in a random order.
    fn table(numbers: &mut Numbers) -> ([u8; 16], Vec<u8>) {
        let (mut counts, mut room) = ([0; 16], 1);
        for count in &mut counts {
            room *= 2;
            let most: usize = (room - 1).min(24);
            *count = numbers.next(most + 1) as u8;
            room -= usize::from(*count);
        }
        let mut values: Vec<u8> = (0..=255).collect();
        (0..256).for_each(|place| values.swap(place, numbers.next(256)));
        values.truncate(counts.iter().map(|count| usize::from(*count)).sum());
        (counts, values)
    }

    /// What passes over a block without any look-up of more than one symbol.
    fn one_by_one(table: &Table, bits: &mut Bits) -> Result<(), ()> {
        let mut index = 0;
        while index < LAST {
            let (size, moved, end) = Symbol::of(table.decode(bits).map_err(|_| ())?).passed();
            bits.take(size);
            index = if end > 0 { LAST } else { index + moved };
        }
        if index > LAST { Err(()) } else { Ok(()) }
    }

    #[test]
    fn several_symbols_at_once_end_where_one_after_the_other_do() {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        let (mut whole, mut broken) = (0, 0);
        for _ in 0..40 {
            let (counts, values) = table(&mut numbers);
            let definition = TableDefinition {
                counts: &counts,
                values: &values,
            };
            let (skips, single) = (AcSkips::new(definition).unwrap(), Table::new(definition).unwrap());
            let data: Vec<u8> = (0..400).map(|_| numbers.next(255) as u8).collect();
            for start in 0..300 {
                let (mut fast, mut slow) = (Bits::from_byte(&data, start), Bits::from_byte(&data, start));
                let outcome = one_by_one(&single, &mut slow);
                assert_eq!(skips.skip(&mut fast).map_err(|_| ()), outcome);
                if outcome.is_ok() {
                    assert_eq!(fast.mark().place(&data), slow.mark().place(&data));
                    whole += 1;
                } else {
                    broken += 1;
                }
            }
        }
        assert!(
            whole > 1000 && broken > 1000,
            "{whole} blocks were whole, {broken} broken"
        );
    }

    #[test]
    fn the_longest_steps_and_codes_may_follow_each_other() {
        // The end of the block in 2 bits, and a value of 10 bits behind a code of 8, or behind one of 16.
        let mut counts = [0; 16];
        (counts[1], counts[7], counts[15]) = (1, 1, 1);
        let values = [0x00, 0x0A, 0x0A];
        let definition = TableDefinition {
            counts: &counts,
            values: &values,
        };
        let [end, short, long] = ["00", "010000001010101010", "01000001000000001010101010"];
        let (skips, single) = (AcSkips::new(definition).unwrap(), Table::new(definition).unwrap());
        for pattern in 0..1 << 8 {
            let symbols = (0..8).map(|place| if pattern >> place & 1 == 0 { short } else { long });
            let bits: String = symbols.chain([end; 40]).collect();
            let byte = |bits: &[u8]| bits.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
            let data: Vec<u8> = bits.as_bytes().chunks_exact(8).map(byte).collect();
            let (mut fast, mut slow) = (Bits::from_byte(&data, 0), Bits::from_byte(&data, 0));
            assert!(skips.skip(&mut fast).is_ok() && one_by_one(&single, &mut slow).is_ok());
            assert_eq!(fast.mark().place(&data), slow.mark().place(&data), "{pattern:08b}");
        }
    }

    #[test]
    fn a_dc_difference_is_the_same_by_one_look_up_and_by_two() {
        // Categories 0 to 11, with codes of 2 to 16 bits.
        let counts = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2];
        let values: Vec<u8> = (0..12).collect();
        let definition = TableDefinition {
            counts: &counts,
            values: &values[..counts.iter().map(|count| usize::from(*count)).sum()],
        };
        let (differences, single) = (DcDifferences::new(definition).unwrap(), Table::new(definition).unwrap());
        let mut numbers = Numbers(77);
        let data: Vec<u8> = (0..20_000)
            .map(|_| numbers.next(255) as u8 | numbers.next(255) as u8)
            .collect();
        let mut seen = [0; 12];
        for start in 0..data.len() - 8 {
            let (mut fast, mut slow) = (Bits::from_byte(&data, start), Bits::from_byte(&data, start));
            let Ok(category) = single.decode(&mut slow) else {
                assert!(differences.next(&mut fast).is_err());
                continue;
            };
            let expected = extended(slow.take(u32::from(category)), u32::from(category));
            assert_eq!(differences.next(&mut fast).unwrap(), expected);
            assert_eq!(fast.mark().place(&data), slow.mark().place(&data));
            seen[usize::from(category)] += 1;
        }
        assert!(seen.iter().all(|seen| *seen > 0), "{seen:?}");
    }
}
