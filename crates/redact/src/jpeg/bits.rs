//! The bits of entropy-coded data, read as it stands in a file: zeros stuffed behind FF bytes are passed over, and a marker
//! ends it (ITU-T T.81 sections B.1.1.5 and F.1.2.3).

/// Reads bits from the most significant down, up to a marker or the end of the data. Behind that it reads zeros, without
/// end: whoever reads asks [`Self::is_beyond`], once per MCU instead of once per bit.
///
/// What is seldom called gets a copy and gives it back: then the reader stays in registers everywhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The byte to be read next.
    next: usize,
    /// The bits to come, from the top down.
    window: u64,
    /// How many bits of the window are good: 0–63, in the lowest six bits. What stands above has no meaning: so nothing has
    /// to be masked between one look-up and the next, which each walk waits for.
    filled: u64,
    /// How many zeros were read behind the end. Those that are not consumed yet are the last ones of the window.
    beyond: u64,
}

/// A place in entropy-coded data, as the reader knows it when it is there: the byte that it reads next (from bit 8 on),
/// and how many bits it is ahead. Small, because there is one for each MCU.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark(u64);

/// A bit of entropy-coded data: a byte of the file that is not a stuffed zero, and which of its bits from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BitPlace {
    pub byte: usize,
    /// 0–7
    pub bit: u32,
}

impl Mark {
    /// Where in the data that is.
    pub fn place(self, data: &[u8]) -> BitPlace {
        let mut byte = (self.0 >> 8) as usize;
        let ahead = (self.0 & 0xFF) as u32;
        for _ in 0..ahead.div_ceil(8) {
            byte = byte_before(data, byte);
        }
        let bit = ahead.next_multiple_of(8) - ahead;
        BitPlace { byte, bit }
    }
}

/// Where the byte before another one stands: a zero behind an FF is stuffed and belongs to that.
fn byte_before(data: &[u8], byte: usize) -> usize {
    let before = data.get(..byte).unwrap_or_default();
    byte.saturating_sub(if before.ends_with(&[0xFF, 0]) { 2 } else { 1 })
}

/// The top bit of each byte that is FF.
#[inline(always)]
pub(super) fn ff_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    ((word & !TOPS) + ONES) & word & TOPS
}

impl<'a> Bits<'a> {
    /// Starts to read at a byte.
    pub fn from_byte(data: &'a [u8], byte: usize) -> Self {
        let start = BitPlace { byte, bit: 0 };
        Self::at(data, start)
    }

    /// Starts to read at a bit.
    pub fn at(data: &'a [u8], place: BitPlace) -> Self {
        let mut bits = Self {
            data,
            next: place.byte,
            window: 0,
            filled: 0,
            beyond: 0,
        };
        bits.fill();
        bits.consume(place.bit);
        bits
    }

    /// Where the bit is that comes next.
    pub fn mark(&self) -> Mark {
        Mark((self.next as u64) << 8 | self.filled().saturating_sub(self.beyond))
    }

    /// Whether more was consumed than there is.
    pub fn is_beyond(&self) -> bool {
        self.beyond > self.filled()
    }

    /// What is left, if it is less than 56 bits: how many bits, and their value.
    pub fn rest(mut self) -> Option<(u64, u64)> {
        self.fill();
        let left = self.filled().saturating_sub(self.beyond);
        (left < 56).then(|| (left, self.window.unbounded_shr(64 - left as u32)))
    }

    /// How many bits of the window are good.
    #[inline(always)]
    fn filled(&self) -> u64 {
        self.filled & 63
    }

    /// How many bytes stand behind the end of the data, once [`Self::rest`] is something.
    pub fn bytes_behind(mut self) -> usize {
        self.fill();
        self.rest_of_data().len()
    }

    /// Goes on where a copy got to. The data is the same, which the compiler would not know.
    #[inline(always)]
    pub fn go_on_as(&mut self, copy: Self) {
        *self = Self {
            data: self.data,
            ..copy
        };
    }

