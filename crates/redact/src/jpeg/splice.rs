//! The splice: a scan in which hidden MCUs are new and all other bits are copied.
//!
//! Within a restart interval each DC coefficient is coded as the difference to the one before it (ITU-T T.81 section
//! F.1.1.5.1). So the MCU behind a hidden one is written anew: its DC differences change, its AC bits do not. Whatever
//! follows is the same bits, only shifted. Intervals without a hidden MCU are copied as they are.

use std::ops::Range;

use super::bits::{BitPlace, Bits};
use super::codes::Encoder;
use super::cover::{Cover, Run};
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
}

impl<'a> Splice<'a> {
    pub fn new(walked: &'a Walked<'a>, frame: &'a Layout, dc: &'a [Vec<i16>], cover: &'a Cover) -> Self {
        Self {
            walked,
            frame,
            dc,
            cover,
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
        let total = self.walked.layout.total();
        let mut copied = 0;
        for (index, interval) in walk.intervals.iter().enumerate() {
            let first = index * walk.interval;
            let mcus = first..total.min(first + walk.interval);
            if !self.next_hidden(mcus.clone()).mcus.is_empty() {
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
        let (mut at, mut is_behind_hidden) = (mcus.start, false);
        while at < mcus.end {
            let hidden = self.next_hidden(at..mcus.end);
            if is_behind_hidden && at < hidden.mcus.start {
                self.put_behind_hidden(at, &mut before, encoder, &mut writer)?;
                at += 1;
            }
            if at < hidden.mcus.start {
                let until = if hidden.mcus.start == mcus.end {
                    end_of(interval, data)
                } else {
                    self.start(hidden.mcus.start)
                };
                writer.copy(data, self.start(at), until);
                self.remember(hidden.mcus.start - 1, &mut before);
            }
            self.put_hidden(&hidden, &mut before, encoder, &mut writer);
            (at, is_behind_hidden) = (hidden.mcus.end, true);
        }
        writer.finish();
        Ok(())
    }

    /// Writes MCUs of what hides.
    fn put_hidden(&self, hidden: &HiddenMcus, before: &mut [i32; 4], encoder: &mut Encoder, writer: &mut BitWriter) {
        let layout = &self.walked.layout;
        let with_row = |place: Place| {
            let (row, column) = layout.row_and_column(place);
            let row = self.cover.hidden_row(hidden.region, place.component, row, self.frame)?;
            Some((place, row, column))
        };
        // As far as the row goes, the blocks of an MCU are a step behind those before.
        let mut places: Vec<_> = layout.blocks(hidden.mcus.start).filter_map(with_row).collect();
        for _ in hidden.mcus.clone() {
            for (place, row, column) in &mut places {
                self.put_dc(*place, before, encoder, writer);
                encoder.put_ac(place.part, &row.ac(*column), writer);
                place.block += place.step;
                *column += place.step;
            }
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

    /// The next MCUs of a range that lie in one row and are hidden by one region; none, at the range's end, if there are
    /// no more.
    fn next_hidden(&self, mcus: Range<usize>) -> HiddenMcus {
        let (width, (h, v)) = (self.walked.layout.mcus.0.max(1), self.walked.layout.in_mcu(self.frame));
        let mut at = mcus.start;
        while at < mcus.end {
            let (row, column) = (at / width, at % width);
            let runs = self.cover.runs(row / v);
            let behind = runs.partition_point(|run| run.columns.end * h <= column);
            if let Some(Run { columns, region }) = runs.get(behind) {
                let place = |column: usize| (row * width + column.min(width)).min(mcus.end);
                let hidden = place((columns.start * h).max(column))..place(columns.end * h);
                if !hidden.is_empty() {
                    let (mcus, region) = (hidden, *region);
                    return HiddenMcus { mcus, region };
                }
            }
            at = (row + 1) * width;
        }
        HiddenMcus {
            mcus: mcus.end..mcus.end,
            region: 0,
        }
    }
}

/// MCUs of a scan in one row that one region hides.
struct HiddenMcus {
    mcus: Range<usize>,
    region: usize,
}

/// The bit behind the last MCU of an interval. Where the walk stopped before, everything that is left is taken along.
fn end_of(interval: &Interval, data: &[u8]) -> BitPlace {
    let all = BitPlace {
        byte: interval.bytes.end,
        bit: 0,
    };
    interval.end.map_or(all, |end| end.place(data))
}
