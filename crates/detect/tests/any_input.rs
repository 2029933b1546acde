//! Images of any shape and models of any content: an answer or an error, never a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use gatehouse_detect::{Detector, Error, Image, Options, Tiles};
use sha2::{Digest, Sha256};

const MODEL: &[u8] = include_bytes!("../model/centerface.onnx");

fn refusal(bytes: &[u8]) -> String {
    match Detector::from_onnx(bytes.to_vec()) {
        Err(Error::BadModel { reason }) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn images_of_extreme_shapes_have_no_faces_and_do_no_harm() {
    let detector = Detector::embedded().unwrap();
    for (width, height) in [
        (1, 1),
        (1, 2),
        (3, 1),
        (31, 33),
        (20_000, 10),
        (10, 20_000),
        (1, 40_000),
    ] {
        let pixels = vec![90; width as usize * height as usize * 3];
        let image = Image::new(width, height, &pixels).unwrap();
        for tiles in [Tiles::Auto, Tiles::Never] {
            let faces = detector
                .detect(
                    &image,
                    &Options {
                        tiles,
                        ..Options::default()
                    },
                )
                .unwrap();
            assert_eq!(faces, [], "{width}×{height}");
        }
    }
}

#[test]
fn odd_thresholds_are_taken_as_they_are() {
    let detector = Detector::embedded().unwrap();
    let pixels = vec![90; 64 * 64 * 3];
    let image = Image::new(64, 64, &pixels).unwrap();
    for threshold in [f32::NAN, f32::INFINITY, 2.0] {
        assert_eq!(
            detector
                .detect(
                    &image,
                    &Options {
                        threshold,
                        tiles: Tiles::Auto
                    }
                )
                .unwrap(),
            []
        );
    }
    for threshold in [0.0, -1.0, f32::NEG_INFINITY] {
        assert!(
            !detector
                .detect(
                    &image,
                    &Options {
                        threshold,
                        tiles: Tiles::Auto
                    }
                )
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn the_embedded_model_is_the_one_that_the_readme_names() {
    let digest: String = Sha256::digest(MODEL).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        digest,
        "2e1bb36149f4e77112484e2a45cdebcb6655023e3e4f9b73be7f754a904ad423"
    );
    assert!(include_str!("../model/README.md").contains(&digest));
}

#[test]
fn the_embedded_model_is_accepted_as_a_file_too() {
    let pixels = vec![90; 100 * 50 * 3];
    let image = Image::new(100, 50, &pixels).unwrap();
    let detector = Detector::from_onnx(MODEL.to_vec()).unwrap();
    assert_eq!(detector.detect(&image, &Options::default()).unwrap(), []);
}

#[test]
fn what_is_not_a_model_is_refused() {
    for bytes in [
        &b""[..],
        b"not a model",
        &[0xff; 5000],
        &MODEL[..MODEL.len() / 2],
        &MODEL[1000..],
    ] {
        let reason = refusal(bytes);
        assert!(
            reason.contains("not an ONNX file") || reason.contains("parse error"),
            "{reason}"
        );
    }
}

#[test]
fn a_model_of_fixed_size_is_refused_by_naming_the_input() {
    let fixed = replaced(b"\x12\x06height", b"\x08\xe0\x80\x80\x80\x80\x80\x00");
    assert!(refusal(&fixed).contains("input"), "{}", refusal(&fixed));
}

#[test]
fn a_model_whose_outputs_are_not_a_face_detectors_is_refused_by_naming_the_output() {
    // Outputs 538 (two planes) and 540 (ten planes) change places in the list of outputs.
    let declared = |name: &[u8]| [b"\x0a\x03", name, b"\x12"].concat();
    let swapped = swap_last(MODEL, &declared(b"538"), &declared(b"540"));
    let reason = refusal(&swapped);
    assert!(
        reason.contains("output scale") && reason.contains("[1, 2, 24, 16]"),
        "{reason}"
    );
}

/// The model with the first occurrence of some bytes replaced by as many others.
fn replaced(from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = MODEL
        .windows(from.len())
        .position(|window| window == from)
        .expect("the model declares its height");
    let mut bytes = MODEL.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// The last occurrences of two byte strings of one length, exchanged.
fn swap_last(bytes: &[u8], a: &[u8], b: &[u8]) -> Vec<u8> {
    let last = |wanted: &[u8]| {
        bytes
            .windows(wanted.len())
            .rposition(|window| window == wanted)
            .expect("is there")
    };
    let (at_a, at_b) = (last(a), last(b));
    let mut swapped = bytes.to_vec();
    swapped[at_a..at_a + b.len()].copy_from_slice(b);
    swapped[at_b..at_b + a.len()].copy_from_slice(a);
    swapped
}
