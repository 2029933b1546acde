//! Percentage rollouts: a flag that holds for a share of all keys.
//!
//! A key lies at a place between 0 and 2⁶⁴: the first eight bytes, big-endian, of the SHA-256 of the flag's name, a zero
//! byte and the key. It is in a share of P percent if its place is below P hundredths of the way. So
//! - the same key is always on the same side, in every process and after every restart;
//! - when the percentage grows, keys are added and none is taken out;
//! - no flag's first ten percent are those of another flag.

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

/// A whole number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(try_from = "u64")]
pub struct Percent(u8);

/// A number is no [`Percent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be a whole number from 0 to 100")]
pub struct NoPercent;

impl TryFrom<u64> for Percent {
    type Error = NoPercent;

    fn try_from(number: u64) -> Result<Self, NoPercent> {
        match u8::try_from(number) {
            Ok(percent @ 0..=100) => Ok(Self(percent)),
            _ => Err(NoPercent),
        }
    }
}

impl Percent {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Everybody.
    pub const ALL: Self = Self(100);

    /// Whether this share of the flag's keys includes the key.
    pub fn includes(self, flag: &str, key: &str) -> bool {
        u128::from(place(flag, key)) * 100 < u128::from(self.0) << 64
    }
}

fn place(flag: &str, key: &str) -> u64 {
    let mut hash = Sha256::new();
    for part in [flag.as_bytes(), &[0], key.as_bytes()] {
        hash.update(part);
    }
    let hash = hash.finalize();
    hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// A value for a share of the keys; all others have the flag's default. In the document: `"off"`, which is for all keys,
/// or `{"to": "off", "percent": 10}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rollout<T> {
    to: T,
    share: Percent,
}

impl<T: Copy + Default> Rollout<T> {
    /// A value for so many of the keys.
    pub fn new(to: T, share: Percent) -> Self {
        Self { to, share }
    }

    /// The value for this key of this flag.
    pub fn of(&self, flag: &str, key: &str) -> T {
        match self.share.includes(flag, key) {
            true => self.to,
            false => T::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Share<T> {
    to: T,
    percent: Percent,
}

impl<'de, T: Deserialize<'de> + Default + PartialEq> Deserialize<'de> for Rollout<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

/// Reads a text or an object: serde's own way (`untagged`) would not say what is wrong with which of the two.
struct Either<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default + PartialEq> Visitor<'de> for Either<T> {
    type Value = Rollout<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value, or an object with \"to\" and \"percent\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let to = T::deserialize(StrDeserializer::<E>::new(text))?;
        let share = Percent::ALL;
        Ok(Rollout { to, share })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Share { to, percent: share } = Share::deserialize(MapAccessDeserializer::new(map))?;
        // All other keys have the default, and these would too: whoever meant to begin with a few would begin with all.
        if to == T::default() {
            return Err(A::Error::custom(
                "a share of the keys can't be given the default; give the others another value",
            ));
        }
        Ok(Rollout { to, share })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percent(number: u64) -> Percent {
        number.try_into().unwrap()
    }

    #[test]
    fn a_key_lies_where_another_program_that_follows_the_description_finds_it() {
        // printf 'publish\0photos/a.jpg' | sha256sum
        let hash = Sha256::digest(b"publish\0photos/a.jpg");
        let expected = hash.iter().take(8).fold(0, |place, byte| place << 8 | u64::from(*byte));
        assert_eq!(place("publish", "photos/a.jpg"), expected);
    }

    #[test]
    fn of_many_keys_the_share_is_the_percentage_give_or_take_what_chance_gives() {
        for wanted in [1, 10, 25, 50, 90, 99] {
            let keys = 20_000;
            let included = |number: &u32| percent(wanted).includes("publish", &format!("photos/{number}.jpg"));
            let share = (0..keys).filter(included).count() as f64 / f64::from(keys);
            let wanted = wanted as f64 / 100.0;
            // Five standard deviations of a fair draw.
            let bound = 5.0 * (wanted * (1.0 - wanted) / f64::from(keys)).sqrt();
            assert!((share - wanted).abs() < bound, "{share} of {wanted}");
        }
    }

    #[test]
    fn the_first_ten_percent_of_one_flag_are_not_those_of_another() {
        let keys = (0..2_000).map(|number| number.to_string());
        let both = keys.filter(|key| percent(10).includes("publish", key) && percent(10).includes("detector", key));
        let both = both.count();
        assert!((5..60).contains(&both), "{both} of 2,000, where 20 are to be expected");
    }

    proptest! {
        #[test]
        fn a_key_that_is_in_stays_in_when_the_percentage_grows(key in ".*", less in 0..=100_u64, more in 0..=100_u64) {
            let (less, more) = (less.min(more), less.max(more));
            prop_assert!(!percent(less).includes("publish", &key) || percent(more).includes("publish", &key));
        }

        #[test]
        fn the_same_key_is_always_on_the_same_side(key in ".*", number in 0..=100_u64) {
            let once = percent(number).includes("publish", &key);
            prop_assert_eq!(once, percent(number).includes("publish", &key));
        }

        #[test]
        fn no_key_is_in_none_and_every_key_is_in_all(key in ".*") {
            prop_assert!(!Percent::NONE.includes("publish", &key));
            prop_assert!(Percent::ALL.includes("publish", &key));
        }
    }
}
