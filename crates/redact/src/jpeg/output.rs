//! The file that comes out: metadata by an allow-list, and the picture.
//!
//! What is needed to show the picture as it was is kept. Everything else is left out, known or not.

use super::codes::Encoder;
use super::coefficients::Coefficients;
use super::color::Model;
use super::cover::Cover;
use super::segments::{APP0, APP1, APP2, APP14, DHT, DQT, DRI, EOI, SOI, SOS, Segment, Segments, write_segment};
use super::splice::{Splice, Walked};
use super::{DcPlanes, Jpeg};
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
    ) -> Result<Outcome, Error> {
        let cover = self.cover(&mut dc, areas, options);
        let mut out = Vec::with_capacity(self.file.len() + 1024);
        let removed = self.write_metadata(&mut out, options.keep_metadata);
        let mut scans = scans.iter();
        for segment in self.picture() {
            match scans.as_slice().first() {
                Some(walked) if segment.marker == SOS => {
                    let splice = Splice::new(walked, &self.layout, &dc, &cover);
                    if !write_scan(segment.payload, &splice, walked, &mut out)? {
                        if self.header.scans > 1 {
                            // The codec reads no others of these.
                            let what = "a sequential JPEG of several scans whose Huffman tables have no room";
                            return Err(Error::UnsupportedFormat(what));
                        }
                        let coefficients = Coefficients::read(self.file, &self.header.frame)?;
                        return self.write_coefficients(coefficients, &dc, &cover, options);
                    }
                    scans.next();
                }
                _ => segment.write(&mut out),
            }
        }
        out.extend([0xFF, EOI]);
        Ok(self.outcome(Engine::Splice, (out, removed)))
    }

    /// Writes all coefficients anew.
    pub(super) fn rewrite(
        &self,
        coefficients: Coefficients,
        mut dc: Vec<Vec<i16>>,
        areas: &[Area],
        options: &Options,
    ) -> Result<Outcome, Error> {
        let cover = self.cover(&mut dc, areas, options);
        self.write_coefficients(coefficients, &dc, &cover, options)
    }

    fn write_coefficients(
        &self,
        mut coefficients: Coefficients,
        dc: &[Vec<i16>],
        cover: &Cover,
        options: &Options,
    ) -> Result<Outcome, Error> {
        coefficients.hide(dc, cover, &self.layout);
        let encoded = coefficients.write(self.header.frame.progressive && !options.baseline_output)?;
        drop(coefficients);
        let mut out = Vec::with_capacity(encoded.len() + 1024);
        let removed = self.write_metadata(&mut out, options.keep_metadata);
        let defect = |error: Error| Error::Encoding(error.to_string());
        let (segments, end) = Segments::all_of(&encoded).map_err(defect)?;
        end.map_err(defect)?;
        segments
            .iter()
            .filter(is_picture)
            .for_each(|segment| segment.write(&mut out));
        out.extend([0xFF, EOI]);
        Ok(self.outcome(Engine::Coefficients, (out, removed)))
    }

    pub(super) fn outcome(&self, engine: Engine, (bytes, metadata_bytes_removed): (Vec<u8>, u64)) -> Outcome {
        Outcome {
            bytes,
            engine,
            metadata_bytes_removed,
            read_to_end: true,
        }
    }

    /// The file with its picture as it is; and how many bytes of metadata were left out.
    pub(super) fn copy(&self, keep: KeepMetadata) -> (Vec<u8>, u64) {
        let mut out = Vec::with_capacity(self.file.len());
        let removed = self.write_metadata(&mut out, keep);
        self.picture().for_each(|segment| segment.write(&mut out));
        out.extend([0xFF, EOI]);
        (out, removed)
    }

    /// SOI and the metadata to be kept; gives the size of what is not.
    fn write_metadata(&self, out: &mut Vec<u8>, keep: KeepMetadata) -> u64 {
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

/// Writes a scan with its own Huffman tables, or, if they lack codes, with tables that have these, too. Whether they had
/// room for them.
fn write_scan(header: &[u8], splice: &Splice, walked: &Walked, out: &mut Vec<u8>) -> Result<bool, Error> {
    let (start, mut encoder) = (out.len(), Encoder::of(&walked.scan)?);
    write_segment(out, SOS, header);
    splice.write(&mut encoder, out)?;
    let Some(extended) = encoder.extended_tables(&walked.scan) else {
        return Ok(false);
    };
    if !extended.is_empty() {
        out.truncate(start);
        let mut tables = walked.scan.tables;
        tables.define(&extended)?;
        write_segment(out, DHT, &extended);
        write_segment(out, SOS, header);
        splice.write(&mut Encoder::with(&walked.scan, &tables)?, out)?;
    }
    Ok(true)
}
