//! What the commands of `gatehouse queue` do to queues: what is in them before and after, also when something comes between.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use gatehouse_core::patience::Limit;
use gatehouse_queues::redrive::Redrive;
use gatehouse_queues::{Queue, QueueError, Report, Stack, Stays, drop, listing};
use gatehouse_tests::eventually;
use gatehouse_tests::final_queues::FinalQueues;
use gatehouse_tests::in_place::InPlace;
use gatehouse_tests::in_place::faults::{Call, Fault as PhotoFault};
use gatehouse_tests::operations::Fault;
use gatehouse_tests::photos::{sample, still_visible};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// As often as a client tries a call.
const TRIES: u32 = 3;
const KEY: &str = "holiday/a.jpg";

async fn redrive(house: &FinalQueues, queue: &Queue, reason: Option<&str>) -> (Report, Result<(), QueueError>) {
    let mut report = Report::default();
    let redrive = Redrive::new(&house.aws, &house.stack);
    let outcome = redrive.run(queue, reason, &mut report, |_| {}).await;
    (report, outcome)
}

fn numbered(numbers: std::ops::Range<u32>) -> Vec<String> {
    let mut bodies: Vec<String> = numbers.map(|number| format!(r#"{{"auction":"{number}"}}"#)).collect();
    bodies.sort();
    bodies
}

fn record(key: &str) -> Value {
    json!({ "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "in" },
        "object": { "key": key, "sequencer": "01" } } })
}

fn done(report: &Report) -> (u64, u64, u64) {
    (report.done, report.others, report.left())
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn dead_letters_go_back_to_the_queue_that_they_came_from_as_they_were() {
    let house = FinalQueues::new(&[("SettleDeadLetterQueueUrl", "not asked for")]).await;
    let (from, to) = (house.queue("dead-letter"), house.work_queue("UploadQueueUrl"));
    for body in numbered(0..25) {
        house.send(&from, &body).await;
    }
    let (report, outcome) = redrive(&house, &from, None).await;
    outcome.unwrap();
    assert_eq!(report.done, 25);
    assert_eq!(house.depth(&from).await.total(), 0);
    let marked = |body: String| (body, Some("kept".to_owned()));
    let expected: Vec<_> = numbered(0..25).into_iter().map(marked).collect();
    assert_eq!(house.drain(&to).await, expected);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn rejected_records_reach_the_queue_of_their_function_by_reason_and_the_others_can_be_received_at_once() {
    let house = FinalQueues::new(&[]).await;
    let rejected = house.queue("rejected");
    house
        .reject(&rejected, "test-face-blur", "object-missing", record("a.jpg"))
        .await;
    house
        .reject(
            &rejected,
            "test-bid-settle",
            "object-missing",
            json!({ "auction": "A" }),
        )
        .await;
    house
        .reject(&rejected, "test-face-blur", "corrupt-image", record("b.jpg"))
        .await;

    let (report, outcome) = redrive(&house, &rejected, Some("object-missing")).await;
    outcome.unwrap();
    assert_eq!(done(&report), (2, 1, 0));
    let upload = json!({ "Records": [record("a.jpg")] }).to_string();
    assert_eq!(house.drain(&house.work_queue("UploadQueueUrl")).await, [(upload, None)]);
    assert_eq!(
        house.bodies(&house.work_queue("SettleQueueUrl")).await,
        [r#"{"auction":"A"}"#]
    );
    let left = house.bodies(&rejected).await;
    assert!(left.len() == 1 && left[0].contains("corrupt-image"), "{left:?}");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_has_no_way_back_stays_and_is_counted_by_why() {
    let house = FinalQueues::new(&[]).await;
    let (rejected, given_up) = (house.queue("rejected"), house.queue("stream-failure"));
    let line = json!({ "bucket": "b", "key": "k", "versionId": null, "line": 3 });
    house
        .reject(&rejected, "test-bid-import", "no-such-contract", line)
        .await;
    house
        .reject(&rejected, "of-another-stack", "corrupt-image", record("a.jpg"))
        .await;
    let place = json!({ "requestContext": { "condition": "RetryAttemptsExhausted" },
        "DDBStreamBatchInfo": { "shardId": "s", "startSequenceNumber": "1", "endSequenceNumber": "2", "batchSize": 1 } });
    house.send(&given_up, &place.to_string()).await;

    let (report, outcome) = redrive(&house, &rejected, None).await;
    outcome.unwrap();
    assert_eq!(
        report.stays.into_iter().collect::<Vec<_>>(),
        [(Stays::LineOfAFile, 1), (Stays::UnknownFunction, 1)]
    );
    let (report, outcome) = redrive(&house, &given_up, None).await;
    outcome.unwrap();
    assert_eq!(
        report.stays.into_iter().collect::<Vec<_>>(),
        [(Stays::PlaceInAStream, 1)]
    );
    assert_eq!(
        (house.drain(&rejected).await.len(), house.drain(&given_up).await.len()),
        (2, 1)
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_redrive_that_fails_between_sending_and_deleting_loses_nothing_and_the_next_one_ends_it() {
    let house = FinalQueues::new(&[]).await;
    let (from, to) = (house.queue("dead-letter"), house.work_queue("UploadQueueUrl"));
    for body in numbered(0..3) {
        house.send(&from, &body).await;
    }
    house.operations.plan("DeleteMessageBatch", 0, TRIES, Fault::Down);
    let (report, outcome) = redrive(&house, &from, None).await;
    assert!(
        matches!(
            outcome,
            Err(QueueError::Aws {
                operation: "DeleteMessageBatch",
                ..
            })
        ),
        "{outcome:?}"
    );
    assert!(report.done == report.twice && report.done > 0, "{report:?}");
    assert_eq!(house.depth(&from).await.visible, 3, "still there, and let go");
    assert_eq!(house.depth(&to).await.visible, report.done);

    let (again, outcome) = redrive(&house, &from, None).await;
    outcome.unwrap();
    assert_eq!(again.done, 3);
    assert_eq!(house.depth(&from).await.total(), 0);
    let mut found = house.bodies(&to).await;
    assert_eq!(found.len() as u64, report.done + 3, "doubled, and no more than that");
    found.dedup();
    assert_eq!(found, numbered(0..3));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_redrive_that_is_killed_between_sending_and_deleting_leaves_each_message_in_one_of_the_queues_or_in_both() {
    let house = FinalQueues::new(&[]).await;
    let (from, to) = (house.queue("dead-letter"), house.work_queue("UploadQueueUrl"));
    for body in numbered(0..3) {
        house.send(&from, &body).await;
    }
    let reached = Arc::new(Notify::new());
    let at_the_deletion = Arc::clone(&reached);
    let forever = async move {
        at_the_deletion.notify_one();
        std::future::pending().await
    };
    house
        .operations
        .plan("DeleteMessageBatch", 0, 1, Fault::Before(Box::pin(forever)));
    tokio::select! {
        _ = redrive(&house, &from, None) => panic!("it ended"),
        () = reached.notified() => (),
    }
    let (left, sent) = (house.depth(&from).await, house.depth(&to).await);
    assert_eq!(left.total(), 3, "none is deleted before it is elsewhere");
    assert!((1..=3).contains(&sent.visible), "{sent:?}");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_message_that_its_queue_does_not_take_stays() {
    let mut house = FinalQueues::new(&[]).await;
    let rejected = house.queue("rejected");
    house
        .reject(
            &rejected,
            "test-bid-settle",
            "malformed-message",
            json!({ "auction": "A" }),
        )
        .await;
    let nowhere = format!("{}-that-is-not-there", rejected.url);
    let outputs = [
        ("BidSettleFunctionName", "test-bid-settle"),
        ("RejectedQueueUrl", &rejected.url),
        ("SettleQueueUrl", &nowhere),
    ];
    house.stack = Stack::new("house", outputs.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let (report, outcome) = redrive(&house, &rejected, None).await;
    assert!(
        matches!(
            outcome,
            Err(QueueError::Aws {
                operation: "SendMessageBatch",
                ..
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(report.done, 0);
    assert_eq!(house.drain(&rejected).await.len(), 1, "let go at once");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_comes_back_while_a_redrive_runs_is_left_alone() {
    let house = FinalQueues::new(&[]).await;
    let rejected = house.queue("rejected");
    house
        .reject(&rejected, "test-face-blur", "corrupt-image", record("a.jpg"))
        .await;
    let (sqs, url) = (house.sqs.clone(), rejected.url.clone());
    let rejected_again = async move {
        let again = json!({ "reason": "corrupt-image", "detail": "again", "record": record("a.jpg"),
            "function": "test-face-blur", "rejectedAt": "2026-01-02T03:04:06Z" });
        tokio::time::sleep(Duration::from_millis(10)).await;
        sqs.send_message()
            .queue_url(url)
            .message_body(again.to_string())
            .send()
            .await
            .unwrap();
    };
    house
        .operations
        .plan("SendMessageBatch", 0, 1, Fault::Before(Box::pin(rejected_again)));
    let (report, outcome) = redrive(&house, &rejected, None).await;
    outcome.unwrap();
    assert_eq!((report.done, report.later), (1, 1));
    assert_eq!(
        house.bodies(&house.work_queue("UploadQueueUrl")).await.len(),
        1,
        "once, not round and round"
    );
    assert_eq!(house.bodies(&rejected).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_list_and_a_show_take_nothing_and_hide_nothing() {
    let house = FinalQueues::new(&[]).await;
    let rejected = house.queue("rejected");
    for key in ["a.jpg", "b.jpg"] {
        house
            .reject(&rejected, "test-face-blur", "corrupt-image", record(key))
            .await;
    }
    let sealed = json!({ "auction": "A", "envelope": "eyJhbGciOiJSU0EtT0FFUC0yNTYi" });
    house
        .reject(&rejected, "test-bid-settle", "malformed-message", sealed)
        .await;

    let listed = listing::list(&house.tapped, &rejected).await.unwrap();
    assert_eq!((listed.depth.visible, listed.depth.in_flight), (3, 0));
    assert!(listed.oldest.unwrap().exact);
    let shown = listing::show(&house.tapped, &rejected, 2, |_| {}).await.unwrap();
    let counts: Vec<(&str, u64)> = shown
        .reasons
        .iter()
        .map(|(reason, count)| (reason.as_str(), count.messages))
        .collect();
    assert_eq!(counts, [("corrupt-image", 2), ("malformed-message", 1)]);
    assert_eq!(shown.messages.len(), 2);
    assert_eq!(house.depth(&rejected).await.visible, 3, "all can be received at once");
    let all = listing::show(&house.tapped, &rejected, 10, |_| {})
        .await
        .unwrap()
        .messages;
    let seen: Vec<String> = all
        .iter()
        .map(|message| format!("{:?} {:?}", message.about(), message.detail()))
        .collect();
    assert!(seen.iter().any(|line| line.contains("in/a.jpg")), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("eyJ")), "{seen:?}");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_drop_deletes_what_has_the_reason_and_nothing_else() {
    let house = FinalQueues::new(&[]).await;
    let rejected = house.queue("rejected");
    for number in 0..12 {
        let reason = if number % 3 == 0 {
            "corrupt-image"
        } else {
            "object-missing"
        };
        house
            .reject(&rejected, "test-face-blur", reason, record(&number.to_string()))
            .await;
    }
    let mut report = Report::default();
    drop::drop(&house.tapped, &rejected, Some("object-missing"), &mut report, |_| {})
        .await
        .unwrap();
    assert_eq!((report.done, report.others), (8, 4));
    let left = house.bodies(&rejected).await;
    assert_eq!(left.iter().filter(|body| body.contains("corrupt-image")).count(), 4);
    assert_eq!(left.len(), 4);
}

/// A photo in place whose fetch failed for too long, and a stack with its ledger and its failure queue.
async fn given_up() -> (InPlace, FinalQueues) {
    let mut world = InPlace::new(1).await;
    let house = FinalQueues::new(&[("LedgerTableName", &world.table)]).await;
    world.process.intake.function = "test-dedupe-process".to_owned();
    world.process.patience.limit = Limit::of(Duration::ZERO);
    world.process.patience.queue =
        gatehouse_core::rejected::RejectedQueue::new(house.sqs.clone(), house.queue("stream-failure").url);
    world.faults.once(Call::Get, PhotoFault::ServerError);
    world.upload(KEY, &sample("astronaut.jpg")).await;
    world.settle().await;
    assert_eq!((world.state(KEY).await.as_str(), world.writes().await), ("pending", 1));
    assert_eq!(house.depth(&house.queue("stream-failure")).await.visible, 1);
    (world, house)
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_in_place_that_was_given_up_starts_again_and_ends_without_its_face() {
    let (mut world, house) = given_up().await;
    let queue = house.queue("stream-failure");
    let (report, outcome) = redrive(&house, &queue, None).await;
    outcome.unwrap();
    assert_eq!(done(&report), (1, 0, 0));
    world.settle().await;
    assert_eq!(world.state(KEY).await, "done");
    let after = world.file(KEY).await.unwrap();
    assert_eq!(still_visible(&sample("astronaut.jpg"), &after), []);
    assert_eq!(
        (world.writes().await, house.depth(&queue).await.total()),
        (2, 0),
        "one upload, one write of ours"
    );
    assert!(world.rejections().await.is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_in_place_that_was_released_and_then_failed_starts_again_too() {
    let (mut world, house) = given_up().await;
    let queue = house.queue("stream-failure");
    let [body] = &house.bodies(&queue).await[..] else {
        panic!("one message")
    };
    let rejection: Value = serde_json::from_str(body).unwrap();
    // SQS puts a dead letter there as it came from the release queue: the record alone.
    house.send(&queue, &rejection["record"].to_string()).await;
    let (report, outcome) = redrive(&house, &queue, None).await;
    outcome.unwrap();
    assert_eq!(done(&report), (1, 0, 0));
    world.settle().await;
    assert_eq!((world.state(KEY).await.as_str(), world.writes().await), ("done", 2));
    assert_eq!(house.depth(&queue).await.total(), 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_that_was_started_again_twice_is_written_once_and_a_newer_upload_wins() {
    let (mut world, house) = given_up().await;
    let queue = house.queue("stream-failure");
    let [body] = &house.bodies(&queue).await[..] else {
        panic!("one message")
    };
    for _ in 0..2 {
        house.send(&queue, body).await;
    }
    let (report, outcome) = redrive(&house, &queue, None).await;
    outcome.unwrap();
    assert_eq!((report.done, report.not_needed), (1, 1), "the second finds it started");
    world.settle().await;
    assert_eq!((world.state(KEY).await.as_str(), world.writes().await), ("done", 2));

    world.upload(KEY, &sample("rotated.jpg")).await;
    world.settle().await;
    house.send(&queue, body).await;
    let (report, outcome) = redrive(&house, &queue, None).await;
    outcome.unwrap();
    assert_eq!((report.done, report.not_needed), (0, 1), "overtaken");
    world.settle().await;
    assert_eq!((world.state(KEY).await.as_str(), world.writes().await), ("done", 4));
    assert_eq!(
        still_visible(&sample("rotated.jpg"), &world.file(KEY).await.unwrap()),
        []
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_that_the_ledger_has_forgotten_is_not_started_and_its_message_stays() {
    let (world, house) = given_up().await;
    let queue = house.queue("stream-failure");
    let item = world.item(KEY).await.unwrap();
    let request = world
        .dynamodb
        .delete_item()
        .table_name(&world.table)
        .key("pk", item["pk"].clone());
    request.send().await.unwrap();
    let (report, outcome) = redrive(&house, &queue, None).await;
    outcome.unwrap();
    assert_eq!(
        report.stays.into_iter().collect::<Vec<_>>(),
        [(Stays::NotInTheLedger, 1)]
    );
    eventually("the message let go", Duration::from_secs(5), || async {
        (house.depth(&queue).await.visible == 1).then_some(())
    })
    .await;
    assert!(world.item(KEY).await.is_none());
}
