//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};

use crate::file::Limits;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `IMPORT_BUCKET`: events of any other bucket are rejected.
    pub import_bucket: String,
    /// `AUCTIONS_TABLE`: the name of the table that the auctions' events are in.
    pub auctions_table: String,
    /// `REJECTED_QUEUE_URL`: where files and lines go that will never work.
    pub rejected_queue_url: String,
    /// `LEGACY_KEY_ARN`: the symmetric KMS key that the bids in the files are encrypted with. It is not used here, but
    /// without it the settlement could open none of them, and so no line becomes a bid.
    pub legacy_key_arn: Option<String>,
    /// `MAX_BYTES` (default 4 MiB) and `MAX_LINES` (default 10,000): larger files are rejected whole.
    pub limits: Limits,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let config = Self {
            import_bucket: environment.required("IMPORT_BUCKET"),
            auctions_table: environment.required("AUCTIONS_TABLE"),
            rejected_queue_url: environment.required("REJECTED_QUEUE_URL"),
            legacy_key_arn: environment.optional("LEGACY_KEY_ARN"),
            limits: Limits {
                bytes: environment.parsed("MAX_BYTES", Limits::default().bytes),
                lines: environment.parsed("MAX_LINES", Limits::default().lines),
            },
        };
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_and_bad_value_is_named_with_what_would_be_right() {
        let error = Config::read(Environment::from_iter([("MAX_LINES", "many")]))
            .unwrap_err()
            .to_string();
        for expected in [
            "IMPORT_BUCKET is missing",
            "AUCTIONS_TABLE is missing",
            "REJECTED_QUEUE_URL is missing",
            "MAX_LINES is \"many\"",
        ] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
