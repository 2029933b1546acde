//! What holds at one moment.

use std::time::{SystemTime, UNIX_EPOCH};

use super::document::{Detector, Document, Switch};

/// What holds at one moment, for whoever decides by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// There are no flags.
    NotUsed,
    /// The flags could never be read.
    Unknown,
    /// The last good document.
    Known(Document),
    /// The last good document, but the store has not answered for so long that only a hold is taken from it.
    Old(Document),
}

impl Snapshot {
    /// Who is to look for faces in the photo of this key.
    pub fn detector(&self, key: &str) -> Detector {
        match self {
            Self::Known(document) => document.detector.of("detector", key),
            _ => Detector::AsDeployed,
        }
    }

    /// Why the photo of this key is held back: a code for log and metrics. None if it may be published.
    pub fn hold(&self, key: &str) -> Option<&'static str> {
        match self {
            Self::NotUsed => None,
            Self::Unknown => Some("flags-unknown"),
            Self::Known(document) | Self::Old(document) => {
                (document.publish.of("publish", key) == Switch::Off).then_some("publish-off")
            }
        }
    }

    /// Whether anything is taken in.
    pub fn intake(&self) -> Switch {
        match self {
            Self::Known(document) => document.intake,
            _ => Switch::On,
        }
    }

    /// Whether this try of the key is to fail. Another try of the same key may not.
    pub fn fails(&self, key: &str) -> bool {
        let Self::Known(document) = self else {
            return false;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let this_try = format!("{key} {}", now.as_nanos());
        document.failure_injection.includes("failure-injection", &this_try)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::flags::Injection;

    #[test]
    fn what_is_not_known_holds_photos_and_takes_bids() {
        assert_eq!(Snapshot::Unknown.hold("a"), Some("flags-unknown"));
        assert_eq!(Snapshot::Unknown.intake(), Switch::On);
        assert_eq!(Snapshot::Unknown.detector("a"), Detector::AsDeployed);
        assert!(!Snapshot::Unknown.fails("a"));
        assert_eq!(Snapshot::NotUsed.hold("a"), None);
    }

    #[test]
    fn of_an_old_document_only_the_hold_is_left() {
        let text = r#"{"detector": "embedded", "publish": "off", "intake": "off", "failure-injection": 100}"#;
        let document = Document::parse(text, Injection::Allowed).unwrap();
        let known = Snapshot::Known(document);
        assert_eq!(
            (known.detector("a"), known.intake(), known.fails("a")),
            (Detector::Embedded, Switch::Off, true)
        );
        let old = Snapshot::Old(document);
        assert_eq!(old.hold("a"), Some("publish-off"));
        assert_eq!(
            (old.detector("a"), old.intake(), old.fails("a")),
            (Detector::AsDeployed, Switch::On, false)
        );
    }

    #[test]
    fn each_try_of_a_key_is_drawn_anew() {
        let document = Document::parse(r#"{"failure-injection": 50}"#, Injection::Allowed).unwrap();
        let tries: Vec<bool> = (0..200).map(|_| Snapshot::Known(document).fails("a")).collect();
        assert!(tries.contains(&true) && tries.contains(&false));
    }
}
