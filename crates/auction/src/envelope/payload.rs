//! What is sealed: `{"amount":"125000.00","currency":"EUR"}`.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::EnvelopeError;
use crate::money::Money;

/// All that we seal is this long, in bytes: else the length of a ciphertext would tell the number of digits in it.
const PADDED: usize = 128;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    amount: String,
    currency: String,
}

/// The JSON to seal, with spaces at its end (RFC 8259, 2) up to the one length that all have.
pub(super) fn write(money: &Money) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let amount = Zeroizing::new(money.amount());
    let mut json = Zeroizing::new(Vec::with_capacity(PADDED)); // so that growing leaves no copy behind
    let payload = Borrowed {
        amount: &amount,
        currency: money.currency().code(),
    };
    serde_json::to_writer(&mut *json, &payload)?;
    let padded = json.len().max(PADDED);
    json.resize(padded, b' ');
    Ok(json)
}

#[derive(Serialize)]
struct Borrowed<'a> {
    amount: &'a str,
    currency: &'a str,
}

/// Reads what was sealed.
pub(super) fn read(json: &[u8]) -> Result<Money, EnvelopeError> {
    let Payload { amount, currency } = crate::json::object(json).map_err(|_| EnvelopeError::Payload)?;
    let amount = Zeroizing::new(amount);
    Ok(Money::parse(&amount, currency.parse()?)?)
}
