//! What a request asks for: its path, its header, its body.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_auction::AuctionId;
use gatehouse_core::telemetry::trace::TraceHeader;
use serde_json::Value;

use crate::error::IntakeError;
use crate::event::HttpEvent;
use crate::fields::Fields;
use crate::problem::{Invalid, kinds};

/// The longest body, in bytes, after base64 is undone.
pub const MOST_BODY_BYTES: usize = 16 * 1024;
/// The longest Idempotency-Key.
const MOST_KEY_BYTES: usize = 255;

/// One request.
pub struct Request<'a> {
    /// As it came.
    pub event: &'a HttpEvent,
}

impl<'a> Request<'a> {
    /// Reads nothing yet.
    pub fn new(event: &'a HttpEvent) -> Self {
        Self { event }
    }

    /// The auction that the path names.
    ///
    /// # Errors
    /// `auction-not-found` (404): what is no ULID names no auction. Reject.
    pub fn auction(&self) -> Result<AuctionId, IntakeError> {
        let id = self.path("auctionId").and_then(|id| id.parse().ok());
        id.ok_or(IntakeError::AuctionNotFound)
    }

    /// The bid that the path names: its position in the log.
    ///
    /// # Errors
    /// `no-such-bid` (404): what is no decimal number, as we write it, names no bid. Reject.
    pub fn bid(&self) -> Result<u64, IntakeError> {
        let text = self.path("bidId").unwrap_or_default();
        let number: Option<u64> = text.parse().ok();
        number
            .filter(|number| number.to_string() == text)
            .ok_or(IntakeError::NoSuchBid)
    }

    /// The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a quoted string of
    /// structured fields (RFC 9651 section 3.3.3), or the same without quotes.
    ///
    /// # Errors
    /// `idempotency-key-missing`, `idempotency-key-invalid` (400). Reject.
    pub fn idempotency_key(&self) -> Result<String, IntakeError> {
        let header = self.header("idempotency-key").unwrap_or_default().trim();
        if header.is_empty() {
            let detail = "Send a header Idempotency-Key, with a value that is new for each new request.";
            return Err(IntakeError::Plain(kinds::IDEMPOTENCY_KEY_MISSING, detail));
        }
        unquoted(header)
            .filter(|key| (1..=MOST_KEY_BYTES).contains(&key.len()))
            .ok_or({
                let detail = "The Idempotency-Key should be a string of 1 to 255 printable ASCII characters.";
                IntakeError::Plain(kinds::IDEMPOTENCY_KEY_INVALID, detail)
            })
    }

