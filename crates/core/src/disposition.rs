//! What becomes of a record that failed: it is retried, or it is rejected. There is no third way.

/// What becomes of a failed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It may work next time: throttling, a 5xx answer, a time-out, a lost race. The message goes
    /// back to its queue as a batch item failure, and after `maxReceiveCount` receives it is in
    /// the dead-letter queue.
    Retry,
    /// It will never work: the record goes to the rejected queue with its reason, once.
    Reject,
}

/// An error in a handler's path.
///
/// Its `Display` is a sentence for a person and holds no secret: it is written to the log and,
/// for a rejected record, into the rejected queue.
pub trait Failure: std::error::Error + Send + Sync {
    /// Whether it is worth retrying.
    fn disposition(&self) -> Disposition;

    /// A stable code in kebab case, such as `corrupt-image`: for alarms, metrics and redrive.
    fn reason(&self) -> &'static str;
}

/// What lies at the bottom of an error, for the log: SDK errors say "service error" and nothing else on top. None if there
/// is nothing beneath it.
pub fn innermost_cause(error: &dyn std::error::Error) -> Option<String> {
    let mut source = error.source()?;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    Some(source.to_string())
}
