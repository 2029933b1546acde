//! Where a redacted file goes, as it is made: to a file or a socket, without ever being in memory as a whole.

use std::io::{self, Write};

/// Bytes are handed on in blocks of this size: a file system takes whole large pages in half the time of broken ones.
const BLOCK: usize = 1 << 18;

/// Bytes on their way. What goes wrong is told at the end.
pub(crate) struct Output<'w> {
    to: Option<&'w mut dyn Write>,
    waiting: Vec<u8>,
    written: u64,
    outcome: io::Result<()>,
}

impl<'w> Output<'w> {
    pub fn to(to: &'w mut dyn Write) -> Self {
        Self {
            to: Some(to),
            waiting: Vec::with_capacity(BLOCK + BLOCK / 16),
            written: 0,
            outcome: Ok(()),
        }
    }

    /// To see what would be written.
    pub fn nowhere() -> Self {
        Self {
            to: None,
            waiting: Vec::new(),
            written: 0,
            outcome: Ok(()),
        }
    }

    /// Whether nobody reads what is written.
    pub fn is_nowhere(&self) -> bool {
        self.to.is_none()
    }

    /// To append a few bytes.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.waiting
    }

    /// Appends many bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        let missing = BLOCK.saturating_sub(self.waiting.len());
        let Some((end_of_block, behind)) = bytes.split_at_checked(missing) else {
            return self.waiting.extend_from_slice(bytes);
        };
        self.waiting.extend_from_slice(end_of_block);
        self.hand_on();
        let (blocks, rest) = behind.split_at(behind.len() - behind.len() % BLOCK);
        self.write(|to| to.write_all(blocks), blocks.len());
        self.waiting.extend_from_slice(rest);
    }

    /// Hands on what waits, if it fills a block.
    #[inline]
    pub fn hand_on(&mut self) {
        if self.waiting.len() >= BLOCK {
            self.hand_on_blocks();
        }
    }

    /// Hands on the rest; gives the number of bytes in all.
    ///
    /// # Errors
    /// The first that there was. What was written before is worth nothing.
    pub fn finish(mut self) -> io::Result<u64> {
        let waiting = std::mem::take(&mut self.waiting);
        self.write(|to| to.write_all(&waiting), waiting.len());
        self.outcome.map(|()| self.written)
    }

    #[inline(never)]
    fn hand_on_blocks(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let whole = waiting.len() - waiting.len() % BLOCK;
        self.write(|to| to.write_all(waiting.get(..whole).unwrap_or_default()), whole);
        waiting.drain(..whole);
        self.waiting = waiting;
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>, length: usize) {
        if let (Ok(()), Some(to)) = (&self.outcome, &mut self.to) {
            self.outcome = write(to);
        }
        self.written += length as u64;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_in_its_order() {
        let (mut arrived, mut expected) = (Vec::new(), Vec::new());
        let mut output = Output::to(&mut arrived);
        for (number, length) in [0, 1, 10, 70_000, 3, 20_000, 60_000, 9, 200_000]
            .into_iter()
            .enumerate()
        {
            let bytes = vec![number as u8; length];
            output.bytes().push(0xEE);
            output.hand_on();
            output.extend(&bytes);
            expected.push(0xEE);
            expected.extend(bytes);
        }
        assert_eq!(output.finish().unwrap(), expected.len() as u64);
        assert_eq!(arrived, expected);
    }

    #[test]
    fn an_error_on_the_way_is_told_at_the_end() {
        let mut too_small = [0_u8; 100_000];
        let mut room = &mut too_small[..];
        let mut output = Output::to(&mut room);
        for _ in 0..3 {
            output.extend(&[1; 50_000]);
        }
        assert_eq!(output.finish().unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
