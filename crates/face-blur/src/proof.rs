//! How a photo that lies under an upload's own key is known to be ours.
//!
//! Whoever may upload can write any metadata, so a marker by itself says nothing. Ours is a keyed
//! hash (HMAC-SHA-256, RFC 2104) over bucket, key and the SHA-256 of the content, and it counts
//! only for the SHA-256 that S3 itself verified and keeps for what lies there. A marker copied onto
//! another file, or to another key, proves nothing.

use std::fmt;
use std::str::FromStr;

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::ChecksumType;
use aws_smithy_types::base64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

/// The shortest secret, in bytes: as long as the hash (RFC 2104, section 3).
const SHORTEST_KEY: usize = 32;
/// Keeps these proofs apart from whatever else is ever made with the same secret.
const PURPOSE: &[u8] = b"gatehouse face-blur in place 1";

/// The SHA-256 of an object's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of the whole content, as S3 keeps it. None if it keeps none, another kind of
    /// checksum, or one of a multipart upload, which is a checksum of checksums (S3 user guide,
    /// "Checking object integrity").
    pub fn kept_by_s3(object: &HeadObjectOutput) -> Option<Self> {
        let is_of_parts = object
            .checksum_type()
            .is_some_and(|kind| *kind != ChecksumType::FullObject);
        let digest = base64::decode(object.checksum_sha256()?).ok()?.try_into().ok()?;
        (!is_of_parts).then_some(Self(digest))
    }

    /// As S3 writes it, base64.
    pub fn to_base64(self) -> String {
        base64::encode(self.0)
    }
}

/// `IN_PLACE_KEY`: the secret that only the function knows. Neither shown nor logged.
#[derive(Clone)]
pub struct ProofKey(Hmac<Sha256>);

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(…)")
    }
}

/// A secret that can't be used. It never holds the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Too short to keep anybody from guessing it.
    #[error(
        "has {bytes} bytes{}, so a proof could be guessed; use at least {SHORTEST_KEY} random bytes, such as `openssl rand -hex 32` prints", as_hex(.is_hex)
    )]
    TooShort {
        /// How many bytes it has.
        bytes: usize,
        /// Whether it was read as hexadecimal digits, two for a byte.
        is_hex: bool,
    },
    /// A reference that whoever deployed the function meant to be replaced by the secret.
    #[error("is a reference to a secret that was not replaced by the secret; everybody could make the proof")]
    Unresolved,
}

fn as_hex(is_hex: &bool) -> &'static str {
    if *is_hex { " in hexadecimal digits" } else { "" }
}

impl FromStr for ProofKey {
    type Err = BadKey;

    /// Reads a secret: hexadecimal digits if there is nothing else in it, and text otherwise.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("{{resolve:") {
            return Err(BadKey::Unresolved);
        }
        let hex = from_hex(text);
        let is_hex = hex.is_some();
        let secret = hex.unwrap_or_else(|| text.as_bytes().to_vec());
        let too_short = BadKey::TooShort {
            bytes: secret.len(),
            is_hex,
        };
        if secret.len() < SHORTEST_KEY {
            return Err(too_short);
        }
        Hmac::new_from_slice(&secret).map(Self).map_err(|_| too_short)
    }
}

impl ProofKey {
    /// The proof that the object of this key with this content is ours.
    pub fn proof(&self, bucket: &str, key: &str, content: Digest) -> String {
        base64::encode(self.hash(bucket, key, content).finalize().into_bytes())
    }

    /// Whether it is that proof. Takes as long for a wrong proof as for the right one.
    pub fn holds(&self, proof: &str, bucket: &str, key: &str, content: Digest) -> bool {
        let Ok(proof) = base64::decode(proof) else {
            return false;
        };
        self.hash(bucket, key, content).verify_slice(&proof).is_ok()
    }

