//! Writes entropy-coded data: bits, zeros stuffed behind FF bytes (ITU-T T.81 sections B.1.1.5 and F.1.2.3).

use super::bits::{BitPlace, ff_bytes};
use crate::output::Output;

/// Appends bits to a file.
pub(super) struct BitWriter<'o, 'w> {
    out: &'o mut Output<'w>,
    /// Bits to be written, from the top down; the others are zero.
    window: u64,
    /// How many they are: fewer than 32.
    filled: u32,
}

impl<'o, 'w> BitWriter<'o, 'w> {
    pub fn new(out: &'o mut Output<'w>) -> Self {
        Self {
            out,
            window: 0,
            filled: 0,
        }
    }

    /// Writes the lowest `count` bits (0–32) of a value whose other bits are zero.
    #[inline]
    pub fn put(&mut self, value: u32, count: u32) {
        // In two steps, because all 64 may be free.
        self.window |= u64::from(value) << (63 - self.filled - count) << 1;
        self.filled += count;
        if self.filled >= 32 {
            let word = (self.window >> 32) as u32;
            if ff_bytes(u64::from(word)) == 0 {
                self.out.bytes().extend_from_slice(&word.to_be_bytes());
            } else {
                stuff(self.out.bytes(), &word.to_be_bytes());
            }
            self.out.hand_on();
            self.window <<= 32;
            self.filled -= 32;
        }
    }

    /// Copies the bits from one place to another of data as it stands in a file.
    pub fn copy(&mut self, data: &[u8], from: BitPlace, to: BitPlace) {
        if self.out.is_nowhere() {
            return;
        }
        let byte = |at: usize| data.get(at).copied().unwrap_or_default();
        // The bits of a byte between two of its places.
        let bits = |at: usize, from: u32, to: u32| u32::from(byte(at)) >> (8 - to) & ((1 << (to - from)) - 1);
        if from.byte >= to.byte {
            let to = to.bit.max(from.bit);
            return self.put(bits(from.byte, from.bit, to), to - from.bit);
        }
        let mut at = from.byte;
        if from.bit > 0 {
            self.put(bits(at, from.bit, 8), 8 - from.bit);
            at += if byte(at) == 0xFF { 2 } else { 1 };
        }
        self.copy_bytes(data.get(at..to.byte).unwrap_or_default());
        self.put(bits(to.byte, 0, to.bit), to.bit);
    }

    /// Copies whole bytes of such data.
    fn copy_bytes(&mut self, mut stuffed: &[u8]) {
        if self.filled.is_multiple_of(8) {
            self.flush();
            self.out.extend(stuffed);
            return;
        }
        while let Some((word, behind)) = stuffed.split_first_chunk() {
            let word = u64::from_be_bytes(*word);
            let ff_bytes = ff_bytes(word);
            if ff_bytes == 0 {
                self.put_word(word);
                stuffed = behind;
            } else {
                // Up to the FF byte; the zero behind it is left out.
                let bytes = ff_bytes.leading_zeros() / 8 + 1;
                self.put_top(word, bytes * 8);
                stuffed = stuffed.get(bytes as usize + 1..).unwrap_or_default();
                self.out.hand_on();
            }
        }
        while let Some((byte, behind)) = stuffed.split_first() {
            self.put(u32::from(*byte), 8);
            stuffed = if *byte == 0xFF {
                behind.get(1..).unwrap_or_default()
            } else {
                behind
            };
        }
    }

    /// Writes the top `count` bits (1–64) of a word.
    fn put_top(&mut self, word: u64, count: u32) {
        let high = count.min(32);
        self.put((word >> (64 - high)) as u32, high);
        self.put((word << high >> 1 >> (63 - (count - high))) as u32, count - high);
    }

    #[inline(always)]
    fn put_word(&mut self, word: u64) {
        let whole = self.window | word >> self.filled;
        // In two steps, because nothing may be left over.
        self.window = word << 1 << (63 - self.filled);
        if ff_bytes(whole) != 0 {
            stuff(self.out.bytes(), &whole.to_be_bytes());
        } else {
            self.out.bytes().extend_from_slice(&whole.to_be_bytes());
        }
    }

    /// Writes the whole bytes that wait.
    fn flush(&mut self) {
        let bytes = self.window.to_be_bytes();
        let whole = bytes.get(..(self.filled / 8) as usize).unwrap_or_default();
        stuff(self.out.bytes(), whole);
        self.window <<= self.filled / 8 * 8;
        self.filled %= 8;
    }

    /// Fills up the last byte with ones.
    pub fn finish(mut self) {
        let spare = self.filled.next_multiple_of(8) - self.filled;
        self.put((1 << spare) - 1, spare);
        self.flush();
    }
}

/// Appends at most eight bytes, a zero behind each FF. Without a branch for each: where they stand can't be foreseen.
#[inline(never)]
fn stuff(out: &mut Vec<u8>, bytes: &[u8]) {
    let (mut stuffed, mut length) = ([0; 16], 0);
    for byte in bytes.iter().take(8) {
        if let Some(place) = stuffed.get_mut(length % 16) {
            *place = *byte;
        }
        length += 1;
        if let Some(place) = stuffed.get_mut(length % 16) {
            *place = 0;
        }
        length += usize::from(*byte == 0xFF);
    }
    out.extend_from_slice(stuffed.get(..length).unwrap_or_default());
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::jpeg::bits::Bits;

    #[test]
    fn copied_bits_come_back_whatever_stands_before_them() {
        // Every third byte is FF.
        let mut source = Vec::new();
        let bytes: Vec<u8> = (0..60_u32)
            .map(|i| if i % 3 == 0 { 0xFF } else { (i * 37) as u8 })
            .collect();
        bytes.chunks(8).for_each(|bytes| stuff(&mut source, bytes));
        let bits_at = |at: u32| {
            let mut bits = Bits::from_byte(&source, 0);
            (0..at).for_each(|_| _ = bits.take(1));
            bits
        };
        for before in 0..40 {
            for (from, to) in [
                (0, 480),
                (5, 477),
                (3, 60),
                (64, 128),
                (7, 8),
                (8, 13),
                (9, 9),
                (17, 22),
                (1, 66),
            ] {
                let mut out = Vec::new();
                let mut output = Output::to(&mut out);
                let mut writer = BitWriter::new(&mut output);
                let lead = before.min(32);
                writer.put((1_u64.wrapping_shl(lead) - 1) as u32, lead);
                writer.put(0, before - lead);
                let place = |at: u32| bits_at(at).mark().place(&source);
                writer.copy(&source, place(from), place(to));
                writer.finish();
                output.finish().unwrap();
                let (mut expected, mut found) = (bits_at(from), Bits::from_byte(&out, 0));
                (0..before).for_each(|_| _ = found.take(1));
                for at in from..to {
                    assert_eq!(
                        found.take(1),
                        expected.take(1),
                        "{before} bits before {from}..{to}, bit {at}"
                    );
                }
                assert!(matches!(found.rest(), Some((spare @ 0..8, rest)) if rest == (1 << spare) - 1));
            }
        }
    }
}
