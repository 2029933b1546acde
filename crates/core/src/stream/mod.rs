//! Reads the records of a DynamoDB stream.
//!
//! Of what a record can hold, this reads the few things that our handlers need: what happened, to
//! which item, and the item before and after ("StreamRecord" in the DynamoDB Streams API reference;
//! attribute values are in DynamoDB's JSON form, `{"S": "text"}`).

mod image;
mod record;

pub use image::Image;
pub(crate) use record::answer;
pub use record::{Change, RecordWithoutSequenceNumber, StreamEvent, StreamRecord, as_stream_answer};

#[cfg(test)]
mod tests;
