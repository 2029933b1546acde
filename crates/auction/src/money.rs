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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every currency that amounts can be given in.
    fn currencies() -> Vec<Currency> {
        let letters = || b'A'..=b'Z';
        let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
        codes
            .filter_map(|code| str::from_utf8(&code).unwrap().parse().ok())
            .collect()
    }

    /// A currency, and an amount in it that has at most the digits that it may have.
    fn amounts() -> impl Strategy<Value = (Currency, String)> {
        (proptest::sample::select(currencies()), "[0-9]{1,18}", "[0-9]{0,4}").prop_map(|(currency, whole, fraction)| {
            let fraction = &fraction[..fraction.len().min(currency.digits().into())];
            let point = if fraction.is_empty() { "" } else { "." };
            (currency, format!("{whole}{point}{fraction}"))
        })
    }

    /// The same number as text, by the rules of school: without leading zeros, with all the digits of the currency.
    fn written(currency: Currency, amount: &str) -> String {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let digits = usize::from(currency.digits());
        if digits == 0 {
            whole.to_owned()
        } else {
            format!("{whole}.{fraction:0<digits$}")
        }
    }

    proptest! {
        #[test]
        fn no_amount_is_ever_rounded((currency, text) in amounts()) {
            let money = Money::parse(&text, currency).unwrap();
            prop_assert_eq!(money.amount(), written(currency, &text));
            prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn more_digits_than_the_currency_has_are_refused((currency, text) in amounts(), more in "[0-9]{1,5}") {
            let whole = text.split('.').next().unwrap();
            let fraction = "0".repeat(currency.digits().into());
            let read = Money::parse(&format!("{whole}.{fraction}{more}"), currency);
            prop_assert_eq!(read, Err(MoneyError::TooManyDecimals));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), digits in "[-+0-9.eE ]{0,40}") {
            let currency = "EUR".parse().unwrap();
            let _ = Money::parse(&text, currency);
            let read = Money::parse(&digits, currency);
            prop_assert_eq!(read.is_ok(), read.is_ok_and(|money| money.amount() == written(currency, &digits)));
        }
    }

    #[test]
    fn what_is_not_plain_digits_is_refused() {
        let euro = "EUR".parse().unwrap();
        let not_decimal = [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "-0",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "1,5",
            "1_000",
            "1 000",
            "1'000",
            "1.2.3",
            "1e3",
            "1E3",
            "0x10",
            "NaN",
            "nan",
            "inf",
            "Infinity",
            "\u{661}",
            "\u{ff11}",
            "1\u{200b}",
            "\u{2212}1",
            "1.\u{662}",
            "\0",
        ];
        for text in not_decimal {
            assert_eq!(Money::parse(text, euro), Err(MoneyError::NotDecimal), "{text:?}");
        }
        assert_eq!(Money::parse(&"9".repeat(19), euro), Err(MoneyError::TooLarge));
        assert_eq!(Money::parse(&"0".repeat(1_000_000), euro), Err(MoneyError::TooLarge));
        assert_eq!(
            Money::parse(&format!("1.{}", "0".repeat(1_000_000)), euro),
            Err(MoneyError::TooManyDecimals)
        );
    }

    #[test]
    fn every_currency_has_its_own_digits() {
        for (code, digits) in [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("ISK", 0)] {
            assert_eq!(code.parse::<Currency>().unwrap().digits(), digits, "{code}");
        }
        assert_eq!(
            Money::parse("1.0", "JPY".parse().unwrap()),
            Err(MoneyError::TooManyDecimals)
        );
        assert_eq!(Money::parse("5", "KWD".parse().unwrap()).unwrap().amount(), "5.000");
    }

    #[test]
    fn what_has_no_minor_units_is_no_currency() {
        for code in ["XAU", "XTS", "XXX", "XDR", "eur", "EU", "EURO", "", "978", "E\u{415}R"] {
            assert_eq!(code.parse::<Currency>(), Err(MoneyError::Currency), "{code}");
        }
    }

    #[test]
    fn json_takes_an_amount_as_a_string_only() {
        for bad in [
            r#"{"amount":1.5,"currency":"EUR"}"#,
            r#"{"amount":1,"currency":"EUR"}"#,
            r#"{"amount":"1","currency":"EUR","tax":"0"}"#,
            r#"{"amount":"1"}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_does_not_show_the_amount() {
        let money = Money::parse("125000.07", "EUR".parse().unwrap()).unwrap();
        assert!(!format!("{money:?}").contains("125000"));
    }
}
