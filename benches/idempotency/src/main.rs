//! Ours in the idempotency bench. The first argument says what to do:
//!
//! - `events TABLE`: for each line `FIRST COUNT` on standard input, puts so many events through the
//!   protocol, one after the other, and answers with a line of JSON. The other contestants do the same.
//! - `own COUNT`: the protocol's own time, with a DynamoDB that answers at once.

mod events;
mod own;

use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["events", table] => events::serve(table).await,
        ["own", count] => own::measure(count.parse().expect("a count")).await,
        _ => panic!("usage: idempotency-bench events TABLE | own COUNT"),
    }
}

/// Elapsed and CPU time since it was made.
struct Stopwatch {
    start: Instant,
    cpu: f64,
}

impl Stopwatch {
    fn start() -> Self {
        let start = Instant::now();
        Self {
            start,
            cpu: cpu_seconds(),
        }
    }

    fn stop(&self) -> Value {
        let (seconds, cpu) = (self.start.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        json!({ "seconds": seconds, "cpu_seconds": cpu })
    }
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the process's usage");
    let times = [usage.user_time(), usage.system_time()];
    times
        .iter()
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
        .sum()
}
