//! A named check: models, and what the search is expected to find in them.

use std::time::{Duration, Instant};

use crate::explore::{Counterexample, Model, Report, Until, explore};

/// More states than any check here has. A search that reaches it has failed.
const LIMIT: usize = 20_000_000;

/// How much of a check is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Seconds: for every run of the tests.
    Small,
    /// Minutes.
    Full,
}

/// What a check shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The protocol keeps every invariant.
    Holds,
    /// Without a clause this invariant breaks, so the clause is needed.
    Breaks(&'static str),
    /// Without a clause every invariant still holds: the clause spares work, or is a second line of defence.
    HoldsWithout,
    /// Beyond what the protocol promises, this invariant breaks.
    Limit(&'static str),
}

/// Models that are explored one after the other.
pub struct Check {
    /// What is checked; unique.
    pub name: &'static str,
    /// What is expected.
    pub expect: Expect,
    runs: Vec<Box<dyn Fn(Until) -> Report>>,
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    /// Distinct states of all models together.
    pub states: usize,
    /// Steps between states.
    pub transitions: usize,
    /// The greatest depth.
    pub depth: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// The first counterexamples; none if everything held.
    pub broken: Vec<Counterexample>,
}

impl Check {
    /// A check of these models.
    pub fn new<M: Model + 'static>(name: &'static str, expect: Expect, models: Vec<M>) -> Self {
        let run = |model: M| -> Box<dyn Fn(Until) -> Report> { Box::new(move |until| explore(&model, until, LIMIT)) };
        Self {
            name,
            expect,
            runs: models.into_iter().map(run).collect(),
        }
    }

    /// Explores the models until one is broken.
    pub fn run(&self) -> Outcome {
        let start = Instant::now();
        let until = match self.expect {
            Expect::Holds | Expect::HoldsWithout => Until::Exhausted,
            Expect::Breaks(_) | Expect::Limit(_) => Until::FirstBroken,
        };
        let mut outcome = Outcome {
            states: 0,
            transitions: 0,
            depth: 0,
            elapsed: Duration::ZERO,
            broken: Vec::new(),
        };
        for run in &self.runs {
            let report = run(until);
            outcome.states += report.states;
            outcome.transitions += report.transitions;
            outcome.depth = outcome.depth.max(report.depth);
            outcome.broken = report.broken;
            if !outcome.broken.is_empty() {
                break;
            }
        }
        outcome.elapsed = start.elapsed();
        outcome
    }
}

impl Outcome {
    /// Whether this is what `expect` says.
    pub fn is(&self, expect: Expect) -> bool {
        match expect {
            Expect::Holds | Expect::HoldsWithout => self.broken.is_empty(),
            Expect::Breaks(invariant) | Expect::Limit(invariant) => {
                self.broken.iter().any(|found| found.invariant == invariant)
            }
        }
    }
}
