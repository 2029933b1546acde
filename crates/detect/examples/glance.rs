//! What a glance costs: the first look at pictures of several sizes, in milliseconds of CPU.
//!
//! `RTEN_NUM_THREADS=1 cargo run --release -p gatehouse-detect --example glance`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement may panic")]

#[path = "../tests/samples/mod.rs"]
#[allow(dead_code, reason = "other programs use the rest of it")]
mod samples;

use gatehouse_detect::{Detector, Image, Options, Tiles};
use image::imageops::{FilterType, resize};
use std::time::Duration;

const ROUNDS: usize = 21;

/// CPU time of all threads of this process so far.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let spent = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap());
    let spent = spent.map(|stat| stat.split(' ').next().unwrap().parse::<u64>().unwrap());
    Duration::from_nanos(spent.sum())
}

fn main() {
    let detector = Detector::embedded().unwrap();
    let photo = samples::one("eight-faces.jpg");
    let options = Options {
        tiles: Tiles::Never,
        ..Options::default()
    };
    let sizes = [(480, 360), (500, 375), (640, 480), (960, 720), (2048, 1536)];
    let pictures = sizes.map(|(width, height)| resize(&photo.pixels, width, height, FilterType::Triangle));
    let mut costs = sizes.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (picture, costs) in pictures.iter().zip(&mut costs) {
            let image = Image::new(picture.width(), picture.height(), picture.as_raw()).unwrap();
            let before = cpu();
            detector.detect(&image, &options).unwrap();
            costs.push(cpu() - before);
        }
    }
    for ((width, height), costs) in sizes.iter().zip(&mut costs) {
        costs.sort();
        println!(
            "| {width}×{height} | {:.1} ms |",
            costs[ROUNDS / 2].as_secs_f64() * 1000.0
        );
    }
}
