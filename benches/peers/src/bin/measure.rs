//! Runs one command and prints what it cost as one line of JSON: CPU time of all of its threads and processes, the most
//! memory that one of its processes had resident, elapsed time.
//!
//! `measure COMMAND [ARGUMENT]…`. The command's output is thrown away; if it fails, so does this.
//!
//! A program of its own, because Linux counts the memory of whoever starts a process into that process's peak: this
//! one has 2 MB, a Python interpreter has more than some contestants.

use std::{env, process::Command, process::Stdio, time::Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use peers::Result;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let program = arguments.next().ok_or("usage: measure COMMAND [ARGUMENT]...")?;
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status()?;
    let elapsed = start.elapsed().as_secs_f64() * 1e3;
    if !status.success() {
        return Err(status.to_string().into());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e3;
    println!(
        r#"{{"cpu_ms":{cpu:.3},"peak_kib":{},"elapsed_ms":{elapsed:.3}}}"#,
        usage.max_rss()
    );
    Ok(())
}