    /// The body's bytes.
    ///
    /// # Errors
    /// `unsupported-media-type` (415), `body-too-large` (413), `malformed-json` (400) for base64 that is
    /// none. Reject.
    pub fn body(&self) -> Result<Vec<u8>, IntakeError> {
        let media_type = self.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            let detail = "Send the body as Content-Type: application/json.";
            return Err(IntakeError::Plain(kinds::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let text = self.event.body.as_deref().unwrap_or_default();
        // Base64 takes four characters for three bytes.
        let most = if self.event.is_base64_encoded {
            MOST_BODY_BYTES.div_ceil(3) * 4
        } else {
            MOST_BODY_BYTES
        };
        if text.len() > most {
            return Err(too_large());
        }
        if !self.event.is_base64_encoded {
            return Ok(text.as_bytes().to_vec());
        }
        let bytes = STANDARD
            .decode(text)
            .map_err(|_| malformed("The body can't be read."))?;
        if bytes.len() > MOST_BODY_BYTES {
            return Err(too_large());
        }
        Ok(bytes)
    }

    /// A number in the query; the default if there is none.
    ///
    /// # Errors
    /// `invalid-parameter` (400) for what is no number, or not in the range. Reject.
    pub fn number(&self, name: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> Result<u64, IntakeError> {
        let query = self.event.query_string_parameters.as_ref();
        let Some(text) = query.and_then(|query| query.get(name)) else {
            return Ok(default);
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && range.contains(number));
        number.ok_or_else(|| {
            let detail = format!("should be a whole number from {} to {}", range.start(), range.end());
            let pointer = name.to_owned();
            IntakeError::InvalidParameter(vec![Invalid { pointer, detail }])
        })
    }

    /// The trace of whoever sent it, if that was traced. A header that comes from no step is API Gateway's own (X-Ray
    /// developer guide, "Amazon API Gateway and AWS X-Ray"). X-Ray charges for traces, so who has no token has no say in it.
    pub fn trace(&self) -> Option<TraceHeader> {
        self.event.request_context.authorizer.as_ref()?;
        let header = self.header("x-amzn-trace-id").and_then(TraceHeader::read);
        header.filter(TraceHeader::has_parent)
    }

    fn path(&self, name: &str) -> Option<&str> {
        let parameters = self.event.path_parameters.as_ref()?;
        parameters.get(name).map(String::as_str)
    }

    fn header(&self, name: &str) -> Option<&str> {
        header(&self.event.headers, name)
    }
}

/// The members of a body that is one JSON object (RFC 8259).
///
/// # Errors
/// `malformed-json` (400), saying where, quoting nothing. Reject.
pub fn fields(body: &[u8]) -> Result<Fields, IntakeError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(Fields::new(members)),
        Ok(_) => Err(malformed("The body should be a JSON object.")),
        Err(error) => {
            let place = format!(
                "The body is no JSON at line {}, column {}.",
                error.line(),
                error.column()
            );
            Err(IntakeError::MalformedJson(place))
        }
    }
}

/// API Gateway gives header names in lower case; they mean the same in any (RFC 9110 section 5.1).
fn header<'a>(headers: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    let exact = headers.get(name);
    let any = || {
        headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    exact.or_else(any).map(String::as_str)
}

fn unquoted(header: &str) -> Option<String> {
    if !header.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let Some(rest) = header.strip_prefix('"') else {
        return Some(header.to_owned());
    };
    let mut key = String::new();
    let mut characters = rest.strip_suffix('"')?.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    Some(key)
}

fn malformed(detail: &str) -> IntakeError {
    IntakeError::MalformedJson(detail.to_owned())
}

fn too_large() -> IntakeError {
    IntakeError::Plain(kinds::BODY_TOO_LARGE, "A body has at most 16384 bytes.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(event: Value) -> HttpEvent {
        serde_json::from_value(event).unwrap()
    }

    fn status<T>(outcome: Result<T, IntakeError>) -> Result<T, (u16, &'static str)> {
        outcome.map_err(|error| (error.problem().status, error.problem().code))
    }

    fn body(content_type: &str, text: &str, base64: bool) -> Result<Vec<u8>, (u16, &'static str)> {
        let headers = json!({"Content-Type": content_type});
        let event = event(json!({"headers": headers, "body": text, "isBase64Encoded": base64}));
        status(Request::new(&event).body())
    }

    #[test]
    fn a_body_is_read_as_text_and_as_base64() {
        assert_eq!(body("application/json", "{}", false), Ok(b"{}".to_vec()));
        assert_eq!(
            body("Application/JSON; charset=utf-8", "e30=", true),
            Ok(b"{}".to_vec())
        );
        assert_eq!(body("application/json", "e30", true), Err((400, "malformed-json")));
    }

    #[test]
    fn another_media_type_or_none_is_415() {
        for media_type in [
            "",
            "text/plain",
            "application/json+x",
            "application/jsonx",
            "application/jose",
        ] {
            assert_eq!(
                body(media_type, "{}", false),
                Err((415, "unsupported-media-type")),
                "{media_type}"
            );
        }
    }

    #[test]
    fn a_body_may_have_16_kb_and_not_a_byte_more_whatever_it_is_encoded_as() {
        for (bytes, fits) in [
            (MOST_BODY_BYTES, true),
            (MOST_BODY_BYTES + 1, false),
            (MOST_BODY_BYTES + 2, false),
        ] {
            let text = "x".repeat(bytes);
            assert_eq!(body("application/json", &text, false).is_ok(), fits, "{bytes}");
            assert_eq!(
                body("application/json", &STANDARD.encode(text), true).is_ok(),
                fits,
                "{bytes}"
            );
        }
    }

    #[test]
    fn a_body_that_is_no_object_says_where_and_quotes_nothing() {
        for body in ["", "[]", "\"125000.00\"", "{\"envelope\": 125000.00", "{\"a\": \u{1}}"] {
            let problem = fields(body.as_bytes()).unwrap_err().problem();
            assert_eq!((problem.status, problem.code), (400, "malformed-json"), "{body}");
            assert!(!serde_json::to_string(&problem).unwrap().contains("125000"), "{body}");
        }
        assert!(fields(b"\xFF{}").is_err(), "no UTF-8");
        assert!(fields("[".repeat(10_000).as_bytes()).is_err(), "deeper than a stack");
    }

    #[test]
    fn a_trace_is_that_of_a_caller_who_began_one_and_not_the_one_that_api_gateway_names() {
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        let token = json!({"authorizer": {"jwt": {"claims": {"sub": "anna"}}}});
        let trace = |header: &str, context: &Value| {
            let event = event(json!({"headers": {"x-amzn-trace-id": header}, "requestContext": context}));
            Request::new(&event).trace().map(|header| header.trace_id().to_owned())
        };
        let callers = format!("Root={root};Parent=03995c3f42cd8ad8;Sampled=1");
        assert_eq!(trace(&callers, &token).as_deref(), Some(root));
        assert_eq!(trace(&callers, &json!({})), None, "without a token");
        for nobodys in [
            format!("Root={root}"),
            format!("Root={root};Sampled=1"),
            "a header".to_owned(),
        ] {
            assert_eq!(trace(&nobodys, &token), None, "{nobodys}");
        }
    }

    fn key(value: &str) -> Result<String, (u16, &'static str)> {
        let event = event(json!({"headers": {"idempotency-key": value}}));
        status(Request::new(&event).idempotency_key())
    }

    #[test]
    fn a_key_with_and_without_its_quotes_is_the_same_key() {
        assert_eq!(
            key("8e03978e-40d5-43dd-bc93-6894a57f9324"),
            key("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")
        );
        assert_eq!(key(r#""a\"b\\c""#), Ok(r#"a"b\c"#.to_owned()));
        assert_eq!(key(&"k".repeat(255)).map(|key| key.len()), Ok(255));
    }

    #[test]
    fn a_missing_key_and_one_that_can_not_be_used_are_told_apart() {
        for missing in ["", "  "] {
            assert_eq!(key(missing), Err((400, "idempotency-key-missing")));
        }
        let long = "k".repeat(256);
        for invalid in [
            "\"",
            "\"\"",
            "\"a",
            "\"a\"b\"",
            "\"a\\x\"",
            "\"a\\\"",
            "ü",
            "a\tb",
            long.as_str(),
        ] {
            assert_eq!(key(invalid), Err((400, "idempotency-key-invalid")), "{invalid}");
        }
    }

    #[test]
    fn what_can_not_be_an_id_names_nothing() {
        for id in ["", "0", "01", "+1", " 1", "x", "18446744073709551616", "1.0"] {
            let event = event(json!({"pathParameters": {"auctionId": id, "bidId": id}}));
            let request = Request::new(&event);
            assert_eq!(
                status(request.auction()).err(),
                Some((404, "auction-not-found")),
                "{id}"
            );
            if id != "0" {
                assert_eq!(status(request.bid()), Err((404, "no-such-bid")), "{id}");
            }
        }
    }

    #[test]
    fn a_parameter_outside_of_its_range_is_400_and_named() {
        let number = |text: &str| {
            let event = event(json!({"queryStringParameters": {"limit": text}}));
            Request::new(&event)
                .number("limit", 5, 1..=10)
                .map_err(|error| serde_json::to_value(error.problem()).unwrap())
        };
        assert_eq!(number("10"), Ok(10));
        for text in ["", "0", "11", "-1", "+1", "1,2", "ten", "99999999999999999999"] {
            let problem = number(text).unwrap_err();
            assert_eq!(
                (&problem["status"], &problem["errors"][0]["pointer"]),
                (&json!(400), &json!("limit")),
                "{text}"
            );
        }
        assert_eq!(
            Request::new(&HttpEvent::default()).number("limit", 5, 1..=10).unwrap(),
            5
        );
    }
}
