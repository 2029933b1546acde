//! How much CPU time calls of the AWS SDK take: so that the rest is ours. CPU time of one thread, because time on the wall
//! also tells what else the machine was doing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

#[derive(Debug, Default)]
struct State {
    began: Option<Duration>,
    spent: Duration,
}

/// The CPU time that this thread has taken so far.
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().unwrap()
}

/// The CPU time spent in calls that follow one another, all on one thread. Its clones are the same watch.
#[derive(Debug, Clone, Default)]
pub struct Stopwatch(Arc<Mutex<State>>);

impl Stopwatch {
    /// The time spent in calls since the last time.
    pub fn take(&self) -> Duration {
        std::mem::take(&mut self.0.lock().unwrap().spent)
    }
}

impl Intercept for Stopwatch {
    fn name(&self) -> &'static str {
        "Stopwatch"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.lock().unwrap().began = Some(cpu_time());
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut state = self.0.lock().unwrap();
        let spent = state.began.take().map(|began| cpu_time().saturating_sub(began));
        state.spent += spent.unwrap_or_default();
        Ok(())
    }
}
