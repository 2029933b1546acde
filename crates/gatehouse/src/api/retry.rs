//! Which requests are sent again, and when.

use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;

use super::Answer;

const FIRST_WAIT: Duration = Duration::from_millis(200);
/// However long the API asks to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long to wait before the request is sent again; `None` when this answer is final.
///
/// The same `Idempotency-Key` goes with it, so that it is done once (draft-ietf-httpapi-idempotency-key-header).
pub fn of_answer(answer: &Answer, tried: u32) -> Option<Duration> {
    let asked = answer
        .retry_after
        .as_deref()
        .and_then(|value| asked(value, Timestamp::now()));
    answer.is_temporary().then(|| asked.unwrap_or_else(|| backoff(tried)))
}

/// The same for a request without an answer: the connection failed, or broke before the answer was whole.
pub fn of_error(error: &ureq::Error, tried: u32) -> Option<Duration> {
    use ureq::Error;
    let again = match error {
        // A certificate that is not trusted now will not be trusted in a second.
        Error::Io(error) => error.kind() != ErrorKind::InvalidData,
        Error::Timeout(_) | Error::HostNotFound | Error::ConnectionFailed | Error::Protocol(_) => true,
        _ => false,
    };
    again.then(|| backoff(tried))
}

/// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn asked(value: &str, now: Timestamp) -> Option<Duration> {
    let wait = match value.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = jiff::fmt::rfc2822::DateTimeParser::new()
                .parse_timestamp(value.trim())
                .ok()?;
            Duration::try_from(at.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Doubled with each try, and somewhere in its upper half, so that many clients do not come back in step.
fn backoff(tried: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << tried.clamp(1, 8) >> 1);
    let share = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
    wait.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        assert_eq!(asked("7", now), Some(Duration::from_secs(7)));
        assert_eq!(
            asked("Sun, 01 Mar 2026 12:00:09 GMT", now),
            Some(Duration::from_secs(9))
        );
        assert_eq!(
            asked("Sun, 01 Mar 2026 11:00:00 GMT", now),
            Some(Duration::ZERO),
            "it has passed"
        );
        assert_eq!(asked("soon", now), None);
    }

    #[test]
    fn nobody_is_made_to_wait_for_hours() {
        assert_eq!(asked("86400", Timestamp::now()), Some(LONGEST_WAIT));
    }

    #[test]
    fn each_wait_is_about_twice_as_long_as_the_one_before() {
        for tried in 1..6 {
            let longest = FIRST_WAIT * 2_u32.pow(tried - 1);
            let wait = backoff(tried);
            assert!(wait <= longest && wait >= longest / 2, "{tried}: {wait:?}");
        }
    }
}
