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

impl Sequencer {
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
    fn what_is_not_hexadecimal_is_refused() {
        assert_eq!("".parse::<Sequencer>(), Err(NotHexadecimal));
        assert_eq!("12G4".parse::<Sequencer>(), Err(NotHexadecimal));
    }

    proptest! {
        #[test]
        fn sequencers_order_as_the_numbers_they_are(a: u64, b: u64, pad in 0_usize..6) {
            let padded = format!("{}{a:x}", "0".repeat(pad));
            prop_assert_eq!(sequencer(&padded).cmp(&sequencer(&format!("{b:X}"))), a.cmp(&b));
        }
    }
}
