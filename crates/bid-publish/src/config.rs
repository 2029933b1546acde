//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};
use gatehouse_core::patience::Limit;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `EVENT_BUS_NAME`: the name or ARN of the bus that is told.
    pub event_bus: String,
    /// `STREAM_FAILURE_QUEUE_URL`: where stream records go that have failed for too long.
    pub stream_failure_queue_url: String,
    /// `GIVE_UP_AFTER_SECONDS`: how long that is.
    pub give_up_after: Limit,
    /// `CONCURRENCY`: records of one batch that are told at the same time. Default 10: each only waits
    /// for EventBridge.
    pub concurrency: usize,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let config = Self {
            event_bus: environment.required("EVENT_BUS_NAME"),
            stream_failure_queue_url: environment.required("STREAM_FAILURE_QUEUE_URL"),
            give_up_after: environment.parsed("GIVE_UP_AFTER_SECONDS", Limit::default()),
            concurrency: environment.parsed("CONCURRENCY", 10),
        };
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_and_bad_value_is_named() {
        let variables = [("CONCURRENCY", "few"), ("GIVE_UP_AFTER_SECONDS", "30")];
        let error = Config::read(Environment::from_iter(variables)).unwrap_err().to_string();
        for expected in [
            "EVENT_BUS_NAME is missing",
            "STREAM_FAILURE_QUEUE_URL is missing",
            "GIVE_UP_AFTER_SECONDS is \"30\": should be a number of seconds from 60",
            "CONCURRENCY is \"few\"",
        ] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
