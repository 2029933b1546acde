//! What became of a run, and what it cost at most.

use serde::Serialize;

use crate::cost::{Cost, Prices, Usage, Work};
use crate::run::{Counts, Run, Status};
use crate::stack::Stack;
use crate::tally::Tally;

/// What became of a run, and what it cost at most.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The execution's ARN.
    pub execution: String,
    /// How it stands.
    pub status: Status,
    /// Why it failed, if it did and said so.
    pub cause: Option<String>,
    /// The source bucket.
    pub bucket: String,
    /// The beginning of the keys.
    pub prefix: String,
    /// What the state machine counted.
    pub run: Counts,
    /// What lies in the two buckets now, whoever put it there.
    #[serde(flatten)]
    pub tally: Tally,
    /// Objects that were looked at and can't be published: the rejected queue says why. None while some are not done, since
    /// these could not be told apart.
    pub rejected: Option<u64>,
    /// How long it was at work, in seconds; if it was resumed, since then.
    pub seconds: f64,
    /// What AWS counts of it, at most.
    pub at_most: Usage,
    /// What that costs, if prices were given.
    pub cost_at_most: Option<Cost>,
}

impl Report {
    /// Puts together what the state machine says and what lies in the buckets.
    pub fn new(stack: &Stack, run: &Run, tally: Tally, prices: Option<&Prices>) -> Self {
        let missing = tally.objects.saturating_sub(tally.published);
        let all_done = run.status == Status::Succeeded && run.counts.undone() == 0;
        let at_most = Usage::at_most(&Work {
            seconds: run.seconds,
            concurrency: run.concurrency,
            batches: run.batches,
            objects: run.counts.listed,
            memory: stack.memory,
        });
        Self {
            execution: run.execution.clone(),
            status: run.status,
            cause: run.cause.clone(),
            bucket: stack.source.clone(),
            prefix: run.prefix.clone(),
            run: run.counts,
            tally,
            rejected: all_done.then_some(missing),
            seconds: run.seconds,
            at_most,
            cost_at_most: prices.map(|prices| Cost::of(&at_most, prices)),
        }
    }

    /// How many objects have no published one.
    pub fn missing(&self) -> u64 {
        self.tally.objects.saturating_sub(self.tally.published)
    }

    /// Whether every object was looked at: published, or rejected.
    pub fn is_complete(&self) -> bool {
        self.rejected.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::tests::stack;

    fn report(status: Status, done: u64, published: u64) -> Report {
        let run = Run {
            execution: "arn".to_owned(),
            status,
            prefix: String::new(),
            cause: None,
            counts: Counts {
                listed: 100,
                done,
                failed: 0,
                waiting: 100 - done,
            },
            batches: 10,
            concurrency: 2,
            seconds: 60.0,
        };
        Report::new(
            &stack("", ""),
            &run,
            Tally {
                objects: 100,
                published,
            },
            None,
        )
    }

    #[test]
    fn what_is_missing_after_all_was_done_was_rejected() {
        let report = report(Status::Succeeded, 100, 97);
        assert_eq!((report.rejected, report.is_complete()), (Some(3), true));
    }

    #[test]
    fn while_something_is_not_done_nobody_knows_what_was_rejected() {
        for report in [report(Status::Stopped, 50, 50), report(Status::Succeeded, 90, 97)] {
            assert_eq!((report.rejected, report.is_complete()), (None, false));
        }
        assert_eq!(report(Status::Stopped, 50, 50).missing(), 50);
    }
}
