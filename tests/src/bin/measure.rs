//! Measures the `bootstrap` file that ships, against the local stack: cold start, size, memory, and
//! the time of each step. Run by `make bench`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, Instant};

use gatehouse_tests::events::{notification, sqs_batch};
use gatehouse_tests::photos::{sample, twelve_megapixels_with_a_large_face};
use gatehouse_tests::room::Room;
use gatehouse_tests::runtime_api::{Answer, Function};
use gatehouse_tests::stack::bootstrap;
use serde_json::json;

const COLD_STARTS: usize = 21;
const WARM_PHOTOS: usize = 11;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = bootstrap();
    let size = std::fs::metadata(&path).unwrap().len();
    println!("{:<58}{:>10.1} MB", "face-blur: bootstrap, stripped", megabytes(size));

    let room = Room::new(&[]).await;
    let mut starts = Vec::new();
    for _ in 0..COLD_STARTS {
        starts.push(start(&room).await.cold_start);
    }
    println!(
        "{:<58}{:>10.1} ms",
        "face-blur: process start to first /next, median",
        milliseconds(median(starts))
    );

    let function = start(&room).await;
    println!(
        "{:<58}{:>10.1} MB",
        "face-blur: resident, idle",
        megabytes(function.peak_memory())
    );
    drop(function);

    for (name, photo) in [
        ("12 MP, one large face", twelve_megapixels_with_a_large_face()),
        ("512x512, one face", sample("astronaut.jpg")),
    ] {
        measure_photo(&room, name, &photo).await;
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
    let variables = [
        ("SOURCE_BUCKET", room.source.as_str()),
        ("DESTINATION_BUCKET", &room.destination),
        ("REJECTED_QUEUE_URL", &room.rejected_queue_url),
        // As in the template.
        ("CONCURRENCY", "2"),
        ("RTEN_NUM_THREADS", "1"),
        ("MALLOC_ARENA_MAX", "1"),
    ];
    Function::start(&bootstrap(), &variables).await
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
