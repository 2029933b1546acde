//! The command as a script sees it: exit codes, standard output, files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

fn gatehouse(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gatehouse"))
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn detect(file: &Path) -> Value {
    json(&gatehouse(&["detect".as_ref(), file, "--json".as_ref()]))
}

#[test]
fn detect_prints_boxes_in_ratios_of_the_upright_image() {
    // Stored lying on its side, with an EXIF orientation.
    let found = detect(&sample("rotated.jpg"));
    let (width, height) = (found["width"].as_u64().unwrap(), found["height"].as_u64().unwrap());
    assert!(height > width, "the upright photo is a portrait: {width}x{height}");
    let faces = found["faces"].as_array().unwrap();
    assert_eq!(faces.len(), 1);
    for side in ["left", "top", "width", "height", "confidence"] {
        let ratio = faces[0][side].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&ratio), "{side} is {ratio}");
    }
}

#[test]
fn redact_hides_what_detect_found_and_reports_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.jpg");
    let input = sample("eight-faces.jpg");
    let report = json(&gatehouse(&["redact".as_ref(), &input, &out, "--json".as_ref()]));

    assert!(report["faces"].as_u64().unwrap() >= 8, "{report}");
    assert_eq!(report["engine"], "splice");
    assert_eq!(report["bytes_in"], std::fs::metadata(&input).unwrap().len());
    assert_eq!(report["bytes_out"], std::fs::metadata(&out).unwrap().len());
    assert!(report["milliseconds"].as_f64().unwrap() > 0.0);
    assert_eq!(detect(&out)["faces"], serde_json::json!([]));
}

#[test]
fn given_boxes_are_hidden_as_they_are_instead_of_faces() {
    let folder = tempfile::tempdir().unwrap();
    let (boxes, out) = (folder.path().join("boxes.json"), folder.path().join("out.jpg"));
    std::fs::write(
        &boxes,
        r#"{"faces":[{"left":0.0,"top":0.9,"width":0.1,"height":0.1,"confidence":1.0}]}"#,
    )
    .unwrap();
    let input = sample("astronaut.jpg");
    let arguments: [&Path; 6] = [
        "redact".as_ref(),
        &input,
        &out,
        "--faces".as_ref(),
        &boxes,
        "--json".as_ref(),
    ];
    assert_eq!(json(&gatehouse(&arguments))["faces"], 1);
    assert_eq!(
        detect(&out)["faces"].as_array().unwrap().len(),
        1,
        "the face itself was not asked for"
    );
}

#[test]
fn bad_input_exits_with_65_says_why_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in.jpg"), folder.path().join("out.jpg"));
    let photo = std::fs::read(sample("astronaut.jpg")).unwrap();
    for (bytes, reason) in [
        (&photo[..photo.len() / 2], "corrupt-image"),
        (b"hello".as_slice(), "unsupported-format"),
        (b"".as_slice(), "empty-file"),
    ] {
        std::fs::write(&input, bytes).unwrap();
        let output = gatehouse(&["redact".as_ref(), &input, &out]);
        assert_eq!(output.status.code(), Some(65), "{reason}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(&format!("gatehouse: {reason}: ")), "{said}");
        assert!(output.stdout.is_empty() && !out.exists(), "{reason}");
    }
}

#[test]
fn a_faces_file_that_is_none_exits_with_65() {
    let folder = tempfile::tempdir().unwrap();
    let (boxes, out) = (folder.path().join("boxes.json"), folder.path().join("out.jpg"));
    std::fs::write(&boxes, "[1, 2]").unwrap();
    let output = gatehouse(&[
        "redact".as_ref(),
        &sample("astronaut.jpg"),
        &out,
        "--faces".as_ref(),
        &boxes,
    ]);
    assert_eq!(output.status.code(), Some(65));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("gatehouse: bad-faces-file: ")
    );
    assert!(!out.exists());
}

#[test]
fn wrong_usage_exits_with_2_and_a_missing_file_with_1() {
    assert_eq!(gatehouse(&["blur".as_ref()]).status.code(), Some(2));
    assert_eq!(gatehouse(&["detect".as_ref()]).status.code(), Some(2));
    assert_eq!(
        gatehouse(&["detect".as_ref(), "no-such-photo.jpg".as_ref()])
            .status
            .code(),
        Some(1)
    );
}
