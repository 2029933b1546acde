//! The checks of the fuzz targets (`fuzz/`), on all that fuzzing found worth keeping, and on mutations of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code, unused_imports, reason = "the fuzz targets use the rest")]
mod fuzz;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, fs};

use gatehouse_redact::{Engine, Error, Photo, Redacted};

use fuzz::{Input, Random, checks, mutated};

/// Mutations that are tried, unless `REDACT_FUZZ_ROUNDS` says otherwise.
const ROUNDS: usize = 40_000;

/// Where they start, unless `REDACT_FUZZ_SEED` says otherwise.
const SEED: usize = 42;

/// Memory is counted for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

/// All files of a folder with their names, in the same order each time.
fn inputs(name: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs: Vec<_> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    inputs.sort();
    inputs
}

/// Every check of an input; gives whether its file could be redacted.
fn check(bytes: &[u8]) -> bool {
    let Some(input) = Input::read(bytes) else { return false };
    checks::open(&input);
    checks::walk(&input);
    checks::splice_identity(&input);
    checks::redact(&input)
}

fn number(variable: &str, default: usize) -> usize {
    env::var(variable).map_or(default, |value| value.parse().expect("a whole number"))
}

#[test]
fn all_that_fuzzing_found_holds() {
    let _alone = alone();
    for (name, bytes) in inputs("corpus").into_iter().chain(inputs("regressions")) {
        catch_unwind(AssertUnwindSafe(|| check(&bytes))).unwrap_or_else(|_| panic!("{name} does not hold"));
    }
}

#[test]
fn every_seed_can_be_redacted() {
    let _alone = alone();
    let seeds = inputs("corpus")
        .into_iter()
        .filter(|(name, _)| !name.starts_with("found-"));
    let refused: Vec<String> = seeds.filter(|(_, bytes)| !check(bytes)).map(|(name, _)| name).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

fn redacted(folder: &str, name: &str) -> Result<Redacted, Error> {
    let bytes = fs::read(self::folder(folder).join(name)).unwrap();
    let input = Input::read(&bytes).unwrap();
    Photo::open(input.file, &fuzz::limits())?.redact(&input.regions, &input.options)
}

/// Once such a file came out with a code that no decoder of 8-bit samples takes.
#[test]
fn brightness_beyond_what_samples_have_is_corrupt() {
    let _alone = alone();
    for name in ["dc-difference-of-12-bits", "dc-difference-of-12-bits-progressive"] {
        let error = redacted("regressions", name).unwrap_err();
        assert_eq!(error.reason(), "corrupt-image", "{name}: {error}");
    }
}

/// Once it could not be written back.
#[test]
fn a_coefficient_larger_than_any_of_8_bit_samples_is_corrupt() {
    let _alone = alone();
    let error = redacted("regressions", "ac-coefficient-of-11-bits").unwrap_err();
    assert_eq!(error.reason(), "corrupt-image", "{error}");
}

/// Once these were said to be corrupt.
#[test]
fn sequential_pictures_of_several_scans_are_redacted() {
    let _alone = alone();
    for name in ["several-scans-420", "several-scans-444"] {
        assert_eq!(redacted("corpus", name).unwrap().engine, Engine::Splice, "{name}");
    }
}

#[test]
fn what_is_mutated_holds_too() {
    let _alone = alone();
    let (rounds, seed) = (number("REDACT_FUZZ_ROUNDS", ROUNDS), number("REDACT_FUZZ_SEED", SEED));
    println!("REDACT_FUZZ_SEED={seed} REDACT_FUZZ_ROUNDS={rounds}");
    let inputs: Vec<Vec<u8>> = inputs("corpus").into_iter().map(|(_, bytes)| bytes).collect();
    let mut random = Random(seed as u64);
    let mut redacted = 0;
    for round in 0..rounds {
        let input = mutated(&inputs, &mut random);
        match catch_unwind(AssertUnwindSafe(|| check(&input))) {
            Ok(accepted) => redacted += usize::from(accepted),
            Err(_) => {
                let saved = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutation-{seed}-{round}"));
                fs::write(&saved, &input).unwrap();
                panic!("round {round} does not hold; its input is {}", saved.display());
            }
        }
    }
    assert!(
        redacted * 20 > rounds,
        "{redacted} of {rounds} redacted: too few to test anything"
    );
}
