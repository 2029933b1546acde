//! An ICC profile in the segments of a JPEG (ICC.1 annex B.4): each names its number, from 1, and how many there are.

use crate::metadata::icc;

const MARK: &[u8] = b"ICC_PROFILE\0";

/// The segments of a profile as they come.
#[derive(Debug, Default)]
pub(super) struct IccChunks<'a> {
    found: Vec<Chunk<'a>>,
    bytes: usize,
}

#[derive(Debug)]
struct Chunk<'a> {
    number: u8,
    of: u8,
    payload: &'a [u8],
    data: &'a [u8],
}

impl<'a> IccChunks<'a> {
    /// Looks at the payload of an APP2 segment. What is no part of a profile, or beyond all reason, is passed over.
    pub fn take(&mut self, payload: &'a [u8]) {
        let Some([number, of, data @ ..]) = payload.strip_prefix(MARK) else {
            return;
        };
        self.bytes += data.len();
        // One more than may be is enough to know that there are too many.
        if self.found.len() <= usize::from(u8::MAX) {
            self.found.push(Chunk {
                number: *number,
                of: *of,
                payload,
                data,
            });
        }
    }

    /// The payloads in order, if they are numbered without a gap and make up a profile and nothing else; or none.
    pub fn of_sound_profile(mut self) -> Vec<&'a [u8]> {
        self.found.sort_by_key(|chunk| chunk.number);
        let count = self.found.len();
        let is_complete = self
            .found
            .iter()
            .zip(1..)
            .all(|(chunk, number)| usize::from(chunk.number) == number && usize::from(chunk.of) == count);
        if !is_complete || self.bytes > icc::MOST_BYTES {
            return Vec::new();
        }
        let joined: Vec<u8> = self.found.iter().flat_map(|chunk| chunk.data).copied().collect();
        if icc::is_profile(&joined) {
            self.found.iter().map(|chunk| chunk.payload).collect()
        } else {
            Vec::new()
        }
    }
}
