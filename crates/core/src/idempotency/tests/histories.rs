//! Any history of claims, completions, releases, crashes, lost answers, late copies and passing time:
//! the record never has two owners at a time, and once completed it does not change until it expires.

use super::table::Fault::{self, InternalError, LostAnswer, LostRequest};
use super::*;
use proptest::prelude::*;
use serde_json::Value;

#[derive(Debug, Clone)]
enum Step {
    Claim {
        worker: usize,
        faults: Vec<Fault>,
    },
    Complete {
        worker: usize,
        faults: Vec<Fault>,
    },
    Release {
        worker: usize,
        faults: Vec<Fault>,
    },
    Crash {
        worker: usize,
    },
    TimePasses {
        milliseconds: u64,
    },
    /// The network delivers a request of the past once more.
    CopyArrives {
        request: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let faults = || prop::collection::vec(prop::sample::select(vec![InternalError, LostRequest, LostAnswer]), 0..4);
    let worker = 0..3_usize;
    let step = prop_oneof![
        4 => (worker.clone(), faults()).prop_map(|(worker, faults)| Step::Claim { worker, faults }),
        2 => (worker.clone(), faults()).prop_map(|(worker, faults)| Step::Complete { worker, faults }),
        1 => (worker.clone(), faults()).prop_map(|(worker, faults)| Step::Release { worker, faults }),
        1 => worker.prop_map(|worker| Step::Crash { worker }),
        2 => prop::sample::select(vec![1_000, 59_000, 61_000, 90_000_000]).prop_map(|milliseconds| Step::TimePasses { milliseconds }),
        2 => (0..40_usize).prop_map(|request| Step::CopyArrives { request }),
    ];
    prop::collection::vec(step, 1..30)
}

/// A claim that a worker holds.
struct Held {
    claim: Claim,
    lease_ends: u64,
    token: Value,
}

/// Three workers on one key, and what has to hold of them.
struct World {
    store: Store,
    table: Table,
    clock: FixedClock,
    now: u64,
    held: [Option<Held>; 3],
    /// The completed record, as it was first seen.
    completed: Option<Value>,
}

impl World {
    fn new() -> Self {
        let (store, table, clock) = store();
        Self {
            store,
            table,
            clock,
            now: START,
            held: [const { None }; 3],
            completed: None,
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Claim { worker, faults } => self.claim(worker, &faults).await,
            Step::Complete { worker, faults } => self.end(worker, &faults, true).await,
            Step::Release { worker, faults } => self.end(worker, &faults, false).await,
            Step::Crash { worker } => self.held[worker] = None,
            Step::TimePasses { milliseconds } => {
                self.now += milliseconds;
                self.clock.set(self.now);
            }
            Step::CopyArrives { request } => {
                if request < self.table.requests().len() {
                    self.table.arrives_again(request);
                }
            }
        }
        self.table.faults_end();
        self.check_owner();
        self.check_completed();
    }

    async fn claim(&mut self, worker: usize, faults: &[Fault]) {
        self.table.fail(faults);
        let Ok(Outcome::Run(claim)) = try_claim(&self.store, "payload").await else {
            return;
        };
        let mut others = self.held.iter().flatten();
        assert!(
            others.all(|other| other.lease_ends <= self.now),
            "somebody else is at it"
        );
        assert!(self.completed_now().is_none(), "it is done already");
        self.held[worker] = Some(Held {
            claim,
            // A little less than it is: real time goes by between the deadline and the claim.
            lease_ends: self.now + 59_000,
            token: owner_token(self.table.item()),
        });
    }

    /// Completes or releases. Who was overtaken changes nothing.
    async fn end(&mut self, worker: usize, faults: &[Fault], complete: bool) {
        let Some(held) = self.held[worker].take() else {
            return;
        };
        let before = self.table.item();
        self.table.fail(faults);
        let ended = if complete {
            held.claim.complete(Some(&held.token.to_string())).await
        } else {
            held.claim.release().await
        };
        if owner_token(before.clone()) != held.token {
            assert!(!complete || ended.is_err(), "a stale owner is told so");
            assert_eq!(self.table.item(), before, "a stale owner changes nothing");
        }
    }

    fn check_owner(&self) {
        for held in self.held.iter().flatten().filter(|held| held.lease_ends > self.now) {
            assert_eq!(owner_token(self.table.item()), held.token, "the owner's record stands");
        }
    }

    /// The completed record, unless it expired.
    fn completed_now(&self) -> Option<&Value> {
        let expires_at = |record: &Value| record["expiresAt"]["N"].as_str().unwrap().parse::<u64>().unwrap();
        self.completed
            .as_ref()
            .filter(|record| expires_at(record) > self.now / 1000)
    }

    fn check_completed(&mut self) {
        let item = self.table.item();
        if let Some(completed) = self.completed_now() {
            assert_eq!(
                item.as_ref(),
                Some(completed),
                "a completed record stands until it expires"
            );
        }
        self.completed = item.filter(|item| item["leaseEnds"].is_null());
    }
}

fn owner_token(item: Option<Value>) -> Value {
    item.map_or(Value::Null, |item| item["ownerToken"].clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_key_has_one_owner_at_a_time_and_a_completed_record_stands(history in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for step in history {
                world.step(step).await;
            }
        });
    }
}
