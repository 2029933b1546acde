//! What must be known of a JPEG before its picture is decoded, gathered in one walk over its segments.

use super::frame::{Frame, Layout, QuantTable, natural_order};
use super::icc::IccChunks;
use super::scan::ScanHeader;
use super::segments::{APP0, APP1, APP2, APP14, DAC, DNL, DQT, DRI, SOS, Segment};
use crate::metadata::exif::Exif;
use crate::{Error, Limits};

/// More scans than any encoder writes; each one costs a walk over the whole picture, however short it is.
const MOST_SCANS: usize = 100;

/// How often the blocks of a large picture may be gone through: twice as often as in libjpeg's own script for progressive
/// pictures. Else a file of some kB could take seconds.
const MOST_PASSES: usize = 12;

/// Blocks of a picture that is not large: these take no time, whatever the scans.
const FEW_BLOCKS: usize = 1 << 19;

/// What the decoder takes. The format itself goes up to 65,535.
const LONGEST_SIDE: u16 = 65_500;

/// What the segments of a file say.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub frame: Frame,
    pub exif: Exif<'a>,
    /// JFIF version, unit and density. Such a segment fixes the colour space to YCbCr.
    pub jfif: Option<[u8; 12]>,
    /// An Adobe segment without what may follow it; its last byte is the colour transform.
    pub adobe: Option<[u8; 12]>,
    /// The payloads of the segments that make up the ICC profile, in order; none unless it is a sound one.
    pub icc: Vec<&'a [u8]>,
    pub scans: usize,
}

