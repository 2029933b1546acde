//! The events of a bucket, made from what lies in it: for handlers that run in the test's own process.

use std::collections::BTreeSet;

use aws_sdk_s3::types::ObjectVersion;
use serde_json::Value;

use crate::events;

/// Tells of each version once, with a sequencer that grows.
pub(crate) struct Notifications {
    told: BTreeSet<String>,
    sequencer: u64,
}

impl Notifications {
    pub fn new() -> Self {
        Self {
            told: BTreeSet::new(),
            sequencer: 0x0055_AED6_DCD9_0281,
        }
    }

    /// The events of those versions (newest first, as S3 lists them) that it has not told of, oldest first.
    pub fn of(&mut self, bucket: &str, versions: Vec<ObjectVersion>) -> Vec<Value> {
        let mut events = Vec::new();
        for version in versions.into_iter().rev() {
            let (key, id) = (version.key.unwrap(), version.version_id.unwrap());
            if self.told.insert(id.clone()) {
                self.sequencer += 1;
                let mut event = events::record(bucket, &key, &format!("{:018X}", self.sequencer));
                event["s3"]["object"]["versionId"] = id.into();
                event["s3"]["object"]["eTag"] = version.e_tag.unwrap().trim_matches('"').into();
                events.push(event);
            }
        }
        events
    }

    /// Whether it has told of all of these.
    pub fn has_told(&self, versions: &[ObjectVersion]) -> bool {
        let mut ids = versions.iter().map(|version| version.version_id().unwrap());
        ids.all(|id| self.told.contains(id))
    }
}