    /// Each part stands behind its length, so that no two objects give the same bytes.
    fn hash(&self, bucket: &str, key: &str, content: Digest) -> Hmac<Sha256> {
        let parts = [PURPOSE, bucket.as_bytes(), key.as_bytes(), &content.0];
        parts.into_iter().fold(self.0.clone(), |hash, part| {
            hash.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
        })
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of more than 32 bytes, for tests";

    fn key() -> ProofKey {
        SECRET.parse().unwrap()
    }

    fn kept(checksum: &str, kind: Option<ChecksumType>) -> Option<Digest> {
        let object = HeadObjectOutput::builder()
            .checksum_sha256(checksum)
            .set_checksum_type(kind);
        Digest::kept_by_s3(&object.build())
    }

    #[test]
    fn a_proof_holds_for_its_bucket_key_content_and_secret_only() {
        let (key, content) = (key(), Digest::of(b"photo"));
        let proof = key.proof("bucket", "a.jpg", content);
        assert!(key.holds(&proof, "bucket", "a.jpg", content));
        assert!(!key.holds(&proof, "other", "a.jpg", content));
        assert!(!key.holds(&proof, "bucket", "b.jpg", content));
        assert!(!key.holds(&proof, "bucket", "a.jpg", Digest::of(b"face")));
        let other: ProofKey = SECRET.to_uppercase().parse().unwrap();
        assert!(!other.holds(&proof, "bucket", "a.jpg", content));
    }

    #[test]
    fn where_the_bucket_ends_and_the_key_begins_is_part_of_the_proof() {
        let (key, content) = (key(), Digest::of(b"photo"));
        let proof = key.proof("ab", "c", content);
        assert!(!key.holds(&proof, "a", "bc", content));
        assert!(!key.holds(&proof, "abc", "", content));
    }

    #[test]
    fn what_is_no_proof_or_a_part_of_one_does_not_hold() {
        let (key, content) = (key(), Digest::of(b"photo"));
        let proof = key.proof("bucket", "a.jpg", content);
        let twice = format!("{proof},{proof}");
        for wrong in ["", "AAAA", "no base64!", &proof[..40], &twice, &content.to_base64()] {
            assert!(!key.holds(wrong, "bucket", "a.jpg", content), "{wrong}");
        }
    }

    #[test]
    fn the_proof_is_an_hmac_over_each_part_behind_its_length() {
        // Made with Python: hmac.new(b"\xab" * 32, parts, "sha256"), each part behind struct.pack(">Q", len(part)).
        let key: ProofKey = "ab".repeat(32).parse().unwrap();
        let proof = key.proof("bucket", "a.jpg", Digest::of(b"photo"));
        assert_eq!(proof, "qdgcDzMDUztU/yokcnBI333twgZWtcYvlFzyc1U5sSE=");
    }

    #[test]
    fn only_a_sha_256_of_the_whole_content_counts() {
        let digest = Digest::of(b"photo");
        assert_eq!(kept(&digest.to_base64(), None), Some(digest));
        assert_eq!(kept(&digest.to_base64(), Some(ChecksumType::FullObject)), Some(digest));
        assert_eq!(kept(&digest.to_base64(), Some(ChecksumType::Composite)), None);
        assert_eq!(kept(&format!("{}-1", digest.to_base64()), None), None);
        assert_eq!(kept(&base64::encode([0; 20]), None), None);
        assert_eq!(Digest::kept_by_s3(&HeadObjectOutput::builder().build()), None);
    }

    #[test]
    fn a_secret_of_less_than_32_bytes_is_refused_in_hexadecimal_digits_too() {
        let refused = |text: &str| text.parse::<ProofKey>().unwrap_err().to_string();
        assert!(refused(&"x".repeat(31)).contains("has 31 bytes,"));
        assert!(refused(&"ab".repeat(31)).contains("has 31 bytes in hexadecimal digits"));
        assert!("ab".repeat(32).parse::<ProofKey>().is_ok());
        assert!("xy".repeat(16).parse::<ProofKey>().is_ok());
    }

    #[test]
    fn a_reference_that_was_not_resolved_is_no_secret() {
        let error = "{{resolve:secretsmanager:gatehouse-in-place}}".parse::<ProofKey>();
        assert_eq!(error.unwrap_err(), BadKey::Unresolved);
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", key()).contains("secret of"));
    }
}
