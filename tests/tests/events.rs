//! The sample events in `events/`, which people hand to `sam local invoke` and `cargo lambda invoke`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use dedupe_process::Pending;
use gatehouse_core::event::{Invocation, ReadRecord, listing, records_in_body, records_in_event};
use gatehouse_core::stream::{StreamEvent, StreamRecord};
use gatehouse_ledger::Upload;

fn records(file: &Path) -> Vec<ReadRecord> {
    let text = std::fs::read_to_string(file).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Invocation::Batch(batch) => {
            let bodies = batch.records.into_iter().map(|message| message.body.unwrap());
            bodies.flat_map(|body| records_in_body(&body)).collect()
        }
        Invocation::Direct(event) => match listing::events(&event) {
            Some(objects) => objects.into_iter().flat_map(records_in_event).collect(),
            None => records_in_event(event),
        },
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
        ("listed", 2, 0),
    ] {
        let records = records(&folder.join(name).with_extension("json"));
        let good = records.iter().filter(|record| record.is_ok()).count();
        assert_eq!((good, records.len() - good), (photos, malformed), "{name}");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        9,
        "an event without a line here"
    );
}

#[test]
fn every_sample_event_of_dedupe_record_is_of_uploads_that_the_ledger_can_note() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/dedupe-record");
    for (name, uploads) in [("s3-in-sqs", 1), ("several-records", 3), ("bare-s3", 1)] {
        let records = records(&folder.join(name).with_extension("json")).into_iter();
        let noted = records.map(|record| Upload::of(&record.unwrap()).unwrap().expect("an ETag"));
        assert_eq!(noted.count(), uploads, "{name}");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        3,
        "an event without a line here"
    );
}

#[test]
fn every_sample_event_of_dedupe_process_is_what_its_name_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/dedupe-process");
    for (name, is_work) in [
        ("first-upload", Some(true)),
        ("new-upload", Some(true)),
        ("own-write-noted-early", Some(true)),
        ("own-change", Some(false)),
        ("unrelated-change", Some(false)),
        ("expired", Some(false)),
        ("unreadable-item", None),
    ] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("json")).unwrap();
        let mut event: StreamEvent = serde_json::from_str(&text).unwrap();
        let record = StreamRecord::read(event.records.remove(0)).unwrap();
        let pending = Pending::since(&record).ok().map(|pending| pending.is_some());
        assert_eq!(pending, is_work, "{name}");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        7,
        "an event without a line here"
    );
}
