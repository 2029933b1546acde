//! Every check finds what it is expected to find, within the bounds that take seconds.

use std::collections::HashSet;

use gatehouse_model::check::{Check, Expect, Size};
use gatehouse_model::{idempotency_checks, photos_checks};

fn assert_as_expected(checks: Vec<Check>, belongs: fn(Expect) -> bool) {
    let mut ran = 0;
    for check in checks.into_iter().filter(|check| belongs(check.expect)) {
        let outcome = check.run();
        assert!(
            outcome.is(check.expect),
            "{}: {:?} is not {:?}",
            check.name,
            outcome,
            check.expect
        );
        ran += 1;
    }
    assert!(ran > 0, "no check was run");
}

fn holds(expect: Expect) -> bool {
    matches!(expect, Expect::Holds)
}

fn breaks(expect: Expect) -> bool {
    matches!(expect, Expect::Breaks(_))
}

fn is_beyond(expect: Expect) -> bool {
    matches!(expect, Expect::Limit(_) | Expect::HoldsWithout)
}

#[test]
fn photos_in_place_keep_every_invariant() {
    assert_as_expected(photos_checks::checks(Size::Small), holds);
}

#[test]
fn photos_in_place_break_without_any_clause_that_is_needed() {
    assert_as_expected(photos_checks::checks(Size::Small), breaks);
}

#[test]
fn photos_in_place_have_the_limits_and_the_spare_clauses_that_are_documented() {
    assert_as_expected(photos_checks::checks(Size::Small), is_beyond);
}

#[test]
fn idempotency_keeps_every_invariant() {
    assert_as_expected(idempotency_checks::checks(Size::Small), holds);
}

#[test]
fn idempotency_breaks_without_any_of_its_clauses() {
    assert_as_expected(idempotency_checks::checks(Size::Small), breaks);
}

#[test]
fn idempotency_has_the_limits_that_are_documented() {
    assert_as_expected(idempotency_checks::checks(Size::Small), is_beyond);
}

#[test]
fn no_two_checks_have_one_name() {
    let mut names = HashSet::new();
    for check in photos_checks::checks(Size::Full)
        .into_iter()
        .chain(idempotency_checks::checks(Size::Full))
    {
        assert!(names.insert(check.name), "{} is there twice", check.name);
    }
}
