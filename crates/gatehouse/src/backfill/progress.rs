//! How far a run is, for a person who waits.

use gatehouse_backfill::Counts;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const AT_WORK: &str = "{bar:40} {pos} of {len} objects  {elapsed}, {eta} left";
const COUNTING: &str = "{spinner} {pos} objects counted";

/// A bar on standard error, if that is a terminal.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Of a run.
    pub fn start() -> Self {
        Self::looking(AT_WORK)
    }

    /// Of a count of objects, whose number is not known before.
    pub fn counting() -> Self {
        Self::looking(COUNTING)
    }

    fn looking(template: &str) -> Self {
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(bar.with_style(style))
    }

    /// A run is so far.
    pub fn at(&self, counts: &Counts) {
        self.0.set_length(counts.listed);
        self.0.set_position(counts.done + counts.failed);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.inc(more);
    }

    /// The bar goes away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
