//! Who calls, by the claims of a token that API Gateway has verified, and by nothing else.

use std::fmt;

use gatehouse_auction::id::is_subject;
use serde_json::Value;

use crate::error::IntakeError;
use crate::event::{HttpEvent, Jwt};
use crate::problem::kinds;

const GROUPS: &str = "cognito:groups";
/// RFC 8693 section 4.2 names the first; Okta and Microsoft Entra ID name it as the second.
const SCOPES: [&str; 2] = ["scope", "scp"];

/// Who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The claim `sub`: who it is, for good.
    pub subject: String,
    auctioneer: bool,
    bidder: bool,
}

/// Who it is stays out of logs.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("auctioneer", &self.auctioneer)
            .field("bidder", &self.bidder)
            .finish_non_exhaustive()
    }
}

impl Caller {
    /// Who calls, with any role or none.
    ///
    /// # Errors
    /// [`IntakeError::Plain`] with `unauthenticated` (401) if no token was verified, or it names nobody. Reject.
    pub fn of(event: &HttpEvent) -> Result<Self, IntakeError> {
        let jwt = event
            .request_context
            .authorizer
            .as_ref()
            .and_then(|authorizer| authorizer.jwt.as_ref());
        let jwt = jwt.ok_or_else(|| unauthenticated("The request needs a token."))?;
        let subject = jwt.claims.get("sub").and_then(Value::as_str);
        let subject = subject.filter(|subject| is_subject(subject));
        let subject = subject.ok_or_else(|| unauthenticated("The token has no usable claim \"sub\"."))?;
        Ok(Self {
            subject: subject.to_owned(),
            auctioneer: has(jwt, "auctioneers", "gatehouse/auctioneer"),
            bidder: has(jwt, "bidders", "gatehouse/bidder"),
        })
    }

    /// Who calls, if it is an auctioneer.
    ///
    /// # Errors
    /// As [`Caller::of`], and `not-an-auctioneer` (403). Reject.
    pub fn auctioneer(event: &HttpEvent) -> Result<Self, IntakeError> {
        let caller = Self::of(event)?;
        if caller.is_auctioneer() {
            return Ok(caller);
        }
        let detail = "The token has neither the group auctioneers nor the scope gatehouse/auctioneer.";
        Err(IntakeError::Plain(kinds::NOT_AN_AUCTIONEER, detail))
    }

    /// Whether it is an auctioneer.
    pub fn is_auctioneer(&self) -> bool {
        self.auctioneer
    }

    /// Who calls, if it is a bidder.
    ///
    /// # Errors
    /// As [`Caller::of`], and `not-a-bidder` (403). Reject.
    pub fn bidder(event: &HttpEvent) -> Result<Self, IntakeError> {
        let caller = Self::of(event)?;
        if caller.bidder {
            return Ok(caller);
        }
        let detail = "The token has neither the group bidders nor the scope gatehouse/bidder.";
        Err(IntakeError::Plain(kinds::NOT_A_BIDDER, detail))
    }
}

fn unauthenticated(detail: &'static str) -> IntakeError {
    IntakeError::Plain(kinds::UNAUTHENTICATED, detail)
}

fn has(jwt: &Jwt, group: &str, scope: &str) -> bool {
    let in_group = jwt.claims.get(GROUPS).is_some_and(|groups| lists(groups, group));
    in_group
        || SCOPES
            .iter()
            .any(|claim| jwt.claims.get(*claim).is_some_and(|scopes| grants(scopes, scope)))
}

/// Whether scopes have this one: one text, separated by spaces, or a list.
fn grants(scopes: &Value, scope: &str) -> bool {
    let in_text = scopes
        .as_str()
        .is_some_and(|text| text.split(' ').any(|one| one == scope));
    in_text || lists(scopes, scope)
}

