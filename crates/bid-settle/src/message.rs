//! The message that starts a settlement: `{"auction": "01J..."}`.
//!
//! EventBridge Scheduler sends it at the close, the settlement sends it to itself for what is left over, and a person may
//! send it, or invoke the function with it.

use gatehouse_auction::AuctionId;
use serde_json::{Map, Value, json};

use crate::error::SettleError;

const AUCTION: &str = "auction";

/// The auction that a message names.
///
/// # Errors
/// [`SettleError::MalformedMessage`] (Reject), which never holds the value.
pub fn auction(message: &Value) -> Result<AuctionId, SettleError> {
    let wrong = |field, problem| SettleError::MalformedMessage { field, problem };
    let fields = message.as_object().ok_or(wrong("message", "is no JSON object"))?;
    let id = fields.get(AUCTION).ok_or(wrong(AUCTION, "is missing"))?;
    if fields.len() > 1 {
        return Err(wrong("message", "has other fields than auction"));
    }
    let id = id.as_str().ok_or(wrong(AUCTION, "is no string"))?;
    id.parse().map_err(|_| wrong(AUCTION, "is no auction's id (a ULID)"))
}

/// A body as JSON; what is none becomes a JSON string, which [`auction`] then refuses.
pub fn in_body(body: String) -> Value {
    serde_json::from_str(&body).unwrap_or(Value::String(body))
}

/// The message for an auction.
pub fn about(auction: AuctionId) -> Value {
    let fields = Map::from_iter([(AUCTION.to_owned(), json!(auction.to_string()))]);
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_core::disposition::{Disposition, Failure};

    const ID: &str = "01KAC3B3G0W4V8Q9ZJ6M5T7R2D";

    #[test]
    fn a_message_names_an_auction_and_nothing_else() {
        let id = auction(&in_body(format!(r#"{{ "auction": "{ID}" }}"#))).unwrap();
        assert_eq!(id.to_string(), ID);
        assert_eq!(auction(&about(id)).unwrap(), id);
    }

    #[test]
    fn whatever_else_it_is_is_rejected_with_the_field_and_without_its_value() {
        for (body, says) in [
            ("", "message is no JSON object"),
            ("not JSON: 125000.00", "message is no JSON object"),
            ("[]", "message is no JSON object"),
            ("{}", "auction is missing"),
            (r#"{ "auction": 125000.00 }"#, "auction is no string"),
            (r#"{ "auction": "125000.00" }"#, "auction is no auction's id"),
            (
                r#"{ "auction": "01KAC3B3G0W4V8Q9ZJ6M5T7R2D", "amount": "125000.00" }"#,
                "has other fields",
            ),
        ] {
            let error = auction(&in_body(body.to_owned())).unwrap_err();
            assert!(error.to_string().contains(says), "{body}: {error}");
            assert!(!error.to_string().contains("125000"), "{body}: {error}");
            assert_eq!(
                (error.disposition(), error.reason()),
                (Disposition::Reject, "malformed-message")
            );
        }
    }
}
