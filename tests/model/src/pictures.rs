//! What lies in the bucket: uploads, and what redaction makes of them.

use std::fmt;

/// A file that an uploader has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Photo {
    /// With faces. Different numbers are different files.
    Faces(u8),
    /// Without a face: its redaction is byte for byte the upload.
    NoFaces,
    /// Can't be redacted, now or later.
    Broken,
    /// With faces, made by an uploader to have one MD5, and so one ETag, with all other twins.
    TwinFaces(u8),
    /// Without a face, with the ETag of the twins.
    TwinNoFaces,
}

/// The bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// As an uploader made it.
    Photo(Photo),
    /// The redaction of a photo. Where redaction is not deterministic, `bytes` tells its results apart.
    Redaction {
        /// What was redacted.
        of: Photo,
        /// Which result it is.
        bytes: u8,
    },
    /// A redaction that was redacted once more: what must never be.
    RedactedTwice,
}

/// The entity tag that S3 gives to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ETag(Content);

impl Content {
    /// Different bytes have different entity tags, but for the twins.
    pub fn etag(self) -> ETag {
        match self {
            Self::Photo(Photo::TwinFaces(_)) => ETag(Self::Photo(Photo::TwinNoFaces)),
            other => ETag(other),
        }
    }

    /// What the redactor makes of these bytes, nothing where it can't. A redaction may be changed by a second one: that
    /// is the worst case, and the checker has to assume it.
    pub fn redact(self, bytes: u8) -> Option<Self> {
        match self {
            Self::Photo(Photo::Broken) => None,
            Self::Photo(Photo::NoFaces | Photo::TwinNoFaces) => Some(self),
            Self::Photo(of) => Some(Self::Redaction { of, bytes }),
            Self::Redaction { .. } | Self::RedactedTwice => Some(Self::RedactedTwice),
        }
    }

    /// Whether somebody can be recognised.
    pub fn shows_a_face(self) -> bool {
        matches!(self, Self::Photo(Photo::Faces(_) | Photo::TwinFaces(_)))
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Photo(photo) => write!(f, "{photo:?}"),
            Self::Redaction { of, bytes } => write!(f, "redaction {bytes} of {of:?}"),
            Self::RedactedTwice => f.write_str("redaction of a redaction"),
        }
    }
}

/// The ledger's set of what workers were about to write: how often each content is in it, up to three.
///
/// A set of hashes holds each once; a set of pairs of token and hash may hold a hash several times. With two workers,
/// three means that one of them crashed and left its entry for good: more need not be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Intents(u32);

impl Intents {
    /// Whether `content` is in it at all.
    pub fn contains(self, content: Content) -> bool {
        slot(content).is_some_and(|slot| self.count(slot) > 0)
    }

    /// Adds a hash to a set of hashes.
    pub fn add(&mut self, content: Content) {
        if !self.contains(content) {
            self.add_once_more(content);
        }
    }

    /// Adds a pair of a new token and this hash.
    pub fn add_once_more(&mut self, content: Content) {
        if let Some(slot) = slot(content).filter(|slot| self.count(*slot) < 3) {
            self.0 += 1 << slot;
        }
    }

    /// Removes a hash from a set of hashes.
    pub fn remove(&mut self, content: Content) {
        if let Some(slot) = slot(content) {
            self.0 &= !(3 << slot);
        }
    }

    /// Removes one pair with this hash.
    pub fn remove_one(&mut self, content: Content) {
        if let Some(slot) = slot(content).filter(|slot| (1..3).contains(&self.count(*slot))) {
            self.0 -= 1 << slot;
        }
    }

    fn count(self, slot: u32) -> u32 {
        self.0 >> slot & 3
    }
}

/// The place of two bits that is kept for a content; what is never an output has none.
fn slot(content: Content) -> Option<u32> {
    let (photo, bytes) = match content {
        Content::Photo(Photo::NoFaces) => return Some(26),
        Content::Photo(Photo::TwinNoFaces) => return Some(28),
        Content::Photo(_) => return None,
        Content::RedactedTwice => return Some(30),
        Content::Redaction { of, bytes } => (of, bytes),
    };
    let photo = match photo {
        Photo::Faces(number) => u32::from(number),
        Photo::TwinFaces(number) => 3 + u32::from(number),
        Photo::NoFaces | Photo::Broken | Photo::TwinNoFaces => return None,
    };
    Some(4 * photo + 2 * u32::from(bytes))
}
