//! The `bootstrap` file by itself, built as it ships, behind a Runtime API that shows its answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use gatehouse_tests::events::{notification, sqs_batch};
use gatehouse_tests::photos::sample;
use gatehouse_tests::room::Room;
use gatehouse_tests::runtime_api::{Answer, Function};
use gatehouse_tests::stack::bootstrap;
use serde_json::json;

/// The variables that let a function work in a room.
fn variables(room: &Room) -> Vec<(&'static str, String)> {
    vec![
        ("SOURCE_BUCKET", room.source.clone()),
        ("DESTINATION_BUCKET", room.destination.clone()),
        ("REJECTED_QUEUE_URL", room.rejected_queue_url.clone()),
    ]
}

async fn start(bootstrap: &Path, room: &Room) -> Function {
    let variables = variables(room);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Function::start(bootstrap, &variables).await
}

/// Builds the function once more, in the way of `sam build`, with the feature that provokes a panic. Of the dependencies,
/// nothing is compiled again.
fn bootstrap_that_panics_on_request() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("target/lambda-that-panics");
    let status = Command::new("cargo")
        .args([
            "lambda",
            "build",
            "--release",
            "--bin",
            "face-blur",
            "--features",
            "face-blur/panic-on-request",
            "--lambda-dir",
        ])
        .arg(&folder)
        .current_dir(&root)
        .status();
    assert!(status.expect("cargo lambda runs").success());
    folder.join("face-blur/bootstrap")
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_panic_in_one_record_leaves_the_other_nine_done_and_hands_that_one_back() {
    let room = Room::new(&[]).await;
    let mut bodies = Vec::new();
    for index in 0..10 {
        let key = if index == 3 {
            "panic-on-request.jpg".to_owned()
        } else {
            format!("{index}.jpg")
        };
        let record = room.upload(&key, sample("astronaut.jpg"), "01").await;
        bodies.push(notification(&[record]));
    }
    let mut function = start(&bootstrap_that_panics_on_request(), &room).await;
    let answer = function.invoke(sqs_batch(&bodies)).await;
    let expected = json!({ "batchItemFailures": [{ "itemIdentifier": "m3" }] });
    assert_eq!(answer, Answer::Response(expected));
    assert_eq!(room.published_keys().await.len(), 9);

    // The process lives on: the next invocation is served.
    let test_event = sqs_batch(&[json!({ "Event": "s3:TestEvent" })]);
    let done = json!({ "batchItemFailures": [] });
    assert_eq!(function.invoke(test_event).await, Answer::Response(done));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_shipped_bootstrap_serves_a_batch_and_a_bare_event() {
    let room = Room::new(&[]).await;
    let first = room.upload("1.jpg", sample("astronaut.jpg"), "01").await;
    let second = room.upload("2.jpg", sample("astronaut.jpg"), "01").await;
    let mut function = start(&bootstrap(), &room).await;
    let answer = function.invoke(sqs_batch(&[notification(&[first])])).await;
    assert_eq!(answer, Answer::Response(json!({ "batchItemFailures": [] })));
    assert_eq!(
        function.invoke(notification(&[second])).await,
        Answer::Response(json!(null))
    );
    assert_eq!(room.published_keys().await, ["1.jpg", "2.jpg"]);
    let lines = function.lines();
    let published = lines
        .iter()
        .filter(|line| line.to_string().contains("\"engine\":\"splice\""));
    let (metrics, logged): (Vec<_>, Vec<_>) = published.partition(|line| line.get("_aws").is_some());
    assert_eq!(logged.len(), 2, "a log line for each photo: {lines:?}");
    assert!(
        metrics.iter().all(|line| line["PhotosByEngine"] == 1) && !metrics.is_empty(),
        "{lines:?}"
    );
}

#[test]
#[ignore = "needs the local stack: make test"]
fn a_function_without_its_settings_does_not_start_and_says_everything_that_is_missing() {
    let output = Command::new(bootstrap())
        .env_clear()
        .env("AWS_LAMBDA_FUNCTION_NAME", "face-blur")
        .env("SOURCE_BUCKET", "photos")
        .env("DESTINATION_BUCKET", "photos")
        .env("DETECTOR", "magic")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let log = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "REJECTED_QUEUE_URL is missing",
        "embedded, rekognition",
        "so is SOURCE_BUCKET",
    ] {
        assert!(log.contains(expected), "{expected} is not in: {log}");
    }
}
