//! What the photo handlers share: the steps between an uploaded photo and its redacted copy.
//!
//! [`fetch`] reads the object with everything that its copy has to keep, a [`Redactor`] finds the
//! faces ([`detector`]) and hides them, [`publish`] prepares the write, [`report`] says what
//! happened. Before all of that, a [`gate`] holds photos back while the runtime flags say so. Which photos are wanted, where they go, and under which condition, is the handler's.
//!
//! The one thing to know: nothing here answers "no faces" for a photo that was not decoded to its
//! end and looked at.

pub mod config;
pub mod detector;
pub mod error;
pub mod fetch;
pub mod gate;
mod picture;
pub mod publish;
pub mod report;

pub use error::PhotoError;
pub use picture::{Redacted, Redactor};

use gatehouse_core::event::Record;

/// An object that a photo is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The version; None for the newest one.
    pub version_id: Option<String>,
}

impl From<&Record> for Source {
    fn from(record: &Record) -> Self {
        let Record {
            bucket,
            key,
            version_id,
            ..
        } = record.clone();
        Self {
            bucket,
            key,
            version_id,
        }
    }
}
