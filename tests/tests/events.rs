//! The sample events in `events/`, which people hand to `sam local invoke` and `cargo lambda invoke`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use gatehouse_core::event::{Invocation, ReadRecord, records_in_body, records_in_event};

fn records(file: &Path) -> Vec<ReadRecord> {
    let text = std::fs::read_to_string(file).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Invocation::Batch(batch) => {
            let bodies = batch.records.into_iter().map(|message| message.body.unwrap());
            bodies.flat_map(|body| records_in_body(&body)).collect()
        }
        Invocation::Direct(event) => records_in_event(event),
    }
}

#[test]
fn every_sample_event_is_what_its_name_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/face-blur");
    for (name, photos, malformed) in [
        ("s3-in-sqs", 1, 0),
        ("several-records", 3, 0),
        ("sns-wrapped", 1, 0),
        ("eventbridge", 1, 0),
        ("bare-s3", 1, 0),
        ("key-with-special-characters", 1, 0),
        ("s3-test-event", 0, 0),
        ("unreadable-body", 0, 1),
    ] {
        let records = records(&folder.join(name).with_extension("json"));
        let good = records.iter().filter(|record| record.is_ok()).count();
        assert_eq!((good, records.len() - good), (photos, malformed), "{name}");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        8,
        "an event without a line here"
    );
}
