//! Photos in place when something around the two handlers fails, comes twice, or in another order:
//! run in this process, against the local stack's real bucket, table and stream.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_core::patience::Limit;
use gatehouse_tests::in_place::InPlace;
use gatehouse_tests::in_place::faults::{Call, Fault};
use gatehouse_tests::in_place::poller::poll;
use gatehouse_tests::photos::{faces, sample, still_visible};
use serde_json::{Value, json};

const KEY: &str = "holiday/a.jpg";
const OTHERS: [&str; 3] = ["1.jpg", "2.jpg", "3.jpg"];

const CALLS: [Call; 5] = [Call::Accept, Call::Get, Call::Claim, Call::Put, Call::Record];

fn photo() -> Vec<u8> {
    sample("astronaut.jpg")
}

/// What must hold when all is quiet: the last upload is redacted, and nothing is left over.
async fn assert_redacted(world: &InPlace, last_upload: &[u8], what: &str) {
    let file = world.file(KEY).await.expect(what);
    assert_ne!(file, last_upload, "{what}: the photo lies there as it was uploaded");
    assert_eq!(still_visible(last_upload, &file), [], "{what}");
    assert_eq!(world.rejections().await, [], "{what}");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn after_a_fault_in_any_call_the_photo_is_redacted_and_written_once() {
    let faults = [
        Fault::Throttled,
        Fault::ServerError,
        Fault::NoAnswer,
        Fault::AnswerLost,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];
    println!("| call | fault | uploads + writes of ours | photos fetched | ledger writes |");
    println!("| --- | --- | --- | --- | --- |");
    for call in CALLS {
        for fault in faults {
            let what = format!("{fault:?} in {call:?}");
            let mut world = InPlace::new(1).await;
            world.faults.once(call, fault);
            world.upload(KEY, &photo()).await;
            world.settle().await;

            assert!(world.faults.is_over(), "{what} did not happen");
            assert_redacted(&world, &photo(), &what).await;
            assert_eq!(world.state(KEY).await, "done", "{what}");
            assert_eq!(world.writes().await, 2, "{what}: one upload, one write of ours");
            let carried_out = |call| world.faults.carried_out(call);
            let ledger = [Call::Accept, Call::Claim, Call::Record].map(carried_out);
            println!(
                "| {call:?} | {fault:?} | 1 + {} | {} | {} |",
                world.writes().await - 1,
                carried_out(Call::Get),
                ledger.iter().sum::<usize>()
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_new_upload_between_any_two_calls_ends_up_redacted() {
    for call in CALLS {
        let what = format!("a new upload before {call:?}");
        let mut world = InPlace::new(1).await;
        world.faults.once(call, Fault::OvertakenBefore);
        world.faults.overtake_with(KEY, &sample("eight-faces.jpg"));
        world.upload(KEY, &photo()).await;
        world.settle().await;

        assert!(world.faults.is_over(), "{what} did not happen");
        assert_redacted(&world, &sample("eight-faces.jpg"), &what).await;
        assert_eq!(faces(&world.file(KEY).await.unwrap()), [], "{what}");
        assert!(
            world.writes().await <= 4,
            "{what}: two uploads, two writes of ours at the most"
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_write_that_meets_another_one_under_way_is_tried_again() {
    let mut world = InPlace::new(1).await;
    world.faults.once(Call::Put, Fault::Conflict);
    world.upload(KEY, &photo()).await;
    world.settle().await;
    assert_redacted(&world, &photo(), "after a conflict").await;
    assert_eq!((world.writes().await, world.faults.carried_out(Call::Get)), (2, 2));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_answer_to_the_write_that_the_sdk_asks_for_again_changes_nothing() {
    let mut world = InPlace::new(3).await;
    world.faults.once(Call::Put, Fault::AnswerLost);
    world.upload(KEY, &photo()).await;
    world.settle().await;
    assert_redacted(
        &world,
        &photo(),
        "the second try of the call meets the first one's object",
    )
    .await;
    assert_eq!(world.writes().await, 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn without_faults_it_takes_one_write_to_note_two_to_process_and_one_to_skip_our_own() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    let events = world.new_events().await;
    assert!(world.note(&events).await.is_empty());
    let changes = world.new_changes().await;
    assert!(world.process(&changes).await.is_empty());
    let ledger = [Call::Accept, Call::Claim, Call::Record].map(|call| world.faults.carried_out(call));
    assert_eq!(ledger, [1, 1, 1]);

    let own = world.new_events().await;
    assert_eq!(own.len(), 1);
    let _our_own_changes = world.new_changes().await;
    assert!(world.note(&own).await.is_empty());
    assert_eq!(world.faults.carried_out(Call::Accept), 2);
    assert_eq!(world.new_changes().await.len(), 0, "our own write changed the ledger");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_event_of_our_own_write_that_comes_before_it_is_recorded_causes_no_other_write() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    let events = world.new_events().await;
    world.note(&events).await;
    let changes = world.new_changes().await;
    world.faults.once(Call::Record, Fault::CrashBefore);
    let left = world.process(&changes).await;
    let own = world.new_events().await;
    assert!(world.note(&own).await.is_empty());
    assert_eq!(world.state(KEY).await, "pending", "a newer event was accepted");
    // Both the record that came back and the one of our own write.
    assert!(world.process(&left).await.is_empty());
    world.settle().await;
    assert_eq!((world.writes().await, world.state(KEY).await), (2, "done".into()));
    assert_redacted(&world, &photo(), "recognised by its content").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn events_and_changes_that_come_twice_or_backwards_cause_one_write_per_upload() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    world.upload(KEY, &sample("eight-faces.jpg")).await;
    let mut events = world.new_events().await;
    events.reverse();
    for event in [events.clone(), events].concat() {
        assert!(world.note(&[event]).await.is_empty());
    }
    let changes = world.new_changes().await;
    assert_eq!(
        changes.len(),
        1,
        "the late upload and the duplicates changed the ledger"
    );

    // Two workers at once.
    let (one, other) = tokio::join!(world.process(&changes), world.process(&changes));
    assert!(one.is_empty() && other.is_empty());
    assert!(world.process(&changes).await.is_empty());
    world.settle().await;
    assert_eq!(world.writes().await, 3, "two uploads, one write of ours");
    assert_redacted(&world, &sample("eight-faces.jpg"), "the newest").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_same_bytes_uploaded_again_are_redacted_again() {
    let mut world = InPlace::new(1).await;
    for _ in 0..3 {
        world.upload(KEY, &photo()).await;
        world.settle().await;
        assert_redacted(&world, &photo(), "the same upload again").await;
    }
    assert_eq!(world.writes().await, 6);

    // And while the first of two is at work: same bytes, same ETag, another version.
    world.faults.once(Call::Put, Fault::OvertakenBefore);
    world.faults.overtake_with(KEY, &photo());
    world.upload(KEY, &photo()).await;
    world.settle().await;
    assert_redacted(&world, &photo(), "the same upload while the first is at work").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn our_own_redaction_uploaded_by_somebody_is_left_alone() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    world.settle().await;
    let redaction = world.file(KEY).await.unwrap();
    world.upload(KEY, &redaction).await;
    world.settle().await;
    assert_eq!(world.file(KEY).await.unwrap(), redaction);
    assert_eq!(world.writes().await, 3, "nothing was left to hide");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_happens_to_the_ledgers_item_from_outside_starts_no_work() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    world.settle().await;
    let item = world.item(KEY).await.unwrap();
    let pk = item["pk"].clone();

    let note = world
        .dynamodb
        .update_item()
        .table_name(&world.table)
        .key("pk", pk.clone());
    let note = note.update_expression("SET note = :note");
    let note = note.expression_attribute_values(":note", aws_sdk_dynamodb::types::AttributeValue::S("x".into()));
    note.send().await.unwrap();
    let delete = world.dynamodb.delete_item().table_name(&world.table).key("pk", pk);
    delete.send().await.unwrap();

    let changes = world.new_changes().await;
    let names: Vec<_> = changes
        .iter()
        .map(|change| change["eventName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["MODIFY", "REMOVE"]);
    let fetched = world.faults.carried_out(Call::Get);
    assert!(world.process(&changes).await.is_empty());
    assert_eq!(world.faults.carried_out(Call::Get), fetched);
    assert_eq!(world.writes().await, 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_item_that_is_deleted_while_its_upload_waits_is_no_lost_upload() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    let events = world.new_events().await;
    world.note(&events).await;
    let changes = world.new_changes().await;
    let pk = world.item(KEY).await.unwrap()["pk"].clone();
    let delete = world.dynamodb.delete_item().table_name(&world.table).key("pk", pk);
    delete.send().await.unwrap();

    assert!(world.process(&changes).await.is_empty());
    assert_eq!(world.rejections().await[0].reason, "ledger-item-missing");
    assert_eq!(world.file(KEY).await.unwrap(), photo(), "nothing was written");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_can_not_be_processed_is_rejected_with_its_reason_and_stays_as_it_is() {
    for fault in [
        None,
        Some(Fault::CrashBefore),
        Some(Fault::CrashAfter),
        Some(Fault::Throttled),
    ] {
        let mut world = InPlace::new(1).await;
        if let Some(fault) = fault {
            world.faults.once(Call::Reject, fault);
        }
        world.upload(KEY, b"no photo").await;
        world.settle().await;
        assert_eq!(world.file(KEY).await.unwrap(), b"no photo");
        let item = world.item(KEY).await.unwrap();
        let text = |name: &str| item[name].as_s().unwrap().clone();
        assert_eq!(
            (text("state"), text("reason")),
            ("rejected".into(), "unsupported-format".into())
        );
        let rejections = world.rejections().await;
        // The queue has it first. What fails behind that sends it there once more.
        let expected = if fault.is_some() { 2 } else { 1 };
        assert_eq!(rejections.len(), expected, "{fault:?}");
        assert_eq!(rejections[0].reason, "unsupported-format");
        assert_eq!(rejections[0].record["dynamodb"]["NewImage"]["key"], json!({ "S": KEY }));

        // A good photo under the same key is processed, and the reason is gone.
        world.upload(KEY, &photo()).await;
        world.settle().await;
        assert_redacted(&world, &photo(), "after a rejection").await;
        assert!(!world.item(KEY).await.unwrap().contains_key("reason"));
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_upload_that_was_replaced_is_not_rejected_again() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, b"no photo").await;
    let first = world.new_events().await;
    world.note(&first).await;
    let changes = world.new_changes().await;
    world.faults.overtake_with(KEY, &photo());
    world.faults.once(Call::Reject, Fault::OvertakenBefore);
    // The newer upload is not noted yet: this one is still the newest that the ledger knows.
    assert!(world.process(&changes).await.is_empty());
    assert_eq!(world.rejections().await.len(), 1);
    world.settle().await;
    assert_redacted(&world, &photo(), "the newer upload").await;
    // Once it is noted, a second delivery of the old change rejects nothing.
    assert!(world.process(&changes).await.is_empty());
    assert_eq!(world.rejections().await, []);
}

/// Three photos behind one whose fetch always fails, as one batch of the ledger's stream.
async fn batch_with_poison(world: &mut InPlace) -> Vec<Value> {
    for key in [OTHERS[0], KEY, OTHERS[1], OTHERS[2]] {
        world.upload(key, &photo()).await;
    }
    for event in world.new_events().await {
        world.note(&[event]).await;
    }
    world.faults.poison(KEY);
    let mut batch = world.new_changes().await;
    let is_poison = |change: &Value| change["dynamodb"]["NewImage"]["key"]["S"] == KEY;
    batch.sort_by_key(|change| !is_poison(change)); // all others come after it
    batch
}

/// The photos behind the poison are redacted; it is not, and goes on waiting until somebody uploads it again.
async fn assert_the_shard_goes_on(world: &mut InPlace) {
    for other in OTHERS {
        let file = world.file(other).await.unwrap();
        assert_eq!(still_visible(&photo(), &file), [], "{other}");
    }
    assert_eq!(world.file(KEY).await.unwrap(), photo());
    assert_eq!(world.state(KEY).await, "pending", "the ledger still says that it waits");

    world.faults.poison("");
    world.upload(KEY, &photo()).await;
    world.settle().await;
    assert_redacted(world, &photo(), "uploaded again").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_record_that_fails_for_too_long_is_in_the_failure_queue_with_its_reason_and_the_shard_goes_on() {
    const LIMIT: Duration = Duration::from_secs(5);
    let mut world = InPlace::new(1).await;
    world.process.patience.limit = Limit::of(LIMIT);
    let batch = batch_with_poison(&mut world).await;
    let (poison, noted) = (batch[0].clone(), Instant::now());
    let outcome = poll(&world, batch, u32::MAX).await;
    let (held, invocations) = (noted.elapsed(), outcome.invocations);
    println!("a limit of {LIMIT:?}: the record held its share of the shard for {held:.1?}, {invocations} invocations");

    assert!(outcome.given_up.is_empty(), "Lambda has nothing to give up");
    assert!(outcome.invocations > 1, "not at once");
    let [given_up] = &world.given_up().await[..] else {
        panic!("one message in the failure queue")
    };
    assert_eq!(
        (given_up.reason.as_str(), &given_up.record),
        ("storage-unavailable", &poison)
    );
    assert_eq!(world.rejections().await, []);
    assert_the_shard_goes_on(&mut world).await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_record_that_lambda_gives_up_takes_no_other_with_it_and_the_shard_goes_on() {
    const RETRIES: u32 = 20;
    let mut world = InPlace::new(1).await;
    let batch = batch_with_poison(&mut world).await;
    let poison = batch[0].clone();
    let outcome = poll(&world, batch, RETRIES).await;

    assert_eq!(outcome.invocations, 1 + RETRIES);
    let [given_up] = &outcome.given_up[..] else {
        panic!("one batch was given up")
    };
    assert_eq!(given_up[0], poison, "the lowest sequence number is the poison's");
    assert_eq!(world.given_up().await, [], "patience is not over");
    assert_the_shard_goes_on(&mut world).await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_record_that_the_failure_queue_does_not_take_is_not_given_up() {
    let mut world = InPlace::new(1).await;
    world.process.patience.limit = Limit::of(Duration::ZERO);
    let queue = world.process.patience.queue.clone();
    world.process.patience.queue = world.no_queue();
    let batch = batch_with_poison(&mut world).await;
    let again = world.process(&batch).await;
    assert_eq!(again[0], batch[0], "delivered again");

    world.process.patience.queue = queue;
    assert!(world.process(&again).await.is_empty());
    assert_eq!(world.given_up().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_no_event_of_the_bucket_is_rejected_and_the_ledger_stays_empty() {
    let world = InPlace::new(1).await;
    let mut no_etag = gatehouse_tests::events::record(&world.bucket, KEY, "01");
    let elsewhere = gatehouse_tests::events::record("another-bucket", KEY, "01");
    let mut long = gatehouse_tests::events::record(&world.bucket, KEY, &"F".repeat(65));
    long["s3"]["object"]["eTag"] = json!("e");
    no_etag["s3"]["object"]["versionId"] = json!("v");
    assert!(world.note(&[no_etag, elsewhere, long]).await.is_empty());
    let rejections = world.rejections().await;
    let reasons: Vec<_> = rejections.iter().map(|rejection| rejection.reason.as_str()).collect();
    assert_eq!(reasons, ["malformed-event", "malformed-event", "unexpected-bucket"]);
    assert_eq!(world.item(KEY).await, None);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_late_write_over_an_identical_upload_is_still_known_as_ours() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    world.settle().await;
    let redacted = world.file(KEY).await.unwrap();

    // The same photo once more, and before anybody hears of it, the write of a worker that had fetched the first one: its
    // precondition holds, because the ETag is the same.
    world.upload(KEY, &photo()).await;
    world.upload(KEY, &redacted).await;
    world.settle().await;
    assert_redacted(&world, &photo(), "after a late write").await;
    assert_eq!(world.writes().await, 4, "the late write starts no other");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_item_that_somebody_else_made_does_not_stop_an_upload() {
    let mut world = InPlace::new(1).await;
    let pk = AttributeValue::S(format!("{}/{KEY}", world.bucket));
    let note = AttributeValue::S("not one of our attributes".into());
    let request = world.dynamodb.put_item().table_name(&world.table);
    request.item("pk", pk).item("note", note).send().await.unwrap();

    world.upload(KEY, &photo()).await;
    world.settle().await;
    assert_redacted(&world, &photo(), "an item without a sequencer").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn intents_of_a_key_that_is_written_again_and_again_do_not_pile_up() {
    let mut world = InPlace::new(1).await;
    world.upload(KEY, &photo()).await;
    world.settle().await;
    // As if it had been written 150 times before.
    let intent = |number: u8| Blob::new([&[0; 7][..], &[number], &[number; 32]].concat());
    let intents = AttributeValue::Bs((0..150).map(intent).collect());
    let pk = AttributeValue::S(format!("{}/{KEY}", world.bucket));
    let request = world.dynamodb.update_item().table_name(&world.table).key("pk", pk);
    let request = request.update_expression("ADD intents :intents");
    request
        .expression_attribute_values(":intents", intents)
        .send()
        .await
        .unwrap();

    world.upload(KEY, &sample("eight-faces.jpg")).await;
    world.settle().await;
    let item = world.item(KEY).await.unwrap();
    assert_eq!(
        item["intents"].as_bs().unwrap().len(),
        2,
        "those of the two writes of ours"
    );
}
