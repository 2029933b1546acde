//! `gatehouse queue` on the deployed stack: the queues by their outputs, and work that starts again in the real functions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

use gatehouse_tests::eventually;
use gatehouse_tests::in_place::deployed::Deployed;
use gatehouse_tests::stack::{PATIENCE, Stack};
use serde_json::Value;

/// The command, which `cargo test --workspace` builds beside this test.
fn gatehouse(arguments: &[&str]) -> Output {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.set_file_name("gatehouse");
    let output = Command::new(&path).arg("queue").args(arguments).output();
    output.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_command_finds_every_queue_that_a_person_looks_into_and_drops_nothing_without_being_asked() {
    let _stack = Stack::connect().await;
    let list = json(&gatehouse(&["list", "--json"]));
    let names: Vec<&str> = list["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["queue"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "dead-letter",
            "hold",
            "import-dead-letter",
            "in-place-hold",
            "publish-failure",
            "record-dead-letter",
            "rejected",
            "settle-dead-letter",
            "stream-failure"
        ]
    );
    assert_eq!(gatehouse(&["drop", "rejected"]).status.code(), Some(2));
    for taken in [&["redrive", "hold"][..], &["drop", "in-place-hold", "--yes"]] {
        let refused = gatehouse(taken);
        assert_eq!(refused.status.code(), Some(65), "{taken:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("held-back"));
    }
    let nowhere = gatehouse(&["show", "upload"]);
    assert_eq!(nowhere.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("import-dead-letter"));
    assert_eq!(gatehouse(&["list", "--stack", "of-nobody"]).status.code(), Some(65));
}

/// The times at which the two files of the test were rejected, once both are, after this time.
async fn both_rejected(after: &str) -> Vec<String> {
    eventually("two rejections", PATIENCE, || async {
        let shown = json(&gatehouse(&["show", "rejected", "--limit", "10", "--json"]));
        let messages = shown["messages"].as_array().unwrap().iter();
        let times: Vec<String> = messages.map(|one| one["when"].as_str().unwrap().to_owned()).collect();
        (times.len() == 2 && times.iter().all(|time| time.as_str() > after)).then_some(times)
    })
    .await
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_was_rejected_starts_again_in_its_function_by_way_of_its_queue_and_by_way_of_the_ledger() {
    let (stack, in_place) = (Stack::connect().await, Deployed::connect().await);
    stack
        .upload("queues/text.jpg", b"Dear Sir or Madam", "image/jpeg")
        .await;
    in_place.upload("queues/text.jpg", b"Dear Sir or Madam").await;
    let first = both_rejected("").await;

    let redriven = json(&gatehouse(&[
        "redrive",
        "rejected",
        "--reason",
        "unsupported-format",
        "--json",
    ]));
    assert_eq!(redriven["redriven"]["done"], 2, "{redriven}");
    // Each function rejects the same file again, with a time of its own: so it was at work once more.
    both_rejected(first.iter().max().unwrap()).await;
    let item = in_place.item("queues/text.jpg").await.unwrap();
    assert_eq!(item["state"].as_s().unwrap(), "rejected");

    let dropped = json(&gatehouse(&["drop", "rejected", "--yes", "--json"]));
    assert_eq!(dropped["dropped"]["done"], 2, "{dropped}");
    assert_eq!(stack.rejections().await, []);
}
