//! What is sent, and what is made of each answer: against a wire that plays answers back. The
//! end-to-end tests run the same requests against a DynamoDB that evaluates them.

mod appending;
mod reading;
mod wire;

use crate::Record;

pub(crate) fn record(version: u64) -> Record {
    Record {
        version,
        at: format!("2026-01-01T00:00:00.{version:03}Z"),
        kind: "counted".to_owned(),
        body: format!("secret {version}"),
        hash: "00".to_owned(),
        attachment: None,
    }
}

#[test]
fn neither_a_record_nor_a_snapshot_shows_its_contents_when_it_is_debugged() {
    let mut record = record(1);
    record.attachment = Some("secret".to_owned());
    let snapshot = crate::Snapshot {
        version: 1,
        body: "secret".to_owned(),
    };
    let shown = format!(
        "{record:?} {snapshot:?} {:?}",
        crate::AppendError::Overtaken(Box::new(record.clone()))
    );
    assert!(shown.contains("version: 1") && !shown.contains("secret"), "{shown}");
}
