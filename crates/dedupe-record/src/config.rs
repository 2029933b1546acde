//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};
use gatehouse_ledger::Keep;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `BUCKET`: events of any other bucket are rejected.
    pub bucket: String,
    /// `LEDGER_TABLE`: the name of the ledger's table.
    pub ledger_table: String,
    /// `LEDGER_DAYS`: how long the ledger remembers an object after its last change.
    pub keep: Keep,
    /// `REJECTED_QUEUE_URL`: where records go that will never work.
    pub rejected_queue_url: String,
    /// `CONCURRENCY`: messages of one batch that are worked on at the same time. Default 10: all of a batch, because
    /// each only waits for DynamoDB.
    pub concurrency: usize,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let config = Self {
            bucket: environment.required("BUCKET"),
            ledger_table: environment.required("LEDGER_TABLE"),
            keep: environment.parsed("LEDGER_DAYS", Keep::default()),
            rejected_queue_url: environment.required("REJECTED_QUEUE_URL"),
            concurrency: environment.parsed("CONCURRENCY", 10),
        };
        if config.concurrency == 0 {
            environment.problem("CONCURRENCY", "should be at least 1");
        }
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_and_bad_value_is_named_with_what_would_be_right() {
        let variables = [("BUCKET", "photos"), ("LEDGER_DAYS", "4"), ("CONCURRENCY", "0")];
        let error = Config::read(Environment::from_iter(variables)).unwrap_err().to_string();
        for expected in [
            "LEDGER_TABLE is missing",
            "REJECTED_QUEUE_URL is missing",
            "LEDGER_DAYS is \"4\": should be a number of days from 19",
            "CONCURRENCY should be at least 1",
        ] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
