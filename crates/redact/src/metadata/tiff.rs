//! The TIFF structure that EXIF is stored in (TIFF 6.0 section 2): reading directories, writing small ones.

/// Entries read from one directory at most: IFDs of photos have some dozens.
const MOST_ENTRIES: usize = 1_000;

pub(super) const ASCII: u16 = 2;
pub(super) const SHORT: u16 = 3;
pub(super) const LONG: u16 = 4;
pub(super) const RATIONAL: u16 = 5;

/// A TIFF block, in either byte order. Reading outside of it gives `None`, never a panic.
#[derive(Clone, Copy)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    little_endian: bool,
}

/// One field of a directory.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub tag: u16,
    pub kind: u16,
    tiff: Tiff<'a>,
    value: &'a [u8],
}

impl<'a> Tiff<'a> {
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let little_endian = match bytes.first_chunk()? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self { bytes, little_endian })
    }

    /// The fields of the first directory.
    pub fn first_directory(self) -> impl Iterator<Item = Field<'a>> {
        let offset = self.u32(self.bytes.get(4..).unwrap_or_default());
        self.directory(offset.unwrap_or(u32::MAX))
    }

    /// The fields of the directory at an offset; none where it is broken.
    pub fn directory(self, offset: u32) -> impl Iterator<Item = Field<'a>> {
        let at = self.bytes.get(offset as usize..).unwrap_or_default();
        let count = self.u16(at).map_or(0, usize::from).min(MOST_ENTRIES);
        let entries = at.get(2..).unwrap_or_default().chunks_exact(12).take(count);
        entries.filter_map(move |entry| self.field(entry))
    }

    fn field(self, entry: &'a [u8]) -> Option<Field<'a>> {
        let (tag, kind) = (self.u16(entry)?, self.u16(entry.get(2..)?)?);
        let size = match kind {
            1 | ASCII | 7 => 1,
            SHORT => 2,
            LONG => 4,
            RATIONAL => 8,
            _ => return None,
        };
        let length = (self.u32(entry.get(4..)?)? as usize).checked_mul(size)?;
        let place = entry.get(8..)?;
        // Up to four bytes stand in the entry itself, more of them elsewhere.
        let value = if length <= 4 {
            place.get(..length)?
        } else {
            let start = self.u32(place)? as usize;
            self.bytes.get(start..start.checked_add(length)?)?
        };
        Some(Field {
            tag,
            kind,
            tiff: self,
            value,
        })
    }

    fn u16(self, bytes: &[u8]) -> Option<u16> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn u32(self, bytes: &[u8]) -> Option<u32> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }
}

impl<'a> Field<'a> {
    /// A single number of type SHORT or LONG.
    pub fn number(self) -> Option<u32> {
        match self.kind {
            SHORT => self.tiff.u16(self.value).map(u32::from),
            LONG => self.tiff.u32(self.value),
            _ => None,
        }
    }

    /// A single RATIONAL: numerator and denominator.
    pub fn ratio(self) -> Option<(u32, u32)> {
        if self.kind != RATIONAL {
            return None;
        }
        Some((self.tiff.u32(self.value)?, self.tiff.u32(self.value.get(4..)?)?))
    }

    /// An ASCII text up to its first NUL.
    pub fn text(self) -> Option<&'a str> {
        if self.kind != ASCII {
            return None;
        }
        std::str::from_utf8(self.value.split(|byte| *byte == 0).next()?).ok()
    }
}

/// A field to be written, its value in big-endian bytes.
pub(super) struct NewField {
    pub tag: u16,
    kind: u16,
    count: u32,
    value: Vec<u8>,
}

impl NewField {
    pub fn short(tag: u16, value: u16) -> Self {
        Self {
            tag,
            kind: SHORT,
            count: 1,
            value: value.to_be_bytes().to_vec(),
        }
    }

    pub fn long(tag: u16, value: u32) -> Self {
        Self {
            tag,
            kind: LONG,
            count: 1,
            value: value.to_be_bytes().to_vec(),
        }
    }

    pub fn ratio(tag: u16, (numerator, denominator): (u32, u32)) -> Self {
        let value = [numerator.to_be_bytes(), denominator.to_be_bytes()].concat();
        Self {
            tag,
            kind: RATIONAL,
            count: 1,
            value,
        }
    }

    pub fn text(tag: u16, text: &str) -> Self {
        let value = [text.as_bytes(), &[0]].concat();
        Self {
            tag,
            kind: ASCII,
            count: value.len() as u32,
            value,
        }
    }
}

/// The start of a big-endian TIFF block whose first directory follows at once.
pub(super) const BIG_ENDIAN_HEADER: [u8; 8] = *b"MM\0*\0\0\0\x08";

/// How many bytes [`write_directory`] gives for these fields.
pub(super) fn directory_size(fields: &[NewField]) -> usize {
    let outside: usize = fields
        .iter()
        .map(|field| field.value.len())
        .filter(|length| *length > 4)
        .map(even)
        .sum();
    2 + 12 * fields.len() + 4 + outside
}

/// A directory for the given offset in a big-endian block, the last of its chain, followed by its longer values.
/// The caller keeps the fields few and short: their number fits 16 bits, the offsets 32.
pub(super) fn write_directory(fields: &mut [NewField], offset: usize) -> Vec<u8> {
    // TIFF wants ascending tags.
    fields.sort_by_key(|field| field.tag);
    let mut bytes = (fields.len() as u16).to_be_bytes().to_vec();
    let mut outside: Vec<u8> = Vec::new();
    let outside_offset = offset + 2 + 12 * fields.len() + 4;
    for field in fields.iter() {
        bytes.extend(field.tag.to_be_bytes());
        bytes.extend(field.kind.to_be_bytes());
        bytes.extend(field.count.to_be_bytes());
        if field.value.len() <= 4 {
            bytes.extend(&field.value);
            bytes.resize(bytes.len() + 4 - field.value.len(), 0);
        } else {
            bytes.extend(((outside_offset + outside.len()) as u32).to_be_bytes());
            outside.extend(&field.value);
            outside.resize(even(outside.len()), 0);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(outside);
    bytes
}

/// Values start at even offsets.
fn even(length: usize) -> usize {
    length + length % 2
}
