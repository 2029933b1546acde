//! `gatehouse backfill` as a script sees it: exit codes, standard output, and what AWS is asked to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod aws;

use std::io::Write;
use std::process::Output;

use aws::{ANOTHER, Aws, EXECUTION, MACHINE, World, backfill};
use serde_json::{Value, json};

#[track_caller]
fn report(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, code: i32, sentence: &str) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains(sentence), "{complaint}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

fn operations(aws: &Aws) -> Vec<String> {
    aws.asked().into_iter().map(|(operation, _)| operation).collect()
}

/// The one request that changes something.
#[track_caller]
fn only(aws: &Aws) -> (String, Value) {
    let mut asked = aws.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    asked.remove(0)
}

#[test]
fn a_run_is_started_watched_and_reported_from_what_lies_in_the_buckets() {
    let aws = Aws::of(World::default());
    let report = report(&aws.backfill("in --prefix 2019/ --json"), 0);
    let counted = [
        "execution",
        "status",
        "bucket",
        "prefix",
        "objects",
        "published",
        "rejected",
        "seconds",
    ];
    assert_eq!(
        counted.map(|name| report[name].clone()),
        [
            json!(ANOTHER),
            json!("succeeded"),
            json!("in"),
            json!("2019/"),
            json!(3),
            json!(2),
            json!(1),
            json!(60.0)
        ]
    );
    assert_eq!(
        report["run"],
        json!({ "listed": 3, "done": 3, "failed": 0, "waiting": 0 })
    );
    assert_eq!(report["atMost"]["s3Reads"], 9);
    assert_eq!(report["costAtMost"], Value::Null);

    let (operation, request) = only(&aws);
    assert_eq!(operation, "StartExecution");
    assert_eq!(request["stateMachineArn"], MACHINE);
    assert_eq!(request["input"], r#"{"prefix":"2019/"}"#);
    assert!(request["name"].as_str().unwrap().starts_with("backfill-"));
}

#[test]
fn with_prices_the_report_has_the_cost_and_with_bad_ones_nothing_is_started() {
    let aws = Aws::of(World::default());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let prices = json!({
        "lambdaGbSecond": 0, "lambdaMillionRequests": 0, "stepFunctionsMillionExecutions": 0, "stepFunctionsGbSecond": 0,
        "s3ThousandWrites": 0, "s3ThousandReads": 1000,
    });
    let arguments = format!("in --json --prices {}", file.path().display());
    assert_refused(&aws.backfill(&arguments), 65, "gatehouse: bad-prices-file: ");
    assert_eq!(operations(&aws), [""; 0]);

    file.write_all(prices.to_string().as_bytes()).unwrap();
    let report = report(&aws.backfill(&arguments), 0);
    assert_eq!(report["costAtMost"]["total"], json!(9.0));
}

#[test]
fn a_detached_run_is_left_to_itself() {
    let aws = Aws::of(World {
        status: "RUNNING",
        ..World::default()
    });
    let said = report(&aws.backfill("in --detach --json"), 0);
    assert_eq!(said, json!({ "execution": ANOTHER, "status": "running" }));
}

#[test]
fn a_run_that_is_not_done_says_so_and_how_to_go_on() {
    let aws = Aws::of(World {
        status: "ABORTED",
        counts: [3, 1, 1],
        redrive_refusal: None,
        ..World::default()
    });
    let output = aws.backfill("in --json");
    let report = report(&output, 1);
    assert_eq!(
        report["run"],
        json!({ "listed": 3, "done": 1, "failed": 1, "waiting": 1 })
    );
    assert_eq!(
        (&report["status"], &report["rejected"]),
        (&json!("stopped"), &Value::Null)
    );
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains("not-finished: `gatehouse backfill in --resume arn:"),
        "{complaint}"
    );
}

