//! What was read, how old it is, and when it is read again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{error, info, warn};

use super::document::{Document, Refused};
use super::parameter::Parameter;
use super::settings::Settings;
use super::snapshot::Snapshot;

/// For so long, flags other than `publish` stay as they were last read while the store does not answer.
pub const KEPT: Duration = Duration::from_secs(60 * 60);
/// Who can't wait for all of a read waits so long for it, at the most.
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// A read has so much time, all its tries together.
pub(super) const READ_TIME: Duration = Duration::from_secs(3);
/// And one of its tries so much: one that hangs leaves time for the others.
pub(super) const TRY_TIME: Duration = Duration::from_millis(800);
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// After a read that failed, nobody reads again for so long, or for half of the cache time if that is shorter.
const PAUSE: Duration = Duration::from_secs(5);

/// The document as it was last read.
#[derive(Debug)]
pub(super) struct Cache {
    parameter: Parameter,
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    document: Option<Document>,
    /// When the last read that was answered, with whatever document, had begun. Begun, because Lambda may freeze the
    /// process in the middle of one; by the wall clock, because the other one may stand still meanwhile.
    answered: Option<SystemTime>,
    /// The last read, perhaps still under way.
    read: Option<Read>,
}

#[derive(Debug, Clone)]
struct Read {
    begun: SystemTime,
    since: Instant,
    /// Its sender goes when the read is done, or has panicked.
    done: watch::Receiver<()>,
}

impl Cache {
    pub fn new(parameter: Parameter, settings: Settings) -> Self {
        let state = Mutex::default();
        Self {
            parameter,
            settings,
            state,
        }
    }

    /// What holds now. Where nothing is known, or only what is too old, it waits for a read for so long, at the most.
    pub async fn now(self: &Arc<Self>, wait: Duration) -> Snapshot {
        if let Some(mut read) = self.read_to_wait_for() {
            // Whether it is done or not, what is known by then holds.
            let _ = timeout_at(read.since + wait, read.done.changed()).await;
        }
        self.state().snapshot()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nobody panics with it in hand; and if so, nothing is half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that the document is read again when it is time. The read, if it has to be waited for.
    fn read_to_wait_for(self: &Arc<Self>) -> Option<Read> {
        let cache_time = self.settings.cache.0;
        let mut state = self.state();
        let age = state.answered.map(since);
        if age.is_some_and(|age| age < cache_time / 2) {
            return None;
        }
        let read = match state.read.clone() {
            Some(read) if read.is_under_way() && since(read.begun) < READ_TIME => read,
            Some(read) if !read.is_under_way() && since(read.begun) < PAUSE.min(cache_time / 2) => return None,
            // None yet, one that failed a while ago, or one that takes so long that it was frozen with its process.
            _ => state.read.insert(self.begin()).clone(),
        };
        age.is_none_or(|age| age >= cache_time).then_some(read)
    }

    fn begin(self: &Arc<Self>) -> Read {
        let cache = Arc::clone(self);
        // A task of its own: whoever asked may be done before it is.
        let (under_way, done) = watch::channel(());
        let begun = SystemTime::now();
        let work = async move {
            cache.read(begun).await;
            drop(under_way);
        };
        // Not in the span of who asked, which would stay open until a read ends that was frozen with its process.
        tokio::spawn(work);
        Read {
            begun,
            since: Instant::now(),
            done,
        }
    }

    async fn read(&self, begun: SystemTime) {
        match timeout(READ_TIME, self.text()).await {
            Ok(Ok(text)) => self.take(&text, begun),
            Ok(Err(unreachable)) => {
                let cause = std::error::Error::source(&unreachable).map(ToString::to_string);
                self.unreachable(&cause.unwrap_or_default());
            }
            Err(_elapsed) => self.unreachable("no answer in time"),
        }
    }

    async fn text(&self) -> Result<String, super::parameter::Unreachable> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            if let Ok(text) = self.parameter.read().await {
                return Ok(text);
            }
            sleep(pause).await;
            pause *= 2;
        }
        self.parameter.read().await
    }

    fn take(&self, text: &str, begun: SystemTime) {
        let document = Document::parse(text, self.settings.injection);
        let mut state = self.state();
        if state.answered.is_some_and(|newer| newer > begun) {
            return;
        }
        state.answered = Some(begun);
        match document {
            Ok(document) => {
                if state.document.replace(document) != Some(document) {
                    info!(flags = text, "the flags are");
                }
            }
            Err(refused) => refuse(&refused),
        }
    }

    fn unreachable(&self, cause: &str) {
        let known = self.state().document.is_some();
        warn!(
            reason = "flags-unreachable",
            cause, known, "the flags can't be read; what is known of them holds"
        );
        metrics::counter!("FlagsUnreachable").increment(1);
    }
}

fn refuse(refused: &Refused) {
    error!(reason = "flags-refused", "{refused}; the last good ones hold");
    metrics::counter!("FlagsRefused").increment(1);
}

impl Read {
    fn is_under_way(&self) -> bool {
        self.done.has_changed().is_ok()
    }
}

impl State {
    fn snapshot(&self) -> Snapshot {
        match (self.document, self.answered) {
            (Some(document), Some(answered)) if since(answered) < KEPT => Snapshot::Known(document),
            (Some(document), _) => Snapshot::Old(document),
            (None, _) => Snapshot::Unknown,
        }
    }
}

/// How long ago that was. A clock that was set back since makes it long ago: then it is asked again.
fn since(time: SystemTime) -> Duration {
    time.elapsed().unwrap_or(Duration::MAX)
}
