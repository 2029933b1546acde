//! What a glance first finds, against the detailed picture at once, in photos of 12 megapixels: the table in the README of
//! `crates/detect`.
//!
//! `cargo run --release -p gatehouse --example recall`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement may panic")]

mod scaled;
mod scenes;

use std::fmt;

use gatehouse_detect::{Detector, Error, Face, Options};
use scaled::Scaled;
use scenes::Scene;

/// What was found in some photos.
#[derive(Default)]
struct Score {
    found: usize,
    extra: usize,
}

impl Score {
    fn add(&mut self, scene: &Scene, faces: &[Face]) {
        let found = scene.hits(faces);
        self.found += found;
        self.extra += faces.len() - found;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {}", self.found, self.extra)
    }
}

fn main() {
    let detector = Detector::embedded().unwrap();
    println!("| photos | faces | at once: found | false | a glance first: found | false | in detail |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, scenes) in scenes::sets() {
        let (mut at_once, mut lazily) = (Score::default(), Score::default());
        let mut in_detail = 0;
        for scene in &scenes {
            let photo = Scaled::of(&scene.jpeg);
            at_once.add(scene, &detector.detect(&photo.useful(), &Options::default()).unwrap());
            let (faces, asked) = look_lazily(&detector, &photo);
            lazily.add(scene, &faces);
            in_detail += usize::from(asked > 1);
        }
        let faces: usize = scenes.iter().map(|scene| scene.truth.len()).sum();
        let photos = scenes.len();
        println!("| {name} | {faces} | {at_once} | {lazily} | {in_detail} of {photos} |");
    }
}

/// And how many times a picture was asked for.
fn look_lazily(detector: &Detector, photo: &Scaled) -> (Vec<Face>, usize) {
    let mut asked = 0;
    let pictures = |sides| {
        asked += 1;
        Ok::<_, Error>(vec![photo.within(sides)])
    };
    let faces = detector.detect_lazily(photo.size(), pictures, &Options::default());
    (faces.unwrap(), asked)
}
