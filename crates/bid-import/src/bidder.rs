//! Whose file it is: the key of an upload is `BIDDER/anything/encrypted.csv`.
//!
//! The name is as good as the bucket's policy, which has to let each bidder write under their own prefix only.

use gatehouse_auction::id::{MAX_SUBJECT, is_subject};
use gatehouse_core::disposition::{Disposition, Failure};

const FILE_NAME: &str = "encrypted.csv";

/// The key names no bidder, or another file. Reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key is not BIDDER/.../encrypted.csv, with a bidder of 1 to {MAX_SUBJECT} bytes without control characters"
)]
pub struct UnexpectedKey;

impl Failure for UnexpectedKey {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        "unexpected-key"
    }
}

/// The bidder that a key names: the `sub` of their tokens.
///
/// # Errors
/// [`UnexpectedKey`]
pub fn of_key(key: &str) -> Result<&str, UnexpectedKey> {
    let (bidder, rest) = key.split_once('/').ok_or(UnexpectedKey)?;
    let file_name = rest.rsplit('/').next();
    match is_subject(bidder) && file_name == Some(FILE_NAME) {
        true => Ok(bidder),
        false => Err(UnexpectedKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_of_the_key_is_the_bidder() {
        assert_eq!(of_key("bidder-1/encrypted.csv"), Ok("bidder-1"));
        assert_eq!(of_key("bidder-1/2021/june/encrypted.csv"), Ok("bidder-1"));
    }

    #[test]
    fn a_key_without_a_bidder_or_of_another_file_is_refused() {
        let long = format!("{}/encrypted.csv", "b".repeat(MAX_SUBJECT + 1));
        for key in [
            "encrypted.csv",
            "/encrypted.csv",
            "b/other.csv",
            "b/encrypted.csv/",
            "b\n/encrypted.csv",
            &long,
        ] {
            assert_eq!(of_key(key), Err(UnexpectedKey), "{key}");
        }
    }
}
