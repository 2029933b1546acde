//! Bits and Huffman codes of entropy-coded data (ITU-T T.81 sections F.2.2.3 and F.2.2.5), values skipped.

use crate::Error;

/// Codes up to this length are found by one look-up; nearly all are.
const FAST_BITS: u32 = 10;

/// The bits of one restart interval, stuffed zeros taken out.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The next bits, from the top down.
    window: u64,
    /// How many bits of the window are filled.
    filled: u32,
}

impl<'a> Bits<'a> {
    pub fn of(interval: &'a [u8]) -> Self {
        Self {
            rest: interval,
            window: 0,
            filled: 0,
        }
    }

    /// The next `count` bits (at most 16), consumed.
    pub fn take(&mut self, count: u32) -> Result<u32, Error> {
        let value = self.peek16() >> (16 - count.min(16));
        self.consume(count)?;
        Ok(value)
    }

    /// Skips `count` bits (at most 32).
    pub fn skip(&mut self, count: u32) -> Result<(), Error> {
        self.fill();
        self.consume(count)
    }

    /// Whether nothing is left but the padding of the last byte.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty() && self.filled < 8
    }

    /// The next 16 bits, filled up with zeros behind the end.
    fn peek16(&mut self) -> u32 {
        self.fill();
        (self.window >> 48) as u32
    }

    fn consume(&mut self, count: u32) -> Result<(), Error> {
        if count > self.filled {
            return Err(Error::corrupt("its compressed data ends too early"));
        }
        self.window = self.window.checked_shl(count).unwrap_or(0);
        self.filled -= count;
        Ok(())
    }

    /// At least 32 bits, if there are as many.
    fn fill(&mut self) {
        while self.filled <= 32 {
            let Some((byte, rest)) = self.rest.split_first() else {
                return;
            };
            // A zero after FF is stuffing; anything else after FF would have ended the interval.
            self.rest = if *byte == 0xFF {
                rest.get(1..).unwrap_or_default()
            } else {
                rest
            };
            self.window |= u64::from(*byte) << (56 - self.filled);
            self.filled += 8;
        }
    }
}

/// A Huffman table as it stands in a DHT segment: how many codes there are of each length, and their values.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableDefinition<'a> {
    counts: &'a [u8],
    values: &'a [u8],
}

impl<'a> TableDefinition<'a> {
    /// Splits the first table off a DHT payload: its class and slot, itself, and what follows.
    pub fn split_off(payload: &'a [u8]) -> Option<(u8, Self, &'a [u8])> {
        let (head, rest) = payload.split_first()?;
        let (counts, rest) = rest.split_at_checked(16)?;
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        let (values, rest) = rest.split_at_checked(total)?;
        Some((*head, Self { counts, values }, rest))
    }
}

/// A Huffman table ready for decoding.
pub(super) struct Table {
    /// By the next bits: length and value of the code, length 0 if it is longer.
    fast: Vec<(u8, u8)>,
    /// By length: the first code beyond those of this length, moved up to 16 bits; and what to add to a code of this
    /// length for its place among the values.
    ends: [u32; 17],
    shifts: [i32; 17],
    values: Vec<u8>,
}

impl Table {
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn new(definition: TableDefinition) -> Result<Self, Error> {
        let mut table = Self {
            fast: vec![(0, 0); 1 << FAST_BITS],
            ends: [0; 17],
            shifts: [0; 17],
            values: definition.values.to_vec(),
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        let places = table.ends.iter_mut().zip(&mut table.shifts).skip(1);
        for ((length, count), (end, shift)) in (1_u32..).zip(definition.counts).zip(places) {
            *shift = place as i32 - code as i32;
            for value in definition.values.iter().skip(place).take(usize::from(*count)) {
                if length <= FAST_BITS {
                    let (first, width) = (code << (FAST_BITS - length), 1 << (FAST_BITS - length));
                    let entries = table.fast.iter_mut().skip(first as usize).take(width);
                    entries.for_each(|entry| *entry = (length as u8, *value));
                }
                code += 1;
            }
            place += usize::from(*count);
            if code > 1 << length {
                return Err(Error::corrupt("a Huffman table has too many codes"));
            }
            *end = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// The value of the next code.
    pub fn decode(&self, bits: &mut Bits) -> Result<u8, Error> {
        let next = bits.peek16();
        let (length, value) = self
            .fast
            .get((next >> (16 - FAST_BITS)) as usize)
            .copied()
            .unwrap_or_default();
        if length > 0 {
            bits.consume(u32::from(length))?;
            return Ok(value);
        }
        self.decode_long(bits, next)
    }

    fn decode_long(&self, bits: &mut Bits, next: u32) -> Result<u8, Error> {
        let unknown = || Error::corrupt("its compressed data has an unknown code");
        let lengths = self.ends.iter().zip(&self.shifts).zip(0_u32..).skip(1);
        for ((end, shift), length) in lengths {
            if next < *end {
                bits.consume(length)?;
                let place = (next >> (16 - length)) as i32 + shift;
                return usize::try_from(place)
                    .ok()
                    .and_then(|place| self.values.get(place))
                    .copied()
                    .ok_or_else(unknown);
            }
        }
        Err(unknown())
    }
}
