//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};
use gatehouse_photo::config::Settings;
use gatehouse_photo::gate;

use crate::way::Way;

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SOURCE_BUCKET`: events of any other bucket are rejected.
    pub source_bucket: String,
    /// Where photos are published, so that none of them starts the function again.
    pub way: Way,
    /// `REJECTED_QUEUE_URL`: where records go that will never work.
    pub rejected_queue_url: String,
    /// Where the runtime flags are, and where photos wait that they hold back. None: there are no flags.
    pub gate: Option<gate::Settings>,
    /// How photos are looked at and redacted.
    pub photos: Settings,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used; also when the function
    /// could be triggered by its own photos, without end ([`Way`]).
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let source_bucket = environment.required("SOURCE_BUCKET");
        let config = Self {
            way: Way::read(&mut environment, &source_bucket),
            source_bucket,
            rejected_queue_url: environment.required("REJECTED_QUEUE_URL"),
            gate: gate::Settings::read(&mut environment),
            photos: Settings::read(&mut environment),
        };
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &[(&str, &str)]) -> Result<Config, String> {
        let needed = [
            ("SOURCE_BUCKET", "in"),
            ("DESTINATION_BUCKET", "out"),
            ("REJECTED_QUEUE_URL", "https://sqs.example/rejected"),
        ];
        let variables = needed.iter().chain(more).copied();
        Config::read(Environment::from_iter(variables)).map_err(|error| error.to_string())
    }

    #[test]
    fn buckets_and_queue_are_all_that_has_to_be_set() {
        let way = read(&[]).unwrap().way;
        assert!(matches!(way, Way::Apart { bucket, prefixes } if bucket == "out" && prefixes.are_empty()));
    }

    #[test]
    fn a_destination_that_would_trigger_the_function_again_is_refused() {
        let error = read(&[("DESTINATION_BUCKET", "in")]).unwrap_err();
        assert!(error.contains("SOURCE_BUCKET") && error.contains("\"in\""), "{error}");
    }

    #[test]
    fn bad_values_of_the_shared_settings_are_named_together_with_missing_ones() {
        let error = read(&[("DETECTOR", "magic"), ("REJECTED_QUEUE_URL", "")]).unwrap_err();
        for expected in ["embedded, rekognition", "REJECTED_QUEUE_URL is missing"] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }
}
