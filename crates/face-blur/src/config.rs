//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};
use gatehouse_photo::config::Settings;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `SOURCE_BUCKET`: events of any other bucket are rejected.
    pub source_bucket: String,
    /// `DESTINATION_BUCKET`: where photos are published. Never the source bucket.
    pub destination_bucket: String,
    /// `REJECTED_QUEUE_URL`: where records go that will never work.
    pub rejected_queue_url: String,
    /// How photos are looked at and redacted.
    pub photos: Settings,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used; also when source and
    /// destination are the same bucket, because the function would then be triggered by its own
    /// photos, without end.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let config = Self {
            source_bucket: environment.required("SOURCE_BUCKET"),
            destination_bucket: environment.required("DESTINATION_BUCKET"),
            rejected_queue_url: environment.required("REJECTED_QUEUE_URL"),
            photos: Settings::read(&mut environment),
        };
        config.check(&mut environment);
        environment.finish(config)
    }

    fn check(&self, environment: &mut Environment) {
        let (source, destination) = (&self.source_bucket, &self.destination_bucket);
        if source == destination && !source.is_empty() {
            let problem = format!(
                "is \"{destination}\", and so is SOURCE_BUCKET: each published photo would start \
                 the function again; name another bucket"
            );
            environment.problem("DESTINATION_BUCKET", problem);
        }
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
        assert_eq!(read(&[]).unwrap().destination_bucket, "out");
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
