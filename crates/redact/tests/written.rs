//! Photos that are written as they are redacted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use std::io::{self, ErrorKind, Write};

use common::Picture;
use common::jpegs::{noisy, not_interleaved};
use gatehouse_redact::{Engine, Limits, Options, Photo, Region, WriteError};

const REGIONS: [Region; 2] = [
    Region {
        left: 0.1,
        top: 0.3,
        width: 0.3,
        height: 0.3,
    },
    Region {
        left: 0.6,
        top: 0.5,
        width: 0.2,
        height: 0.4,
    },
];

/// A file of each engine, some of them larger than what is gathered before it is written.
fn files() -> Vec<(Engine, Vec<Region>, Vec<u8>)> {
    let large = noisy(900, 700);
    let progressive = large.jpeg_encoder().progressive(true).encode().unwrap();
    let optimized = large.jpeg_encoder().optimize_huffman(true).encode().unwrap();
    vec![
        (Engine::Untouched, Vec::new(), large.jpeg()),
        (Engine::Splice, REGIONS.to_vec(), large.jpeg()),
        (Engine::Splice, REGIONS.to_vec(), optimized),
        (Engine::Splice, REGIONS.to_vec(), not_interleaved(&noisy(300, 200))),
        (Engine::Coefficients, REGIONS.to_vec(), progressive),
        (Engine::Pixels, REGIONS.to_vec(), Picture::new(200, 150).png()),
    ]
}

fn open(file: &[u8]) -> Photo<'_> {
    Photo::open(file, &Limits::default()).unwrap()
}

#[test]
fn what_is_written_is_what_would_be_in_memory() {
    for (engine, regions, file) in files() {
        let expected = open(&file).redact(&regions, &Options::default()).unwrap();
        let mut written = Vec::new();
        let redacted = open(&file)
            .redact_to(&regions, &Options::default(), &mut written)
            .unwrap();
        assert!(written == expected.bytes, "{engine:?}");
        assert_eq!((redacted.bytes, redacted.engine), (written.len() as u64, engine));
        assert_eq!(redacted.report, expected.report);
    }
}

/// Takes so many bytes and no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_wherever_it_is_met() {
    for (engine, regions, file) in files() {
        let length = open(&file).redact(&regions, &Options::default()).unwrap().bytes.len();
        for room in [0, 1, 1000, length / 2, length - 1] {
            let outcome = open(&file).redact_to(&regions, &Options::default(), &mut Full(room));
            let kind = match outcome {
                Err(WriteError::NotWritten(error)) => Some(error.kind()),
                _ => None,
            };
            assert_eq!(
                kind,
                Some(ErrorKind::StorageFull),
                "{engine:?}, room for {room} of {length}"
            );
        }
    }
}

#[test]
fn of_a_photo_that_is_refused_nothing_is_written() {
    for (engine, regions, file) in files() {
        let cut = &file[..file.len() - file.len() / 10];
        let mut written = Vec::new();
        let refused = match Photo::open(cut, &Limits::default()) {
            Err(_) => true,
            Ok(photo) => photo.redact_to(&regions, &Options::default(), &mut written).is_err(),
        };
        assert!(refused && written.is_empty(), "{engine:?}");
    }
}
