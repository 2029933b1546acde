//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};
use gatehouse_core::patience::Limit;
use gatehouse_ledger::Keep;
use gatehouse_photo::config::Settings;
use gatehouse_photo::gate;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `BUCKET`: where photos are uploaded to, and replaced. Uploads to any other bucket are rejected.
    pub bucket: String,
    /// `LEDGER_TABLE`: the name of the ledger's table.
    pub ledger_table: String,
    /// `LEDGER_DAYS`: how long the ledger remembers an object after its last change.
    pub keep: Keep,
    /// `REJECTED_QUEUE_URL`: where records go that will never work.
    pub rejected_queue_url: String,
    /// `STREAM_FAILURE_QUEUE_URL`: where stream records go that have failed for too long.
    pub stream_failure_queue_url: String,
    /// `GIVE_UP_AFTER_SECONDS`: how long that is.
    pub give_up_after: Limit,
    /// Where the runtime flags are, and where photos wait that they hold back. None: there are no flags.
    pub gate: Option<gate::Settings>,
    /// How photos are looked at and redacted.
    pub photos: Settings,
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
            stream_failure_queue_url: environment.required("STREAM_FAILURE_QUEUE_URL"),
            give_up_after: environment.parsed("GIVE_UP_AFTER_SECONDS", Limit::default()),
            gate: gate::Settings::read(&mut environment),
            photos: Settings::read(&mut environment),
        };
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_and_bad_value_is_named_with_what_would_be_right() {
        let variables = [
            ("BUCKET", "photos"),
            ("LEDGER_DAYS", "soon"),
            ("DETECTOR", "magic"),
            ("GIVE_UP_AFTER_SECONDS", "30"),
        ];
        let error = Config::read(Environment::from_iter(variables)).unwrap_err().to_string();
        for expected in [
            "LEDGER_TABLE is missing",
            "REJECTED_QUEUE_URL is missing",
            "STREAM_FAILURE_QUEUE_URL is missing",
            "GIVE_UP_AFTER_SECONDS is \"30\": should be a number of seconds from 60",
            "LEDGER_DAYS is \"soon\": should be a number of days",
            "embedded, rekognition",
        ] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
