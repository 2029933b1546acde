//! The pieces of a JPEG file between SOI and EOI (ITU-T T.81 Annex B), found without allocating anything.

use crate::Error;
use crate::output::Output;

pub(super) const SOI: u8 = 0xD8;
pub(super) const EOI: u8 = 0xD9;
pub(super) const SOS: u8 = 0xDA;
pub(super) const DQT: u8 = 0xDB;
pub(super) const DNL: u8 = 0xDC;
pub(super) const DRI: u8 = 0xDD;
pub(super) const DHT: u8 = 0xC4;
pub(super) const DAC: u8 = 0xCC;
pub(super) const APP0: u8 = 0xE0;
pub(super) const APP1: u8 = 0xE1;
pub(super) const APP2: u8 = 0xE2;
pub(super) const APP14: u8 = 0xEE;

/// Each takes some memory, however short it is. Photos have some dozens.
const MOST_SEGMENTS: usize = 10_000;

/// A marker segment; for SOS with the entropy-coded data that follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub marker: u8,
    /// What follows the length.
    pub payload: &'a [u8],
    /// Entropy-coded data with its restart markers, as it stands. Empty unless the marker is SOS.
    pub scan: &'a [u8],
}

impl Segment<'_> {
    /// How many bytes this segment takes in a file.
    pub fn size(&self) -> usize {
        4 + self.payload.len() + self.scan.len()
    }

    /// Appends the segment as it was.
    pub fn write(&self, out: &mut Output) {
        write_segment(out.bytes(), self.marker, self.payload);
        out.extend(self.scan);
    }
}

/// Appends a marker segment. The payload must be shorter than 65,534 bytes, as each one read from a file is.
pub(super) fn write_segment(out: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    out.extend([0xFF, marker]);
    out.extend(((payload.len() + 2) as u16).to_be_bytes());
    out.extend_from_slice(payload);
}

/// The segments of a file from its start to EOI. After an error there is nothing more.
#[derive(Debug, Clone)]
pub(super) struct Segments<'a> {
    rest: &'a [u8],
    done: bool,
}

impl<'a> Segments<'a> {
    /// # Errors
    /// [`Error::CorruptImage`] unless the file starts with SOI.
    pub fn of(file: &'a [u8]) -> Result<Self, Error> {
        let rest = file
            .strip_prefix(&[0xFF, SOI])
            .ok_or_else(|| Error::corrupt("it ends within its first bytes"))?;
        Ok(Self { rest, done: false })
    }

    /// All segments of a file, collected; and why there are no more of them, unless they end as they should.
    ///
    /// # Errors
    /// [`Error::CorruptImage`] unless the file starts with SOI.
    pub fn all_of(file: &'a [u8]) -> Result<(Vec<Segment<'a>>, Result<(), Error>), Error> {
        let mut segments = Vec::new();
        for segment in Self::of(file)? {
            match segment {
                Ok(segment) if segments.len() < MOST_SEGMENTS => segments.push(segment),
                Ok(_) => {
                    let many = format!("it has more than {MOST_SEGMENTS} segments");
                    return Ok((segments, Err(Error::corrupt(many))));
                }
                Err(error) => return Ok((segments, Err(error))),
            }
        }
        Ok((segments, Ok(())))
    }

    fn read(&mut self) -> Result<Option<Segment<'a>>, Error> {
        let marker = self.marker()?;
        match marker {
            EOI => return Ok(None),
            0x00..=0x01 | 0xD0..=SOI => return Err(Error::corrupt(format!("marker {marker:02X} where none may be"))),
            _ => {}
        }
        let payload = self.payload()?;
        let scan = if marker == SOS { self.scan()? } else { &[] };
        Ok(Some(Segment { marker, payload, scan }))
    }

    /// The next marker; fill bytes before it are skipped (section B.1.1.2).
    fn marker(&mut self) -> Result<u8, Error> {
        if self.rest.first().is_some_and(|byte| *byte != 0xFF) {
            return Err(Error::corrupt("there is data between two segments"));
        }
        let at = self.rest.iter().position(|byte| *byte != 0xFF).ok_or_else(cut_short)?;
        let (marker, rest) = self
            .rest
            .get(at..)
            .and_then(<[u8]>::split_first)
            .ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(*marker)
    }

    fn payload(&mut self) -> Result<&'a [u8], Error> {
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(cut_short)?;
        // The length counts its own two bytes.
        let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2);
        let length = length.ok_or_else(|| Error::corrupt("a segment is shorter than its own length"))?;
        let (payload, rest) = rest.split_at_checked(length).ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(payload)
    }

    /// Entropy-coded data up to the next marker that is not a restart. Stuffed zeros belong to it.
    fn scan(&mut self) -> Result<&'a [u8], Error> {
        let whole = self.rest;
        let mut end = 0;
        loop {
            end += bytes_before_marker(whole.get(end..).unwrap_or_default()).ok_or_else(cut_short)?;
            // Fill bytes may stand before a marker, a restart marker too.
            let after = whole.get(end..).unwrap_or_default();
            let fill = after.iter().take_while(|byte| **byte == 0xFF).count();
            match after.get(fill).ok_or_else(cut_short)? {
                0xD0..=0xD7 => end += fill + 1,
                _ => break,
            }
        }
        let (scan, rest) = whole.split_at_checked(end).ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(scan)
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read();
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// How many bytes stand before the first FF that is not followed by a stuffed zero; `None` if none is known to be.
///
/// Goes through pieces without asking where in them it is: that is ten times as fast as from FF to FF.
fn bytes_before_marker(data: &[u8]) -> Option<usize> {
    const PIECE: usize = 64;
    let is_marker = |(byte, next): (&u8, &u8)| (*byte == 0xFF) & (*next != 0);
    let mut start = 0;
    loop {
        let (bytes, next) = (data.get(start..)?, data.get(start + 1..)?);
        let pairs = bytes.iter().zip(next);
        match (bytes.first_chunk::<PIECE>(), next.first_chunk::<PIECE>()) {
            (Some(bytes), Some(next)) if !bytes.iter().zip(next).fold(false, |any, pair| any | is_marker(pair)) => {
                start += PIECE;
            }
            _ => return pairs.clone().position(is_marker).map(|place| start + place),
        }
    }
}

fn cut_short() -> Error {
    Error::corrupt("it ends before its end marker")
}
