//! The file that comes out: metadata by an allow-list, and the picture.
//!
//! What is needed to show the picture as it was is kept. Everything else is left out, known or not.

use super::coefficients::Coefficients;
use super::color::Model;
use super::cover::Cover;
use super::segments::{APP0, APP1, APP2, APP14, DHT, DQT, DRI, EOI, SOI, SOS, Segment, Segments, write_segment};
use super::splice::{Splice, Walked};
use super::{DcPlanes, Jpeg};
use crate::output::Output;
use crate::redacted::Outcome;
use crate::region::Area;
use crate::{Engine, Error, KeepMetadata, Options, Style};

impl<'a> Jpeg<'a> {
    fn cover(&self, dc: &mut [Vec<i16>], areas: &[Area], options: &Options) -> Cover {
        let color = match options.style {
            Style::Fill(rgb) => Model::of(&self.header).of_rgb(rgb),
            _ => [0.0; 4],
        };
        Cover::over(areas, dc, &self.header.frame, &self.layout, color, options)
    }

    /// Splices the scans; if their tables lack codes and have no room for them, all coefficients are written anew.
    pub(super) fn splice(
        &self,
        scans: &[Walked],
        mut dc: DcPlanes,
        areas: &[Area],
        options: &Options,
        out: &mut Output,
    ) -> Result<Outcome, Error> {
        let cover = self.cover(&mut dc, areas, options);
        let splices = scans
            .iter()
            .map(|walked| Splice::new(walked, &self.layout, &dc, &cover));
        let splices: Vec<Splice> = splices.collect();
        let more_codes: Result<Option<Vec<_>>, Error> = splices.iter().map(Splice::more_codes).collect();
        let Some(more_codes) = more_codes? else {
            if self.header.scans > 1 {
                // The codec reads no others of these.
                let what = "a sequential JPEG of several scans whose Huffman tables have no room";
                return Err(Error::UnsupportedFormat(what));
            }
            let coefficients = Coefficients::read(self.file, &self.header.frame)?;
            return self.write_coefficients(coefficients, &dc, &cover, options, out);
        };

        let removed = self.write_metadata(out, options.keep_metadata);
        let mut scans = splices.iter().zip(&more_codes);
        for segment in self.picture() {
            let scan = (segment.marker == SOS).then(|| scans.next()).flatten();
            match scan {
                Some((splice, more_codes)) => write_scan(segment.payload, splice, more_codes, out)?,
                None => segment.write(out),
            }
        }
        out.bytes().extend([0xFF, EOI]);
        Ok(outcome(Engine::Splice, removed))
    }

    /// Writes all coefficients anew.
    pub(super) fn rewrite(
        &self,
        coefficients: Coefficients,
        mut dc: Vec<Vec<i16>>,
        areas: &[Area],
        options: &Options,
        out: &mut Output,
    ) -> Result<Outcome, Error> {
        let cover = self.cover(&mut dc, areas, options);
        self.write_coefficients(coefficients, &dc, &cover, options, out)
    }

    fn write_coefficients(
        &self,
        mut coefficients: Coefficients,
        dc: &[Vec<i16>],
        cover: &Cover,
        options: &Options,
        out: &mut Output,
    ) -> Result<Outcome, Error> {
        coefficients.hide(dc, cover, &self.layout);
        let encoded = coefficients.write(self.header.frame.progressive && !options.baseline_output)?;
        drop(coefficients);
        let defect = |error: Error| Error::Encoding(error.to_string());
        let (segments, end) = Segments::all_of(&encoded).map_err(defect)?;
        end.map_err(defect)?;
        let removed = self.write_metadata(out, options.keep_metadata);
        segments
            .iter()
            .filter(is_picture)
            .for_each(|segment| segment.write(out));
        out.bytes().extend([0xFF, EOI]);
        Ok(outcome(Engine::Coefficients, removed))
    }

    /// The file with its picture as it is.
    pub(super) fn copy(&self, keep: KeepMetadata, out: &mut Output) -> Outcome {
        let removed = self.write_metadata(out, keep);
        self.picture().for_each(|segment| segment.write(out));
        out.bytes().extend([0xFF, EOI]);
        outcome(Engine::Untouched, removed)
    }

    /// SOI and the metadata to be kept; gives the size of what is not.
    fn write_metadata(&self, output: &mut Output, keep: KeepMetadata) -> u64 {
        let out = output.bytes();
        out.extend([0xFF, SOI]);
        let start = out.len();
        // JFIF wants to be the first. It ends with the size of its thumbnail: nothing.
        if let Some(jfif) = self.header.jfif {
            write_segment(out, APP0, &[&jfif[..], &[0, 0]].concat());
        }
        if let Some(exif) = self.header.exif.write(keep) {
            write_segment(out, APP1, &[b"Exif\0\0", exif.as_slice()].concat());
        }
        for payload in &self.header.icc {
            write_segment(out, APP2, payload);
        }
        if let Some(adobe) = self.header.adobe {
            write_segment(out, APP14, &adobe);
        }
        let picture: usize = self.picture().map(Segment::size).sum();
        // SOI and EOI take two bytes each.
        let kept = out.len() - start + picture + 4;
        self.file.len().saturating_sub(kept) as u64
    }

    /// Frame, tables, restart intervals and scans. Tables behind the last scan serve nothing and are left out.
    fn picture(&self) -> impl Iterator<Item = &Segment<'a>> {
        let last = self.segments.iter().rposition(|segment| segment.marker == SOS);
        self.segments
            .iter()
            .take(last.map_or(0, |last| last + 1))
            .filter(is_picture)
    }
}

/// Frame, tables, restart interval and scans.
fn is_picture(segment: &&Segment) -> bool {
    matches!(segment.marker, 0xC0..=0xC2 | DHT | DQT | DRI | SOS)
}

fn outcome(engine: Engine, metadata_bytes_removed: u64) -> Outcome {
    Outcome {
        engine,
        metadata_bytes_removed,
        read_to_end: true,
    }
}

/// Writes a scan with its own Huffman tables, or those that take their place.
fn write_scan(header: &[u8], splice: &Splice, more_codes: &[u8], out: &mut Output) -> Result<(), Error> {
    if !more_codes.is_empty() {
        write_segment(out.bytes(), DHT, more_codes);
    }
    write_segment(out.bytes(), SOS, header);
    splice.write(more_codes, out)
}
