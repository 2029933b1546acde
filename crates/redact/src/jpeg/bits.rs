//! The bits of entropy-coded data, stuffed zeros taken out.

/// Reads bits from the most significant down. Behind the end of the data it reads zeros, without end: whoever reads
/// compares [`Self::position`] with where the data ends, once per MCU instead of once per bit.
///
/// It is handed to what is seldom called by value and back: then it stays in registers everywhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte to be read next.
    next: usize,
    /// The bits to come, from the top down.
    window: u64,
    /// How many bits of the window are good.
    filled: u32,
}

impl<'a> Bits<'a> {
    /// Starts to read at a bit.
    pub fn at(bytes: &'a [u8], bit: usize) -> Self {
        let mut bits = Self {
            bytes,
            next: bit / 8,
            window: 0,
            filled: 0,
        };
        bits.fill();
        bits.consume((bit % 8) as u32);
        bits
    }

    /// The bit that comes next, counted from the start of the bytes.
    pub fn position(&self) -> usize {
        self.next * 8 - self.filled as usize
    }

    /// Makes sure of at least 56 bits in the window. Without a branch that depends on the data: it could not be foreseen.
    #[inline(always)]
    pub fn fill(&mut self) {
        let ahead = self.bytes.get(self.next..).unwrap_or_default();
        let word = match ahead.first_chunk() {
            Some(word) => u64::from_be_bytes(*word),
            None => last_word(ahead),
        };
        self.window |= word >> self.filled;
        self.next += ((63 - self.filled) / 8) as usize;
        self.filled |= 56;
    }

    /// The next `count` bits (1–32), not consumed. They must be in the window.
    #[inline(always)]
    pub fn peek(&self, count: u32) -> u32 {
        (self.window >> (64 - count)) as u32
    }

    /// Passes over `count` bits (0–32). They must be in the window.
    #[inline(always)]
    pub fn consume(&mut self, count: u32) {
        self.window <<= count;
        self.filled -= count;
    }

    /// The next `count` bits (0–32), consumed.
    #[inline(always)]
    pub fn take(&mut self, count: u32) -> u32 {
        self.fill();
        self.take_filled(count)
    }

    /// The next `count` bits (0–32), consumed. They must be in the window.
    #[inline(always)]
    pub fn take_filled(&mut self, count: u32) -> u32 {
        // In two steps, because none may be asked for.
        let value = (self.window >> 1 >> (63 - count)) as u32;
        self.consume(count);
        value
    }
}

/// Fewer than eight bytes, and zeros behind them.
#[cold]
fn last_word(bytes: &[u8]) -> u64 {
    let shifts = (0..8).rev().map(|place| place * 8);
    bytes
        .iter()
        .zip(shifts)
        .fold(0, |word, (byte, shift)| word | u64::from(*byte) << shift)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    /// One bit of the bytes, zero behind their end.
    fn bit(bytes: &[u8], at: usize) -> u32 {
        u32::from(bytes.get(at / 8).is_some_and(|byte| byte << (at % 8) & 0x80 != 0))
    }

    #[test]
    fn bits_come_in_order_from_any_start_and_zeros_behind_the_end() {
        let bytes: Vec<u8> = (0..23_u32).map(|i| (i * 151 + 77) as u8).collect();
        for start in 0..bytes.len() * 8 {
            let mut bits = Bits::at(&bytes, start);
            let mut at = start;
            for count in [0, 1, 7, 13, 32, 3, 16, 25, 32, 0, 32, 31] {
                assert_eq!(bits.position(), at);
                let expected = (at..at + count as usize).fold(0, |value, at| value << 1 | bit(&bytes, at));
                assert_eq!(bits.take(count), expected, "{count} bits at {at}");
                at += count as usize;
            }
        }
    }
}
