//! Writes entropy-coded data: bits, zeros stuffed behind FF bytes (ITU-T T.81 sections B.1.1.5 and F.1.2.3).

use super::bits::Bits;

/// Appends bits to a file.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bits to be written, from the top down; the others are zero.
    window: u64,
    /// How many they are: fewer than 32.
    filled: u32,
}

impl<'a> BitWriter<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Self {
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
            stuff(&mut *self.out, &((self.window >> 32) as u32).to_be_bytes());
            self.window <<= 32;
            self.filled -= 32;
        }
    }

    /// Copies the bits from one place to another of unstuffed data.
    pub fn copy(&mut self, bytes: &[u8], from: usize, to: usize) {
        let ahead = bytes.get(from / 8..to.div_ceil(8)).unwrap_or_default();
        let words = || {
            ahead
                .chunks_exact(8)
                .map(|word| word.first_chunk().map_or(0, |word| u64::from_be_bytes(*word)))
        };
        let shift = (from % 8) as u32;
        let whole = to.saturating_sub(from) / 64;
        let mut copied = 0;
        for (word, next) in words().zip(words().skip(1)).take(whole) {
            // In two steps, because there may be nothing to shift.
            self.put_word(word << shift | next >> 1 >> (63 - shift));
            copied += 1;
        }
        let mut at = from + copied * 64;
        let mut bits = Bits::at(bytes, at);
        while at < to {
            let count = (to - at).min(32);
            self.put(bits.take(count as u32), count as u32);
            at += count;
        }
    }

    #[inline(always)]
    fn put_word(&mut self, word: u64) {
        let whole = self.window | word >> self.filled;
        // In two steps, because nothing may be left over.
        self.window = word << 1 << (63 - self.filled);
        if has_ff(whole) {
            stuff(&mut *self.out, &whole.to_be_bytes());
        } else {
            self.out.extend_from_slice(&whole.to_be_bytes());
        }
    }

    /// Fills up the last byte with ones.
    pub fn finish(mut self) {
        let spare = self.filled.next_multiple_of(8) - self.filled;
        self.put((1 << spare) - 1, spare);
        let bytes = self.window.to_be_bytes();
        let rest = bytes.get(..(self.filled / 8) as usize).unwrap_or_default();
        stuff(self.out, rest);
    }
}

/// Whether one of the bytes is FF: then its complement is zero, and the only one to borrow when one is taken away.
fn has_ff(word: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    (!word).wrapping_sub(ONES) & word & TOPS != 0
}

#[cold]
fn stuff(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0xFF {
            out.push(0);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::jpeg::entropy::Entropy;

    #[test]
    fn copied_bits_come_back_whatever_stands_before_them() {
        // Every third byte is FF.
        let bytes: Vec<u8> = (0..60_u32)
            .map(|i| if i % 3 == 0 { 0xFF } else { (i * 37) as u8 })
            .collect();
        for before in 0..40 {
            for (from, to) in [(0, 480), (5, 477), (3, 60), (64, 128), (7, 8), (9, 9), (1, 66)] {
                let mut out = Vec::new();
                let mut writer = BitWriter::new(&mut out);
                let lead = before.min(32);
                writer.put((1_u64.wrapping_shl(lead) - 1) as u32, lead);
                writer.put(0, before - lead);
                writer.copy(&bytes, from, to);
                writer.finish();
                let read = Entropy::of(&out, 1).unwrap().bytes;
                let mut expected = Bits::at(&bytes, from);
                let mut found = Bits::at(&read, before as usize);
                for at in from..to {
                    assert_eq!(
                        found.take(1),
                        expected.take(1),
                        "{before} bits before {from}..{to}, bit {at}"
                    );
                }
                let spare = read.len() * 8 - before as usize - (to - from);
                assert!(spare < 8 && found.take(spare as u32) == (1 << spare) - 1);
            }
        }
    }
}
