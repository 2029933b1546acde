//! One trace of each photo, and of each request that comes with one: the shipped `bootstrap` files beside a daemon that shows what they write.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gatehouse_tests::auction_house::{Call, House, Person};
use gatehouse_tests::events::{notification, sqs_batch};
use gatehouse_tests::in_place::InPlace;
use gatehouse_tests::photos::sample;
use gatehouse_tests::room::Room;
use gatehouse_tests::runtime_api::{Answer, Function};
use gatehouse_tests::stack::{bootstrap, bootstrap_of, process_bootstrap, record_bootstrap};
use gatehouse_tests::xray::{Daemon, names, tree, uploader};
use jiff::Timestamp;
use serde_json::{Value, json};

const OF_THE_UPLOAD: &str = "1-6759e988-bd862e3fe1be46a994272793";
const UPLOADER: &str = "00000000000000bb";
const OF_THE_BIDDER: &str = "1-7759e988-bd862e3fe1be46a994272793";
const BIDDER: &str = "00000000000000cc";
const OF_THE_INVOCATION: &str = "1-5759e988-bd862e3fe1be46a994272793";
const LAMBDA: &str = "00000000000000aa";

const STEPS: &str = "record(fetch(HeadObject GetObject) detect redact publish(HeadObject PutObject))";

fn header(trace: &str, parent: &str, sampled: u8) -> String {
    format!("Root={trace};Parent={parent};Sampled={sampled}")
}

/// A batch of one message of this record, which S3 sent on in the upload's trace.
fn message(record: Value, trace_header: Option<String>) -> Value {
    let mut batch = sqs_batch(&[notification(&[record])]);
    if let Some(header) = trace_header {
        batch["Records"][0]["attributes"]["AWSTraceHeader"] = header.into();
    }
    batch
}

async fn face_blur(room: &Room, daemon: &Daemon, sampled: u8) -> Function {
    let variables = [
        ("SOURCE_BUCKET", room.source.as_str()),
        ("DESTINATION_BUCKET", &room.destination),
        ("REJECTED_QUEUE_URL", &room.rejected_queue_url),
    ];
    start(&bootstrap(), "face-blur", &variables, daemon, sampled).await
}

