//! The lines of a file that never become bids. The rejected queue is told of them by their numbers, in one message for each
//! reason: it can say so of a file of ten thousand bad lines in the time of a few requests.

use std::collections::BTreeMap;

use gatehouse_core::disposition::{Disposition, Failure};

use crate::error::LineError;

/// So many numbers take 210 KB at most, with their commas. SQS takes 1 MiB in a message, and took 256 KiB before 2025.
pub const MOST_IN_A_MESSAGE: usize = 10_000;

/// Lines of one reason.
#[derive(Debug, thiserror::Error)]
#[error("{} of the file's lines: {source}", .lines.len())]
pub struct RejectedLines {
    /// Their numbers, in their order; the header's is 1.
    pub lines: Vec<u64>,
    /// Why, as the first of them has it.
    pub source: LineError,
}

impl Failure for RejectedLines {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        self.source.reason()
    }
}

/// All of a file's.
#[derive(Debug, Default)]
pub struct Rejected(BTreeMap<&'static str, RejectedLines>);

impl Rejected {
    /// One more.
    pub fn add(&mut self, line: u64, source: LineError) {
        let lines = Vec::new();
        let of_its_reason = self.0.entry(source.reason());
        let of_its_reason = of_its_reason.or_insert(RejectedLines { lines, source });
        of_its_reason.lines.push(line);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_reason().map(|rejected| rejected.lines.len()).sum()
    }

    /// Those of each reason.
    pub fn by_reason(&self) -> impl Iterator<Item = &RejectedLines> {
        self.0.values()
    }
}