    /// The bytes to be read, to the end of the data.
    #[inline(always)]
    fn rest_of_data(&self) -> &'a [u8] {
        self.data.get(self.next..).unwrap_or_default()
    }

    /// Eight of them, if there are as many.
    #[inline(always)]
    fn word(&self) -> Option<u64> {
        self.rest_of_data().first_chunk().map(|word| u64::from_be_bytes(*word))
    }

    /// Makes sure of at least 56 bits in the window. Without a branch that depends on the data, but for FF bytes: it could
    /// not be foreseen.
    #[inline(always)]
    pub fn fill(&mut self) {
        match self.word() {
            Some(word) if ff_bytes(word) == 0 => {
                // What lies below the good bits is the same whenever it is taken.
                self.window |= word.wrapping_shr(self.filled as u32);
                let taken = (63 - self.filled() as usize) / 8;
                self.next += taken;
                self.filled |= 56;
            }
            _ => {
                let mut bits = *self;
                bits.fill_near_ff();
                self.go_on_as(bits);
            }
        }
    }

    /// The same where an FF byte or the end is near.
    #[inline(never)]
    fn fill_near_ff(&mut self) {
        self.filled &= 63;
        while self.filled < 56 {
            let Some(word) = self.word() else {
                return self.fill_bytewise();
            };
            let room = (63 - self.filled as usize) / 8;
            let before_ff = ff_bytes(word).leading_zeros() as usize / 8;
            let (taken, passed) = match self.data.get(self.next + before_ff + 1) {
                _ if before_ff >= room => (room, room),
                Some(0) => (before_ff + 1, before_ff + 2),
                _ => return self.fill_bytewise(),
            };
            self.window |= (word & !(u64::MAX >> (taken * 8))) >> self.filled;
            self.filled += taken as u64 * 8;
            self.next += passed;
        }
    }

    /// Byte by byte.
    fn fill_bytewise(&mut self) {
        while self.filled < 56 {
            let byte = match self.rest_of_data() {
                [0xFF, 0, ..] => {
                    self.next += 2;
                    0xFF
                }
                [0xFF, ..] | [] => {
                    self.beyond = self.beyond.saturating_add(8);
                    0
                }
                [byte, ..] => {
                    self.next += 1;
                    *byte
                }
            };
            self.window |= u64::from(byte) << (56 - self.filled);
            self.filled += 8;
        }
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
        self.filled = self.filled.wrapping_sub(u64::from(count));
    }

    /// Passes over as many bits as the lowest six bits of a number say (0–32). They must be in the window.
    #[inline(always)]
    pub fn consume_lowest(&mut self, number: u16) {
        self.window = self.window.wrapping_shl(u32::from(number));
        self.filled = self.filled.wrapping_sub(u64::from(number));
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Bytes as they are meant, and as they are stuffed. Every fifth one is FF, and zeros come behind some.
    fn data() -> (Vec<u8>, Vec<u8>) {
        let byte = |i: u32| match i % 5 {
            0 => 0xFF,
            1 if i.is_multiple_of(3) => 0,
            _ => (i * 151 + 77) as u8,
        };
        let plain: Vec<u8> = (0..40).map(byte).chain((0..30).map(|i| i * 7)).collect();
        let stuffed = plain.iter().flat_map(|byte| match byte {
            0xFF => vec![0xFF, 0],
            _ => vec![*byte],
        });
        (plain.clone(), stuffed.collect())
    }

    /// One bit of the bytes, zero behind their end.
    fn bit(bytes: &[u8], at: usize) -> u32 {
        u32::from(bytes.get(at / 8).is_some_and(|byte| byte << (at % 8) & 0x80 != 0))
    }

    const COUNTS: [u32; 12] = [0, 1, 7, 13, 32, 3, 16, 25, 32, 0, 32, 31];

    #[test]
    fn bits_come_in_order_from_any_place_and_zeros_behind_the_end() {
        let (plain, stuffed) = data();
        for end in [&[][..], &[0xFF, 0xD0, 1, 2, 3, 4, 5, 6, 7, 8], &[0xFF, 0xFF, 0xD9]] {
            let stuffed = [stuffed.as_slice(), end].concat();
            let mut all = Bits::from_byte(&stuffed, 0);
            for start in 0..plain.len() * 8 {
                let mut bits = Bits::at(&stuffed, all.mark().place(&stuffed));
                let mut at = start;
                for count in COUNTS {
                    assert_eq!(bits.is_beyond(), at > plain.len() * 8);
                    let expected = (at..at + count as usize).fold(0, |value, at| value << 1 | bit(&plain, at));
                    assert_eq!(bits.take(count), expected, "{count} bits at {at}");
                    at += count as usize;
                }
                all.take(1);
            }
            assert_eq!(all.rest(), Some((0, 0)));
            assert_eq!(all.bytes_behind(), end.len());
        }
    }

    #[test]
    fn the_rest_is_what_stands_before_the_end() {
        let (plain, stuffed) = data();
        let mut bits = Bits::from_byte(&stuffed, 0);
        for at in 0..plain.len() * 8 {
            let left = plain.len() * 8 - at;
            let expected = (left < 56).then(|| {
                (
                    left as u64,
                    (at..at + left).fold(0, |value, at| value << 1 | u64::from(bit(&plain, at))),
                )
            });
            assert_eq!(bits.rest(), expected);
            bits.take(1);
        }
    }
}
