//! The function's settings, from its environment.

use gatehouse_core::config::{ConfigError, Environment};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `AUCTIONS_TABLE`: the name of the table that the auctions' events are in.
    pub auctions_table: String,
    /// `RESULT_KEY_ARN`: the symmetric KMS key that seals what was paid, and half-done settlements.
    pub result_key_arn: String,
    /// `SETTLE_QUEUE_URL`: the queue that this function reads, for what is left over when an invocation ends.
    pub settle_queue_url: String,
    /// `SCHEDULE_GROUP`: the group of EventBridge Scheduler in which each open auction has a schedule.
    pub schedule_group: String,
    /// `REJECTED_QUEUE_URL`: where messages go that will never work.
    pub rejected_queue_url: String,
    /// `LEGACY_KEY_ARN`: the symmetric KMS key of bids from the files of an older system. Without it, an auction that
    /// has such bids is not settled; `bid-import` without it takes none in.
    pub legacy_key_arn: Option<String>,
    /// `SEALING_KEY_ARN`: the sealing key that auctions share, and that stays. Any other that is
    /// tagged as an auction's own is scheduled for deletion after the settlement, whether or not new auctions still get keys
    /// of their own. Without it, no key is ever deleted.
    pub shared_key_arn: Option<String>,
    /// `DECRYPT_CONCURRENCY`: calls of KMS that are under way at the same time. Default 16.
    pub decrypt_concurrency: usize,
    /// `SAVE_EVERY`: after how many bids it is saved how far the settlement is. Default 500.
    pub save_every: usize,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let config = Self {
            auctions_table: environment.required("AUCTIONS_TABLE"),
            result_key_arn: environment.required("RESULT_KEY_ARN"),
            settle_queue_url: environment.required("SETTLE_QUEUE_URL"),
            schedule_group: environment.required("SCHEDULE_GROUP"),
            rejected_queue_url: environment.required("REJECTED_QUEUE_URL"),
            legacy_key_arn: environment.optional("LEGACY_KEY_ARN"),
            shared_key_arn: environment.optional("SEALING_KEY_ARN"),
            decrypt_concurrency: at_least_one(&mut environment, "DECRYPT_CONCURRENCY", 16),
            save_every: at_least_one(&mut environment, "SAVE_EVERY", 500),
        };
        environment.finish(config)
    }
}

fn at_least_one(environment: &mut Environment, variable: &'static str, default: usize) -> usize {
    let number = environment.parsed(variable, default);
    if number == 0 {
        environment.problem(variable, "should be at least 1");
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_and_bad_value_is_named_with_what_would_be_right() {
        let variables = [("DECRYPT_CONCURRENCY", "0"), ("SAVE_EVERY", "often")];
        let error = Config::read(Environment::from_iter(variables)).unwrap_err().to_string();
        for expected in [
            "AUCTIONS_TABLE is missing",
            "RESULT_KEY_ARN is missing",
            "SETTLE_QUEUE_URL is missing",
            "SCHEDULE_GROUP is missing",
            "REJECTED_QUEUE_URL is missing",
            "DECRYPT_CONCURRENCY should be at least 1",
            "SAVE_EVERY is \"often\"",
        ] {
            assert!(error.contains(expected), "{expected} is not in: {error}");
        }
    }

    #[test]
    fn what_may_be_left_out_has_its_default() {
        let variables = [
            ("AUCTIONS_TABLE", "auctions"),
            ("RESULT_KEY_ARN", "arn:result"),
            ("SETTLE_QUEUE_URL", "https://settle"),
            ("SCHEDULE_GROUP", "auctions"),
            ("REJECTED_QUEUE_URL", "https://rejected"),
            ("LEGACY_KEY_ARN", ""),
        ];
        let config = Config::read(Environment::from_iter(variables)).unwrap();
        assert_eq!((config.decrypt_concurrency, config.save_every), (16, 500));
        assert_eq!((config.legacy_key_arn, config.shared_key_arn), (None, None));
    }
}
