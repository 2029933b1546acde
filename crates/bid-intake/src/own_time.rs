//! How long a request takes apart from AWS: the time in which no call is on its way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// The calls of the clients that it is an interceptor of. Clones watch together.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<OnTheirWay>>);

#[derive(Debug, Default)]
struct OnTheirWay {
    calls: u32,
    since: Option<Instant>,
    before: Duration,
}

/// One call, with all tries of it, until its answer is read or nobody waits for it any more.
#[derive(Debug)]
struct Call(Calls);

/// A request being answered.
#[derive(Debug)]
pub struct Watch {
    calls: Calls,
    started: Instant,
    calls_before: Duration,
}

impl Calls {
    /// Begins to watch a request. A process answers one at a time.
    pub fn watch(&self) -> Watch {
        Watch {
            calls: self.clone(),
            started: Instant::now(),
            calls_before: self.time(),
        }
    }

    /// How long at least one call was on its way, up to now.
    fn time(&self) -> Duration {
        let state = self.state();
        state.before + state.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn begin(&self) -> Call {
        let mut state = self.state();
        state.calls += 1;
        state.since.get_or_insert_with(Instant::now);
        Call(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, OnTheirWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls = state.calls.saturating_sub(1);
        if state.calls == 0
            && let Some(since) = state.since.take()
        {
            state.before += since.elapsed();
        }
    }
}

impl Watch {
    /// How long the request took so far, apart from its calls.
    pub fn own_time(&self) -> Duration {
        let calls = self.calls.time().saturating_sub(self.calls_before);
        self.started.elapsed().saturating_sub(calls)
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "Calls"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Dropped with the call's configuration: when it ends, in whatever way.
        call.interceptor_state().store_put(self.begin());
        Ok(())
    }
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_WHILE: Duration = Duration::from_millis(30);

    #[test]
    fn time_without_a_call_on_its_way_is_our_own() {
        let calls = Calls::default();
        let watch = calls.watch();
        std::thread::sleep(A_WHILE);
        assert!(watch.own_time() >= A_WHILE);
    }

    #[test]
    fn time_with_one_call_or_several_on_their_way_is_not() {
        let calls = Calls::default();
        let before = calls.begin();
        std::thread::sleep(A_WHILE);
        let watch = calls.watch();
        let meanwhile = calls.begin();
        drop(before);
        std::thread::sleep(A_WHILE);
        drop(meanwhile);
        let (own, all) = (watch.own_time(), watch.started.elapsed());
        assert!(own <= all - A_WHILE, "{own:?} of {all:?}");
        assert_eq!(calls.state().calls, 0);
    }
}
