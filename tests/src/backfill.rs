//! Listed objects, and runs of the deployed backfill.

use std::time::Duration;

use aws_config::SdkConfig;
use gatehouse_backfill::{Report, Run, Runs, Stack, Status, Tally};
use serde_json::{Value, json};

use crate::room::Room;
use crate::stack::variable;
use crate::{bucket, eventually};

/// A batch as Step Functions hands it over: these objects of a room's source bucket, as they lie there now.
pub async fn batch(room: &Room, keys: &[&str]) -> Value {
    let mut items = Vec::new();
    for key in keys {
        let request = room.s3.head_object().bucket(&room.source).key(*key);
        let object = request.send().await.expect("an object to list");
        items.push(json!({
            "Key": key, "Etag": object.e_tag.unwrap(), "Size": object.content_length.unwrap(),
            "LastModified": 1_700_000_000, "StorageClass": "STANDARD",
        }));
    }
    json!({ "BatchInput": { "bucket": room.source }, "Items": items })
}

/// The backfill of the stack of this test run.
pub struct Backfill {
    aws: SdkConfig,
    stack: Stack,
    runs: Runs,
}

impl Backfill {
    /// As the command finds it.
    pub async fn connect() -> Self {
        let aws = gatehouse_core::aws::config();
        let stack = Stack::describe(&aws, &variable("GATEHOUSE_STACK")).await.unwrap();
        let runs = Runs::new(&aws, &stack);
        Self { aws, stack, runs }
    }

    /// The executions.
    pub fn runs(&self) -> &Runs {
        &self.runs
    }

    /// What a run came to, as soon as it is not at work any more.
    pub async fn ended(&self, execution: &str, patience: Duration) -> Run {
        eventually("the run at its end", patience, || async {
            let run = self.runs.look(execution).await.unwrap();
            (run.status != Status::Running).then_some(run)
        })
        .await
    }

    /// What is said of a run that ended.
    pub async fn report(&self, run: &Run) -> Report {
        let tally = Tally::of(&self.aws, &self.stack, &run.prefix, |_| ()).await.unwrap();
        Report::new(&self.stack, run, tally, None)
    }

    /// How many versions there are of each published photo under this prefix, added up.
    pub async fn published_versions(&self, prefix: &str) -> usize {
        let s3 = aws_sdk_s3::Client::new(&self.aws);
        bucket::versions(&s3, &self.stack.destination, prefix).await.len()
    }
}
