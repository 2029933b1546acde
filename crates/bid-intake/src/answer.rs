//! What API Gateway is answered: a proxy response, payload format 2.0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// One HTTP response. A stored one is replayed byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The HTTP status.
    pub status_code: u16,
    /// Header names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as text; empty where the status has none.
    pub body: String,
}

impl Answer {
    /// 200 with this body.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn ok(body: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self::new(200, "application/json", serde_json::to_string(body)?))
    }

    /// 201: what was made, and where it is (RFC 9110 section 10.2.2).
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn created(location: &str, body: &impl Serialize) -> serde_json::Result<Self> {
        let answer = Self::new(201, "application/json", serde_json::to_string(body)?);
        Ok(answer.with("location", location))
    }

    /// 204: done, nothing to say.
    pub fn no_content() -> Self {
        Self {
            status_code: 204,
            headers: BTreeMap::new(),
            body: String::new(),
        }
        .with("cache-control", "no-store")
    }

    /// A problem (RFC 9457).
    pub fn problem(problem: &Problem) -> Self {
        // Text and numbers alone: this always succeeds.
        let body = serde_json::to_string(problem).unwrap_or_default();
        let answer = Self::new(problem.status, "application/problem+json", body);
        let answer = match problem.retry_after {
            // Whole seconds, and never too early (RFC 9110 section 10.2.3).
            Some(wait) => answer.with("retry-after", &wait.as_millis().div_ceil(1000).max(1).to_string()),
            None => answer,
        };
        match problem.status {
            401 => answer.with("www-authenticate", "Bearer"),
            _ => answer,
        }
    }

    fn new(status_code: u16, content_type: &str, body: String) -> Self {
        Self {
            status_code,
            headers: BTreeMap::new(),
            body,
        }
        .with("content-type", content_type)
        // Who asks decides what is shown, and an auction's phase changes.
        .with("cache-control", "no-store")
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::problem::kinds;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
        for (milliseconds, seconds) in [(0, "1"), (1000, "1"), (1001, "2"), (29_400, "30")] {
            let wait = Duration::from_millis(milliseconds);
            let problem = Problem::new(kinds::UNAVAILABLE, "x").with_retry_after(wait);
            assert_eq!(Answer::problem(&problem).headers["retry-after"], seconds);
        }
    }

    #[test]
    fn an_answer_without_content_has_neither_body_nor_type() {
        let answer = Answer::no_content();
        assert_eq!((answer.status_code, answer.body.as_str()), (204, ""));
        assert!(!answer.headers.contains_key("content-type"));
    }
}
