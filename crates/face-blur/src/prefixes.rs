//! Which keys are taken, and under which keys they are published.

use gatehouse_core::config::Environment;

use crate::error::PublishError;

/// The longest key that S3 takes, in bytes (S3 user guide, "Naming Amazon S3 objects").
const LONGEST_KEY: usize = 1024;

/// The beginnings of keys: what is uploaded under one is published under the other.
///
/// Both may be empty. The rest of the key is kept whole, whatever it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefixes {
    /// `SOURCE_PREFIX`: uploads under other keys are not for us.
    pub source: String,
    /// `DESTINATION_PREFIX`: takes the place of the source prefix.
    pub destination: String,
}

impl Prefixes {
    /// Reads both; a missing one is empty.
    pub fn read(environment: &Environment) -> Self {
        Self {
            source: environment.optional("SOURCE_PREFIX").unwrap_or_default(),
            destination: environment.optional("DESTINATION_PREFIX").unwrap_or_default(),
        }
    }

    /// Whether neither is set.
    pub fn are_empty(&self) -> bool {
        self.source.is_empty() && self.destination.is_empty()
    }

    /// Whether a key can begin with both. In one bucket, a published photo could then be taken for
    /// an upload; if not, none ever can, whatever events reach the function.
    pub fn overlap(&self) -> bool {
        self.source.starts_with(&self.destination) || self.destination.starts_with(&self.source)
    }

    /// The key under which an upload is published. None if it is not under the source prefix.
    ///
    /// # Errors
    /// [`PublishError::UnusableKey`] (Reject) if S3 would not take the key.
    pub fn destination_of(&self, key: &str) -> Result<Option<String>, PublishError> {
        let Some(rest) = key.strip_prefix(&self.source) else {
            return Ok(None);
        };
        let key = format!("{}{rest}", self.destination);
        match key.len() {
            1..=LONGEST_KEY => Ok(Some(key)),
            bytes => Err(PublishError::UnusableKey(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(source: &str, destination: &str) -> Prefixes {
        let (source, destination) = (source.to_owned(), destination.to_owned());
        Prefixes { source, destination }
    }

    fn published(source: &str, destination: &str, key: &str) -> Option<String> {
        prefixes(source, destination).destination_of(key).unwrap()
    }

    #[test]
    fn the_whole_rest_of_the_key_is_kept() {
        for (key, expected) in [
            ("original/a/b.jpg", "redacted/a/b.jpg"),
            ("original/original/b.jpg", "redacted/original/b.jpg"),
            ("original//b", "redacted//b"),
            ("original/ü +%2B.JPG", "redacted/ü +%2B.JPG"),
            ("original/../redacted/a.jpg", "redacted/../redacted/a.jpg"),
        ] {
            assert_eq!(published("original/", "redacted/", key).as_deref(), Some(expected));
        }
    }

    #[test]
    fn without_prefixes_the_key_stays_and_each_prefix_may_stand_alone() {
        assert_eq!(published("", "", "a/b.jpg").as_deref(), Some("a/b.jpg"));
        assert_eq!(published("in/", "", "in/b.jpg").as_deref(), Some("b.jpg"));
        assert_eq!(published("", "out/", "a/b.jpg").as_deref(), Some("out/a/b.jpg"));
    }

    #[test]
    fn a_key_that_is_not_under_the_source_prefix_is_not_for_us() {
        for key in [
            "redacted/a.jpg",
            "originals.jpg",
            "Original/a.jpg",
            "a/original/b.jpg",
            "",
        ] {
            assert_eq!(published("original/", "redacted/", key), None, "{key}");
        }
    }

    #[test]
    fn no_published_key_is_ever_under_the_source_prefix_unless_the_prefixes_overlap() {
        let some = ["a", "a/", "a/b", "a/b/", "b/", "ab/", "ä/"];
        for source in some {
            for destination in some {
                let prefixes = prefixes(source, destination);
                for rest in ["", "a/x", "b/x", "a/b/x", "/x"] {
                    let key = prefixes.destination_of(&format!("{source}{rest}")).unwrap().unwrap();
                    assert!(prefixes.overlap() || !key.starts_with(source), "{prefixes:?}: {key}");
                }
            }
        }
    }

    #[test]
    fn prefixes_overlap_if_one_is_the_beginning_of_the_other() {
        for (one, other) in [("", ""), ("a/", ""), ("a/", "a/"), ("a", "a/"), ("a/", "a/b/")] {
            assert!(prefixes(one, other).overlap() && prefixes(other, one).overlap());
        }
        assert!(!prefixes("original/", "redacted/").overlap());
        assert!(!prefixes("a/b/", "a/c/").overlap());
    }

    #[test]
    fn a_key_that_s3_would_not_take_is_rejected() {
        let longest = "x".repeat(1024);
        assert!(prefixes("", "").destination_of(&longest).unwrap().is_some());
        let longer = prefixes("", "y").destination_of(&longest);
        assert!(matches!(longer, Err(PublishError::UnusableKey(1025))));
        let nothing_left = prefixes("in", "").destination_of("in");
        assert!(matches!(nothing_left, Err(PublishError::UnusableKey(0))));
    }
}
