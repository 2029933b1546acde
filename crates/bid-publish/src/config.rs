//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `EVENT_BUS_NAME`: the name or ARN of the bus that is told.
    pub event_bus: String,
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
        let error = Config::read(Environment::from_iter([("CONCURRENCY", "few")]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("EVENT_BUS_NAME is missing"), "{error}");
        assert!(error.contains("CONCURRENCY is \"few\""), "{error}");
    }
}
