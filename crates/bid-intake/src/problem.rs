//! Problem details: how the API says what is wrong (RFC 9457).

use std::time::Duration;

use gatehouse_auction::Phase;
use serde::Serialize;

/// The prefix of every problem's `type`. What follows is the stable code.
pub const TYPE_PREFIX: &str = "urn:gatehouse:problem:";
const INSTANCE_PREFIX: &str = "urn:gatehouse:request:";

/// A kind of problem: what clients tell problems apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Stable, in kebab case; the last part of `type`.
    pub code: &'static str,
    /// The HTTP status (RFC 9110 section 15).
    pub status: u16,
    /// The same for every occurrence.
    pub title: &'static str,
}

/// A problem, as the answer's body shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    uri: String,
    title: &'static str,
    /// The HTTP status.
    pub status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Invalid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    /// The code alone, for logs and metrics.
    #[serde(skip)]
    pub code: &'static str,
    /// When it is worth trying again: the header `Retry-After`.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// One thing that is wrong with the request's body or parameters. Never quotes the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invalid {
    /// Where: a JSON pointer into the body as a URI fragment (RFC 6901 section 6), or a parameter's name.
    pub pointer: String,
    /// What would be right.
    pub detail: String,
}

impl Problem {
    /// A problem of this kind; `detail` is a sentence about this occurrence.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            uri: format!("{TYPE_PREFIX}{}", kind.code),
            title: kind.title,
            status: kind.status,
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            phase: None,
            code: kind.code,
            retry_after: None,
        }
    }

    /// Names what is wrong, one by one.
    #[must_use]
    pub fn with_errors(self, errors: Vec<Invalid>) -> Self {
        Self { errors, ..self }
    }

    /// Says where the auction stands.
    #[must_use]
    pub fn with_phase(self, phase: Phase) -> Self {
        let phase = Some(phase);
        Self { phase, ..self }
    }

    /// Says when it is worth trying again.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Duration) -> Self {
        let retry_after = Some(retry_after);
        Self { retry_after, ..self }
    }

    /// Names the request, as it is named in the access log.
    #[must_use]
    pub fn with_request_id(self, id: &str) -> Self {
        let known = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_=.".contains(&byte));
        let instance = (known && !id.is_empty()).then(|| format!("{INSTANCE_PREFIX}{id}"));
        Self { instance, ..self }
    }
}

/// Every kind of problem that is not one of the auction's own rules.
pub mod kinds {
    use super::Kind;

