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
use super::walk::Walk;
use super::writer::BitWriter;
use crate::Error;

/// A scan, walked over, and what it becomes.
pub(super) struct Splice<'a> {
    /// The entropy-coded data as it stands.
    pub data: &'a [u8],
    pub layout: &'a Layout,
    /// With the DC coefficients as they shall be.
    pub walk: &'a Walk,
    pub cover: &'a Cover,
}

impl Splice<'_> {
    /// Appends the new scan. Codes that its tables lack are left out; the encoder knows which.
    ///
    /// # Errors
    /// [`Error::CorruptImage`], which the walk would have met before.
    pub fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>) -> Result<(), Error> {
        let total = self.layout.total();
        for (index, interval) in self.walk.entropy.intervals.iter().enumerate() {
            if index > 0 {
                out.extend([0xFF, 0xD0 + ((index - 1) % 8) as u8]);
            }
            let first = index * self.walk.interval;
            let mcus = first..total.min(first + self.walk.interval);
            if self.next_hidden(mcus.clone()) == mcus.end {
                out.extend_from_slice(self.data.get(interval.stuffed.clone()).unwrap_or_default());
            } else {
                let end = self.walk.ends.get(index).copied().unwrap_or(interval.bytes.end * 8);
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
                writer.copy(&self.walk.entropy.bytes, self.start(at), until);
                self.remember(hidden - 1, &mut before);
                at = hidden;
            }
        }
        writer.finish();
        Ok(())
    }

    /// Writes an MCU of what hides.
    fn put_hidden(&self, mcu: usize, before: &mut [i32; 4], encoder: &mut Encoder, writer: &mut BitWriter) {
        for (component, block) in self.blocks(mcu) {
            self.put_dc(component, block, before, encoder, writer);
            let ac = self.cover.ac.get(component).and_then(|ac| ac.get(block));
            encoder.put_ac(component, ac.map_or(&[], |ac| ac.as_slice()), writer);
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
        let bytes = &self.walk.entropy.bytes;
        let mut bits = Bits::at(bytes, self.start(mcu));
        for (component, block) in self.blocks(mcu) {
            let Some(decoder) = self.walk.decoders.get(component) else {
                continue;
            };
            decoder.dc.next(&mut bits)?;
            self.put_dc(component, block, before, encoder, writer);
            let start = bits.position();
            decoder.ac.skip(&mut bits)?;
            writer.copy(bytes, start, bits.position());
        }
        Ok(())
    }

    fn put_dc(
        &self,
        component: usize,
        block: usize,
        before: &mut [i32; 4],
        encoder: &mut Encoder,
        writer: &mut BitWriter,
    ) {
        let dc = self.dc(component, block);
        if let Some(before) = before.get_mut(component) {
            encoder.put_dc(component, dc - *before, writer);
            *before = dc;
        }
    }

    /// What the next MCU refers to: the last DC coefficient of each component in this one.
    fn remember(&self, mcu: usize, before: &mut [i32; 4]) {
        for (component, block) in self.blocks(mcu) {
            if let Some(before) = before.get_mut(component) {
                *before = self.dc(component, block);
            }
        }
    }

    /// The blocks of an MCU in the order of the scan: their component, and their place in it.
    fn blocks(&self, mcu: usize) -> impl Iterator<Item = (usize, usize)> {
        let (row, column) = (mcu / self.layout.mcus.0, mcu % self.layout.mcus.0);
        let components = self.layout.components.iter().enumerate();
        components.flat_map(move |(component, blocks)| blocks.of_mcu(column, row).map(move |block| (component, block)))
    }

    fn dc(&self, component: usize, block: usize) -> i32 {
        let dc = self.walk.dc.get(component).and_then(|dc| dc.get(block));
        dc.map_or(0, |dc| i32::from(*dc))
    }

    fn start(&self, mcu: usize) -> usize {
        self.walk.starts.get(mcu).copied().unwrap_or_default()
    }

    /// The first hidden MCU in a range, or the range's end.
    fn next_hidden(&self, mcus: Range<usize>) -> usize {
        let hidden = self.cover.mcus.get(mcus.clone()).unwrap_or_default();
        hidden
            .iter()
            .position(|hidden| *hidden)
            .map_or(mcus.end, |place| mcus.start + place)
    }
}
