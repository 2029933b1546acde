//! Measures the `bootstrap` files that ship with the processor shares of several memory sizes, against the local stack, and
//! prints what it found as JSON. Run by `make bench-power`; with sizes in MB on the command line, for these only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod jobs;
mod quota;
mod runs;

use jiff::Timestamp;
use quota::Quota;
use serde_json::json;

/// In MB: the least that Lambda gives, up to more than one virtual processor.
const SIZES: [u32; 6] = [128, 256, 512, 1024, 1769, 3008];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let quota = match Quota::new() {
        Ok(quota) => quota,
        Err(problem) => {
            eprintln!("{problem}");
            std::process::exit(1);
        }
    };
    let chosen: Vec<u32> = std::env::args()
        .skip(1)
        .map(|size| size.parse().expect("a size in MB"))
        .collect();
    let sizes = if chosen.is_empty() { SIZES.to_vec() } else { chosen };
    let mut rows = Vec::new();
    for memory in sizes {
        eprintln!("measuring with {memory} MB");
        quota.allow(memory);
        rows.extend(jobs::photos(&quota, memory).await);
        rows.extend(jobs::photos_in_place(&quota, memory).await);
        rows.extend(jobs::bids(&quota, memory).await);
        rows.push(jobs::settlements(&quota, memory).await);
        rows.push(jobs::publishing(&quota, memory).await);
        rows.push(jobs::imports(&quota, memory).await);
    }
    let document = json!({
        "date": Timestamp::now().strftime("%Y-%m-%d").to_string(),
        "machine": machine(),
        "equivalence": quota.means(),
        "rows": rows,
    });
    println!("{document:#}");
}

/// The processor's name, as Linux has it.
fn machine() -> String {
    let known = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = known.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}
