//! JPEGs of which decoders see different pictures, or a detector another one than a person: refused, or looked at
//! in another way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::jpegs::{noisy, not_interleaved};
use common::{Picture, assert_refused, scan_start};
use gatehouse_redact::{Engine, Limits, Options, Photo, Region, redact};
use libjpeg_turbo_rs::{Encoder, PixelFormat};

#[test]
fn a_component_twice_a_table_that_is_none_and_too_many_blocks_are_refused() {
    let file = noisy(64, 64).jpeg();
    let sos = scan_start(&file) - 10;
    let sof = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    // The scan header names its first component twice.
    let mut twice = file.clone();
    twice[sos + 3] = twice[sos + 1];
    assert_refused(&twice, "corrupt-image", "a component twice");
    let mut slot = file.clone();
    slot[sos + 2] = 0x30;
    assert_refused(&slot, "corrupt-image", "a table that does not exist");
    let mut blocks = file.clone();
    blocks[sof + 11] = 0x44;
    assert_refused(&blocks, "corrupt-image", "eighteen blocks to an MCU");
}

#[test]
fn quantisation_tables_that_are_missing_hide_everything_or_change_are_refused() {
    let file = not_interleaved(&noisy(64, 64));
    let dqt = file.windows(2).position(|pair| pair == [0xFF, 0xDB]).unwrap();
    let mut missing = file.clone();
    missing[dqt + 4] = 1; // another slot
    assert_refused(&missing, "corrupt-image", "a table that is missing");
    let mut nothing = file.clone();
    nothing[dqt + 5..dqt + 69].fill(0);
    assert_refused(&nothing, "corrupt-image", "steps of zero");
    // Another table behind the last scan: some decoders take the one that stands last.
    let mut late = [&file[..file.len() - 2], &file[dqt..dqt + 69], &[0xFF, 0xD9]].concat();
    assert!(redact(&late, &[], &Options::default()).is_ok(), "the same once more");
    let at = late.len() - 2 - 64;
    late[at..at + 64].fill(1);
    assert_refused(&late, "unsupported-format", "another one at the end");
}

#[test]
fn brightness_that_decoders_wrap_around_is_refused() {
    let mut file = Picture::new(64, 64).jpeg_encoder().quality(100).encode().unwrap();
    let dqt = file.windows(2).position(|pair| pair == [0xFF, 0xDB]).unwrap();
    file[dqt + 5] = 255;
    assert_refused(&file, "corrupt-image", "steps far too large");
}

#[test]
fn chroma_finer_than_luma_is_not_taken_for_an_eighth_of_the_picture() {
    // A chessboard of 8×8 pixels. A DC coefficient of luma covers four of its fields.
    let field = |i: usize| {
        if (i % 128 / 8 + i / 128 / 8).is_multiple_of(2) {
            [255; 3]
        } else {
            [0; 3]
        }
    };
    let board: Vec<u8> = (0..128 * 128).flat_map(field).collect();
    let encoder = Encoder::new(&board, 128, 128, PixelFormat::Rgb).sampling_factors(vec![(1, 1), (2, 2), (2, 2)]);
    let file = encoder.encode().unwrap();
    let mut photo = Photo::open(&file, &Limits::default()).unwrap();
    let preview = photo.previews_within(16..=16).unwrap().remove(0);
    let row = &preview.rgb()[..16 * 3];
    assert!(row.chunks(6).all(|pair| pair[0] > pair[3] + 100), "{row:?}");
    assert_eq!(
        redact(&file, &[Region::WHOLE], &Options::default()).unwrap().engine,
        Engine::Splice
    );
}
