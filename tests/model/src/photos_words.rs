//! The steps of "photos in place" in words, for counterexamples.

use crate::photos_in_place::Action;
use crate::photos_state::{State, Step};

/// What `action` did between two states.
pub fn describe(before: &State, action: Action, after: &State) -> String {
    match action {
        Action::Upload => {
            let version = after.versions.len();
            format!("upload v{version}: {}", after.versions[version - 1].content)
        }
        Action::Event(number) => {
            let outcome = if before.item == after.item {
                "skipped"
            } else {
                "accepted, pending"
            };
            format!("dedupe-record: event of v{}: {outcome}", number + 1)
        }
        Action::Get(record, _) => format!(
            "dedupe-process on the record of v{}: {}",
            before.records[record].sequencer + 1,
            got(before, after)
        ),
        Action::Call(worker) => called(before, worker, after),
        Action::Crash(worker) => format!("worker {} dies", name(worker)),
        Action::Expire => "DynamoDB removes the expired item".to_owned(),
        Action::UnrelatedChange => "somebody changes another attribute of the item".to_owned(),
    }
}

fn got(before: &State, after: &State) -> String {
    let started = (0..after.workers.len()).find(|worker| before.workers[*worker] != after.workers[*worker]);
    let Some((index, worker)) = started.and_then(|index| Some((index, after.workers[index]?))) else {
        return "GET answers 412, nothing to do".to_owned();
    };
    let fetched = worker.fetched + 1;
    let found = match worker.step {
        Step::Record if worker.found => "finds it among the intents".to_owned(),
        Step::Record => "finds nothing to change".to_owned(),
        Step::Reject | Step::MarkRejected => "can't redact it".to_owned(),
        Step::Claim | Step::Put => format!("makes a {}", worker.output),
    };
    format!("worker {} GETs v{fetched}, {found}", name(index))
}

fn called(before: &State, index: usize, after: &State) -> String {
    let Some(worker) = before.workers[index] else {
        return String::new();
    };
    let changed = before.item != after.item;
    let outcome = match worker.step {
        Step::Claim if after.workers[index].is_none() => "claims: condition fails".to_owned(),
        Step::Claim => "claims".to_owned(),
        Step::Put if before.versions.len() == after.versions.len() => "PUTs: 412".to_owned(),
        Step::Put => format!("PUTs v{}: {}", after.versions.len(), worker.output),
        Step::Record if changed => format!("records v{} as the output", worker.version + 1),
        Step::Record => "records: condition fails or nothing is new".to_owned(),
        Step::Reject => "sends the upload to the rejected queue".to_owned(),
        Step::MarkRejected if changed => "notes the rejection".to_owned(),
        Step::MarkRejected => "notes the rejection: condition fails or nothing is new".to_owned(),
    };
    format!("worker {} {outcome}", name(index))
}

fn name(worker: usize) -> char {
    ['A', 'B', 'C'][worker]
}
