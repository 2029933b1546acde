//! Restart intervals: pieces of entropy-coded data with a marker between each two (ITU-T T.81 sections B.2.1 and E.1.4).

use std::ops::Range;

use super::bits::Bits;
use crate::Error;

/// The restart intervals of a scan, one after the other.
#[derive(Debug)]
pub(super) struct Intervals<'a> {
    data: &'a [u8],
    /// How many there should be, and how many came.
    count: usize,
    index: usize,
    /// Where the next one starts.
    start: usize,
}

impl<'a> Intervals<'a> {
    /// Of a scan that should have so many.
    pub fn of(data: &'a [u8], count: usize) -> Self {
        Self {
            data,
            count,
            index: 0,
            start: 0,
        }
    }

    /// The bits of the next interval.
    pub fn bits(&self) -> Bits<'a> {
        Bits::from_byte(self.data, self.start)
    }

    /// Goes on behind the interval whose bits were read up to here. Gives where it lies in the data, without the marker
    /// behind it.
    ///
    /// Behind the last bit stand fewer than eight bits (section F.1.2.3), `padding` says how many at most. More of them must
    /// be ones, which do no harm and hold nothing.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when there is more data in it, or the markers are not as many as they should be and in
    /// order.
    pub fn finish(&mut self, bits: Bits, padding: u64) -> Result<Range<usize>, Error> {
        match bits.rest() {
            Some((0..8, _)) => {}
            Some((left, rest)) if left <= padding && rest == (1 << left) - 1 => {}
            _ => {
                return Err(Error::corrupt(
                    "there is more compressed data than the picture has room for",
                ));
            }
        }
        self.pass_marker(self.start..self.data.len().saturating_sub(bits.bytes_behind()))
    }

    /// Goes on behind the interval that is next, unread. Gives where it lies in the data.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] when the markers are not as many as they should be and in order.
    pub fn pass_over(&mut self) -> Result<Range<usize>, Error> {
        let mut end = self.start;
        loop {
            let rest = self.data.get(end..).unwrap_or_default();
            end += memchr::memchr(0xFF, rest).unwrap_or(rest.len());
            match self.data.get(end + 1) {
                Some(0) => end += 2,
                _ => return self.pass_marker(self.start..end),
            }
        }
    }

    fn pass_marker(&mut self, interval: Range<usize>) -> Result<Range<usize>, Error> {
        let behind = self.data.get(interval.end..).unwrap_or_default();
        let expected = 0xD0 + (self.index % 8) as u8;
        self.index += 1;
        if self.index == self.count {
            self.start = self.data.len();
            return if behind.is_empty() {
                Ok(interval)
            } else {
                Err(out_of_order())
            };
        }
        // Fill bytes may stand before a marker (section B.1.1.2).
        let fill = behind.iter().take_while(|byte| **byte == 0xFF).count();
        if behind.get(fill) != Some(&expected) {
            return Err(out_of_order());
        }
        self.start = interval.end + fill + 1;
        Ok(interval)
    }
}

fn out_of_order() -> Error {
    Error::corrupt("its restart markers are not in order")
}
