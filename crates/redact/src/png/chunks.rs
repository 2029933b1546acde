//! The chunks of a PNG file (ISO/IEC 15948 section 5), found without allocating anything, their checksums verified.

use crate::Error;
use crate::format::PNG_SIGNATURE;

/// A chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
}

impl Chunk<'_> {
    /// Whether a decoder must understand this chunk (section 5.4: the first letter is upper case).
    pub fn is_critical(&self) -> bool {
        self.kind.first().is_some_and(u8::is_ascii_uppercase)
    }

    /// Palette, transparency, and compressed picture.
    pub fn is_picture(&self) -> bool {
        matches!(&self.kind, b"PLTE" | b"tRNS" | b"IDAT")
    }

    /// What makes an animation of a picture (section 11.3.6).
    pub fn is_animation(&self) -> bool {
        matches!(&self.kind, b"acTL" | b"fcTL" | b"fdAT")
    }

    /// How many bytes this chunk takes in a file.
    pub fn size(&self) -> usize {
        self.data.len() + 12
    }

    /// Appends the chunk. Its data is shorter than 2³² bytes, as that of each one read from a file is.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend((self.data.len() as u32).to_be_bytes());
        out.extend(self.kind);
        out.extend_from_slice(self.data);
        out.extend(checksum(self.kind, self.data).to_be_bytes());
    }
}

/// The chunks of a file up to IEND, which is left out. After an error there is nothing more.
#[derive(Debug, Clone)]
pub(super) struct Chunks<'a> {
    rest: &'a [u8],
    done: bool,
}

impl<'a> Chunks<'a> {
    /// # Errors
    /// [`Error::CorruptImage`] unless the file starts with the signature.
    pub fn of(file: &'a [u8]) -> Result<Self, Error> {
        let rest = file.strip_prefix(&PNG_SIGNATURE).ok_or_else(cut_short)?;
        Ok(Self { rest, done: false })
    }

    /// The chunks of a file that this crate has just written.
    pub fn written(file: &'a [u8]) -> impl Iterator<Item = Chunk<'a>> {
        Self::of(file).into_iter().flatten().map_while(Result::ok)
    }

    /// What follows IEND, once all chunks were read.
    pub fn trailing(&self) -> &'a [u8] {
        self.rest
    }

    fn read(&mut self) -> Result<Option<Chunk<'a>>, Error> {
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(cut_short)?;
        let (kind, rest) = rest.split_first_chunk().ok_or_else(cut_short)?;
        let (data, rest) = rest
            .split_at_checked(u32::from_be_bytes(*length) as usize)
            .ok_or_else(cut_short)?;
        let (sum, rest) = rest.split_first_chunk().ok_or_else(cut_short)?;
        if u32::from_be_bytes(*sum) != checksum(*kind, data) {
            return Err(Error::corrupt(format!(
                "the checksum of a chunk of kind {} is wrong",
                kind.escape_ascii()
            )));
        }
        self.rest = rest;
        Ok((kind != b"IEND").then_some(Chunk { kind: *kind, data }))
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read();
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

fn checksum(kind: [u8; 4], data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&kind);
    hasher.update(data);
    hasher.finalize()
}

fn cut_short() -> Error {
    Error::corrupt("it ends before its last chunk")
}