    macro_rules! kinds {
        ($($name:ident = $status:literal $code:literal $title:literal;)*) => {
            $(#[doc = $title] pub const $name: Kind = Kind { code: $code, status: $status, title: $title };)*
            #[cfg(test)]
            pub const ALL: &[Kind] = &[$($name),*];
        };
    }

    kinds! {
        MALFORMED_JSON = 400 "malformed-json" "The body is not a JSON object";
        IDEMPOTENCY_KEY_MISSING = 400 "idempotency-key-missing" "The Idempotency-Key header is missing";
        IDEMPOTENCY_KEY_INVALID = 400 "idempotency-key-invalid" "The Idempotency-Key header can't be used";
        INVALID_PARAMETER = 400 "invalid-parameter" "A query parameter can't be used";
        UNAUTHENTICATED = 401 "unauthenticated" "No verified token came with the request";
        NOT_AN_AUCTIONEER = 403 "not-an-auctioneer" "Only an auctioneer may do this";
        NOT_A_BIDDER = 403 "not-a-bidder" "Only a bidder may do this";
        NOT_YOUR_AUCTION = 403 "not-your-auction" "Only who opened the auction may do this";
        NO_SUCH_ROUTE = 404 "no-such-route" "There is nothing here";
        AUCTION_NOT_FOUND = 404 "auction-not-found" "There is no such auction";
        NO_SUCH_BID = 404 "no-such-bid" "You have no such bid";
        NOT_SETTLED = 404 "not-settled" "The auction has no result";
        IDEMPOTENCY_IN_FLIGHT = 409 "idempotency-in-flight" "A request with this Idempotency-Key is being worked on";
        CONTRACT_TAKEN = 409 "contract-taken" "Another auction has this contract";
        BODY_TOO_LARGE = 413 "body-too-large" "The body is too large";
        UNSUPPORTED_MEDIA_TYPE = 415 "unsupported-media-type" "The body has to be application/json";
        INVALID_FIELD = 422 "invalid-field" "The body's members can't be used";
        IDEMPOTENCY_KEY_REUSED = 422 "idempotency-key-reused" "The Idempotency-Key was used for another request";
        TOO_MANY_BIDS = 429 "too-many-bids" "You have bid or withdrawn too often in this auction";
        INTAKE_OFF = 503 "intake-off" "Nothing is taken in at the moment";
        INTERNAL = 500 "internal" "The service failed";
        UNAVAILABLE = 503 "unavailable" "The service can't do this now";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use gatehouse_auction::{EnvelopeError, MoneyError, Refusal};

    use super::*;

    #[test]
    fn a_problem_has_the_members_of_the_standard_and_no_empty_ones() {
        let problem = Problem::new(kinds::UNAVAILABLE, "Try again.").with_request_id("Jx-_9=");
        let expected = serde_json::json!({
            "type": "urn:gatehouse:problem:unavailable",
            "title": "The service can't do this now",
            "status": 503,
            "detail": "Try again.",
            "instance": "urn:gatehouse:request:Jx-_9=",
        });
        assert_eq!(serde_json::to_value(&problem).unwrap(), expected);
    }

    #[test]
    fn a_request_id_that_would_not_make_a_uri_is_left_out() {
        for id in ["", "a b", "<x>", "ü"] {
            let problem = Problem::new(kinds::INTERNAL, "x").with_request_id(id);
            assert_eq!(problem.instance, None, "{id}");
        }
    }

    #[test]
    fn every_kind_is_in_the_apis_contract_with_its_title_and_status() {
        let contract = include_str!("../../../openapi.yaml");
        for Kind { code, status, title } in kinds::ALL {
            let example = format!("type: {TYPE_PREFIX}{code}\n        title: {title}\n        status: {status}\n");
            assert!(contract.contains(&example), "not in openapi.yaml: {example}");
        }
    }

    /// The codes that a function of this source gives: all of them stand there and nowhere else.
    fn codes(source: &str) -> impl Iterator<Item = &str> {
        let texts = source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        texts.filter(|text| text.contains('-'))
    }

    #[test]
    fn every_code_of_the_auctions_rules_is_in_the_apis_contract() {
        /// The settlement alone meets the first two; the subject is checked before, and no reason is asked for.
        const NEVER_ANSWERED: [&str; 4] = [
            "not-closed-yet",
            "result-of-another-log",
            "subject-unusable",
            "reason-unusable",
        ];
        let contract = include_str!("../../../openapi.yaml");
        let sources = [
            include_str!("../../auction/src/refusal.rs"),
            include_str!("../../auction/src/envelope/error.rs"),
            include_str!("../../auction/src/money.rs"),
        ];
        let mut known = HashSet::new();
        for code in sources.into_iter().flat_map(codes) {
            known.insert(code);
            let told = contract.contains(&format!("`{code}`")) || contract.contains(&format!("{TYPE_PREFIX}{code}\n"));
            assert_eq!(told, !NEVER_ANSWERED.contains(&code), "{code}");
        }
        for refusal in [
            Refusal::Cancelled,
            EnvelopeError::DoesNotOpen.into(),
            MoneyError::TooLarge.into(),
        ] {
            assert!(known.contains(refusal.code()), "{known:?}");
        }
        assert!(NEVER_ANSWERED.iter().all(|code| known.contains(code)));
    }

    #[test]
    fn no_two_kinds_share_a_code() {
        let codes: HashSet<_> = kinds::ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), kinds::ALL.len());
    }
}
