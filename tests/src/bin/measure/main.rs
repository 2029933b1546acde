//! Measures the `bootstrap` files that ship, against the local stack: cold start, size, memory, and
//! the time of an invocation. Run by `make bench`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bids;

use std::path::Path;
use std::time::{Duration, Instant};

use gatehouse_tests::events::{notification, sqs_batch};
use gatehouse_tests::in_place::InPlace;
use gatehouse_tests::photos::{sample, twelve_megapixels_with_a_large_face};
use gatehouse_tests::room::Room;
use gatehouse_tests::runtime_api::{Answer, Function};
use gatehouse_tests::stack::{bootstrap, process_bootstrap, record_bootstrap};
use serde_json::json;

const COLD_STARTS: usize = 21;
const WARM_PHOTOS: usize = 11;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let room = Room::new(&[]).await;
    measure_start("face-blur", &bootstrap(), &variables(&room)).await;
    for (name, photo) in [
        ("12 MP, one large face", twelve_megapixels_with_a_large_face()),
        ("512x512, one face", sample("astronaut.jpg")),
    ] {
        measure_photo(&room, name, &photo).await;
    }
    measure_in_place().await;
    bids::measure().await;
}

/// Size, cold starts and idle memory of a function.
async fn measure_start(function: &str, bootstrap: &Path, variables: &[(&str, &str)]) {
    let size = std::fs::metadata(bootstrap).unwrap().len();
    let label = format!("{function}: bootstrap, stripped");
    println!("{label:<58}{:>10.1} MB", megabytes(size));
    let mut starts = Vec::new();
    for _ in 0..COLD_STARTS {
        starts.push(Function::start(bootstrap, variables).await.cold_start);
    }
    let label = format!("{function}: process start to first /next, median");
    println!("{label:<58}{:>10.1} ms", milliseconds(median(starts)));
    let idle = Function::start(bootstrap, variables).await.peak_memory();
    let label = format!("{function}: resident, idle");
    println!("{label:<58}{:>10.1} MB", megabytes(idle));
}

/// Uploads and their ledger's changes, each handed to the function that is made for it.
async fn measure_in_place() {
    let mut world = InPlace::new(3).await;
    let (bucket, table, queue) = (
        world.bucket.clone(),
        world.table.clone(),
        world.rejected_queue_url.clone(),
    );
    let variables = [
        ("BUCKET", bucket.as_str()),
        ("LEDGER_TABLE", &table),
        ("REJECTED_QUEUE_URL", &queue),
        ("STREAM_FAILURE_QUEUE_URL", &queue),
        // As in the template.
        ("CONCURRENCY", "2"),
        ("RTEN_NUM_THREADS", "1"),
        ("MALLOC_ARENA_MAX", "1"),
    ];
    measure_start("dedupe-record", &record_bootstrap(), &variables).await;
    measure_start("dedupe-process", &process_bootstrap(), &variables).await;

    let mut record = Function::start(&record_bootstrap(), &variables).await;
    let mut process = Function::start(&process_bootstrap(), &variables).await;
    let done = Answer::Response(json!({ "batchItemFailures": [] }));
    let (mut noted, mut replaced) = (Vec::new(), Vec::new());
    for number in 0..=WARM_PHOTOS {
        world.upload(&format!("{number}.jpg"), &sample("astronaut.jpg")).await;
        // Our own write before, and the new upload.
        for event in world.new_events().await {
            let before = Instant::now();
            assert_eq!(record.invoke(sqs_batch(&[notification(&[event])])).await, done);
            noted.push(before.elapsed());
        }
        let changes = world.new_changes().await;
        let before = Instant::now();
        assert_eq!(process.invoke(json!({ "Records": changes })).await, done);
        replaced.push(before.elapsed());
        assert_eq!(world.state(&format!("{number}.jpg")).await, "done");
    }
    for (label, mut times) in [
        ("dedupe-record: an event", noted),
        ("dedupe-process: 512x512, one face", replaced),
    ] {
        println!(
            "{:<58}{:>10.1} ms",
            format!("{label}: first invocation"),
            milliseconds(times.remove(0))
        );
        println!(
            "{:<58}{:>10.1} ms",
            format!("{label}: warm invocation, median"),
            milliseconds(median(times))
        );
    }
    for (label, function) in [("dedupe-record", record), ("dedupe-process", process)] {
        let peak = megabytes(function.peak_memory());
        println!("{:<58}{peak:>10.1} MB", format!("{label}: resident at its peak"));
    }
}

async fn measure_photo(room: &Room, name: &str, photo: &[u8]) {
    let mut function = start(room).await;
    let mut times = Vec::new();
    for number in 0..=WARM_PHOTOS {
        let record = room.upload(&format!("{name}/{number}.jpg"), photo.to_vec(), "01").await;
        let before = Instant::now();
        let answer = function.invoke(sqs_batch(&[notification(&[record])])).await;
        let took = before.elapsed();
        assert_eq!(answer, Answer::Response(json!({ "batchItemFailures": [] })));
        if number == 0 {
            println!(
                "{:<58}{:>10.1} ms",
                format!("face-blur: {name}: first invocation"),
                milliseconds(took)
            );
        } else {
            times.push(took);
        }
    }
    let label = format!("face-blur: {name}: warm invocation, median");
    println!("{label:<58}{:>10.1} ms", milliseconds(median(times)));
    let label = format!("face-blur: {name}: resident at its peak");
    println!("{label:<58}{:>10.1} MB", megabytes(function.peak_memory()));
}

async fn start(room: &Room) -> Function {
    Function::start(&bootstrap(), &variables(room)).await
}

fn variables(room: &Room) -> [(&str, &str); 6] {
    [
        ("SOURCE_BUCKET", room.source.as_str()),
        ("DESTINATION_BUCKET", &room.destination),
        ("REJECTED_QUEUE_URL", &room.rejected_queue_url),
        // As in the template.
        ("CONCURRENCY", "2"),
        ("RTEN_NUM_THREADS", "1"),
        ("MALLOC_ARENA_MAX", "1"),
    ]
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations[durations.len() / 2]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
