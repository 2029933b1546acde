//! Sealing a bid, on the bidder's machine.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{CONTENT_KEY, MAX_ENVELOPE, header, payload};
use crate::id::{AuctionId, is_subject};
use crate::key::{KeyError, PublicKey};
use crate::money::Money;

/// Why a bid could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The bidder's name is not 1 to 255 bytes of text.
    #[error("the bidder's name is not 1 to 255 bytes without control characters")]
    Bidder,
    /// The key can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Random numbers or encryption failed: nothing that the caller could mend.
    #[error("the bid could not be encrypted")]
    Cryptography,
}

/// Seals a bid for the auction's key: a compact JWE (RFC 7516, 3.1 and 5.1), with a content key of its own.
///
/// All bids sealed for one auction by one bidder are equally long, so that the length tells nothing of the amount.
///
/// # Errors
///
/// [`SealError`].
pub fn seal(key: &PublicKey, auction: AuctionId, bidder: &str, bid: &Money) -> Result<String, SealError> {
    if !is_subject(bidder) {
        return Err(SealError::Bidder);
    }
    let header = header::write(key.kid(), &auction.to_string(), bidder).map_err(|_| SealError::Cryptography)?;
    let payload = payload::write(bid).map_err(|_| SealError::Cryptography)?;
    let envelope = encrypt(key, header.as_bytes(), &payload)?;
    if envelope.len() > MAX_ENVELOPE {
        Err(SealError::Cryptography)
    } else {
        Ok(envelope)
    }
}

/// RFC 7516, 5.1: the five parts of `payload` under `header`.
pub(super) fn encrypt(key: &PublicKey, header: &[u8], payload: &[u8]) -> Result<String, SealError> {
    let encrypting = key.encrypting()?;
    let content_key = random::<CONTENT_KEY>()?;
    let mut encrypted_key = vec![0; key.modulus_len()];
    let encrypted_key = encrypting
        .encrypt(&OAEP_SHA256_MGF1SHA256, &*content_key, &mut encrypted_key, None)
        .map_err(|_| SealError::Cryptography)?;

    let header = URL_SAFE_NO_PAD.encode(header);
    let iv = random::<NONCE_LEN>()?;
    let mut ciphertext = Zeroizing::new(payload.to_vec());
    let tag = UnboundKey::new(&AES_256_GCM, &*content_key)
        .map(LessSafeKey::new)
        .and_then(|aes| {
            let nonce = Nonce::assume_unique_for_key(*iv);
            aes.seal_in_place_separate_tag(nonce, Aad::from(header.as_bytes()), &mut ciphertext)
        })
        .map_err(|_| SealError::Cryptography)?;

    let parts = [&*encrypted_key, &*iv, &*ciphertext, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{header}.{}", parts.join(".")))
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, SealError> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(&mut *bytes).map_err(|_| SealError::Cryptography)?;
    Ok(bytes)
}
