//! Executions of the state machine: started, stopped, resumed, and looked at.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::operation::describe_map_run::DescribeMapRunOutput;
use aws_sdk_sfn::types::{ExecutionStatus, MapRunItemCounts};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{BackfillError, failed};
use crate::stack::Stack;

/// What a service answers that can't take an execution up again where it ended: it succeeded, it is too long ago (14 days),
/// it was taken up too often; or the service, a local one, has no such operation.
const NOT_REDRIVABLE: [&str; 2] = ["ExecutionNotRedrivable", "InvalidAction"];

/// Executions of one stack's backfill.
#[derive(Debug, Clone)]
pub struct Runs {
    client: aws_sdk_sfn::Client,
    machine: String,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is at work.
    Running,
    /// It came to its end. A few batches may have failed.
    Succeeded,
    /// Too much failed, or it may not do what it has to.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

/// How many objects a run has listed, and what became of their batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All that it listed.
    pub listed: u64,
    /// In batches that the function is done with: published, skipped or rejected.
    pub done: u64,
    /// In batches that failed, each of them three times: some of these objects may be done.
    pub failed: u64,
    /// In batches that were stopped, or have not begun.
    pub waiting: u64,
}

/// An execution, as it stood when it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its ARN.
    pub execution: String,
    /// How it stands.
    pub status: Status,
    /// The beginning of the keys that it lists.
    pub prefix: String,
    /// Why it failed, if it did and said so.
    pub cause: Option<String>,
    /// What became of the objects.
    pub counts: Counts,
    /// How many batches there are.
    pub batches: u64,
    /// How many batches are worked on at the same time, at most.
    pub concurrency: u32,
    /// How long it has been at work, in seconds; if it was resumed, since then.
    pub seconds: f64,
}

/// How a run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// There was nothing to resume: it is at work, or done.
    NotNeeded,
    /// The same execution goes on with what it had not done.
    Redriven,
    /// Another execution, of this ARN, lists everything again, and skips what is done.
    Another(String),
}

impl Counts {
    /// What is not known to be done.
    pub fn undone(&self) -> u64 {
        self.listed.saturating_sub(self.done)
    }
}

impl Runs {
    /// The runs of this stack.
    pub fn new(aws: &SdkConfig, stack: &Stack) -> Self {
        let (client, machine) = (aws_sdk_sfn::Client::new(aws), stack.machine.clone());
        Self { client, machine }
    }

    /// Starts a run over all keys that begin so; its ARN.
    ///
    /// # Errors
    /// [`BackfillError::Aws`].
    pub async fn start(&self, prefix: &str) -> Result<String, BackfillError> {
        // With a name of its own, a request that the SDK sends twice starts one execution.
        let name = format!("backfill-{}", now().as_millis());
        let request = self.client.start_execution().state_machine_arn(&self.machine);
        let request = request.name(name).input(json!({ "prefix": prefix }).to_string());
        let started = request.send().await.map_err(failed("StartExecution"))?;
        Ok(started.execution_arn)
    }

    /// Stops a run. What is being worked on is finished or given up, nothing else begins.
    ///
    /// # Errors
    /// [`BackfillError::NoSuchExecution`], [`BackfillError::Aws`].
    pub async fn stop(&self, execution: &str) -> Result<(), BackfillError> {
        self.check(execution)?;
        let request = self.client.stop_execution().execution_arn(execution);
        request.send().await.map_err(failed("StopExecution"))?;
        Ok(())
    }

    /// Lets a run that was stopped or failed go on. One that succeeded except for some batches is repeated: what is done is
    /// skipped.
    ///
    /// # Errors
    /// [`BackfillError::Aws`].
    pub async fn resume(&self, run: &Run) -> Result<Resumed, BackfillError> {
        let was_stopped = matches!(run.status, Status::Failed | Status::Stopped);
        if was_stopped && self.redriven(&run.execution).await? {
            return Ok(Resumed::Redriven);
        }
        match run.status {
            Status::Running => Ok(Resumed::NotNeeded),
            Status::Succeeded if run.counts.undone() == 0 => Ok(Resumed::NotNeeded),
            _ => Ok(Resumed::Another(self.start(&run.prefix).await?)),
        }
    }

    /// How a run stands.
    ///
    /// # Errors
    /// [`BackfillError::NoSuchExecution`], [`BackfillError::Aws`].
    pub async fn look(&self, execution: &str) -> Result<Run, BackfillError> {
        self.check(execution)?;
        let request = self.client.describe_execution().execution_arn(execution);
        let described = match request.send().await {
            Err(error) if error.code() == Some("ExecutionDoesNotExist") => {
                return Err(BackfillError::NoSuchExecution(execution.to_owned()));
            }
            answer => answer.map_err(failed("DescribeExecution"))?,
        };
        let map = self.map_run(execution).await?;
        Ok(Run::of(execution, &described, map.as_ref()))
    }

