//! What became of the messages of a queue.

use std::collections::BTreeMap;

use serde::Serialize;

/// Why a message stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stays {
    /// A line of a file of bids: the queue takes files, and this one counts as done.
    #[error(
        "one line of a file of bids: mend the file and upload it again under its key; lines that are bids already are skipped"
    )]
    LineOfAFile,
    /// Lambda's own message, which names shard and sequence numbers, and no item.
    #[error("only a place in a stream, which forgets after a day: docs/runbook.md says how to find what it was")]
    PlaceInAStream,
    /// The function's name is none of this stack's.
    #[error("no function of this stack rejected it")]
    UnknownFunction,
    /// It is no message that a function of ours writes.
    #[error("not in the form that it should be in")]
    Unreadable,
    /// The ledger's item is gone, or knows an older upload only: nobody could tell whether the object is still the same.
    #[error("the ledger does not know the upload: upload the object again, or copy it onto itself")]
    NotInTheLedger,
    /// The queue did not take it.
    #[error("the queue that it belongs to did not take it")]
    NotTaken,
}

/// The outcome of a redrive or a drop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Messages whose work starts again; of a drop, those that are gone.
    pub done: u64,
    /// Messages whose work is done, or overtaken by a newer upload: deleted, as there is nothing to start.
    pub not_needed: u64,
    /// Messages that were sent on and could not be deleted: they are there twice.
    pub twice: u64,
    /// Messages of other reasons than the one that was asked for.
    pub others: u64,
    /// Messages that came while it ran, and were left alone.
    pub later: u64,
    /// Messages that stay, by why.
    pub stays: BTreeMap<Stays, u64>,
}

impl Report {
    pub(crate) fn stays(&mut self, why: Stays) {
        *self.stays.entry(why).or_default() += 1;
    }

    /// How many messages stay although they were asked for.
    pub fn left(&self) -> u64 {
        self.stays.values().sum()
    }
}
