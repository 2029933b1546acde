//! Scans that would code a second picture: which of the two is seen would depend on the viewer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::{Picture, assert_refused, scan_start};
use gatehouse_redact::{Options, redact};

/// A grey baseline JPEG in two parts: all before its scan, and the scan from its SOS marker to its last byte.
fn grey_in_two_parts() -> (Vec<u8>, Vec<u8>) {
    let grey: Vec<u8> = Picture::new(72, 56).rgb.iter().step_by(3).copied().collect();
    let file = libjpeg_turbo_rs::Encoder::new(&grey, 72, 56, libjpeg_turbo_rs::PixelFormat::Grayscale)
        .encode()
        .unwrap();
    let sos = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    (file[..sos].to_vec(), file[sos..file.len() - 2].to_vec())
}

#[test]
fn a_second_picture_in_a_sequential_jpeg_is_corrupt() {
    let (start, scan) = grey_in_two_parts();
    let end = [0xFF, 0xD9];
    redact(&[&start[..], &scan, &end].concat(), &[], &Options::default()).unwrap();
    let spectrum = scan_start(&scan) - 3;
    assert_eq!(scan[spectrum..spectrum + 3], [0, 63, 0]);
    // Decoders of sequential JPEG do not look at the spectrum, and so take the second scan for a second picture.
    for (at, value) in [(0, 1), (0, 63), (1, 0), (1, 62), (1, 64), (2, 0x10), (2, 1)] {
        let mut second = scan.clone();
        second[spectrum + at] = value;
        for (scans, order) in [([&scan, &second], "after"), ([&second, &scan], "before")] {
            let file = [&start[..], scans[0], scans[1], &end].concat();
            assert_refused(&file, "corrupt-image", &format!("{value} at {at}, {order}"));
        }
        assert_refused(&[&start[..], &second, &end].concat(), "corrupt-image", "alone");
    }
    assert_refused(
        &[&start[..], &scan, &scan, &end].concat(),
        "corrupt-image",
        "the same twice",
    );
}

#[test]
fn a_component_twice_in_one_scan_is_corrupt() {
    let (start, mut scan) = grey_in_two_parts();
    scan.splice(2..7, [0, 10, 2, 1, 0, 1]);
    assert_refused(
        &[&start[..], &scan, &[0xFF, 0xD9]].concat(),
        "corrupt-image",
        "twice in a scan",
    );
}

#[test]
fn a_scan_of_a_progressive_jpeg_that_comes_twice_is_corrupt() {
    let file = Picture::new(72, 56).jpeg_encoder().progressive(true).encode().unwrap();
    // From one scan's SOS marker to the next segment: put there twice.
    let is_marker = |at: &usize| file[*at] == 0xFF && !matches!(file[at + 1], 0 | 0xFF | 0xD0..=0xD7);
    let scans: Vec<usize> = (0..file.len() - 1)
        .filter(|at| file[*at..at + 2] == [0xFF, 0xDA])
        .collect();
    assert!(scans.len() > 4);
    for at in scans {
        let length = usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        let end = (at + 2 + length..file.len() - 1).find(is_marker).unwrap();
        let twice = [&file[..end], &file[at..]].concat();
        assert_refused(&twice, "corrupt-image", &format!("the scan at {at} twice"));
    }
}
