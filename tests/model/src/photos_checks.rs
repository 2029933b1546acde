//! What is checked of "photos in place".

use crate::check::{Check, Expect, Size};
use crate::photos_in_place::PhotosInPlace;
use crate::photos_protocol::{Expiry, OwnWrite, Protocol};
use crate::photos_state::{LAST_UPLOAD, LEDGER, NEWER_UPLOAD, NO_FACE, NO_LOOP, ONE_WRITE};
use crate::pictures::{Content, Photo};

const A: Content = Content::Photo(Photo::Faces(0));
const B: Content = Content::Photo(Photo::Faces(1));
const NO_FACES: Content = Content::Photo(Photo::NoFaces);
const BROKEN: Content = Content::Photo(Photo::Broken);
const TWIN: Content = Content::Photo(Photo::TwinFaces(0));
const OTHER_TWIN: Content = Content::Photo(Photo::TwinFaces(1));
const TWIN_WITHOUT_FACES: Content = Content::Photo(Photo::TwinNoFaces);
/// What we make of `A`, downloaded and uploaded again.
const OUTPUT: Content = Content::Redaction {
    of: Photo::Faces(0),
    bytes: 0,
};

/// Two workers; the item does not expire; redaction is deterministic.
fn uploads(protocol: Protocol, uploads: &[Content]) -> PhotosInPlace {
    PhotosInPlace {
        protocol,
        uploads: uploads.to_vec(),
        redactions: 1,
        workers: 2,
        expiry: Expiry::Never,
        unrelated_change: false,
        only_faces: false,
    }
}

/// Kinds of uploads that each clause meets.
fn every_kind(protocol: Protocol, size: Size) -> Vec<PhotosInPlace> {
    let any_bytes = PhotosInPlace {
        redactions: 2,
        ..uploads(protocol, &[A])
    };
    let unrelated_change = PhotosInPlace {
        unrelated_change: true,
        ..uploads(protocol, &[A, B])
    };
    let mut kinds = vec![any_bytes, unrelated_change];
    let mut lists: Vec<&[Content]> = vec![&[A, A], &[NO_FACES, A], &[A, NO_FACES], &[NO_FACES, NO_FACES]];
    lists.extend::<[&[Content]; _]>([
        &[BROKEN, A],
        &[A, BROKEN],
        &[BROKEN, BROKEN],
        &[TWIN_WITHOUT_FACES, TWIN],
    ]);
    lists.extend::<[&[Content]; _]>([&[A, OUTPUT]]);
    if size == Size::Full {
        lists.extend::<[&[Content]; _]>([&[A, B, A], &[A, A, B], &[NO_FACES, A, NO_FACES], &[A, A, OUTPUT]]);
        lists.push(&[A, A, A]);
    }
    kinds.extend(lists.into_iter().map(|list| uploads(protocol, list)));
    kinds
}

/// All checks.
pub fn checks(size: Size) -> Vec<Check> {
    let mut checks = protocol(size);
    checks.extend(limits());
    checks.extend(earlier_designs());
    checks.extend(mutations());
    checks.extend(spare_clauses(size));
    checks
}

fn protocol(size: Size) -> Vec<Check> {
    let all = Protocol::CURRENT;
    let holds = |name, models| Check::new(name, Expect::Holds, models);
    let any_bytes = |list| PhotosInPlace {
        redactions: 2,
        ..uploads(all, list)
    };
    let expiring = |expiry, list| PhotosInPlace {
        expiry,
        ..uploads(all, list)
    };
    let when_all_is_over = |expiry| {
        vec![
            expiring(expiry, &[A, A]),
            expiring(expiry, &[A, B]),
            expiring(expiry, &[A, B, A]),
        ]
    };
    let mut checks = vec![
        holds("photos: every kind of upload", every_kind(all, size)),
        holds(
            "photos: 3 uploads, the first and the last identical",
            vec![uploads(all, &[A, B, A])],
        ),
        holds(
            "photos: 2 identical uploads, redactions that differ",
            vec![any_bytes(&[A, A])],
        ),
        holds(
            "photos: the item expires when all is over",
            when_all_is_over(Expiry::AfterTheLastDelivery),
        ),
        holds(
            "photos: the intents expire when all is over",
            when_all_is_over(Expiry::IntentsAfterTheLastDelivery),
        ),
    ];
    if size == Size::Full {
        checks.extend([
            holds("photos: 3 identical uploads", vec![uploads(all, &[A, A, A])]),
            holds("photos: 3 uploads, redactions that differ", vec![any_bytes(&[A, B, A])]),
            holds(
                "photos: 3 identical uploads, redactions that differ",
                vec![any_bytes(&[A, A, A])],
            ),
            holds(
                "photos: 3 workers",
                vec![PhotosInPlace {
                    workers: 3,
                    ..uploads(all, &[A, A])
                }],
            ),
        ]);
    }
    checks
}

