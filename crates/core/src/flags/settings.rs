//! Where the flags are, from the function's environment.

use std::str::FromStr;
use std::time::Duration;

use crate::config::Environment;

const LEAST_SECONDS: u64 = 2;
const MOST_SECONDS: u64 = 300;

/// Where the flags are, and how they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `FLAGS_PARAMETER`: the name of the parameter.
    pub parameter: String,
    /// `FLAGS_CACHE_SECONDS`: how long what was read counts as fresh, from 2 to 300; default 30. A flip takes so long.
    pub cache: CacheTime,
    /// `FAILURE_INJECTION`: `allowed` or `refused`, the default.
    pub injection: Injection,
}

/// How long what was read counts as fresh: half a minute, if nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheTime(pub Duration);

/// Whether failures may be injected. The template refuses them in prod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Injection {
    /// They may.
    Allowed,
    /// A document that asks for them is refused.
    #[default]
    Refused,
}

/// A setting has a value that can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// `FLAGS_CACHE_SECONDS`
    #[error("should be a number of seconds from {LEAST_SECONDS} to {MOST_SECONDS}")]
    CacheTime,
    /// `FAILURE_INJECTION`
    #[error("should be allowed or refused")]
    Injection,
}

impl Settings {
    /// Reads the settings; none if there is no parameter, and so no flags. What is wrong with them is noted in the
    /// environment.
    pub fn read(environment: &mut Environment) -> Option<Self> {
        let parameter = environment.optional("FLAGS_PARAMETER");
        let cache = environment.parsed("FLAGS_CACHE_SECONDS", CacheTime::default());
        let injection = environment.parsed("FAILURE_INJECTION", Injection::default());
        parameter.map(|parameter| Self {
            parameter,
            cache,
            injection,
        })
    }
}

impl Default for CacheTime {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl FromStr for CacheTime {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Unusable> {
        match text.parse() {
            Ok(seconds @ LEAST_SECONDS..=MOST_SECONDS) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(Unusable::CacheTime),
        }
    }
}

impl FromStr for Injection {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Unusable> {
        match text {
            "allowed" => Ok(Self::Allowed),
            "refused" => Ok(Self::Refused),
            _ => Err(Unusable::Injection),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let mut environment = Environment::from_iter(variables.iter().copied());
        let settings = Settings::read(&mut environment);
        environment.finish(settings).map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_parameter_there_are_no_flags_and_with_one_no_failures_unless_they_are_allowed() {
        assert_eq!(read(&[]), Ok(None));
        let settings = read(&[("FLAGS_PARAMETER", "/gatehouse/flags")]).unwrap().unwrap();
        assert_eq!(settings.cache, CacheTime(Duration::from_secs(30)));
        assert_eq!(settings.injection, Injection::Refused);
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let error = read(&[("FLAGS_CACHE_SECONDS", "1"), ("FAILURE_INJECTION", "sure")]).unwrap_err();
        assert!(
            error.contains("FLAGS_CACHE_SECONDS is \"1\": should be a number of seconds from 2 to 300"),
            "{error}"
        );
        assert!(
            error.contains("FAILURE_INJECTION is \"sure\": should be allowed or refused"),
            "{error}"
        );
    }
}
