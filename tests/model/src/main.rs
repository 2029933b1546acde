//! Runs every check and prints a line for each: `make model`.
//!
//! `gatehouse-model [--small] [--trace TEXT]`: `--small` takes the bounds of the tests; `--trace` runs only those checks
//! whose name contains the text, and prints the steps of what they find.

use std::process::ExitCode;

use gatehouse_model::check::{Check, Expect, Outcome, Size};
use gatehouse_model::{idempotency_checks, photos_checks};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let small = arguments.iter().any(|argument| argument == "--small");
    let size = if small { Size::Small } else { Size::Full };
    let traced = arguments
        .iter()
        .position(|argument| argument == "--trace")
        .and_then(|at| arguments.get(at + 1));
    println!(
        "{:<64} {:>10} {:>5} {:>7}  result",
        "check", "states", "depth", "seconds"
    );
    let mut as_expected = true;
    for check in photos_checks::checks(size)
        .into_iter()
        .chain(idempotency_checks::checks(size))
    {
        if traced.is_some_and(|text| !check.name.contains(text.as_str())) {
            continue;
        }
        let outcome = check.run();
        as_expected &= outcome.is(check.expect);
        print(&check, &outcome);
        if traced.is_some() {
            print_traces(&outcome);
        }
    }
    if as_expected {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(check: &Check, outcome: &Outcome) {
    let Outcome {
        states,
        depth,
        elapsed,
        broken,
        ..
    } = outcome;
    let found = broken
        .iter()
        .map(|found| format!("\"{}\" in {} steps", found.invariant, found.trace.len()));
    let found = found.collect::<Vec<_>>().join(", ");
    let result = match check.expect {
        _ if !outcome.is(check.expect) => format!("NOT AS EXPECTED: {:?}; found: {found}", check.expect),
        Expect::Holds => "every invariant holds".to_owned(),
        Expect::HoldsWithout => "every invariant holds without it".to_owned(),
        Expect::Breaks(_) => format!("breaks {found}"),
        Expect::Limit(_) => format!("a limit: breaks {found}"),
    };
    println!(
        "{:<64} {states:>10} {depth:>5} {:>7.1}  {result}",
        check.name,
        elapsed.as_secs_f64()
    );
}

fn print_traces(outcome: &Outcome) {
    for found in &outcome.broken {
        println!("  {}:", found.invariant);
        for (step, words) in (1..).zip(&found.trace) {
            println!("  {step:>4}. {words}");
        }
    }
}