/// What the protocol can't do.
fn limits() -> Vec<Check> {
    let all = Protocol::CURRENT;
    let beyond: [&[Content]; 5] = [
        &[TWIN, TWIN_WITHOUT_FACES],
        &[TWIN_WITHOUT_FACES, TWIN],
        &[TWIN, OTHER_TWIN],
        &[TWIN_WITHOUT_FACES, TWIN, TWIN_WITHOUT_FACES],
        &[A, OUTPUT, A],
    ];
    let expiring = |expiry| {
        vec![PhotosInPlace {
            expiry,
            ..uploads(all, &[A])
        }]
    };
    vec![
        Check::new(
            "the item expires, then a duplicate comes",
            Expect::Limit(NO_LOOP),
            expiring(Expiry::BeforeLateDuplicates),
        ),
        Check::new(
            "the item expires while work is under way",
            Expect::Limit(NO_FACE),
            expiring(Expiry::AnyTime),
        ),
        Check::new(
            "an uploader replaces a file by its twin with the same ETag",
            Expect::Limit(NEWER_UPLOAD),
            vec![uploads(all, &[TWIN, TWIN_WITHOUT_FACES])],
        ),
        Check::new(
            "an uploader uploads our output before we write it",
            Expect::Limit(ONE_WRITE),
            vec![uploads(all, &[A, OUTPUT, A])],
        ),
        Check::new(
            "photos: no face is left by twins, nor by our output",
            Expect::Holds,
            beyond
                .into_iter()
                .map(|list| PhotosInPlace {
                    only_faces: true,
                    ..uploads(all, list)
                })
                .collect(),
        ),
    ]
}

/// Designs that were found to be wrong.
fn earlier_designs() -> Vec<Check> {
    let broken = |name, invariant, protocol, list: &[Content]| {
        Check::new(name, Expect::Breaks(invariant), vec![uploads(protocol, list)])
    };
    let one_worker = PhotosInPlace {
        workers: 1,
        ..uploads(Protocol::FIRST_DESIGN, &[A, A, A])
    };
    vec![
        broken("record deletes the intent", NO_LOOP, Protocol::FIRST_DESIGN, &[A, A]),
        Check::new(
            "record deletes the intent, one worker",
            Expect::Breaks(NO_LOOP),
            vec![one_worker],
        ),
        broken(
            "record deletes the intent of its own attempt",
            NO_LOOP,
            Protocol::TOKENS,
            &[A, A, A],
        ),
        broken(
            "the first event of a key wins",
            LAST_UPLOAD,
            Protocol {
                first_event_only: true,
                ..Protocol::CURRENT
            },
            &[A, B],
        ),
    ]
}