impl<'a> Header<'a> {
    /// Goes through all segments. `end`: whether there are no more of them for a good reason. That a photo is beyond the
    /// limits, or unsupported, is said before that it is broken.
    ///
    /// # Errors
    /// What is unsupported, beyond the limits, or visibly broken. The entropy-coded data is not looked at.
    pub fn read(segments: &[Segment<'a>], end: Result<(), Error>, limits: &Limits) -> Result<Self, Error> {
        let mut reader = Reader {
            limits,
            frame: None,
            tables: [None; 4],
            exif: None,
            jfif: None,
            adobe: None,
            icc: IccChunks::default(),
            scans: 0,
            passes: [0; 4],
        };
        for segment in segments {
            reader.take(*segment)?;
        }
        end?;
        let frame = reader.frame.ok_or_else(|| Error::corrupt("it has no frame header"))?;
        if frame
            .components
            .iter()
            .any(|component| component.coded.first() == Some(&None))
        {
            return Err(Error::corrupt("the scan of a colour component is missing"));
        }
        check_tables(&frame, &reader.tables)?;
        check_work(&frame, reader.passes)?;
        limits.check_memory(frame.memory(reader.scans))?;
        Ok(Self {
            frame,
            exif: reader.exif.unwrap_or_default(),
            jfif: reader.jfif,
            adobe: reader.adobe,
            icc: reader.icc.of_sound_profile(),
            scans: reader.scans,
        })
    }

    /// The colour transform that an Adobe segment states: 0 none, 1 YCbCr, 2 YCCK.
    pub fn adobe_transform(&self) -> Option<u8> {
        self.adobe.and_then(|adobe| adobe.last().copied())
    }
}

struct Reader<'a, 'l> {
    limits: &'l Limits,
    frame: Option<Frame>,
    tables: [Option<QuantTable>; 4],
    exif: Option<Exif<'a>>,
    jfif: Option<[u8; 12]>,
    adobe: Option<[u8; 12]>,
    icc: IccChunks<'a>,
    scans: usize,
    /// How many scans there are of each component.
    passes: [usize; 4],
}

impl<'a> Reader<'a, '_> {
    fn take(&mut self, segment: Segment<'a>) -> Result<(), Error> {
        let Segment { marker, payload, .. } = segment;
        match marker {
            0xC0..=0xC2 => self.frame(marker, payload)?,
            0xC3 | 0xCB => return Err(Error::UnsupportedFormat("lossless JPEG")),
            0xC9 | 0xCA | DAC => return Err(Error::UnsupportedFormat("arithmetic-coded JPEG")),
            0xC5..=0xC7 | 0xCD..=0xCF | 0xDE | 0xDF => return Err(Error::UnsupportedFormat("hierarchical JPEG")),
            0xF7 => return Err(Error::UnsupportedFormat("JPEG-LS")),
            DNL => {
                return Err(Error::UnsupportedFormat(
                    "a JPEG that states its height at its end (DNL)",
                ));
            }
            DQT => self.quant_tables(payload)?,
            DRI if payload.len() != 2 => return Err(Error::corrupt("the restart interval is malformed")),
            SOS => self.scan(payload)?,
            // For the colours, decoders take into account what comes before the first scan: whether there is a whole
            // JFIF segment, and the last whole one of Adobe's.
            APP0 if self.scans == 0 && payload.starts_with(b"JFIF\0") => {
                let whole = payload.first_chunk::<14>().and_then(|jfif| jfif.first_chunk());
                self.jfif = self.jfif.or(whole.copied());
            }
            APP1 if self.exif.is_none() => self.exif = payload.strip_prefix(b"Exif\0\0").map(Exif::read),
            APP2 if self.scans == 0 => self.icc.take(payload),
            APP14 if self.scans == 0 && payload.starts_with(b"Adobe") => {
                self.adobe = payload.first_chunk().copied().or(self.adobe);
            }
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self, marker: u8, payload: &[u8]) -> Result<(), Error> {
        let frame = Frame::read(marker, payload)?;
        if self.frame.is_some() {
            return Err(Error::corrupt("it has two frame headers"));
        }
        self.limits
            .check_picture(u32::from(frame.width), u32::from(frame.height), 0)?;
        if frame.width.max(frame.height) > LONGEST_SIDE {
            return Err(Error::UnsupportedFormat(
                "a JPEG of more than 65,500 pixels across or down",
            ));
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn quant_tables(&mut self, mut payload: &[u8]) -> Result<(), Error> {
        let broken = || Error::corrupt("a quantisation table is malformed");
        while let Some((head, rest)) = payload.split_first() {
            let wide = head >> 4 == 1;
            let (values, rest) = rest.split_at_checked(if wide { 128 } else { 64 }).ok_or_else(broken)?;
            payload = rest;
            let slot = self
                .tables
                .get_mut(usize::from(head & 15))
                .filter(|_| *head < 32)
                .ok_or_else(broken)?;
            let table = natural_order(values, wide);
            // No step: it would hide whatever the coefficients are (section B.2.4.1).
            if table.contains(&0) {
                return Err(Error::corrupt("a quantisation table has a step of zero"));
            }
            *slot = Some(table);
        }
        Ok(())
    }

    fn scan(&mut self, payload: &[u8]) -> Result<(), Error> {
        let frame = self
            .frame
            .as_mut()
            .ok_or_else(|| Error::corrupt("a scan comes before the frame header"))?;
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(Error::corrupt(format!("it has more than {MOST_SCANS} scans")));
        }
        let scan = ScanHeader::read(payload, frame)?;
        let (first, last) = scan.spectrum;
        for part in &scan.parts {
            let Some(component) = frame.components.get_mut(part.component) else {
                continue;
            };
            if let Some(passes) = self.passes.get_mut(part.component) {
                *passes += 1;
            }
            let table = self.tables.get(usize::from(component.table)).copied().flatten();
            component.quant = component.quant.or(table);
            let coded = component.coded.get_mut(usize::from(first)..=usize::from(last));
            code_once(coded.unwrap_or_default(), scan.bits)?;
        }
        Ok(())
    }
}

/// Each component must have one quantisation table, the same from its first scan to the end of the file. Decoders do not
/// agree on which one counts where it changes.
fn check_tables(frame: &Frame, tables: &[Option<QuantTable>; 4]) -> Result<(), Error> {
    for component in &frame.components {
        if component.quant.is_none() {
            return Err(Error::corrupt("a quantisation table is missing"));
        }
        if tables.get(usize::from(component.table)) != Some(&component.quant) {
            return Err(Error::UnsupportedFormat(
                "a JPEG whose quantisation tables change between scans",
            ));
        }
    }
    Ok(())
}

/// Refuses more work than any photo is.
fn check_work(frame: &Frame, passes: [usize; 4]) -> Result<(), Error> {
    let layout = Layout::of(frame);
    let blocks = || layout.components.iter().map(|blocks| blocks.total);
    let coded: usize = blocks().zip(passes).map(|(blocks, passes)| blocks * passes).sum();
    if coded > MOST_PASSES * blocks().sum::<usize>().max(FEW_BLOCKS) {
        return Err(Error::corrupt("it has more scans than a photo of its size"));
    }
    Ok(())
}

/// Notes that a scan codes these coefficients: for the first time (`from_bit` 0), or one bit more (section G.1.1.1.1).
///
/// Anything else would code them a second time. That is a second picture, and which of the two is seen would depend on
/// the viewer.
fn code_once(coefficients: &mut [Option<u8>], (from_bit, to_bit): (u8, u8)) -> Result<(), Error> {
    let before = (from_bit > 0).then_some(from_bit);
    if coefficients.iter().any(|coded| *coded != before) || (from_bit > 0 && to_bit + 1 != from_bit) {
        return Err(Error::corrupt("a colour component has two scans"));
    }
    coefficients.fill(Some(to_bit));
    Ok(())
}
