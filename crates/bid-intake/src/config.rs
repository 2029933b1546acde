//! The function's settings, from its environment.

use std::str::FromStr;

use gatehouse_core::config::{ConfigError, Environment};
use gatehouse_core::flags;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `AUCTIONS_TABLE`: the name of the event store's table.
    pub auctions_table: String,
    /// `IDEMPOTENCY_TABLE`: the name of the table of idempotency records.
    pub idempotency_table: String,
    /// `MAX_BIDS_PER_BIDDER`: how often one bidder may try to bid in one auction, and as often to withdraw. At least 1,
    /// by default 100.
    pub most_bids_per_bidder: u32,
    /// Which key new auctions are sealed with.
    pub sealing: Sealing,
    /// `RESULT_KEY_ARN`: the symmetric key that results are encrypted with.
    pub result_key_arn: String,
    /// Where auctions are scheduled to be settled.
    pub schedules: ScheduleConfig,
    /// Where the runtime flags are. None: there are no flags.
    pub flags: Option<flags::Settings>,
}

/// Which key new auctions are sealed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealing {
    /// `SEALING_KEY_PER_AUCTION=off`, the default: one for all, `SEALING_KEY_ARN`.
    OneKey {
        /// The key's ARN.
        arn: String,
    },
    /// `SEALING_KEY_PER_AUCTION=on`: each auction has its own.
    KeyPerAuction {
        /// `SETTLE_ROLE_ARN`: the only one who may decrypt, once the auction is closed.
        settle_role: RoleArn,
        /// `INTAKE_ROLE_ARN`: this function's own role, who shows the public key.
        intake_role: RoleArn,
        /// `SEALING_KEY_ARN`: the key of auctions that were opened while all shared one. None if it is not known.
        shared_key_arn: Option<String>,
    },
}

/// Where auctions are scheduled to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleConfig {
    /// `SCHEDULE_GROUP`: the name of the schedules' group.
    pub group: String,
    /// `SCHEDULER_ROLE_ARN`: what EventBridge Scheduler sends as.
    pub role_arn: String,
    /// `SETTLE_QUEUE_ARN`: where it sends to.
    pub queue_arn: String,
    /// `SETTLE_DEAD_LETTER_QUEUE_ARN`: where it leaves what it could not send there.
    pub dead_letter_queue_arn: String,
}

/// The ARN of an IAM role: `arn:PARTITION:iam::ACCOUNT:role/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleArn {
    /// The whole.
    pub arn: String,
    /// Such as `aws`.
    pub partition: String,
    /// Twelve digits.
    pub account: String,
}

/// A text that is no role's ARN. A deployment has to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("should be a role's ARN, as arn:aws:iam::123456789012:role/name")]
pub struct NoRoleArn;

impl FromStr for RoleArn {
    type Err = NoRoleArn;

    fn from_str(arn: &str) -> Result<Self, NoRoleArn> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [start, partition, service, region, account, resource] = parts[..] else {
            return Err(NoRoleArn);
        };
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let role = resource.strip_prefix("role/").is_some_and(|name| !name.is_empty());
        if start != "arn" || partition.is_empty() || service != "iam" || !region.is_empty() || !digits || !role {
            return Err(NoRoleArn);
        }
        Ok(Self {
            arn: arn.to_owned(),
            partition: partition.to_owned(),
            account: account.to_owned(),
        })
    }
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or can't be used.
    pub fn read(mut environment: Environment) -> Result<Self, ConfigError> {
        let config = Self {
            auctions_table: environment.required("AUCTIONS_TABLE"),
            idempotency_table: environment.required("IDEMPOTENCY_TABLE"),
            most_bids_per_bidder: most_bids(&mut environment),
            sealing: sealing(&mut environment),
            result_key_arn: environment.required("RESULT_KEY_ARN"),
            schedules: ScheduleConfig {
                group: environment.required("SCHEDULE_GROUP"),
                role_arn: environment.required("SCHEDULER_ROLE_ARN"),
                queue_arn: environment.required("SETTLE_QUEUE_ARN"),
                dead_letter_queue_arn: environment.required("SETTLE_DEAD_LETTER_QUEUE_ARN"),
            },
            flags: flags::Settings::read(&mut environment),
        };
        environment.finish(config)
    }
}

fn most_bids(environment: &mut Environment) -> u32 {
    const VARIABLE: &str = "MAX_BIDS_PER_BIDDER";
    let most = environment.parsed(VARIABLE, 100);
    if most == 0 {
        environment.problem(VARIABLE, "is 0: nobody could bid");
    }
    most
}

