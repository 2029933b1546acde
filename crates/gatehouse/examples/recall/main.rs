//! How many faces are found by a glance first, against the detailed picture at once: the table in the README of
//! `crates/detect`.
//!
//! `cargo run --release -p gatehouse --example recall`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement may panic")]

mod scaled;
mod scenes;

use std::cell::Cell;

use gatehouse_detect::{Detector, Face, Image, Options};
use scaled::Scaled;

/// What was found in a set of photos.
#[derive(Default)]
struct Score {
    found: usize,
    extra: usize,
    detailed: usize,
}

fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    if std::env::args().nth(2).as_deref() == Some("make") {
        for (i, (name, scenes)) in scenes::sets().into_iter().enumerate() {
            for (j, scene) in scenes.iter().enumerate() {
                Scaled::of(&scene.jpeg).save(&dir.join(format!("{i:02}-{j:02}.raw")));
                std::fs::write(
                    dir.join(format!("{i:02}-{j:02}.json")),
                    serde_json::json!({"set": name, "name": scene.name, "truth": scene.truth}).to_string(),
                )
                .unwrap();
            }
        }
        return;
    }
    let detector = Detector::embedded().unwrap();
    let mut sets: Vec<(String, usize, usize, Score, Score)> = Vec::new();
    let mut widths: Vec<(u32, bool, bool)> = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    for file in files {
        let v: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let scene = scenes::Scene {
            name: v["name"].as_str().unwrap().into(),
            jpeg: vec![],
            truth: serde_json::from_value(v["truth"].clone()).unwrap(),
        };
        let name = v["set"].as_str().unwrap().to_owned();
        let picture = Scaled::load(&file.with_extension("raw"));
        let cache = file.with_extension("before");
        let before: Vec<Face> = match std::fs::read(&cache) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
            Err(_) => {
                let f = at_once(&detector, &picture);
                std::fs::write(&cache, serde_json::json!(f).to_string()).unwrap();
                f
            }
        };
        let (after, detailed) = lazily(&detector, &picture);
        let (hits_before, hits_after) = (scene.hits(&before), scene.hits(&after));
        if sets.last().is_none_or(|s| s.0 != name) {
            sets.push((name.clone(), 0, 0, Score::default(), Score::default()));
        }
        let set = sets.last_mut().unwrap();
        set.1 += scene.truth.len();
        set.2 += 1;
        set.3.add(&before, &hits_before, false);
        set.4.add(&after, &hits_after, detailed);
        for ((face, before), after_hit) in scene.truth.iter().zip(hits_before).zip(hits_after) {
            let width = (face.width * picture.size().0 as f32).round() as u32;
            if picture.size().0.max(picture.size().1) >= 3000 {
                widths.push((width, before, after_hit));
            }
            if before != after_hit {
                let near: Vec<_> = after
                    .iter()
                    .filter(|f| {
                        let (x, y) = (face.left + face.width / 2.0, face.top + face.height / 2.0);
                        f.left <= x && x <= f.left + f.width && f.top <= y && y <= f.top + f.height
                    })
                    .map(|f| (f.width / face.width, f.height / face.height, f.confidence))
                    .collect();
                println!(
                    "{}: {name}: {} {width} px detail={detailed} covering boxes (w,h,conf) {near:?}",
                    if before { "lost" } else { "won" },
                    scene.name
                );
            }
        }
    }
    println!("| photos | faces | at once: found | false | a glance first: found | false | asked for detail |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, faces, photos, once, lazy) in &sets {
        println!(
            "| {name} | {faces} | {} | {} | {} | {} | {} of {photos} |",
            once.found, once.extra, lazy.found, lazy.extra, lazy.detailed
        );
    }
    println!("\n| width in 12 MP | faces | at once | a glance first |\n| --- | --- | --- | --- |");
    for (low, high) in [
        (0, 40),
        (40, 50),
        (50, 60),
        (60, 80),
        (80, 120),
        (120, 200),
        (200, 400),
        (400, 9999),
    ] {
        let these: Vec<_> = widths
            .iter()
            .filter(|(width, ..)| (low..high).contains(width))
            .collect();
        let before = these.iter().filter(|(_, before, _)| *before).count();
        let after = these.iter().filter(|(_, _, after)| *after).count();
        println!("| {low}–{high} | {} | {before} | {after} |", these.len());
    }
}

impl Score {
    fn add(&mut self, faces: &[Face], hits: &[bool], detailed: bool) {
        let found = hits.iter().filter(|hit| **hit).count();
        self.found += found;
        self.extra += faces.len() - found;
        self.detailed += usize::from(detailed);
    }
}

fn at_once(detector: &Detector, picture: &Scaled) -> Vec<Face> {
    detector.detect(&picture.useful(), &Options::default()).unwrap()
}

/// And whether the detailed picture was asked for.
fn lazily(detector: &Detector, picture: &Scaled) -> (Vec<Face>, bool) {
    let asked = Cell::new(0);
    let faces = detector
        .detect_lazily::<gatehouse_detect::Error>(
            picture.size(),
            |sides| {
                asked.set(asked.get() + 1);
                Ok::<Vec<Image<'_>>, _>(vec![picture.within(sides)])
            },
            &Options::default(),
        )
        .unwrap();
    (faces, asked.get() > 1)
}
