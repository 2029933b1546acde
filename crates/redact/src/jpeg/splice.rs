//! The splice: a scan in which hidden MCUs are new and all other bits are copied.
//!
//! Within a restart interval each DC coefficient is coded as the difference to the one before it (ITU-T T.81 section
//! F.1.1.5.1). So the MCU behind a hidden one is written anew: its DC differences change, its AC bits do not. Whatever
//! follows is the same bits, only shifted. Intervals without a hidden MCU are copied as they are.

use std::ops::Range;

use super::bits::{BitPlace, Bits};
use super::codes::Encoder;
use super::cover::Cover;
use super::frame::Layout;
use super::scan::{Place, Scan, ScanLayout};
use super::walk::{Interval, Walk};
use super::writer::BitWriter;
use crate::Error;
use crate::output::Output;

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
    frame: &'a Layout,
    /// The DC coefficients as they shall be.
    dc: &'a [Vec<i16>],
    cover: &'a Cover,
    /// For each MCU of the scan whether it is hidden.
    hidden: Vec<bool>,
}

impl<'a> Splice<'a> {
    pub fn new(walked: &'a Walked<'a>, frame: &'a Layout, dc: &'a [Vec<i16>], cover: &'a Cover) -> Self {
        let is_hidden = |mcu| {
            let (column, row) = walked.layout.in_frame(mcu, frame);
            cover.hides(row * frame.mcus.0 + column)
        };
        Self {
            walked,
            frame,
            dc,
            cover,
            hidden: (0..walked.layout.total()).map(is_hidden).collect(),
        }
    }

    /// What has to be defined before the scan because its tables lack codes: the payload of a DHT segment, empty if they
    /// lack none. `None` if they have no room for them.
    ///
    /// # Errors
    /// [`Error::CorruptImage`], which the walk would have met before.
    pub fn more_codes(&self) -> Result<Option<Vec<u8>>, Error> {
        let scan = &self.walked.scan;
        let mut encoder = Encoder::of(scan)?;
        if !encoder.has_all() {
            self.put(&mut encoder, &mut Output::nowhere())?;
        }
        Ok(encoder.extended_tables(scan))
    }

    /// Writes the new scan, with [`Self::more_codes`].
    ///
    /// # Errors
    /// [`Error::CorruptImage`], which the walk would have met before.
    pub fn write(&self, more_codes: &[u8], out: &mut Output) -> Result<(), Error> {
        let scan = &self.walked.scan;
        let mut tables = scan.tables;
        tables.define(more_codes)?;
        self.put(&mut Encoder::with(scan, &tables)?, out)
    }

    fn put(&self, encoder: &mut Encoder, out: &mut Output) -> Result<(), Error> {
        let Walked { scan, walk, .. } = self.walked;
        let total = self.hidden.len();
        let mut copied = 0;
        for (index, interval) in walk.intervals.iter().enumerate() {
            let first = index * walk.interval;
            let mcus = first..total.min(first + walk.interval);
            if self.next_hidden(mcus.clone()) < mcus.end {
                // The intervals before this one, and the marker.
                out.extend(scan.data.get(copied..interval.bytes.start).unwrap_or_default());
                self.interval(mcus, interval, encoder, BitWriter::new(out))?;
                copied = interval.bytes.end;
            }
        }
        out.extend(scan.data.get(copied..).unwrap_or_default());
        Ok(())
    }

    /// Writes a restart interval.
    fn interval(
        &self,
        mcus: Range<usize>,
        interval: &Interval,
        encoder: &mut Encoder,
        mut writer: BitWriter,
    ) -> Result<(), Error> {
        let data = self.walked.scan.data;
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
                let until = if hidden == mcus.end {
                    end_of(interval, data)
                } else {
                    self.start(hidden)
                };
                writer.copy(data, self.start(at), until);
                self.remember(hidden - 1, &mut before);
                at = hidden;
            }
        }
        writer.finish();
        Ok(())
    }

    /// Writes an MCU of what hides.
    fn put_hidden(&self, mcu: usize, before: &mut [i32; 4], encoder: &mut Encoder, writer: &mut BitWriter) {
        let (column, row) = self.walked.layout.in_frame(mcu, self.frame);
        let in_frame = row * self.frame.mcus.0 + column;
        for place in self.walked.layout.blocks(mcu) {
            self.put_dc(place, before, encoder, writer);
            let ac = self.cover.ac(in_frame, place.component, place.block, self.frame);
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
        let data = self.walked.scan.data;
        let mut bits = Bits::at(data, self.start(mcu));
        for place in self.walked.layout.blocks(mcu) {
            let Some(decoder) = self.walked.walk.decoder(place.part) else {
                continue;
            };
            decoder.dc.next(&mut bits)?;
            self.put_dc(place, before, encoder, writer);
            let start = bits.mark().place(data);
            decoder.ac.skip(&mut bits)?;
            writer.copy(data, start, bits.mark().place(data));
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

    fn start(&self, mcu: usize) -> BitPlace {
        self.walked.walk.start(self.walked.scan.data, mcu)
    }

    /// The first hidden MCU in a range, or the range's end.
    fn next_hidden(&self, mcus: Range<usize>) -> usize {
        let hidden = self.hidden.get(mcus.clone()).unwrap_or_default();
        let place = hidden.iter().position(|hidden| *hidden);
        place.map_or(mcus.end, |place| mcus.start + place)
    }
}

/// The bit behind the last MCU of an interval. Where the walk stopped before, everything that is left is taken along.
fn end_of(interval: &Interval, data: &[u8]) -> BitPlace {
    let all = BitPlace {
        byte: interval.bytes.end,
        bit: 0,
    };
    interval.end.map_or(all, |end| end.place(data))
}