/// Whether a list of names has this one. API Gateway writes a list as `[a b]`; a group's name in Cognito
/// has no spaces, but may have commas and brackets, so that only the outermost brackets are the list's. A scope's is
/// the same (RFC 6749 section 3.3).
fn lists(names: &Value, name: &str) -> bool {
    match names {
        Value::Array(names) => names.iter().any(|one| one == name),
        Value::String(text) => {
            let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inner.is_some_and(|names| names.split(' ').any(|one| one == name))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(claims: Value) -> HttpEvent {
        let event = json!({"requestContext": {"authorizer": {"jwt": {"claims": claims}}}});
        serde_json::from_value(event).unwrap()
    }

    fn roles(claims: Value) -> (bool, bool) {
        let event = event(claims);
        (Caller::auctioneer(&event).is_ok(), Caller::bidder(&event).is_ok())
    }

    #[test]
    fn a_group_or_a_scope_gives_a_role() {
        assert_eq!(
            roles(json!({"sub": "a", GROUPS: "[bidders auctioneers]"})),
            (true, true)
        );
        assert_eq!(roles(json!({"sub": "a", GROUPS: "[bidders]"})), (false, true));
        assert_eq!(roles(json!({"sub": "a", GROUPS: ["auctioneers"]})), (true, false));
        assert_eq!(
            roles(json!({"sub": "a", "scope": "openid gatehouse/auctioneer"})),
            (true, false)
        );
        assert_eq!(roles(json!({"sub": "a", "scope": "gatehouse/bidder"})), (false, true));
    }

    #[test]
    fn scopes_are_seen_in_either_claim_as_a_text_or_a_list() {
        for claim in SCOPES {
            for scopes in [
                json!("gatehouse/bidder"),
                json!("openid gatehouse/bidder"),
                json!("[openid gatehouse/bidder]"),
                json!(["openid", "gatehouse/bidder"]),
            ] {
                assert_eq!(
                    roles(json!({"sub": "a", claim: scopes})),
                    (false, true),
                    "{claim}: {scopes}"
                );
            }
        }
        let both = json!({"sub": "a", "scope": "gatehouse/bidder", "scp": ["gatehouse/auctioneer"]});
        assert_eq!(roles(both), (true, true));
    }

    #[test]
    fn what_only_looks_like_a_role_is_none() {
        for groups in [
            "[xbidders]",
            "[bidders,x]",
            "[[bidders]]",
            "[Bidders]",
            "bidders",
            "",
            "[]",
            "[\"bidders\"]",
        ] {
            assert_eq!(roles(json!({"sub": "a", GROUPS: groups})), (false, false), "{groups}");
        }
        for scope in [
            "gatehouse/bidderx",
            "bidder",
            "xgatehouse/bidder",
            "gatehouse/bidder,x",
            "[[gatehouse/bidder]]",
        ] {
            for claim in SCOPES {
                assert_eq!(roles(json!({"sub": "a", claim: scope})), (false, false), "{scope}");
            }
        }
        for claim in ["roles", "scopes", "groups"] {
            let claims = json!({"sub": "a", claim: ["gatehouse/bidder", "bidders"]});
            assert_eq!(roles(claims), (false, false), "{claim}");
        }
    }

    #[test]
    fn without_a_verified_token_or_a_subject_nobody_calls() {
        let long = "x".repeat(256);
        let of = |event: &HttpEvent| Caller::of(event).map_err(|error| error.problem().status);
        assert_eq!(of(&HttpEvent::default()), Err(401));
        for claims in [json!({}), json!({"sub": ""}), json!({"sub": 7}), json!({"sub": long})] {
            assert_eq!(of(&event(claims.clone())), Err(401), "{claims}");
        }
    }

    #[test]
    fn a_header_says_nothing_about_who_calls() {
        let headers = json!({"headers": {"authorization": "Bearer x", "x-sub": "a", "cognito:groups": "[bidders]"}});
        let event: HttpEvent = serde_json::from_value(headers).unwrap();
        assert!(Caller::of(&event).is_err());
    }

    #[test]
    fn who_calls_is_not_shown_by_debug() {
        let caller = Caller::of(&event(json!({"sub": "somebody"}))).unwrap();
        assert!(!format!("{caller:?}").contains("somebody"));
    }
}
