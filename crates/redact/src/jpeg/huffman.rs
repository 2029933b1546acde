//! Huffman tables, as a file defines them and as they decode (ITU-T T.81 sections B.2.4.2, C and F.2.2.3).

use super::bits::Bits;
use crate::Error;

/// Codes up to this length are found by one look-up; nearly all are.
pub(super) const FAST_BITS: u32 = 10;

/// A Huffman table as it stands in a DHT segment: how many codes there are of each length (1–16), and their values.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableDefinition<'a> {
    pub counts: &'a [u8; 16],
    pub values: &'a [u8],
}

/// The tables that are in force, by their slots.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tables<'a> {
    pub dc: [Option<TableDefinition<'a>>; 4],
    pub ac: [Option<TableDefinition<'a>>; 4],
}

impl<'a> Tables<'a> {
    /// Takes over the tables of a DHT segment.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when they are cut short, or the slot does not exist.
    pub fn define(&mut self, mut payload: &'a [u8]) -> Result<(), Error> {
        let broken = || Error::corrupt("a Huffman table is malformed");
        while let Some((head, rest)) = payload.split_first() {
            let (counts, rest) = rest.split_first_chunk().ok_or_else(broken)?;
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let (values, rest) = rest.split_at_checked(total).ok_or_else(broken)?;
            let slots = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(broken()),
            };
            let slot = slots.get_mut(usize::from(head & 15)).ok_or_else(broken)?;
            *slot = Some(TableDefinition { counts, values });
            payload = rest;
        }
        Ok(())
    }

    /// A DC table.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the slot is empty.
    pub fn dc(&self, slot: u8) -> Result<TableDefinition<'a>, Error> {
        filled(&self.dc, slot)
    }

    /// An AC table.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the slot is empty.
    pub fn ac(&self, slot: u8) -> Result<TableDefinition<'a>, Error> {
        filled(&self.ac, slot)
    }
}

fn filled<'a>(slots: &[Option<TableDefinition<'a>>; 4], slot: u8) -> Result<TableDefinition<'a>, Error> {
    let table = slots.get(usize::from(slot)).copied().flatten();
    table.ok_or_else(|| Error::corrupt("a Huffman table is missing"))
}

impl TableDefinition<'_> {
    /// Each code with its length in bits and its value, shortest first (section C.2).
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn codes(&self) -> Result<Vec<Code>, Error> {
        let mut codes = Vec::with_capacity(self.values.len());
        let mut values = self.values.iter();
        let mut next = 0_u32;
        for (length, count) in (1_u32..).zip(self.counts) {
            for value in values.by_ref().take(usize::from(*count)) {
                codes.push(Code {
                    bits: next,
                    length,
                    value: *value,
                });
                next += 1;
            }
            if next > 1 << length {
                return Err(Error::corrupt("a Huffman table has too many codes"));
            }
            next <<= 1;
        }
        Ok(codes)
    }
}

/// A code of a Huffman table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    /// The code itself, in the lowest `length` bits.
    pub bits: u32,
    /// 1–16 bits.
    pub length: u32,
    pub value: u8,
}

/// A Huffman table ready for decoding one code at a time.
#[derive(Debug)]
pub(super) struct Table {
    /// By the next bits: length and value of the code, length 0 if it is longer.
    fast: Vec<(u8, u8)>,
    /// The same for longer codes: by how much the next 16 bits are more than [`Self::first_long`].
    long: Vec<(u8, u8)>,
    /// The first code that is longer, filled up to 16 bits with zeros. Codes ascend when they are filled up so.
    first_long: u32,
}

impl Table {
    /// # Errors
    /// [`Error::CorruptImage`] when there are more codes of a length than fit.
    pub fn new(definition: TableDefinition) -> Result<Self, Error> {
        let codes = definition.codes()?;
        let (fast, long): (Vec<Code>, Vec<Code>) = codes.iter().partition(|code| code.length <= FAST_BITS);
        let first_long = long.first().map_or(0, |code| code.bits << (16 - code.length));
        Ok(Self {
            fast: by_next_bits(&fast, FAST_BITS, 0),
            long: by_next_bits(&long, 16, first_long),
            first_long,
        })
    }

    /// The value of the next code.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when no code starts like the next bits.
    #[inline(always)]
    pub fn decode(&self, bits: &mut Bits) -> Result<u8, Error> {
        bits.fill();
        let next = bits.peek(FAST_BITS) as usize;
        let (length, value) = match self.fast.get(next).copied().unwrap_or_default() {
            (0, _) => {
                let next = bits.peek(16).wrapping_sub(self.first_long) as usize;
                let code = self.long.get(next).filter(|(length, _)| *length > 0);
                *code.ok_or_else(unknown_code)?
            }
            code => code,
        };
        bits.consume(u32::from(length));
        Ok(value)
    }
}

/// Length and value of the code with which so many bits start, less `first`; length 0 where there is none.
fn by_next_bits(codes: &[Code], bits: u32, first: u32) -> Vec<(u8, u8)> {
    let mut table = Vec::new();
    for code in codes {
        let spare = bits - code.length;
        let start = ((code.bits << spare) - first) as usize;
        table.resize(start, (0, 0));
        table.resize(start + (1 << spare), (code.length as u8, code.value));
    }
    table
}

#[cold]
fn unknown_code() -> Error {
    Error::corrupt("its compressed data has an unknown code")
}
