//! The order of events of one key.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The `sequencer` of an S3 event: a hexadecimal number that grows with each write of a key.
///
/// It says nothing about two different keys. Two sequencers may differ in length; they compare as
/// numbers, which is the left-padding that the S3 user guide describes
/// ("Event message structure").
#[derive(Debug, Clone)]
pub struct Sequencer(String);

/// A sequencer that is empty or holds something other than hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be a hexadecimal number such as 0055AED6DCD90281E5")]
pub struct NotHexadecimal;

impl FromStr for Sequencer {
    type Err = NotHexadecimal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hexadecimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hexadecimal {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotHexadecimal)
        }
    }
}

/// A sequencer with more digits than are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("has more than {STORED_DIGITS} digits")]
pub struct TooManyDigits;

/// How many digits a stored sequencer has. Those of S3 have 16 to 18 so far.
pub const STORED_DIGITS: usize = 64;

impl Sequencer {
    /// Of an object that was found in its bucket: no event told of its upload, so any event that does is newer.
    pub fn before_all() -> Self {
        Self("0".to_owned())
    }

    /// The sequencer for a database that compares texts: upper case, padded on the left with zeros
    /// to [`STORED_DIGITS`]. Texts of this form compare as the sequencers do.
    ///
    /// # Errors
    /// [`TooManyDigits`] if it does not fit; no other form would compare rightly.
    pub fn stored(&self) -> Result<String, TooManyDigits> {
        let digits = self.digits();
        match digits.len() {
            0..=STORED_DIGITS => Ok(format!("{digits:0>STORED_DIGITS$}")),
            _ => Err(TooManyDigits),
        }
    }

    fn digits(&self) -> String {
        self.0.trim_start_matches('0').to_ascii_uppercase()
    }
}

impl Ord for Sequencer {
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (self.digits(), other.digits());
        ours.len().cmp(&theirs.len()).then(ours.cmp(&theirs))
    }
}

impl PartialOrd for Sequencer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Sequencer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sequencer {}

impl fmt::Display for Sequencer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sequencer(text: &str) -> Sequencer {
        text.parse().unwrap()
    }

    #[test]
    fn a_longer_sequencer_with_leading_zeros_is_no_greater() {
        assert_eq!(sequencer("00FF"), sequencer("ff"));
        assert!(sequencer("0100") > sequencer("FF"));
        assert!(sequencer("0055AED6DCD90281E6") > sequencer("55AED6DCD90281E5"));
    }

    #[test]
    fn no_upload_is_older_than_what_was_only_found() {
        assert!(sequencer("1") > Sequencer::before_all());
        assert_eq!(Sequencer::before_all().to_string().parse(), Ok(Sequencer::before_all()));
    }

    #[test]
    fn what_is_not_hexadecimal_is_refused() {
        assert_eq!("".parse::<Sequencer>(), Err(NotHexadecimal));
        assert_eq!("12G4".parse::<Sequencer>(), Err(NotHexadecimal));
    }

    #[test]
    fn a_sequencer_that_can_not_be_stored_in_order_is_refused() {
        assert_eq!(sequencer(&"F".repeat(64)).stored(), Ok("F".repeat(64)));
        assert_eq!(sequencer(&format!("00{}", "F".repeat(64))).stored(), Ok("F".repeat(64)));
        assert_eq!(sequencer(&"F".repeat(65)).stored(), Err(TooManyDigits));
    }

    proptest! {
        #[test]
        fn stored_texts_compare_as_the_sequencers_do(a in "[0-9a-fA-F]{1,70}", b in "[0-9a-fA-F]{1,70}") {
            let (a, b) = (sequencer(&a), sequencer(&b));
            if let (Ok(stored_a), Ok(stored_b)) = (a.stored(), b.stored()) {
                prop_assert_eq!(stored_a.cmp(&stored_b), a.cmp(&b));
            }
        }

        #[test]
        fn sequencers_order_as_the_numbers_they_are(a: u64, b: u64, pad in 0_usize..6) {
            let padded = format!("{}{a:x}", "0".repeat(pad));
            prop_assert_eq!(sequencer(&padded).cmp(&sequencer(&format!("{b:X}"))), a.cmp(&b));
        }
    }
}
