//! What X-Ray is told of one segment or subsegment (X-Ray developer guide, "X-Ray segment documents").

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use super::header::Id;
use crate::disposition::Disposition;

/// Longer text is no annotation.
const LONGEST_ANNOTATION: usize = 1000;

/// A document. What has not been said is left out.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Document {
    pub name: String,
    pub id: Id,
    pub trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Id>,
    /// `subsegment`; None for a segment.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// What kind of resource a segment comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<&'static str>,
    /// `aws` for a call of an AWS service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<&'static str>,
    /// Seconds since the epoch.
    pub start_time: f64,
    /// Seconds since the epoch.
    pub end_time: f64,
    /// The caller's fault, as a status of 4xx.
    #[serde(skip_serializing_if = "is_false")]
    pub error: bool,
    /// The callee's fault, as a status of 5xx.
    #[serde(skip_serializing_if = "is_false")]
    pub fault: bool,
    /// Too many requests, status 429.
    #[serde(skip_serializing_if = "is_false")]
    pub throttle: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<Aws>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
    /// What traces can be searched by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<&'static str, Value>,
}

/// Why it failed. A reason's code, and nothing that a payload could stand in.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cause {
    exceptions: [Exception; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Exception {
    id: Id,
    #[serde(rename = "type")]
    reason: &'static str,
}

/// A call of an AWS service.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Aws {
    pub operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    pub retries: u32,
}

/// How it was answered.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Http {
    response: Response,
}

#[derive(Debug, Clone, Serialize)]
struct Response {
    status: u16,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Document {
    /// It failed: what is worth a retry is a fault, what never works an error. The first reason stays.
    pub fn fail(&mut self, reason: Option<&'static str>, disposition: Disposition) {
        match disposition {
            Disposition::Retry => self.fault = true,
            Disposition::Reject => self.error = true,
        }
        if let Some(reason) = reason {
            let id = Id::fresh();
            let cause = Cause {
                exceptions: [Exception { id, reason }],
            };
            self.cause.get_or_insert(cause);
        }
    }

    /// It was answered with this HTTP status.
    pub fn answered(&mut self, status: u16) {
        self.http = Some(Http {
            response: Response { status },
        });
        self.throttle = status == 429;
        self.error = (400..500).contains(&status);
        self.fault = status >= 500;
    }

    /// The times, as X-Ray wants them.
    pub fn took(&mut self, from: SystemTime, to: SystemTime) {
        (self.start_time, self.end_time) = (seconds(from), seconds(to));
    }
}

/// Microseconds are as much as a double holds of today's times.
fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_micros(u64::try_from(since.as_micros()).unwrap_or_default()).as_secs_f64()
}

/// Text as an annotation, cut where X-Ray would refuse it.
pub(super) fn annotation(text: &str) -> Value {
    text.chars().take(LONGEST_ANNOTATION).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_value};

    fn at(seconds: f64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    fn document() -> Document {
        let mut document = Document {
            name: "fetch".to_owned(),
            trace_id: "1-5759e988-bd862e3fe1be46a994272793".to_owned(),
            kind: Some("subsegment"),
            parent_id: Some(Id::default()),
            ..Document::default()
        };
        document.took(at(1_478_293_361.25), at(1_478_293_361.5));
        document
    }

    #[test]
    fn a_subsegment_says_what_has_to_be_said_and_no_more() {
        let expected = json!({
            "name": "fetch", "id": "0000000000000000", "parent_id": "0000000000000000", "type": "subsegment",
            "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
            "start_time": 1_478_293_361.25, "end_time": 1_478_293_361.5,
        });
        assert_eq!(to_value(document()).unwrap(), expected);
    }

    #[test]
    fn a_status_tells_who_is_to_blame() {
        for (status, error, fault, throttle) in [
            (200, false, false, false),
            (304, false, false, false),
            (404, true, false, false),
            (429, true, false, true),
            (503, false, true, false),
        ] {
            let mut document = document();
            document.answered(status);
            assert_eq!(
                (document.error, document.fault, document.throttle),
                (error, fault, throttle)
            );
            assert_eq!(
                to_value(&document).unwrap()["http"],
                json!({ "response": { "status": status } })
            );
        }
    }

    #[test]
    fn a_failure_has_the_code_of_its_first_reason() {
        let mut document = document();
        document.fail(Some("corrupt-image"), Disposition::Reject);
        document.fail(Some("deadline"), Disposition::Retry);
        let written = to_value(&document).unwrap();
        assert_eq!((&written["error"], &written["fault"]), (&json!(true), &json!(true)));
        assert_eq!(written["cause"]["exceptions"][0]["type"], "corrupt-image");
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        assert_eq!(annotation("a.jpg"), "a.jpg");
        assert_eq!(annotation(&"\u{00e9}".repeat(1024)), "\u{00e9}".repeat(1000));
    }
}
