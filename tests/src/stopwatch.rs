//! How long calls of the AWS SDK take, all of their own work included: so that the rest is ours.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

#[derive(Debug, Default)]
struct State {
    began: Option<Instant>,
    spent: Duration,
}

/// The time spent in calls that follow one another. Its clones are the same watch.
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
        self.0.lock().unwrap().began = Some(Instant::now());
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut state = self.0.lock().unwrap();
        let spent = state.began.take().map(|began| began.elapsed());
        state.spent += spent.unwrap_or_default();
        Ok(())
    }
}
