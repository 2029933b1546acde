//! Exact amounts of money in the currencies of ISO 4217. Nothing is ever rounded, nothing is ever a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The most digits that an amount may have before its point.
pub const MAX_WHOLE_DIGITS: usize = 18;

/// A currency of ISO 4217 that has minor units (so neither gold, `XAU`, nor the code for tests, `XTS`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    iso: iso_currency::Currency,
    digits: u8,
}

/// An amount, 0 or more, in a currency, with exactly the digits after the point that the currency has.
///
/// Its `Debug` shows the currency alone: an amount is a secret until it is asked for by [`Money::amount`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why a text is no amount of money. The text stands in no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// Not a code of ISO 4217 in upper case, or one without minor units.
    #[error("the currency is not a code of ISO 4217 that amounts can be given in")]
    Currency,
    /// Not digits with at most one point between them: a sign, a space, an exponent, `NaN`, a digit of another script.
    #[error("the amount is not digits with at most one point between them, such as 125000.00")]
    NotDecimal,
    /// More digits after the point than the currency has: it is not rounded.
    #[error("the amount has more digits after the point than the currency")]
    TooManyDecimals,
    /// More than [`MAX_WHOLE_DIGITS`] digits before the point.
    #[error("the amount has more than {MAX_WHOLE_DIGITS} digits before the point")]
    TooLarge,
}

impl MoneyError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Currency => "unknown-currency",
            Self::NotDecimal => "amount-not-decimal",
            Self::TooManyDecimals => "amount-too-many-decimals",
            Self::TooLarge => "amount-too-large",
        }
    }
}

impl Currency {
    /// The code of ISO 4217, three upper-case letters.
    pub fn code(self) -> &'static str {
        self.iso.code()
    }

    /// How many digits an amount has after its point: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn digits(self) -> u8 {
        self.digits
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        let iso = iso_currency::Currency::from_code(code).ok_or(MoneyError::Currency)?;
        let digits = iso.exponent().ok_or(MoneyError::Currency)?;
        let digits = u8::try_from(digits).map_err(|_| MoneyError::Currency)?;
        Ok(Self { iso, digits })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Money {
    /// Reads an amount such as `125000.00` or `125000`.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NotDecimal`], [`MoneyError::TooManyDecimals`], [`MoneyError::TooLarge`].
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = match amount.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (amount, None),
        };
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return Err(MoneyError::NotDecimal);
        }
        if whole.len() > MAX_WHOLE_DIGITS {
            return Err(MoneyError::TooLarge);
        }
        if fraction.is_some_and(|fraction| fraction.len() > usize::from(currency.digits)) {
            return Err(MoneyError::TooManyDecimals);
        }
        let mut amount = Decimal::from_str_exact(amount).map_err(|_| MoneyError::NotDecimal)?;
        amount.rescale(u32::from(currency.digits)); // only ever adds zeros
        Ok(Self { amount, currency })
    }

    /// The amount in decimal digits, with as many after the point as the currency has.
    pub fn amount(&self) -> String {
        self.amount.to_string()
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The amount as an exact number, to compare amounts of one currency.
    pub fn decimal(&self) -> Decimal {
        self.amount
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({}, not shown)", self.currency)
    }
}

/// Money in JSON: the amount is a string, so that no reader makes a float of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { currency, .. } = *self;
        Json {
            amount: self.amount(),
            currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Json { amount, currency } = Json::deserialize(deserializer)?;
        Self::parse(&amount, currency).map_err(de::Error::custom)
    }
}