/// The protocol without one clause each.
fn mutations() -> Vec<Check> {
    let all = Protocol::CURRENT;
    let without = |name, invariant, protocol, list: &[Content]| {
        Check::new(name, Expect::Breaks(invariant), vec![uploads(protocol, list)])
    };
    let touched = PhotosInPlace {
        unrelated_change: true,
        ..uploads(
            Protocol {
                absent_by_key: true,
                ..all
            },
            &[A],
        )
    };
    vec![
        without(
            "accept without sequencer < :sequencer",
            LAST_UPLOAD,
            Protocol {
                accept_newer_only: false,
                ..all
            },
            &[A, B],
        ),
        without(
            "own writes known by their ETag alone",
            NO_FACE,
            Protocol {
                own_write: OwnWrite::ETag,
                ..all
            },
            &[TWIN_WITHOUT_FACES, TWIN],
        ),
        Check::new(
            "accept where pk, not sequencer, is absent",
            Expect::Breaks(NO_FACE),
            vec![touched],
        ),
        without(
            "GET without If-Match",
            NO_LOOP,
            Protocol {
                get_if_match: false,
                ..all
            },
            &[A, A],
        ),
        without(
            "intents are not looked up",
            NO_LOOP,
            Protocol {
                look_up_intents: false,
                ..all
            },
            &[A],
        ),
        without(
            "an unchanged output is written",
            ONE_WRITE,
            Protocol {
                unchanged_is_not_written: false,
                ..all
            },
            &[NO_FACES],
        ),
        without(
            "claim without ADD intents",
            NO_LOOP,
            Protocol {
                claim_adds_intent: false,
                ..all
            },
            &[A],
        ),
        without(
            "claim after the PUT",
            NO_LOOP,
            Protocol {
                claim_before_put: false,
                ..all
            },
            &[A],
        ),
        without(
            "PUT without If-Match",
            NEWER_UPLOAD,
            Protocol {
                put_if_match: false,
                ..all
            },
            &[A, B],
        ),
        without(
            "record without IF sequencer = :sequencer",
            LEDGER,
            Protocol {
                record_if_sequencer: false,
                ..all
            },
            &[NO_FACES, A],
        ),
        without(
            "the ledger says rejected before the queue has it",
            LEDGER,
            Protocol {
                reject_before_mark: false,
                ..all
            },
            &[BROKEN],
        ),
        without(
            "rejection without IF sequencer = :sequencer",
            LEDGER,
            Protocol {
                reject_if_sequencer: false,
                ..all
            },
            &[BROKEN, A],
        ),
    ]
}

/// Clauses without which every invariant still holds.
fn spare_clauses(size: Size) -> Vec<Check> {
    let all = Protocol::CURRENT;
    let spare = |name, protocol| Check::new(name, Expect::HoldsWithout, every_kind(protocol, size));
    let removals = every_kind(
        Protocol {
            filter_removals: false,
            ..all
        },
        Size::Small,
    )
    .into_iter();
    let removals = removals.map(|model| PhotosInPlace {
        expiry: Expiry::AfterTheLastDelivery,
        ..model
    });
    let no_filter = Protocol {
        filter_removals: false,
        filter_same_sequencer: false,
        filter_not_pending: false,
        ..all
    };
    vec![
        spare(
            "own writes known by their version alone",
            Protocol {
                own_write: OwnWrite::Version,
                ..all
            },
        ),
        spare(
            "accept does not look for own writes",
            Protocol {
                own_write: OwnWrite::Unknown,
                ..all
            },
        ),
        spare(
            "claim without IF sequencer = :sequencer",
            Protocol {
                claim_if_sequencer: false,
                ..all
            },
        ),
        spare(
            "claim without IF state <> done",
            Protocol {
                claim_unless_done: false,
                ..all
            },
        ),
        spare(
            "claim without a condition",
            Protocol {
                claim_if_sequencer: false,
                claim_unless_done: false,
                ..all
            },
        ),
        spare(
            "an own write recorded with the event's version",
            Protocol {
                record_fetched_version: false,
                ..all
            },
        ),
        spare(
            "stream records in any order",
            Protocol {
                records_in_order: false,
                ..all
            },
        ),
        Check::new(
            "the filter lets REMOVE through",
            Expect::HoldsWithout,
            removals.collect(),
        ),
        spare(
            "the filter lets changes through that keep the sequencer",
            Protocol {
                filter_same_sequencer: false,
                ..all
            },
        ),
        spare(
            "the filter lets through what is not pending",
            Protocol {
                filter_not_pending: false,
                ..all
            },
        ),
        spare("the stream has no filter", no_filter),
    ]
}