    /// None until the state machine has begun to list.
    async fn map_run(&self, execution: &str) -> Result<Option<DescribeMapRunOutput>, BackfillError> {
        let request = self.client.list_map_runs().execution_arn(execution);
        let listed = request.send().await.map_err(failed("ListMapRuns"))?;
        let Some(first) = listed.map_runs.first() else {
            return Ok(None);
        };
        let request = self.client.describe_map_run().map_run_arn(&first.map_run_arn);
        Ok(Some(request.send().await.map_err(failed("DescribeMapRun"))?))
    }

    /// Whether the execution goes on by itself.
    async fn redriven(&self, execution: &str) -> Result<bool, BackfillError> {
        match self.client.redrive_execution().execution_arn(execution).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some_and(|code| NOT_REDRIVABLE.contains(&code)) => Ok(false),
            Err(error) => Err(failed("RedriveExecution")(error)),
        }
    }

    /// Another machine's execution is none of ours, whatever may be done with it.
    fn check(&self, execution: &str) -> Result<(), BackfillError> {
        let ours = format!("{}:", self.machine.replacen(":stateMachine:", ":execution:", 1));
        match execution.starts_with(&ours) {
            true => Ok(()),
            false => Err(BackfillError::NoSuchExecution(execution.to_owned())),
        }
    }
}

impl Run {
    fn of(execution: &str, described: &DescribeExecutionOutput, map: Option<&DescribeMapRunOutput>) -> Self {
        let input: Value = described
            .input()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let prefix = input.get("prefix").and_then(Value::as_str).unwrap_or_default();
        let status = status(described.status());
        let stopped = map.and_then(DescribeMapRunOutput::stop_date).or(described.stop_date());
        // While a run that was resumed is at work, that is when it was stopped before.
        let stopped = stopped.filter(|_| status != Status::Running);
        let stopped = stopped.map_or_else(|| now().as_secs_f64(), |date| date.as_secs_f64());
        let started = map.map(|map| map.redrive_date().unwrap_or(map.start_date()).as_secs_f64());
        Self {
            execution: execution.to_owned(),
            status,
            prefix: prefix.to_owned(),
            cause: described.cause().or(described.error()).map(ToOwned::to_owned),
            counts: map.and_then(|map| map.item_counts()).map(counts).unwrap_or_default(),
            batches: map
                .and_then(|map| map.execution_counts())
                .map_or(0, |counts| number(counts.total())),
            concurrency: map.map_or(0, |map| u32::try_from(map.max_concurrency()).unwrap_or_default()),
            seconds: started.map_or(0.0, |started| (stopped - started).max(0.0)),
        }
    }
}

fn status(status: &ExecutionStatus) -> Status {
    match status {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => Status::Running,
        ExecutionStatus::Succeeded => Status::Succeeded,
        ExecutionStatus::Aborted => Status::Stopped,
        _ => Status::Failed,
    }
}

fn counts(items: &MapRunItemCounts) -> Counts {
    let (listed, done) = (number(items.total()), number(items.succeeded()));
    let failed = number(items.failed()) + number(items.timed_out());
    Counts {
        listed,
        done,
        failed,
        waiting: listed.saturating_sub(done + failed),
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn now() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::tests::stack;

    #[test]
    fn objects_are_done_failed_or_waiting() {
        let items = MapRunItemCounts::builder()
            .total(100)
            .succeeded(60)
            .failed(10)
            .timed_out(5)
            .aborted(5)
            .pending(15)
            .running(5);
        let counts = counts(&items.build());
        assert_eq!(
            (counts.listed, counts.done, counts.failed, counts.waiting),
            (100, 60, 15, 25)
        );
        assert_eq!(counts.undone(), 40);
    }

    #[test]
    fn another_machines_execution_is_not_touched() {
        let aws = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .build();
        let runs = Runs::new(&aws, &stack("", ""));
        assert!(
            runs.check("arn:aws:states:eu-west-1:111122223333:execution:house-backfill:one")
                .is_ok()
        );
        for other in [
            "arn:aws:states:eu-west-1:111122223333:execution:house-backfill-2:one",
            "one",
            "",
        ] {
            assert!(
                matches!(runs.check(other), Err(BackfillError::NoSuchExecution(_))),
                "{other}"
            );
        }
    }
}
