//! One function at one size: its cold starts, and the same kind of event again and again.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use gatehouse_tests::runtime_api::{Answer, Function};
use serde::Serialize;
use serde_json::Value;

use crate::quota::{Quota, processors};

const COLD_STARTS: usize = 5;

/// What was measured. Times are in milliseconds; medians, except for the first invocation.
#[derive(Debug, Serialize)]
pub struct Row {
    function: &'static str,
    /// What each event asks for.
    job: &'static str,
    memory_mb: u32,
    virtual_processors: f64,
    /// Its `bootstrap` file.
    size_mb: f64,
    /// From the start of the process to its first request for an event.
    cold_start_ms: f64,
    first_ms: f64,
    warm_ms: f64,
    warm_processor_ms: f64,
    warm_runs: usize,
    /// Resident at its peak.
    peak_mb: f64,
}

/// A function, what it is asked to do, and its settings.
pub struct Subject<'a> {
    /// Its name.
    pub function: &'static str,
    /// What each event asks for.
    pub job: &'static str,
    /// Its `bootstrap` file.
    pub bootstrap: &'a Path,
    /// Its environment.
    pub variables: &'a [(&'a str, &'a str)],
}

/// Starts the function several times, and hands the events to the last of its processes.
///
/// # Panics
/// If an answer is not good, or there are fewer than two events.
pub async fn measure(
    quota: &Quota,
    memory: u32,
    subject: &Subject<'_>,
    events: Vec<Value>,
    is_good: fn(&Value) -> bool,
) -> Row {
    let launcher = quota.launcher(subject.bootstrap);
    let (size, threads) = (memory.to_string(), threads(memory));
    let mut variables = subject.variables.to_vec();
    variables.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &size));
    variables.push(("RTEN_NUM_THREADS", &threads));

    let mut starts = Vec::new();
    for _ in 1..COLD_STARTS {
        starts.push(Function::start(&launcher, &variables).await.cold_start);
    }
    let mut function = Function::start(&launcher, &variables).await;
    starts.push(function.cold_start);

    let (mut times, mut processor) = (Vec::new(), Vec::new());
    for event in events {
        let (before, busy) = (Instant::now(), function.processor_time());
        let answer = function.invoke(event).await;
        times.push(before.elapsed());
        processor.push(function.processor_time().saturating_sub(busy));
        assert!(
            matches!(&answer, Answer::Response(value) if is_good(value)),
            "{} with {memory} MB: {answer:?}",
            subject.function
        );
    }
    let first = times.remove(0);
    processor.remove(0);
    Row {
        function: subject.function,
        job: subject.job,
        memory_mb: memory,
        virtual_processors: processors(memory),
        size_mb: fs::metadata(subject.bootstrap).unwrap().len() as f64 / 1e6,
        cold_start_ms: median(starts),
        first_ms: milliseconds(first),
        warm_runs: times.len(),
        warm_ms: median(times),
        warm_processor_ms: median(processor),
        peak_mb: function.peak_memory() as f64 / 1e6,
    }
}

/// As many as there are processors, begun.
fn threads(memory: u32) -> String {
    (processors(memory).ceil() as u32).to_string()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    milliseconds(times[times.len() / 2])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