async fn start(bootstrap: &Path, name: &str, more: &[(&str, &str)], daemon: &Daemon, sampled: u8) -> Function {
    let mut variables = vec![
        ("AWS_XRAY_DAEMON_ADDRESS", daemon.address.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
    ];
    variables.extend(more);
    let of_the_invocation = header(OF_THE_INVOCATION, LAMBDA, sampled);
    Function::start_in_trace(bootstrap, &variables, &of_the_invocation).await
}

fn all_done() -> Answer {
    Answer::Response(json!({ "batchItemFailures": [] }))
}

/// The trace's id in each line of the log; metrics are no log.
fn traces_in_log(function: &Function) -> Vec<Value> {
    let lines = function.lines().into_iter().filter(|line| line.get("_aws").is_none());
    lines.map(|line| line["xrayTraceId"].clone()).collect()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_is_one_trace_from_its_upload_to_its_publication_and_each_log_line_names_it() {
    let (room, daemon) = (Room::new(&[]).await, Daemon::listen());
    let begun = now();
    let record = room.upload("holiday/a.jpg", sample("astronaut.jpg"), "01").await;
    let upload = uploader(OF_THE_UPLOAD, UPLOADER, begun, now());
    // The invocation is not sampled: the upload is, and that decides.
    let mut function = face_blur(&room, &daemon, 0).await;
    let batch = message(record, Some(header(OF_THE_UPLOAD, UPLOADER, 1)));
    assert_eq!(function.invoke(batch).await, all_done());
    assert_eq!(room.published_keys().await, ["holiday/a.jpg"]);

    let mut documents = daemon.documents();
    documents.push(upload);
    let trace = tree(&documents);
    println!("{}", serde_json::to_string_pretty(&trace).unwrap());
    assert_eq!(names(&trace), format!("uploader(face-blur({STEPS}))"));
    for document in &documents {
        assert_eq!(document["trace_id"], OF_THE_UPLOAD, "{document}");
        assert_ne!(document["fault"], true, "{document}");
    }
    let record = &trace[0]["subsegments"][0]["subsegments"][0];
    assert_eq!(
        record["annotations"],
        json!({ "bucket": room.source, "key": "holiday/a.jpg" })
    );
    let put = &record["subsegments"][3]["subsegments"][1];
    assert_eq!(
        (&put["name"], &put["http"]["response"]["status"]),
        (&json!("S3"), &json!(200))
    );
    assert_eq!((&put["aws"]["retries"], &put["namespace"]), (&json!(0), &json!("aws")));

    let in_log = traces_in_log(&function);
    assert!(
        !in_log.is_empty() && in_log.iter().all(|trace| trace == OF_THE_UPLOAD),
        "{in_log:?}"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_that_nobody_traced_before_belongs_to_the_trace_of_its_invocation() {
    let (room, daemon) = (Room::new(&[]).await, Daemon::listen());
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    let mut function = face_blur(&room, &daemon, 1).await;
    assert_eq!(function.invoke(message(record, None)).await, all_done());

    let trace = tree(&daemon.documents());
    assert_eq!(names(&trace), format!("message({STEPS})"));
    assert_eq!(
        (&trace[0]["trace_id"], &trace[0]["parent_id"]),
        (&json!(OF_THE_INVOCATION), &json!(LAMBDA))
    );
    assert!(traces_in_log(&function).iter().all(|trace| trace == OF_THE_INVOCATION));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_upload_that_is_not_sampled_leaves_no_document_but_its_trace_in_each_log_line() {
    let (room, daemon) = (Room::new(&[]).await, Daemon::listen());
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    let mut function = face_blur(&room, &daemon, 1).await;
    let batch = message(record, Some(header(OF_THE_UPLOAD, UPLOADER, 0)));
    assert_eq!(function.invoke(batch).await, all_done());

    assert_eq!(room.published_keys().await, ["a.jpg"]);
    assert_eq!(daemon.documents(), [json!(null); 0]);
    let in_log = traces_in_log(&function);
    assert!(
        !in_log.is_empty() && in_log.iter().all(|trace| trace == OF_THE_UPLOAD),
        "{in_log:?}"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_that_is_rejected_is_an_error_in_its_trace_with_its_reason() {
    let (room, daemon) = (Room::new(&[]).await, Daemon::listen());
    let record = room.upload("a.jpg", b"Dear Sir or Madam".to_vec(), "01").await;
    let mut function = face_blur(&room, &daemon, 0).await;
    let batch = message(record, Some(header(OF_THE_UPLOAD, UPLOADER, 1)));
    assert_eq!(function.invoke(batch).await, all_done());

    let trace = tree(&daemon.documents());
    assert_eq!(
        names(&trace),
        "face-blur(record(fetch(HeadObject GetObject) detect) SendMessage)"
    );
    let record = &trace[0]["subsegments"][0];
    assert_eq!((&trace[0]["error"], &record["error"]), (&json!(true), &json!(true)));
    assert_eq!(record["cause"]["exceptions"][0]["type"], "unsupported-format");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_in_place_is_one_trace_across_the_ledgers_stream() {
    let (mut world, daemon) = (InPlace::new(3).await, Daemon::listen());
    let variables = [
        ("BUCKET", world.bucket.as_str()),
        ("LEDGER_TABLE", &world.table),
        ("REJECTED_QUEUE_URL", &world.rejected_queue_url),
        ("STREAM_FAILURE_QUEUE_URL", &world.rejected_queue_url),
    ];
    let mut record = start(&record_bootstrap(), "dedupe-record", &variables, &daemon, 0).await;
    let mut process = start(&process_bootstrap(), "dedupe-process", &variables, &daemon, 0).await;

    world.upload("a.jpg", &sample("astronaut.jpg")).await;
    let event = world.new_events().await.remove(0);
    let batch = message(event, Some(header(OF_THE_UPLOAD, UPLOADER, 1)));
    assert_eq!(record.invoke(batch).await, all_done());
    let changes = world.new_changes().await;
    assert_eq!(process.invoke(json!({ "Records": changes })).await, all_done());
    assert_eq!(world.state("a.jpg").await, "done");

    let replaced = "dedupe-process(upload(fetch(GetObject) detect redact publish(UpdateItem PutObject) UpdateItem))";
    let trace = tree(&daemon.documents());
    assert_eq!(names(&trace), format!("dedupe-record(record(UpdateItem {replaced}))"));
    for function in [&record, &process] {
        let in_log = traces_in_log(function);
        assert!(
            !in_log.is_empty() && in_log.iter().all(|trace| trace == OF_THE_UPLOAD),
            "{in_log:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_is_in_the_trace_of_its_bidder_and_nothing_of_its_envelope_is() {
    let (house, daemon) = (House::new().await, Daemon::listen());
    house.set_clock(Timestamp::now());
    let auction = house.open(&Person::auctioneer("auctioneer")).await;
    let bidder = Person::bidder("bidder");
    let envelope = auction.seal(&bidder, "125000.00");
    let variables = house.variables();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let bootstrap = bootstrap_of("GATEHOUSE_BID_INTAKE_BOOTSTRAP");
    let mut intake = start(&bootstrap, "bid-intake", &variables, &daemon, 0).await;

    let call = Call::bid(&bidder, auction.id, &envelope);
    let call = call.header("x-amzn-trace-id", &header(OF_THE_BIDDER, BIDDER, 1));
    let answer = intake.invoke(call.event()).await;
    assert!(
        matches!(&answer, Answer::Response(answer) if answer["statusCode"] == 201),
        "{answer:?}"
    );

    let documents = daemon.documents();
    let trace = tree(&documents);
    assert_eq!((trace.len(), &trace[0]["name"]), (1, &json!("bid-intake")));
    assert_eq!(
        (&trace[0]["parent_id"], &trace[0]["annotations"]["apiRequestId"]),
        (&json!(BIDDER), &json!("JKJaXmPLvHcESHA="))
    );
    let calls = trace[0]["subsegments"].as_array().unwrap();
    assert!(calls.iter().all(|call| call["name"] == "DynamoDB"), "{calls:?}");
    assert!(
        calls.iter().any(|call| call["aws"]["operation"] == "PutItem"),
        "{calls:?}"
    );
    assert!(documents.iter().all(|document| document["trace_id"] == OF_THE_BIDDER));
    let in_log = traces_in_log(&intake);
    assert!(
        !in_log.is_empty() && in_log.iter().all(|trace| trace == OF_THE_BIDDER),
        "{in_log:?}"
    );
    let said = format!("{documents:?} {:?}", intake.lines());
    let parts = envelope.split('.').filter(|part| !part.is_empty());
    for secret in parts.chain(["125000"]) {
        assert!(!said.contains(secret), "{secret}");
    }
}