#[test]
fn a_stopped_run_goes_on_where_it_was() {
    let aws = Aws::of(World {
        status: "ABORTED",
        counts: [3, 1, 0],
        ..World::default()
    });
    let report = report(&aws.backfill(&format!("in --resume {EXECUTION} --json")), 1);
    assert_eq!(report["execution"], EXECUTION);
    let (operation, request) = only(&aws);
    assert_eq!(
        (operation.as_str(), &request["executionArn"]),
        ("RedriveExecution", &json!(EXECUTION))
    );
}

#[test]
fn where_it_can_not_go_on_another_run_is_started_over_the_same_prefix() {
    for code in ["ExecutionNotRedrivable", "InvalidAction"] {
        let aws = Aws::of(World {
            status: "ABORTED",
            counts: [3, 1, 0],
            redrive_refusal: Some(code),
            ..World::default()
        });
        let report = report(&aws.backfill(&format!("in --resume {EXECUTION} --json")), 1);
        assert_eq!(report["execution"], ANOTHER, "{code}");
        assert_eq!(operations(&aws), ["RedriveExecution", "StartExecution"], "{code}");
        assert_eq!(aws.asked()[1].1["input"], r#"{"prefix":"2019/"}"#, "{code}");
    }
}

#[test]
fn a_refusal_for_another_reason_starts_nothing() {
    let aws = Aws::of(World {
        status: "ABORTED",
        counts: [3, 1, 0],
        redrive_refusal: Some("AccessDeniedException"),
        ..World::default()
    });
    let output = aws.backfill(&format!("in --resume {EXECUTION}"));
    assert_refused(&output, 1, "gatehouse: RedriveExecution: AccessDeniedException: no");
    assert_eq!(operations(&aws), ["RedriveExecution"]);
}

#[test]
fn a_run_that_is_done_is_counted_again_and_one_with_failed_batches_is_repeated() {
    let aws = Aws::of(World::default());
    report(&aws.backfill(&format!("in --resume {EXECUTION} --json")), 0);
    assert_eq!(operations(&aws), [""; 0]);

    let aws = Aws::of(World {
        counts: [3, 2, 1],
        ..World::default()
    });
    report(&aws.backfill(&format!("in --resume {EXECUTION} --json")), 1);
    assert_eq!(operations(&aws), ["StartExecution"]);
}

#[test]
fn a_run_is_stopped() {
    let aws = Aws::of(World {
        status: "RUNNING",
        ..World::default()
    });
    let said = report(&aws.backfill(&format!("in --stop {EXECUTION} --json")), 0);
    assert_eq!(said, json!({ "execution": EXECUTION, "status": "stopped" }));
    assert_eq!(operations(&aws), ["StopExecution"]);
}

#[test]
fn what_is_not_there_is_refused_before_anything_is_started() {
    let aws = Aws::of(World::default());
    for (arguments, sentence) in [
        (
            "out",
            "gatehouse: not-the-source-bucket: house publishes what is in in, not what is in out",
        ),
        ("in --stack house-2", "gatehouse: no-such-stack: there is no house-2"),
        (
            "in --resume arn:aws:states:eu-west-1:111122223333:execution:other:one",
            "gatehouse: no-such-execution: ",
        ),
        ("in --stop one", "gatehouse: no-such-execution: one"),
    ] {
        assert_refused(&aws.backfill(arguments), 65, sentence);
    }
    assert_eq!(operations(&aws), [""; 0]);
}

#[test]
fn arguments_that_do_not_go_together_are_a_matter_of_usage() {
    let aws = Aws::of(World::default());
    for arguments in [
        "",
        "in --resume a --stop b",
        "in --prefix p --resume a",
        "in --detach --stop a",
        "in --detach --prices p",
    ] {
        assert_refused(&aws.backfill(arguments), 2, "Usage:");
    }
}

#[test]
fn without_a_region_nobody_is_asked() {
    let output = backfill("in").env_remove("AWS_REGION").output().unwrap();
    assert_refused(&output, 65, "gatehouse: no-region: ");
}
