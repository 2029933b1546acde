//! The structure of TIFF (6.0, section 2), which EXIF is stored in too: reading directories, writing small ones.

/// Entries read from one directory at most: IFDs of photos have some dozens.
const MOST_ENTRIES: usize = 1_000;

pub(crate) const BYTE: u16 = 1;
pub(crate) const ASCII: u16 = 2;
pub(crate) const SHORT: u16 = 3;
pub(crate) const LONG: u16 = 4;
pub(crate) const RATIONAL: u16 = 5;
pub(crate) const UNDEFINED: u16 = 7;

/// A TIFF block or file, in either byte order. Reading outside of it gives `None`, never a panic.
#[derive(Clone, Copy)]
pub(crate) struct Tiff<'a> {
    bytes: &'a [u8],
    pub little_endian: bool,
}

/// One field of a directory.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
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

    /// Where the first directory is.
    pub fn first_directory(self) -> Option<u32> {
        self.u32(self.bytes.get(4..)?)
    }

    /// Where the directory is that follows the one at an offset, 0 if there is none; `None` where it does not lie
    /// within the file.
    pub fn next_directory(self, offset: u32) -> Option<u32> {
        let at = self.bytes.get(offset as usize..)?;
        let count = usize::from(self.u16(at)?);
        self.u32(at.get(2 + 12 * count..)?)
    }

    /// Whether all values of a directory lie within the file, as far as their types are known.
    pub fn is_whole(self, offset: u32) -> bool {
        let at = self.bytes.get(offset as usize..).unwrap_or_default();
        let count = self.u16(at).map_or(0, usize::from);
        let entries = at.get(2..).unwrap_or_default().chunks_exact(12).take(count);
        let kind = |entry: &[u8]| self.u16(entry.get(2..)?);
        let is_known = |entry: &&[u8]| kind(entry).and_then(size_of).is_some();
        entries.filter(is_known).all(|entry| self.field(entry).is_some())
    }

    /// Some bytes of the file.
    pub fn slice(self, offset: u32, length: u32) -> Option<&'a [u8]> {
        let start = offset as usize;
        self.bytes.get(start..start.checked_add(length as usize)?)
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
        let length = (self.u32(entry.get(4..)?)? as usize).checked_mul(size_of(kind)?)?;
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

    /// All numbers of type BYTE, SHORT or LONG.
    pub fn numbers(self) -> impl Iterator<Item = u32> + use<'a> {
        let size = match self.kind {
            BYTE => 1,
            SHORT => 2,
            _ => 4,
        };
        let value = if matches!(self.kind, BYTE | SHORT | LONG) {
            self.value
        } else {
            &[]
        };
        value.chunks_exact(size).filter_map(move |number| match *number {
            [byte] => Some(u32::from(byte)),
            [_, _] => self.tiff.u16(number).map(u32::from),
            _ => self.tiff.u32(number),
        })
    }

    /// The bytes of a BYTE or UNDEFINED.
    pub fn bytes(self) -> &'a [u8] {
        if matches!(self.kind, BYTE | UNDEFINED) {
            self.value
        } else {
            &[]
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

/// The size of one value in bytes, if the type is one that is read.
fn size_of(kind: u16) -> Option<usize> {
    match kind {
        BYTE | ASCII | UNDEFINED => Some(1),
        SHORT => Some(2),
        LONG => Some(4),
        RATIONAL => Some(8),
        _ => None,
    }
}

/// A field to be written, its value in big-endian bytes.
pub(crate) struct NewField {
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

    pub fn shorts(tag: u16, values: &[u16]) -> Self {
        Self {
            tag,
            kind: SHORT,
            count: values.len() as u32,
            value: values.iter().flat_map(|value| value.to_be_bytes()).collect(),
        }
    }

    pub fn undefined(tag: u16, value: &[u8]) -> Self {
        Self {
            tag,
            kind: UNDEFINED,
            count: value.len() as u32,
            value: value.to_vec(),
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
pub(crate) const BIG_ENDIAN_HEADER: [u8; 8] = *b"MM\0*\0\0\0\x08";

/// How many bytes [`write_directory`] gives for these fields.
pub(crate) fn directory_size(fields: &[NewField]) -> usize {
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
pub(crate) fn write_directory(fields: &mut [NewField], offset: usize) -> Vec<u8> {
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
