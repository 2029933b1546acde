//! What the API answered.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use crate::failure::Failure;

const PROBLEM: &str = "urn:gatehouse:problem:";

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Retry-After` header, as it stands there.
    pub retry_after: Option<String>,
    body: Vec<u8>,
}

/// The members of an RFC 9457 problem document that are of use here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: String,
    title: String,
    detail: String,
    errors: Vec<Fault>,
}

/// One thing that is wrong with a request, and where.
#[derive(Debug, Deserialize)]
struct Fault {
    pointer: String,
    detail: String,
}

impl Problem {
    /// Everything it says, in one line.
    fn sentence(self) -> Option<String> {
        let said = [self.detail, self.title].into_iter().find(|text| !text.is_empty())?;
        let faults = self
            .errors
            .into_iter()
            .map(|fault| format!("; {}: {}", fault.pointer, fault.detail));
        Some(printable(&format!("{said}{}", faults.collect::<String>())))
    }
}

impl Answer {
    /// Reads an answer of at most `limit` bytes.
    pub fn read(mut response: Response<Body>, limit: u64) -> Result<Self, ureq::Error> {
        let retry_after = response.headers().get("retry-after");
        Ok(Self {
            status: response.status().as_u16(),
            retry_after: retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned),
            body: response.body_mut().with_config().limit(limit).read_to_vec()?,
        })
    }

    /// The code of the problem that it reports, if it does.
    pub fn problem_code(&self) -> Option<String> {
        let problem = self.problem();
        problem.r#type.strip_prefix(PROBLEM).map(printable)
    }

    /// Whether the same request may be answered otherwise later: its twin is still at work, API Gateway asks to slow down,
    /// or it failed. A 429 of the API's own, which is a problem, says that no more is allowed.
    pub fn is_temporary(&self) -> bool {
        match self.status {
            409 => self.problem_code().as_deref() == Some("idempotency-in-flight"),
            429 => self.problem_code().is_none(),
            500..=599 => true,
            _ => false,
        }
    }

    fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// This answer, if it is a good one.
    ///
    /// A refusal (4xx) is [`Failure::Refused`], anything else [`Failure::Api`].
    pub fn accepted(self, url: &str) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let code = self.problem_code().unwrap_or_else(|| format!("http-{}", self.status));
        let detail = self.problem().sentence();
        let detail = detail.unwrap_or_else(|| format!("{url} answered {}", self.status));
        if (400..500).contains(&self.status) && !self.is_temporary() {
            return Err(Failure::Refused { code, detail });
        }
        Err(Failure::Api {
            url: url.to_owned(),
            reason: format!("{code}: {detail}"),
        })
    }

    /// The body as JSON of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::input("unexpected-answer", format!("the API's answer can't be read: {error}")))
    }

    /// The body as it is, to be printed.
    pub fn document(&self) -> Result<Value, Failure> {
        self.json()
    }
}

/// A text of the API without what would move a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> String {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.into(),
        };
        answer
            .accepted("http://127.0.0.1/x")
            .err()
            .map(|failure| failure.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_problem_is_told_by_its_code_and_its_detail() {
        let body = r#"{"type":"urn:gatehouse:problem:auction-closed","title":"Closed","detail":"It closed at noon."}"#;
        assert_eq!(refused(409, body), "auction-closed: It closed at noon.");
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let body = r##"{"type":"urn:gatehouse:problem:malformed","detail":"The body can't be used.",
            "errors":[{"pointer":"#/title","detail":"is missing"},{"pointer":"#/rule","detail":"is unknown"}]}"##;
        assert_eq!(
            refused(400, body),
            "malformed: The body can't be used.; #/title: is missing; #/rule: is unknown"
        );
    }

    #[test]
    fn an_answer_that_is_no_problem_document_is_told_by_its_status() {
        assert_eq!(
            refused(401, "{\"message\":\"Unauthorized\"}"),
            "http-401: http://127.0.0.1/x answered 401"
        );
        assert_eq!(refused(418, "<html>"), "http-418: http://127.0.0.1/x answered 418");
    }

    #[test]
    fn what_would_move_the_cursor_is_left_out() {
        let body = r#"{"type":"urn:gatehouse:problem:x\u001b[2J","detail":"a\u001b[1mb\r\nc"}"#;
        assert_eq!(refused(400, body), "x[2J: a[1mbc");
    }
}
