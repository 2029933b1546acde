//! An entry of the log as the event store keeps it, and back.

use gatehouse_auction::Entry;
use gatehouse_auction::time::cut;
use gatehouse_event_store::{Record, StoreError};
use jiff::Timestamp;

use crate::ReadError;

/// The time as RFC 3339 with three decimals, always: so it sorts as text.
pub(crate) fn sortable(time: Timestamp) -> String {
    format!("{:.3}", cut(time))
}

/// The record of an entry, whose event is of this kind.
pub(crate) fn record(entry: &Entry, kind: &str) -> Record {
    Record {
        version: entry.position,
        at: sortable(entry.at),
        kind: kind.to_owned(),
        body: entry.body.clone(),
        hash: entry.hash.to_string(),
        attachment: entry.envelope.clone(),
    }
}

pub(crate) fn entry(record: Record) -> Result<Entry, ReadError> {
    Ok(Entry {
        position: record.version,
        at: record.at.parse().map_err(|_| StoreError::Malformed("at"))?,
        body: record.body,
        envelope: record.attachment,
        hash: record.hash.parse().map_err(|_| StoreError::Malformed("hash"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_text_and_are_read_back_as_they_were() {
        let times = [
            "2030-01-02T03:04:05Z",
            "2030-01-02T03:04:05.5Z",
            "2030-01-02T03:04:05.51Z",
        ];
        let times = times.map(|time| time.parse::<Timestamp>().unwrap());
        let texts = times.map(sortable);
        assert_eq!(texts[0], "2030-01-02T03:04:05.000Z");
        assert!(texts.is_sorted());
        assert_eq!(texts.map(|text| text.parse::<Timestamp>().unwrap()), times);
    }

    #[test]
    fn what_is_finer_than_a_millisecond_is_cut_off_and_not_rounded() {
        assert_eq!(
            sortable("2030-01-02T03:04:05.9999Z".parse().unwrap()),
            "2030-01-02T03:04:05.999Z"
        );
    }
}
