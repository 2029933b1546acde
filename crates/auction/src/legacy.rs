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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MoneyError;

    #[test]
    fn only_canonical_base64_of_at_most_what_kms_takes_is_a_ciphertext() {
        assert_eq!(ciphertext("AQIC"), Ok(vec![1, 2, 2]));
        for bad in ["", "AQI", "AQI==", "AQJ=", "AQ I", "AQ-_", "AQIC\n", "é"] {
            assert_eq!(check(bad), Err(EnvelopeError::KmsCiphertext), "{bad:?}");
        }
        assert!(check(&"A".repeat(MAX_TEXT)).is_ok());
        assert_eq!(check(&"A".repeat(MAX_TEXT + 4)), Err(EnvelopeError::TooLarge));
    }

    #[test]
    fn an_amount_is_an_integer_of_whole_units() {
        let euro = "EUR".parse().unwrap();
        assert_eq!(
            amount(b"125000", euro).map(|money| money.amount()),
            Ok("125000.00".into())
        );
        assert_eq!(
            amount(b"125000\n", euro).map(|money| money.amount()),
            Ok("125000.00".into())
        );
        assert_eq!(amount(b"1.5", euro), Err(EnvelopeError::Payload));
        assert_eq!(amount(b"\xff", euro), Err(EnvelopeError::Payload));
        for bad in [&b"-1"[..], b"", b"NaN", b"1 2"] {
            assert_eq!(amount(bad, euro), Err(EnvelopeError::Amount(MoneyError::NotDecimal)));
        }
    }
}
