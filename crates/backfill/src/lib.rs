//! The backfill of a deployed stack: has face blur look at what lay in the source bucket before, and says what became of it.
//!
//! The work itself is the stack's: its state machine lists the bucket and calls the function, batch by batch
//! (`template.yaml`). [`Runs`] starts, stops and resumes executions of it, and tells how far one is; [`Tally`] compares the
//! two buckets, which is what really happened; [`Report`] puts both together with what AWS charges for at most ([`Usage`]).
//!
//! The one thing to know: **a run may be stopped, repeated and resumed at will.** What is published from an object as it
//! lies there is passed over by one request, and no newer upload is ever overwritten (`face_blur::destination`).

mod cost;
mod error;
mod report;
mod run;
mod stack;
mod tally;

pub use cost::{Cost, Prices, Usage, Work};
pub use error::BackfillError;
pub use report::Report;
pub use run::{Counts, Resumed, Run, Runs, Status};
pub use stack::Stack;
pub use tally::Tally;
