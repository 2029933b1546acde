//! Runtime flags: switches that a person throws while the functions run, with no deployment.
//!
//! All of them stand in one JSON document, in one parameter of the AWS Systems Manager Parameter Store. What each flag
//! means, and what it may be, is in [`Document`].
//!
//! **How long a flip takes.** A document counts as fresh for `FLAGS_CACHE_SECONDS`. In the first half of that time no
//! call is made. In the second half whoever asks starts a read in the background and goes on with what is known, so that
//! a busy process never waits. Whoever asks after that waits for the read, so that a process that lay still for an hour
//! does not act on what was true then: a photo three seconds at the most, a bid half a second. Nothing is read in the init
//! phase but in the background, beside the first request for work.
//!
//! **What holds while the store does not answer, or has a document that can't be used.** The last good document, for as
//! long as the process lives, as far as `publish` is concerned: a hold must not end because the store is down, and
//! uploads must not stop for it. The other flags have no harm to prevent that outlives them, so they end after an hour
//! ([`KEPT`]): then each is what it is without a document, and old and new processes agree again. (A document that is
//! refused is an answer: the last good one stays for as long as the bad one lies there.)
//!
//! A process that has never read a document knows nothing. What it then does is chosen flag by flag, by what a mistake
//! would cost:
//!
//! | flag | without a document | why |
//! | --- | --- | --- |
//! | `publish` | photos are held | If a hold is on, a photo that slips out can't be called back; one that is held is published later, with nobody touching it. Processes that know the flags go on meanwhile. |
//! | `intake` | on | A bid that is refused at the close is lost to its bidder; one that is taken can still be cancelled with its auction. |
//! | `detector` | as deployed | That is what was chosen with care, and it fails closed by itself. |
//! | `failure-injection` | none | Nobody rehearses in a process that can't be told to stop. |
//!
//! Each failed read counts as `FlagsUnreachable`, each look at a document that can't be used as `FlagsRefused`, with a
//! line in the log.
//!
//! **Why the Parameter Store.** AWS AppConfig would check a document before it is out, and roll it out by itself. But it
//! asks money for each document that a process receives, so for each cold start: several hundred times what the work on
//! one photo costs. A standard parameter is free, read by one request instead of two, changed by one command, and may be
//! cached for as short as we like. What AppConfig would have checked is checked here, and by `tools/flags.py` before.

mod cache;
mod document;
mod endpoint;
mod parameter;
mod rollout;
mod settings;
mod snapshot;

pub use cache::KEPT;
pub use document::{Detector, Document, Refused, Switch};
pub use rollout::{Percent, Rollout};
pub use settings::{CacheTime, Injection, Settings};
pub use snapshot::Snapshot;

use std::sync::Arc;

use aws_config::SdkConfig;
use metrics::{Unit, describe_counter};

use crate::aws::with_attempt_timeout;

use cache::{Cache, LONGEST_WAIT, READ_TIME, TRY_TIME};
use parameter::Parameter;

/// The flags, as one process knows them. Clones share what is known.
#[derive(Debug, Clone)]
pub struct Flags(Option<Arc<Cache>>);

impl Flags {
    /// The flags in the parameter that the settings name. Without settings there are no flags: everything is on, as
    /// deployed, and no call is made.
    pub fn new(settings: Option<Settings>, aws: &SdkConfig) -> Self {
        Self(settings.map(|settings| {
            let parameter = Parameter::new(settings.parameter.clone(), &with_attempt_timeout(aws, TRY_TIME));
            Arc::new(Cache::new(parameter, settings))
        }))
    }

    /// No flags.
    pub fn none() -> Self {
        Self(None)
    }

    /// What holds now. Makes no call while what is known is fresh, and never waits longer than half a second.
    pub async fn now(&self) -> Snapshot {
        self.within(LONGEST_WAIT).await
    }

    /// The same, for who can wait and must not go by what is old: it waits three seconds, at the most, for all tries of a read.
    pub async fn once_known(&self) -> Snapshot {
        self.within(READ_TIME).await
    }

    async fn within(&self, wait: std::time::Duration) -> Snapshot {
        match &self.0 {
            Some(cache) => cache.now(wait).await,
            None => Snapshot::NotUsed,
        }
    }

    /// Reads the flags for the first time, for the first invocation not to wait for them. Not to be waited for itself.
    pub async fn warm_up(&self) {
        self.now().await;
    }

    /// Tells CloudWatch the units of what is counted here.
    pub fn describe() {
        describe_counter!("FlagsUnreachable", Unit::Count, "reads of the flags that failed");
        describe_counter!(
            "FlagsRefused",
            Unit::Count,
            "reads of flags that can't be used; the last good ones hold"
        );
    }
}

#[cfg(test)]
mod tests;
