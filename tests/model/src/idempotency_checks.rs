//! What is checked of `core::idempotency`.

use crate::check::{Check, Expect, Size};
use crate::idempotency::{
    CONFLICT, EXPIRES, Idempotency, KEPT, LEASE_ENDS, ONE_OWNER, OWN_CLAIM, Protocol, RELEASED, STALE,
};

/// Two callers with the same payload, two calls each, one request whose answer is lost.
const TWO: fn(Protocol) -> Idempotency = |protocol| Idempotency {
    protocol,
    payloads: vec![0, 0],
    calls: 2,
    lost_answers: 1,
    end: 5,
    lease: 2,
    keep: 3,
    skew: 0,
};

/// All checks.
pub fn checks(size: Size) -> Vec<Check> {
    let mut checks = protocol(size);
    checks.extend(mutations());
    checks
}

fn protocol(size: Size) -> Vec<Check> {
    let two = TWO(Protocol::CURRENT);
    let three = Idempotency {
        payloads: vec![0, 0, 0],
        calls: 1,
        ..two.clone()
    };
    let mut checks = vec![
        Check::new("idempotency: 2 callers, 2 calls each", Expect::Holds, vec![two.clone()]),
        Check::new(
            "idempotency: 2 callers with different payloads",
            Expect::Holds,
            vec![Idempotency {
                payloads: vec![0, 1],
                ..two.clone()
            }],
        ),
        Check::new(
            "idempotency: 3 callers",
            Expect::Holds,
            vec![Idempotency {
                lost_answers: if size == Size::Full { 1 } else { 0 },
                ..three
            }],
        ),
    ];
    if size == Size::Full {
        checks.extend([
            Check::new(
                "idempotency: 2 callers, 2 answers lost",
                Expect::Holds,
                vec![Idempotency {
                    lost_answers: 2,
                    ..two.clone()
                }],
            ),
            Check::new(
                "idempotency: 2 callers, 3 calls each",
                Expect::Holds,
                vec![Idempotency {
                    calls: 3,
                    ..two.clone()
                }],
            ),
        ]);
    }
    checks.push(Check::new(
        "idempotency: a clock that is ahead",
        Expect::Limit(ONE_OWNER),
        vec![Idempotency { skew: 1, ..two }],
    ));
    checks
}

/// The protocol without one clause each.
fn mutations() -> Vec<Check> {
    let all = Protocol::CURRENT;
    let without = |name, invariant, protocol| Check::new(name, Expect::Breaks(invariant), vec![TWO(protocol)]);
    vec![
        without(
            "complete without IF owner = :token",
            STALE,
            Protocol {
                complete_if_owner: false,
                ..all
            },
        ),
        without(
            "release without IF owner = :token",
            STALE,
            Protocol {
                release_if_owner: false,
                ..all
            },
        ),
        without(
            "one token for all claims of a caller",
            KEPT,
            Protocol {
                fresh_tokens: false,
                ..all
            },
        ),
        without(
            "claim without the lapsed lease",
            LEASE_ENDS,
            Protocol {
                claim_lapsed: false,
                ..all
            },
        ),
        without(
            "claim takes over what is completed, too",
            KEPT,
            Protocol {
                claim_lapsed_only_in_progress: false,
                ..all
            },
        ),
        without(
            "claim without the look at the expiry",
            EXPIRES,
            Protocol {
                claim_expired: false,
                ..all
            },
        ),
        without(
            "claim that does not know its own token",
            OWN_CLAIM,
            Protocol {
                own_token_is_own_claim: false,
                ..all
            },
        ),
        without(
            "a failed run does not release",
            RELEASED,
            Protocol {
                release_on_failure: false,
                ..all
            },
        ),
        Check::new(
            "payloads are not compared",
            Expect::Breaks(CONFLICT),
            vec![Idempotency {
                payloads: vec![0, 1],
                ..TWO(Protocol {
                    compare_payload: false,
                    ..all
                })
            }],
        ),
        Check::new(
            "a record expires before its lease ends",
            Expect::Breaks(ONE_OWNER),
            vec![Idempotency {
                keep: 1,
                ..TWO(Protocol {
                    lease_within_expiry: false,
                    ..all
                })
            }],
        ),
    ]
}
