//! What makes two events the same: the key. And what they ask for: the payload's hash.

use sha2::{Digest, Sha256};

use crate::disposition::{Disposition, Failure};

/// What identifies one piece of work, as a SHA-256 hash: the parts themselves are not stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// An event without a usable key. It is never run unprotected instead. Reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No part at all.
    #[error("the idempotency key has no parts")]
    NoParts,
    /// A part that is empty, as a header that was not sent.
    #[error("part {index} of the idempotency key is empty")]
    EmptyPart {
        /// Which one, counted from 0.
        index: usize,
    },
}

impl Key {
    /// The key of these parts in this order, such as a bucket, an object key and a sequencer.
    ///
    /// The length of each part goes into the hash before it, so `["ab", "c"]` and `["a", "bc"]` are
    /// two keys. Numbers are given as text or as their bytes. Choose what stays the same when the
    /// event is delivered again: an order's number, not the id of the message that brings it.
    ///
    /// # Errors
    /// [`KeyError`] if there is no part, or an empty one. A part that may rightly be absent needs a
    /// word for that.
    pub fn new<Part: AsRef<[u8]>>(parts: impl IntoIterator<Item = Part>) -> Result<Self, KeyError> {
        let mut hash = Sha256::new();
        let mut count = 0;
        for (index, part) in parts.into_iter().enumerate() {
            let part = part.as_ref();
            if part.is_empty() {
                return Err(KeyError::EmptyPart { index });
            }
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
            count += 1;
        }
        if count == 0 {
            return Err(KeyError::NoParts);
        }
        Ok(Self(hash.finalize().into()))
    }

    /// The partition key of the record: `<namespace>#<64 hexadecimal digits>`.
    pub(super) fn partition_key(&self, namespace: &str) -> String {
        const DIGITS: [char; 16] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
        ];
        let mut partition_key = String::with_capacity(namespace.len() + 1 + 64);
        partition_key.push_str(namespace);
        partition_key.push('#');
        for byte in self.0 {
            for nibble in [byte >> 4, byte & 0x0F] {
                partition_key.extend(DIGITS.get(usize::from(nibble)));
            }
        }
        partition_key
    }
}

impl Failure for KeyError {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        "missing-idempotency-key"
    }
}

/// The SHA-256 hash of what an event asks for. The same key with another payload is a conflict: two
/// different requests share a key by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadHash(pub(super) [u8; 32]);

impl PayloadHash {
    /// Hashes those bytes that are the same whenever the event is delivered again: a message's body
    /// as it came, not a map that is written in another order each time.
    pub fn of(payload: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(payload).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = Vec<u8>> {
        vec(any::<u8>(), 1..6)
    }

    proptest! {
        #[test]
        fn different_parts_are_different_keys(a in vec(part(), 1..5), b in vec(part(), 1..5)) {
            prop_assert_eq!(Key::new(&a) == Key::new(&b), a == b);
        }

        #[test]
        fn where_a_part_ends_is_part_of_the_key(bytes in vec(any::<u8>(), 3..12), a in 1..11_usize, b in 1..11_usize) {
            let cut = |at: usize| { let (x, y) = bytes.split_at(at.min(bytes.len() - 1)); Key::new([x, y]) };
            let same_cut = a.min(bytes.len() - 1) == b.min(bytes.len() - 1);
            prop_assert_eq!(cut(a) == cut(b), same_cut);
            prop_assert_ne!(cut(a), Key::new([&bytes]));
        }

        #[test]
        fn a_key_with_an_empty_part_is_an_error(mut parts in vec(part(), 0..5), at in 0..5_usize) {
            let index = at.min(parts.len());
            parts.insert(index, Vec::new());
            prop_assert_eq!(Key::new(&parts), Err(KeyError::EmptyPart { index }));
        }

        #[test]
        fn the_partition_key_is_the_namespace_and_64_hexadecimal_digits(parts in vec(part(), 1..5), namespace in "[a-z#-]{1,20}") {
            let partition_key = Key::new(&parts).unwrap().partition_key(&namespace);
            let (before, digits) = partition_key.rsplit_once('#').unwrap();
            prop_assert_eq!(before, namespace);
            prop_assert_eq!(digits.len(), 64);
            prop_assert!(digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
        }
    }

    #[test]
    fn no_parts_are_an_error() {
        assert_eq!(Key::new::<&str>([]), Err(KeyError::NoParts));
    }

    #[test]
    fn a_key_is_the_hash_that_other_programs_compute() {
        // printf '\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c' | sha256sum
        let expected = "601d5476e2ccfe2c87a2bba7a322659734a05749d5b5aa781f513e4912db0d5f";
        let key = Key::new(["ab", "c"]).unwrap();
        assert_eq!(key.partition_key("f"), format!("f#{expected}"));
    }
}
