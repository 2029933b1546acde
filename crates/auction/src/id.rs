//! Who is meant: an auction's id and a bidder's name.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

/// The longest name of a bidder or an auctioneer, in bytes: the most that a `sub` may have (OpenID Connect Core, 2).
pub const MAX_SUBJECT: usize = 255;

/// An auction's id: a [ULID](https://github.com/ulid/spec), 26 upper-case characters of Crockford's base 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuctionId(Ulid);

/// The text is not a ULID in its one canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an auction's id is a ULID: 26 upper-case characters")]
pub struct AuctionIdError;

impl AuctionId {
    /// A new id, made of this time and 80 random bits.
    pub fn generate(now: Timestamp) -> Self {
        Self(Ulid::from_datetime(now.into()))
    }
}

impl fmt::Display for AuctionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for AuctionId {
    type Err = AuctionIdError;

    fn from_str(text: &str) -> Result<Self, AuctionIdError> {
        let ulid = Ulid::from_string(text).map_err(|_| AuctionIdError)?;
        // Lower case and look-alikes (`i` for `1`) decode too: two texts must not name one auction.
        if ulid.to_string() == text {
            Ok(Self(ulid))
        } else {
            Err(AuctionIdError)
        }
    }
}

impl Serialize for AuctionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AuctionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Whether this can be the name of a bidder or an auctioneer: 1 to [`MAX_SUBJECT`] bytes without control characters.
pub fn is_subject(name: &str) -> bool {
    is_text(name, MAX_SUBJECT)
}

/// Whether this is 1 to `max` bytes of text without control characters.
pub(crate) fn is_text(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = AuctionId::generate("2030-01-02T03:04:05Z".parse().unwrap());
        let text = id.to_string();
        assert_eq!(text.len(), 26);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_lowercase().parse::<AuctionId>(), Err(AuctionIdError));
        assert_eq!("01ARZ3NDEKTSV4RRFFQ69G5FAI".parse::<AuctionId>(), Err(AuctionIdError));
        assert_eq!(
            "81ARZ3NDEKTSV4RRFFQ69G5FAV".parse::<AuctionId>(),
            Err(AuctionIdError),
            "over 128 bits"
        );
        assert_eq!("".parse::<AuctionId>(), Err(AuctionIdError));
    }
}
