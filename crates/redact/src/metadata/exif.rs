//! EXIF (CIPA DC-008), reduced to what shows the picture as it was: orientation and resolution, and short texts for
//! those who ask. It is read, and written anew: nothing of the original block is copied, so nothing hides in it.

use super::tiff::{BIG_ENDIAN_HEADER, NewField, Tiff, directory_size, write_directory};
use crate::{KeepMetadata, Orientation};

const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011A;
const Y_RESOLUTION: u16 = 0x011B;
const RESOLUTION_UNIT: u16 = 0x0128;
const EXIF_DIRECTORY: u16 = 0x8769;

/// Texts of the first directory: description, make, model, software, date, artist, copyright.
const TEXTS: &[u16] = &[0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298];
/// Texts of the EXIF directory: dates with their offsets and fractions, owner, serial numbers, lens.
const EXIF_TEXTS: &[u16] = &[
    0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292, 0xA430, 0xA431, 0xA433, 0xA434, 0xA435,
];
/// A longer text may be an encoded picture. All of them together fit one JPEG segment.
const LONGEST_TEXT: usize = 2_048;

/// What is kept of an EXIF block.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Exif<'a> {
    pub orientation: Orientation,
    /// Pixels per unit across and down, as ratios.
    resolution: Option<((u32, u32), (u32, u32))>,
    /// 2: inch, 3: centimetre.
    resolution_unit: Option<u16>,
    texts: Vec<(u16, &'a str)>,
    exif_texts: Vec<(u16, &'a str)>,
}

impl<'a> Exif<'a> {
    /// Reads a TIFF block (without the `Exif` header of JPEG). What is broken counts as absent.
    pub fn read(bytes: &'a [u8]) -> Self {
        let tiff = Tiff::new(bytes);
        let first = tiff.and_then(|tiff| Some((tiff, tiff.first_directory()?)));
        first.map_or_else(Self::default, |(tiff, offset)| Self::read_directory(tiff, offset))
    }

    /// Reads one directory, and the EXIF directory that it names. What is broken counts as absent.
    pub fn read_directory(tiff: Tiff<'a>, offset: u32) -> Self {
        let mut exif = Self::default();
        let (mut x, mut y) = (None, None);
        let mut orientation = None;
        for field in tiff.directory(offset) {
            match field.tag {
                // Of several orientations the first counts, as in common viewers.
                ORIENTATION => orientation = orientation.or(field.number()),
                X_RESOLUTION => x = field.ratio(),
                Y_RESOLUTION => y = field.ratio(),
                RESOLUTION_UNIT => exif.resolution_unit = field.number().and_then(|unit| u16::try_from(unit).ok()),
                EXIF_DIRECTORY => {
                    if let Some(offset) = field.number() {
                        exif.exif_texts = texts(tiff.directory(offset), EXIF_TEXTS);
                    }
                }
                _ => {}
            }
        }
        let value = orientation.and_then(|value| u16::try_from(value).ok());
        exif.orientation = value.map_or(Orientation::UPRIGHT, Orientation::from_exif);
        exif.resolution = x.zip(y);
        exif.texts = texts(tiff.directory(offset), TEXTS);
        exif
    }

    /// A new TIFF block with what may be kept, or `None` when there is nothing to say.
    pub fn write(&self, keep: KeepMetadata) -> Option<Vec<u8>> {
        let first = self.first_directory(keep);
        let mut exif = Vec::new();
        if keep == KeepMetadata::AllButPictures {
            exif.extend(self.exif_texts.iter().map(|(tag, text)| NewField::text(*tag, text)));
        }
        if first.is_empty() && exif.is_empty() {
            return None;
        }
        Some(write_block(first, exif))
    }

    /// What may be kept of the directory itself, without the EXIF directory that it names.
    pub fn first_directory(&self, keep: KeepMetadata) -> Vec<NewField> {
        let mut first = Vec::new();
        if self.orientation != Orientation::UPRIGHT {
            first.push(NewField::short(ORIENTATION, u16::from(self.orientation.exif())));
        }
        if let Some((x, y)) = self.resolution {
            first.push(NewField::ratio(X_RESOLUTION, x));
            first.push(NewField::ratio(Y_RESOLUTION, y));
            first.extend(self.resolution_unit.map(|unit| NewField::short(RESOLUTION_UNIT, unit)));
        }
        if keep == KeepMetadata::AllButPictures {
            first.extend(self.texts.iter().map(|(tag, text)| NewField::text(*tag, text)));
        }
        first
    }
}

/// The texts with these tags, each once, that are short and printable.
fn texts<'a>(fields: impl Iterator<Item = super::tiff::Field<'a>>, tags: &[u16]) -> Vec<(u16, &'a str)> {
    let mut found: Vec<(u16, &'a str)> = Vec::new();
    for field in fields.filter(|field| tags.contains(&field.tag)) {
        let is_new = found.iter().all(|(tag, _)| *tag != field.tag);
        if let Some(text) = field.text().filter(|text| is_new && is_plain_text(text)) {
            found.push((field.tag, text));
        }
    }
    found
}

/// Whether this is a short text that a person may have written.
pub(crate) fn is_plain_text(text: &str) -> bool {
    let printable = |character: char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    !text.is_empty() && text.len() <= LONGEST_TEXT && text.chars().all(printable)
}

fn write_block(mut first: Vec<NewField>, mut exif: Vec<NewField>) -> Vec<u8> {
    let start = BIG_ENDIAN_HEADER.len();
    if exif.is_empty() {
        return [&BIG_ENDIAN_HEADER[..], &write_directory(&mut first, start)].concat();
    }
    first.push(NewField::long(EXIF_DIRECTORY, 0));
    let exif_start = start + directory_size(&first);
    first.pop();
    first.push(NewField::long(EXIF_DIRECTORY, exif_start as u32));
    let first = write_directory(&mut first, start);
    [&BIG_ENDIAN_HEADER[..], &first, &write_directory(&mut exif, exif_start)].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    /// A little-endian block with one SHORT in its first directory.
    fn block(tag: u16, value: u16) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0\x01\0".to_vec();
        bytes.extend(tag.to_le_bytes());
        bytes.extend([3, 0, 1, 0, 0, 0]);
        bytes.extend(value.to_le_bytes());
        bytes.extend([0; 6]);
        bytes
    }

    #[test]
    fn each_orientation_survives_being_written_anew() {
        for value in 2..=8 {
            let bytes = block(ORIENTATION, value);
            let exif = Exif::read(&bytes);
            assert_eq!(u16::from(exif.orientation.exif()), value);
            let written = exif.write(KeepMetadata::OnlyNeeded).unwrap();
            assert_eq!(Exif::read(&written), exif);
        }
    }

    #[test]
    fn broken_exif_is_upright() {
        let whole = block(ORIENTATION, 6);
        for cut in 0..18 {
            assert_eq!(
                Exif::read(&whole[..cut]).orientation,
                Orientation::UPRIGHT,
                "cut at {cut}"
            );
        }
        for value in [0, 9, 600, u16::MAX] {
            assert_eq!(Exif::read(&block(ORIENTATION, value)).orientation, Orientation::UPRIGHT);
        }
        assert_eq!(
            Exif::read(b"MM\0*\xFF\xFF\xFF\xFF").write(KeepMetadata::AllButPictures),
            None
        );
    }

    #[test]
    fn texts_and_resolution_survive_being_written_anew() {
        let original = Exif {
            orientation: Orientation::from_exif(3),
            resolution: Some(((300, 1), (300, 1))),
            resolution_unit: Some(2),
            texts: vec![(0x010E, "a"), (0x013B, "Ada Lovelace")],
            exif_texts: vec![(0x9003, "2024:01:02 03:04:05")],
        };
        let written = original.write(KeepMetadata::AllButPictures).unwrap();
        assert_eq!(Exif::read(&written), original);
        let needed = original.write(KeepMetadata::OnlyNeeded).unwrap();
        assert_eq!(
            Exif::read(&needed),
            Exif {
                texts: vec![],
                exif_texts: vec![],
                ..original
            }
        );
    }

    #[test]
    fn a_long_or_binary_text_is_no_text() {
        assert!(!is_plain_text(&"x".repeat(LONGEST_TEXT + 1)));
        assert!(!is_plain_text("JFIF\u{1}"));
        assert!(is_plain_text("Zoë, 5 o'clock\nLondon"));
    }
}