fn sealing(environment: &mut Environment) -> Sealing {
    match environment.optional("SEALING_KEY_PER_AUCTION").as_deref() {
        None | Some("off") => (),
        Some("on") => return key_per_auction(environment),
        Some(other) => {
            let problem = format!("is \"{other}\": should be on or off");
            environment.problem("SEALING_KEY_PER_AUCTION", problem);
        }
    }
    let arn = environment.required("SEALING_KEY_ARN");
    Sealing::OneKey { arn }
}

fn key_per_auction(environment: &mut Environment) -> Sealing {
    Sealing::KeyPerAuction {
        settle_role: role(environment, "SETTLE_ROLE_ARN"),
        intake_role: role(environment, "INTAKE_ROLE_ARN"),
        shared_key_arn: environment.optional("SEALING_KEY_ARN"),
    }
}

fn role(environment: &mut Environment, variable: &'static str) -> RoleArn {
    let arn = environment.required(variable);
    arn.parse().unwrap_or_else(|error: NoRoleArn| {
        if !arn.is_empty() {
            environment.problem(variable, format!("is \"{arn}\": {error}"));
        }
        let nothing = String::new;
        RoleArn {
            arn: nothing(),
            partition: nothing(),
            account: nothing(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 8] = [
        ("AUCTIONS_TABLE", "auctions"),
        ("IDEMPOTENCY_TABLE", "idempotency"),
        ("SEALING_KEY_ARN", "arn:aws:kms:us-east-1:123456789012:key/1"),
        ("RESULT_KEY_ARN", "arn:aws:kms:us-east-1:123456789012:key/2"),
        ("SCHEDULE_GROUP", "auctions"),
        ("SCHEDULER_ROLE_ARN", "arn:aws:iam::123456789012:role/scheduler"),
        ("SETTLE_QUEUE_ARN", "arn:aws:sqs:us-east-1:123456789012:settle"),
        (
            "SETTLE_DEAD_LETTER_QUEUE_ARN",
            "arn:aws:sqs:us-east-1:123456789012:settle-dead-letters",
        ),
    ];

    fn read(more: &[(&'static str, &'static str)]) -> Result<Config, String> {
        let variables = GOOD.iter().chain(more).copied();
        Config::read(Environment::from_iter(variables)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_missing_value_is_named() {
        let error = Config::read(Environment::from_iter([("SETTLE_ROLE_ARN", "")]))
            .unwrap_err()
            .to_string();
        for (variable, _) in GOOD {
            assert!(
                error.contains(&format!("{variable} is missing")),
                "{variable} is not in: {error}"
            );
        }
    }

    #[test]
    fn a_bidder_has_a_hundred_tries_unless_the_setting_says_another_number_that_is_not_none() {
        let most = |setting: &[_]| read(setting).map(|config| config.most_bids_per_bidder);
        assert_eq!(most(&[]), Ok(100));
        assert_eq!(most(&[("MAX_BIDS_PER_BIDDER", "3")]), Ok(3));
        for wrong in ["0", "-1", "many"] {
            let error = most(&[("MAX_BIDS_PER_BIDDER", wrong)]).unwrap_err();
            assert!(error.contains("MAX_BIDS_PER_BIDDER is "), "{error}");
        }
    }

    #[test]
    fn one_key_is_for_all_auctions_unless_each_is_to_have_its_own() {
        assert!(matches!(read(&[]).unwrap().sealing, Sealing::OneKey { arn } if arn.ends_with("key/1")));
        let settle = ("SETTLE_ROLE_ARN", "arn:aws-cn:iam::123456789012:role/path/settle");
        let intake = ("INTAKE_ROLE_ARN", "arn:aws-cn:iam::123456789012:role/intake");
        let on = ("SEALING_KEY_PER_AUCTION", "on");
        let Sealing::KeyPerAuction {
            settle_role,
            intake_role,
            shared_key_arn,
        } = read(&[on, settle, intake]).unwrap().sealing
        else {
            panic!("a key per auction")
        };
        assert!(shared_key_arn.unwrap().ends_with("key/1"));
        assert_eq!(intake_role.arn, intake.1);
        assert_eq!(
            (&*settle_role.partition, &*settle_role.account),
            ("aws-cn", "123456789012")
        );
    }

    #[test]
    fn a_key_per_auction_needs_to_know_who_may_decrypt_and_who_shows_the_public_key() {
        let on = ("SEALING_KEY_PER_AUCTION", "on");
        for role in ["SETTLE_ROLE_ARN", "INTAKE_ROLE_ARN"] {
            assert!(read(&[on]).unwrap_err().contains(&format!("{role} is missing")));
        }
        for role in [
            "settle",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
        ] {
            let error = read(&[on, ("SETTLE_ROLE_ARN", role)]).unwrap_err();
            assert!(error.contains("should be a role's ARN"), "{role}: {error}");
        }
        assert!(
            read(&[("SEALING_KEY_PER_AUCTION", "yes")])
                .unwrap_err()
                .contains("should be on or off")
        );
    }
}
