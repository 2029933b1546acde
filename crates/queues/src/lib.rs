//! The queues that only a person takes from: dead letters, rejects, and what a stream gave up. What is in them, how their
//! messages get back to work, and how they are dropped. And how much is held back, which is looked at only: it has not
//! failed, and goes on by itself.
//!
//! The one thing to know: **a message is deleted only after it was sent on.** Whatever interrupts a redrive, the message
//! is in one of the two queues, at worst in both, which every function here tolerates.
//!
//! **What a look at a queue can know.** SQS has no way to read a message without receiving it, and says how many there are
//! only about. So [`listing::list`] receives a handful, without hiding them from anybody, and its age is that of the
//! oldest in that handful: `exact` if there were no more. [`listing::show`] receives all that nobody else holds at the
//! moment; each is hidden for half a minute at most, and let go at the end. While it runs, the depth that an alarm looks
//! at is lower than it is. A message's age counts from when it was first sent: SQS keeps that time when it moves a
//! message to a dead-letter queue, and the fourteen days after which a message is deleted count from it, too.

pub mod drop;
mod error;
pub mod listing;
mod message;
mod pass;
pub mod redrive;
mod report;
mod stack;
mod way;

pub use error::QueueError;
pub use message::Message;
pub use report::{Report, Stays};
pub use stack::{Kind, Queue, Stack};
