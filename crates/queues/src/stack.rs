//! Which queues a stack has, by the names of its outputs.
//!
//! `XDeadLetterQueueUrl` has the dead letters of `XQueueUrl` (those of the upload queue have no `X`), `RejectedQueueUrl`
//! what will never work, `XFailureQueueUrl` what a stream gave up, `XHoldQueueUrl` what is held back. The template tests
//! hold the template to that.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudformation::error::ProvideErrorMetadata;

use crate::error::{QueueError, failed};

const URL: &str = "QueueUrl";
const DEAD_LETTER: &str = "DeadLetter";
const FAILURE: &str = "Failure";
const REJECTED: &str = "Rejected";
const HOLD: &str = "Hold";
/// Its dead-letter queue is just called that.
const FIRST: &str = "Upload";

/// The outputs of a CloudFormation stack.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The stack's name.
    pub name: String,
    outputs: BTreeMap<String, String>,
}

/// A queue that a person looks into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// What a person calls it: `settle-dead-letter`.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// What is in it.
    pub kind: Kind,
}

/// What is in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// What failed five times, as it was; it came from the queue with this URL.
    DeadLetters(String),
    /// What will never work, with its reason.
    Rejected,
    /// What a stream gave up.
    StreamFailures,
    /// What has not failed: it is held back, and goes on by itself.
    Held,
}

impl Kind {
    /// A word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::DeadLetters(_) => "dead letters",
            Self::Rejected => "rejected",
            Self::StreamFailures => "stream failures",
            Self::Held => "held back",
        }
    }
}

impl Stack {
    /// A stack with these outputs.
    pub fn new(name: impl Into<String>, outputs: impl IntoIterator<Item = (String, String)>) -> Self {
        let (name, outputs) = (name.into(), outputs.into_iter().collect());
        Self { name, outputs }
    }

    /// The deployed stack of this name.
    ///
    /// # Errors
    /// [`QueueError::NoSuchStack`], [`QueueError::Aws`].
    pub async fn describe(aws: &SdkConfig, name: &str) -> Result<Self, QueueError> {
        let request = aws_sdk_cloudformation::Client::new(aws)
            .describe_stacks()
            .stack_name(name);
        let described = match request.send().await {
            // CloudFormation has no code of its own for a stack that is not there.
            Err(error) if error.code() == Some("ValidationError") => {
                return Err(QueueError::NoSuchStack(name.to_owned()));
            }
            answer => answer.map_err(failed("DescribeStacks"))?,
        };
        let stack = described.stacks.unwrap_or_default().into_iter().next();
        let stack = stack.ok_or_else(|| QueueError::NoSuchStack(name.to_owned()))?;
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        Ok(Self::new(
            name,
            outputs.filter_map(|output| Some((output.output_key?, output.output_value?))),
        ))
    }

    /// One output's value.
    pub(crate) fn output(&self, key: &str) -> Option<&str> {
        self.outputs.get(key).map(String::as_str)
    }

    /// All queues that a person looks into, by name: those that only a person takes from, and those with what is held back.
    pub fn queues(&self) -> Vec<Queue> {
        let queues = self.outputs.iter().filter_map(|(key, url)| {
            let stem = key.strip_suffix(URL)?;
            let kind = self.kind(stem)?;
            let (name, url) = (kebab(stem), url.clone());
            Some(Queue { name, url, kind })
        });
        let mut queues: Vec<Queue> = queues.collect();
        queues.sort_by(|one, other| one.name.cmp(&other.name));
        queues
    }

    /// The queue of this name.
    ///
    /// # Errors
    /// [`QueueError::NoSuchQueue`], which names those that there are.
    pub fn queue(&self, name: &str) -> Result<Queue, QueueError> {
        let queues = self.queues();
        let known: Vec<&str> = queues.iter().map(|queue| queue.name.as_str()).collect();
        let known = known.join(", ");
        let found = queues.into_iter().find(|queue| queue.name == name);
        found.ok_or_else(|| QueueError::NoSuchQueue {
            name: name.to_owned(),
            stack: self.name.clone(),
            known,
        })
    }

    /// The queue of this name, to take from it.
    ///
    /// # Errors
    /// [`QueueError::NoSuchQueue`]; [`QueueError::Held`] for what is held back, which is its function's to take.
    pub fn queue_of_failures(&self, name: &str) -> Result<Queue, QueueError> {
        let queue = self.queue(name)?;
        match queue.kind {
            Kind::Held => Err(QueueError::Held(queue.name)),
            Kind::DeadLetters(_) | Kind::Rejected | Kind::StreamFailures => Ok(queue),
        }
    }

    fn kind(&self, stem: &str) -> Option<Kind> {
        if stem == REJECTED {
            return Some(Kind::Rejected);
        }
        if stem.ends_with(FAILURE) {
            return Some(Kind::StreamFailures);
        }
        if stem.ends_with(HOLD) {
            return Some(Kind::Held);
        }
        let worked = match stem.strip_suffix(DEAD_LETTER)? {
            "" => FIRST,
            worked => worked,
        };
        self.output(&format!("{worked}{URL}"))
            .map(|url| Kind::DeadLetters(url.to_owned()))
    }
}

/// `SettleDeadLetter` as `settle-dead-letter`.
fn kebab(words: &str) -> String {
    let mut name = String::with_capacity(words.len() + 4);
    for (index, letter) in words.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn stack(keys: &[&str]) -> Stack {
        let outputs = keys.iter().map(|key| ((*key).to_owned(), format!("https://sqs/{key}")));
        Stack::new("house", outputs)
    }

    #[test]
    fn queues_are_known_by_their_outputs_and_dead_letters_by_the_queue_that_they_came_from() {
        let stack = stack(&[
            "UploadQueueUrl",
            "DeadLetterQueueUrl",
            "SettleQueueUrl",
            "SettleDeadLetterQueueUrl",
            "RejectedQueueUrl",
            "StreamFailureQueueUrl",
            "InPlaceHoldQueueUrl",
            "InPlaceReleaseQueueUrl",
            "SourceBucket",
        ]);
        let found: Vec<(String, Kind)> = stack
            .queues()
            .into_iter()
            .map(|queue| (queue.name, queue.kind))
            .collect();
        let dead_letters = |of: &str| Kind::DeadLetters(format!("https://sqs/{of}"));
        assert_eq!(
            found,
            [
                ("dead-letter".to_owned(), dead_letters("UploadQueueUrl")),
                ("in-place-hold".to_owned(), Kind::Held),
                ("rejected".to_owned(), Kind::Rejected),
                ("settle-dead-letter".to_owned(), dead_letters("SettleQueueUrl")),
                ("stream-failure".to_owned(), Kind::StreamFailures),
            ]
        );
    }

    #[test]
    fn a_queue_that_is_not_there_is_answered_with_those_that_are() {
        let error = stack(&["RejectedQueueUrl"]).queue("upload").unwrap_err();
        assert_eq!(
            error.to_string(),
            "no-such-queue: upload is none of the queues of house: rejected"
        );
    }

    #[test]
    fn what_is_held_back_is_looked_at_and_not_taken() {
        let stack = stack(&["HoldQueueUrl", "RejectedQueueUrl"]);
        assert_eq!(stack.queue("hold").unwrap().kind, Kind::Held);
        let refused = stack.queue_of_failures("hold");
        assert!(
            matches!(&refused, Err(QueueError::Held(name)) if name == "hold"),
            "{refused:?}"
        );
        assert_eq!(stack.queue_of_failures("rejected").unwrap().kind, Kind::Rejected);
    }
}
