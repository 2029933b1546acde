//! Entropy-coded data as a scan holds it: zeros stuffed behind FF bytes, and restart markers between intervals (ITU-T
//! T.81 sections B.1.1.5, E.1.4 and F.1.2.3).

use std::ops::Range;

use crate::Error;

/// The entropy-coded data of a scan, stuffed zeros and markers taken out.
#[derive(Debug)]
pub(super) struct Entropy {
    /// The data of all intervals, one behind the other; each starts with a byte of its own.
    pub bytes: Vec<u8>,
    pub intervals: Vec<Interval>,
}

/// What stands between two restart markers; the whole scan if there are none.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    /// In [`Entropy::bytes`].
    pub bytes: Range<usize>,
    /// In the scan, as it stands there, without the marker behind it.
    pub stuffed: Range<usize>,
}

impl Entropy {
    /// Unstuffs a scan of so many intervals.
    ///
    /// # Errors
    /// [`crate::Error::CorruptImage`] unless the restart markers are as many as they should be, and in order.
    pub fn of(scan: &[u8], intervals: usize) -> Result<Self, Error> {
        let mut entropy = Self {
            bytes: Vec::with_capacity(scan.len()),
            intervals: Vec::new(),
        };
        let (mut byte_start, mut start, mut at) = (0, 0, 0);
        while let Some(found) = memchr::memchr(0xFF, scan.get(at..).unwrap_or_default()) {
            let marker_at = at + found;
            let after = scan.get(marker_at + 1..).unwrap_or_default();
            if after.first() == Some(&0) {
                entropy.copy(scan, at..marker_at + 1);
                at = marker_at + 2;
                continue;
            }
            // Fill bytes may stand before a marker (section B.1.1.2).
            let filled = after.iter().take_while(|byte| **byte == 0xFF).count();
            let expected = 0xD0 + (entropy.intervals.len() % 8) as u8;
            if after.get(filled) != Some(&expected) || entropy.intervals.len() + 1 >= intervals {
                return Err(out_of_order());
            }
            entropy.copy(scan, at..marker_at);
            entropy.intervals.push(Interval {
                bytes: byte_start..entropy.bytes.len(),
                stuffed: start..marker_at,
            });
            at = marker_at + filled + 2;
            (byte_start, start) = (entropy.bytes.len(), at);
        }
        entropy.copy(scan, at..scan.len());
        entropy.intervals.push(Interval {
            bytes: byte_start..entropy.bytes.len(),
            stuffed: start..scan.len(),
        });
        if entropy.intervals.len() != intervals {
            return Err(out_of_order());
        }
        Ok(entropy)
    }

    fn copy(&mut self, scan: &[u8], range: Range<usize>) {
        self.bytes.extend_from_slice(scan.get(range).unwrap_or_default());
    }
}

fn out_of_order() -> Error {
    Error::corrupt("its restart markers are not in order")
}
