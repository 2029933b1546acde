//! Recall, false positives and cost over the sample photos: the tables of this crate's README.
//!
//! `cargo run --release -p gatehouse-detect --example measure`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement may panic"
)]

#[path = "../tests/samples/mod.rs"]
mod samples;

use gatehouse_detect::{Detector, Image, Options, Tiles};
use samples::{Photo, hits};
use std::time::{Duration, Instant};

/// CPU time of all threads of this process so far.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let spent = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap());
    Duration::from_nanos(
        spent
            .map(|stat| stat.split(' ').next().unwrap().parse::<u64>().unwrap())
            .sum(),
    )
}

/// A line of `/proc/self/status`.
fn status(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_default()
        .to_owned()
}

fn main() {
    let start = Instant::now();
    let detector = Detector::embedded().unwrap();
    println!("load {:?}; {}; {}", start.elapsed(), status("Threads"), status("VmHWM"));
    for tiles in [Tiles::Never, Tiles::Always] {
        let grey = vec![128; 2048 * 1536 * 3];
        let options = Options {
            tiles,
            ..Options::default()
        };
        let (before, start) = (cpu(), Instant::now());
        detector
            .detect(&Image::new(2048, 1536, &grey).unwrap(), &options)
            .unwrap();
        println!(
            "2048×1536 (9 MB of pixels), tiles {tiles:?}: {:?} CPU, {:?}, {}",
            cpu() - before,
            start.elapsed(),
            status("VmHWM")
        );
    }
    let photos = samples::all();

    println!("\ndefaults: photo, size, faces found of, milliseconds of CPU");
    for photo in &photos {
        cost(&detector, photo);
    }

    let mut turned = samples::all();
    for degrees in [90, 180, 270] {
        turned = turned.iter().map(Photo::turned).collect();
        for tiles in [Tiles::Never, Tiles::Auto] {
            println!("\nturned by {degrees}°, {tiles:?}");
            let options = Options {
                tiles,
                ..Options::default()
            };
            recall(&detector, &turned, &options);
            for photo in turned.iter().filter(|photo| !photo.truth.is_empty()) {
                let faces = detector.detect(&photo.image(), &options).unwrap();
                print!("{} {}/{}, ", photo.file, hits(photo, &faces), photo.truth.len());
            }
            println!();
        }
    }

    for tiles in [Tiles::Never, Tiles::Auto, Tiles::Always] {
        println!("\n{tiles:?}: threshold, faces found, false findings on photos with faces, and on photos without");
        for threshold in [0.1, 0.15, 0.2, 0.25, 0.3, 0.5] {
            recall(&detector, &photos, &Options { threshold, tiles });
        }
    }

    println!("{}; {}", status("Threads"), status("VmHWM"));
}

/// One row: faces found, and findings that are none.
fn recall(detector: &Detector, photos: &[Photo], options: &Options) {
    let (mut found, mut total, mut false_with, mut false_without) = (0, 0, 0, 0);
    for photo in photos {
        let faces = detector.detect(&photo.image(), options).unwrap();
        let hits = hits(photo, &faces);
        found += hits;
        total += photo.truth.len();
        let extra = faces.len() - hits;
        if photo.truth.is_empty() {
            false_without += extra;
        } else {
            false_with += extra;
        }
    }
    println!(
        "| {} | {found} of {total} | {false_with} | {false_without} |",
        options.threshold
    );
}

fn cost(detector: &Detector, photo: &Photo) {
    let rounds = 3;
    let image: Image<'_> = photo.image();
    let faces = detector.detect(&image, &Options::default()).unwrap();
    let (before, start) = (cpu(), Instant::now());
    for _ in 0..rounds {
        detector.detect(&image, &Options::default()).unwrap();
    }
    let (cpu, wall) = ((cpu() - before) / rounds, start.elapsed() / rounds);
    let sizes = format!("{}×{}", image.width(), image.height());
    println!(
        "| {} | {sizes} | {} of {} | {cpu:?} | {wall:?} |",
        photo.file,
        faces.len(),
        photo.truth.len()
    );
}
