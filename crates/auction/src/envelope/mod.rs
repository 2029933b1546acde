//! The envelope of a sealed bid: a JWE in its compact form (RFC 7516, 7.1).
//!
//! `alg` is `RSA-OAEP-256` (RFC 7518, 4.3), `enc` is `A256GCM` (RFC 7518, 5.3). The protected header binds the bid:
//! `kid` to the auction's key, `aid` to the auction, `sub` to the bidder. So an envelope can't be copied, moved or
//! replayed: its header is authenticated together with what is in it.
//!
//! | when | who | what |
//! | --- | --- | --- |
//! | sealing | the bidder, on their machine | [`seal`] |
//! | intake | whoever may not open it | [`Envelope::parse`], [`Envelope::check`] |
//! | settlement | whoever may unwrap the content key | [`open`] |
//!
//! The one thing to know: **unwrapping the content key is somebody else's work** (a KMS, an enclave), passed in as a
//! function. Nothing here holds a private key.

mod error;
mod header;
mod payload;
mod seal;
#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hash::Hash;
use crate::id::AuctionId;
use crate::key::PublicKey;
use crate::money::Money;

pub use error::{EnvelopeError, Part};
pub use seal::{SealError, seal};

/// The longest envelope, in bytes of its text. With a key of 4096 bits, the longest payload, and the longest names of
/// bidder and key, each byte of the bidder's escaped in JSON (`\u002B`), it has less than 4,000.
pub const MAX_ENVELOPE: usize = 4096;

/// The longest payload, in bytes.
pub const MAX_PAYLOAD: usize = 256;

/// The length of a content key in bytes (RFC 7518, 5.3).
const CONTENT_KEY: usize = 32;

/// The length of an authentication tag in bytes (RFC 7518, 5.3).
const TAG: usize = 16;

/// An envelope that has the shape of one. It is not opened, and nobody's yet: see [`Envelope::check`].
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    sha256: Hash,
    kid: String,
    aid: String,
    sub: String,
    protected: String,
    encrypted_key: Vec<u8>,
    iv: [u8; NONCE_LEN],
    sealed: Vec<u8>,
}

/// The key that one envelope's content is encrypted with. It is wiped when it is dropped, and never shown.
pub struct ContentKey([u8; CONTENT_KEY]);

impl ContentKey {
    /// The key that was unwrapped. The bytes that it came in are the caller's to wipe.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::DoesNotOpen`] if it does not have 32 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        bytes.try_into().map(Self).map_err(|_| EnvelopeError::DoesNotOpen)
    }
}

impl Drop for ContentKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for ContentKey {}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(not shown)")
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({})", self.sha256)
    }
}

impl Envelope {
    /// Reads an envelope, and refuses what is not exactly of the one shape that we take.
    ///
    /// # Errors
    ///
    /// Every [`EnvelopeError`] up to [`EnvelopeError::TagLength`].
    pub fn parse(text: &str) -> Result<Self, EnvelopeError> {
        if text.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let parts: Vec<&str> = text.splitn(6, '.').collect();
        let [protected, encrypted_key, iv, ciphertext, tag] = parts[..] else {
            return Err(EnvelopeError::Parts);
        };

        let header = header::read(&decode(protected, Part::Header)?)?;
        let encrypted_key = decode(encrypted_key, Part::EncryptedKey)?;
        if encrypted_key.is_empty() {
            return Err(EnvelopeError::EncryptedKeyLength);
        }
        let iv = decode(iv, Part::Iv)?.try_into().map_err(|_| EnvelopeError::IvLength)?;
        let mut sealed = decode(ciphertext, Part::Ciphertext)?;
        if !(1..=MAX_PAYLOAD).contains(&sealed.len()) {
            return Err(EnvelopeError::CiphertextLength);
        }
        let tag: [u8; TAG] = decode(tag, Part::Tag)?
            .try_into()
            .map_err(|_| EnvelopeError::TagLength)?;
        sealed.extend_from_slice(&tag);

        let header::Header { kid, aid, sub } = header;
        let (sha256, protected) = (Hash::of(text), protected.to_owned());
        Ok(Self {
            sha256,
            kid,
            aid,
            sub,
            protected,
            encrypted_key,
            iv,
            sealed,
        })
    }

    /// Checks that this is a bid of `bidder` in `auction`, sealed for `key`: all that can be known unopened.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::OtherAuction`], [`EnvelopeError::OtherBidder`], [`EnvelopeError::OtherKey`],
    /// [`EnvelopeError::EncryptedKeyLength`].
    pub fn check(&self, auction: AuctionId, bidder: &str, key: &PublicKey) -> Result<(), EnvelopeError> {
        if self.aid != auction.to_string() {
            return Err(EnvelopeError::OtherAuction);
        }
        if self.sub != bidder {
            return Err(EnvelopeError::OtherBidder);
        }
        if self.kid != key.kid() {
            return Err(EnvelopeError::OtherKey);
        }
        if self.encrypted_key.len() != key.modulus_len() {
            return Err(EnvelopeError::EncryptedKeyLength);
        }
        Ok(())
    }

    /// SHA-256 of the envelope's text: what the log and the receipt name.
    pub fn sha256(&self) -> Hash {
        self.sha256
    }

    /// The content key, wrapped by RSA-OAEP-256: what a KMS unwraps.
    pub fn encrypted_key(&self) -> &[u8] {
        &self.encrypted_key
    }

    /// Opens the envelope. The currency is the bid's own: [`Tally`](crate::Tally) compares it.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::DoesNotOpen`] if header, key or content are not what was sealed; [`EnvelopeError::Payload`] and
    /// [`EnvelopeError::Amount`] if what was sealed is no bid.
    pub fn open_with(&self, content_key: &ContentKey) -> Result<Money, EnvelopeError> {
        let mut sealed = Zeroizing::new(self.sealed.clone());
        let key = UnboundKey::new(&AES_256_GCM, &content_key.0).map_err(|_| EnvelopeError::DoesNotOpen)?;
        let nonce = Nonce::assume_unique_for_key(self.iv);
        let payload = LessSafeKey::new(key)
            .open_in_place(nonce, Aad::from(self.protected.as_bytes()), &mut sealed)
            .map_err(|_| EnvelopeError::DoesNotOpen)?;
        payload::read(payload)
    }
}

/// Why [`open`] failed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError<E> {
    /// The envelope is bad: the bid is invalid, for good.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The content key could not be unwrapped: whether that is for good, only the error knows.
    #[error("the content key could not be unwrapped")]
    Unwrap(#[source] E),
}

/// Opens an envelope whose content key `unwrap` unwraps: it gets [`Envelope::encrypted_key`].
///
/// # Errors
///
/// [`OpenError::Unwrap`] with what `unwrap` says; [`OpenError::Envelope`] as [`Envelope::open_with`].
pub async fn open<E>(
    envelope: &Envelope,
    unwrap: impl AsyncFnOnce(&[u8]) -> Result<ContentKey, E>,
) -> Result<Money, OpenError<E>> {
    let content_key = unwrap(envelope.encrypted_key()).await.map_err(OpenError::Unwrap)?;
    Ok(envelope.open_with(&content_key)?)
}

fn decode(text: &str, part: Part) -> Result<Vec<u8>, EnvelopeError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| EnvelopeError::Base64(part))
}
