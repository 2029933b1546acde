//! The splice: a scan in which hidden MCUs are new and all other bits are copied.
//!
//! Within a restart interval each DC coefficient is coded as the difference to the one before it (ITU-T T.81 section
//! F.1.1.5.1). So the MCU behind a hidden one is written anew: its DC differences change, its AC bits do not. Whatever
//! follows is the same bits, only shifted. Intervals without a hidden MCU are copied as they are.

use std::ops::Range;

use super::bits::Bits;
use super::codes::Encoder;
use super::cover::Cover;
use super::frame::Layout;
use super::scan::{Place, Scan, ScanLayout};
use super::walk::Walk;
use super::writer::BitWriter;
use crate::Error;

/// A scan, walked over.
#[derive(Debug)]
pub(super) struct Walked<'a> {
    pub scan: Scan<'a>,
    pub layout: ScanLayout,
    pub walk: Walk,
}

/// A scan and what it becomes.
pub(super) struct Splice<'a> {
    walked: &'a Walked<'a>,
    /// The DC coefficients as they shall be.
    dc: &'a [Vec<i16>],
    cover: &'a Cover,
    /// For each MCU of the scan whether it is hidden.
    hidden: Vec<bool>,
}

impl<'a> Splice<'a> {
    pub fn new(walked: &'a Walked<'a>, frame: &Layout, dc: &'a [Vec<i16>], cover: &'a Cover) -> Self {
        let is_hidden = |mcu| {
            let (column, row) = walked.layout.in_frame(mcu, frame);
            cover.mcus.get(row * frame.mcus.0 + column).copied().unwrap_or_default()
        };
        Self {
            walked,
            dc,
            cover,
            hidden: (0..walked.layout.total()).map(is_hidden).collect(),
        }
    }

    /// Appends the new scan. Codes that its tables lack are left out; the encoder knows which.
    ///
    /// # Errors
    /// [`Error::CorruptImage`], which the walk would have met before.
    pub fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>) -> Result<(), Error> {
        let Walked { scan, walk, .. } = self.walked;
        let total = self.hidden.len();
        for (index, interval) in walk.entropy.intervals.iter().enumerate() {
            if index > 0 {
                out.extend([0xFF, 0xD0 + ((index - 1) % 8) as u8]);
            }
            let first = index * walk.interval;
            let mcus = first..total.min(first + walk.interval);
            if self.next_hidden(mcus.clone()) == mcus.end {
                out.extend_from_slice(scan.data.get(interval.stuffed.clone()).unwrap_or_default());
            } else {
                let end = walk.ends.get(index).copied().unwrap_or(interval.bytes.end * 8);
                self.interval(mcus, end, encoder, BitWriter::new(out))?;
            }
        }
        Ok(())
    }

    /// Writes a restart interval whose data ends at a bit.
    fn interval(
        &self,
        mcus: Range<usize>,
        end: usize,
        encoder: &mut Encoder,
        mut writer: BitWriter,
    ) -> Result<(), Error> {
        let mut before = [0; 4];
        let mut at = mcus.start;
        while at < mcus.end {
            let hidden = self.next_hidden(at..mcus.end);
            if hidden == at {
                self.put_hidden(at, &mut before, encoder, &mut writer);
                at += 1;
                if at < mcus.end && self.next_hidden(at..mcus.end) != at {
                    self.put_behind_hidden(at, &mut before, encoder, &mut writer)?;
                    at += 1;
                }
            } else {
                let until = if hidden == mcus.end { end } else { self.start(hidden) };
                writer.copy(&self.walked.walk.entropy.bytes, self.start(at), until);
                self.remember(hidden - 1, &mut before);
                at = hidden;
            }
        }
        writer.finish();
        Ok(())
    }

    /// Writes an MCU of what hides.
    fn put_hidden(&self, mcu: usize, before: &mut [i32; 4], encoder: &mut Encoder, writer: &mut BitWriter) {
        for place in self.walked.layout.blocks(mcu) {
            self.put_dc(place, before, encoder, writer);
            let ac = self.cover.ac.get(place.component).and_then(|ac| ac.get(place.block));
            encoder.put_ac(place.part, ac.map_or(&[], |ac| ac.as_slice()), writer);
        }
    }

    /// Writes an MCU that keeps its coefficients, behind one that did not.
    fn put_behind_hidden(
        &self,
        mcu: usize,
        before: &mut [i32; 4],
        encoder: &mut Encoder,
        writer: &mut BitWriter,
    ) -> Result<(), Error> {
        let bytes = &self.walked.walk.entropy.bytes;
        let mut bits = Bits::at(bytes, self.start(mcu));
        for place in self.walked.layout.blocks(mcu) {
            let Some(decoder) = self.walked.walk.decoders.get(place.part) else {
                continue;
            };
            decoder.dc.next(&mut bits)?;
            self.put_dc(place, before, encoder, writer);
            let start = bits.position();
            decoder.ac.skip(&mut bits)?;
            writer.copy(bytes, start, bits.position());
        }
        Ok(())
    }

    fn put_dc(&self, place: Place, before: &mut [i32; 4], encoder: &mut Encoder, writer: &mut BitWriter) {
        let dc = self.dc(place);
        if let Some(before) = before.get_mut(place.part) {
            encoder.put_dc(place.part, dc - *before, writer);
            *before = dc;
        }
    }

    /// What the next MCU refers to: the last DC coefficient of each component in this one.
    fn remember(&self, mcu: usize, before: &mut [i32; 4]) {
        for place in self.walked.layout.blocks(mcu) {
            if let Some(before) = before.get_mut(place.part) {
                *before = self.dc(place);
            }
        }
    }

    fn dc(&self, place: Place) -> i32 {
        let dc = self.dc.get(place.component).and_then(|dc| dc.get(place.block));
        dc.map_or(0, |dc| i32::from(*dc))
    }

    fn start(&self, mcu: usize) -> usize {
        self.walked.walk.starts.get(mcu).copied().unwrap_or_default()
    }

    /// The first hidden MCU in a range, or the range's end.
    fn next_hidden(&self, mcus: Range<usize>) -> usize {
        let hidden = self.hidden.get(mcus.clone()).unwrap_or_default();
        hidden
            .iter()
            .position(|hidden| *hidden)
            .map_or(mcus.end, |place| mcus.start + place)
    }
}
