//! The search itself, on graphs whose answers are known.

use gatehouse_model::explore::{BOUNDED, ENDLESS, Model, Report, STUCK, Until, explore};

/// Numbered states; the steps between them, each either the system's own work or not.
struct Graph {
    steps: &'static [(u8, u8, bool)],
    quiet: &'static [u8],
    bad: &'static [u8],
}

impl Model for Graph {
    type State = u8;
    type Action = (u8, bool);

    fn initial(&self) -> u8 {
        0
    }

    fn actions(&self, state: &u8, actions: &mut Vec<(u8, bool)>) {
        actions.extend(
            self.steps
                .iter()
                .filter(|step| step.0 == *state)
                .map(|step| (step.1, step.2)),
        );
    }

    fn apply(&self, _state: &u8, action: (u8, bool)) -> u8 {
        action.0
    }

    fn is_progress(&self, _state: &u8, action: (u8, bool)) -> bool {
        action.1
    }

    fn is_quiet(&self, state: &u8) -> bool {
        self.quiet.contains(state)
    }

    fn broken(&self, state: &u8) -> Vec<&'static str> {
        if self.bad.contains(state) {
            vec!["bad"]
        } else {
            Vec::new()
        }
    }

    fn describe(&self, before: &u8, _action: (u8, bool), after: &u8) -> String {
        format!("{before} to {after}")
    }
}

fn found(report: &Report) -> Vec<&'static str> {
    report.broken.iter().map(|found| found.invariant).collect()
}

#[test]
fn it_counts_states_steps_and_depth() {
    let graph = Graph {
        steps: &[(0, 1, true), (0, 2, true), (1, 3, true), (2, 3, true)],
        quiet: &[3],
        bad: &[],
    };
    let report = explore(&graph, Until::Exhausted, 100);
    assert_eq!(
        (report.states, report.transitions, report.depth, report.quiet),
        (4, 4, 2, 1)
    );
    assert!(report.broken.is_empty());
}

#[test]
fn a_counterexample_is_as_short_as_can_be() {
    let steps = &[(0, 1, true), (1, 2, true), (2, 9, true), (0, 3, true), (3, 9, true)];
    let report = explore(
        &Graph {
            steps,
            quiet: &[9],
            bad: &[9],
        },
        Until::FirstBroken,
        100,
    );
    assert_eq!(report.broken[0].trace, ["0 to 3", "3 to 9"]);
}

#[test]
fn work_that_nothing_leads_on_is_stuck() {
    let lost = Graph {
        steps: &[(0, 1, true), (1, 0, false)],
        quiet: &[0],
        bad: &[],
    };
    assert_eq!(found(&explore(&lost, Until::Exhausted, 100)), [STUCK]);
}

#[test]
fn a_circle_of_own_work_is_endless() {
    let steps = &[(0, 1, true), (1, 2, true), (2, 1, true), (2, 3, true)];
    let report = explore(
        &Graph {
            steps,
            quiet: &[3],
            bad: &[],
        },
        Until::Exhausted,
        100,
    );
    assert_eq!(found(&report), [ENDLESS]);
    assert!(matches!(
        report.broken[0].trace.last().unwrap().as_str(),
        "0 to 1" | "1 to 2"
    ));
}

#[test]
fn a_circle_through_a_fault_is_not_endless() {
    let steps = &[(0, 1, true), (1, 0, false), (1, 2, true)];
    assert!(
        explore(
            &Graph {
                steps,
                quiet: &[2],
                bad: &[]
            },
            Until::Exhausted,
            100
        )
        .broken
        .is_empty()
    );
}

#[test]
fn a_search_that_meets_its_bound_says_so() {
    let steps = &[(0, 1, true), (1, 2, true), (2, 3, true)];
    assert_eq!(
        found(&explore(
            &Graph {
                steps,
                quiet: &[3],
                bad: &[]
            },
            Until::Exhausted,
            2
        )),
        [BOUNDED]
    );
}
