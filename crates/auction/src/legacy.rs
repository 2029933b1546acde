//! Bids of an older system's files: a KMS ciphertext in base64 (RFC 4648, 4), of an amount in whole currency units.
//!
//! Nothing binds such a bid to an auction or a bidder; it is as good as the bucket that it comes from. It is opened by
//! KMS alone, at the settlement.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::envelope::EnvelopeError;
use crate::money::{Currency, Money};

/// The longest ciphertext that KMS `Decrypt` takes, in bytes.
pub const MAX_CIPHERTEXT: usize = 6144;

/// The longest base64 of such a ciphertext: four characters for every three bytes.
const MAX_TEXT: usize = MAX_CIPHERTEXT / 3 * 4;

/// Checks what can be checked unopened.
///
/// # Errors
///
/// [`EnvelopeError::TooLarge`], [`EnvelopeError::KmsCiphertext`].
pub fn check(text: &str) -> Result<(), EnvelopeError> {
    ciphertext(text).map(|_| ())
}

/// The ciphertext for KMS `Decrypt`.
///
/// # Errors
///
/// [`EnvelopeError::TooLarge`], [`EnvelopeError::KmsCiphertext`].
pub fn ciphertext(text: &str) -> Result<Vec<u8>, EnvelopeError> {
    if text.len() > MAX_TEXT {
        return Err(EnvelopeError::TooLarge);
    }
    match STANDARD.decode(text) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(EnvelopeError::KmsCiphertext),
    }
}

/// The amount that KMS found: an integer in whole units of the currency, with ASCII white space around it at most.
///
/// # Errors
///
/// [`EnvelopeError::Payload`], [`EnvelopeError::Amount`].
pub fn amount(plaintext: &[u8], currency: Currency) -> Result<Money, EnvelopeError> {
    let text = str::from_utf8(plaintext)
        .map_err(|_| EnvelopeError::Payload)?
        .trim_ascii();
    if text.contains('.') {
        return Err(EnvelopeError::Payload);
    }
    Ok(Money::parse(text, currency)?)
}
