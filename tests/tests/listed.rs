//! Objects that were listed, not uploaded just now: what face blur does with them, in this process, against the local
//! stack's real buckets and queues.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use face_blur::handle;
use gatehouse_core::event::{Record, listing, records_in_body};
use gatehouse_core::intake::InvocationFailed;
use gatehouse_photo::Redacted;
use gatehouse_photo::publish::Copy;
use gatehouse_tests::backfill::batch;
use gatehouse_tests::events::invocation;
use gatehouse_tests::photos::{sample, still_visible};
use gatehouse_tests::rekognition::{self, Rekognition};
use gatehouse_tests::room::Room;
use serde_json::Value;

/// Hands a batch over, which has to be done at once.
async fn done(room: &Room, batch: &Value) {
    assert_eq!(handle(&room.deps, invocation(batch.clone())).await.unwrap(), None);
}

/// The note on which upload a published photo came from.
async fn noted(room: &Room, key: &str) -> String {
    room.headers(key).await.metadata.unwrap()["gatehouse-source-sequencer"].clone()
}

fn record(batch: &Value) -> Record {
    let events = listing::events(batch).unwrap();
    records_in_body(&events[0].to_string()).remove(0).unwrap()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_lay_there_before_is_published_without_its_faces_and_any_event_of_an_upload_is_newer() {
    let room = Room::new(&[]).await;
    let event = room.upload("a b+ü.jpg", sample("astronaut.jpg"), "0A").await;
    done(&room, &batch(&room, &["a b+ü.jpg"]).await).await;
    let published = room.published("a b+ü.jpg").await.expect("published");
    assert_eq!(still_visible(&sample("astronaut.jpg"), &published), []);
    assert_eq!(noted(&room, "a b+ü.jpg").await, "0");

    assert!(!room.handed_back(&event).await);
    assert_eq!(noted(&room, "a b+ü.jpg").await, "0A");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_published_already_is_not_written_again_by_whatever_it_was_published() {
    let room = Room::new(&[]).await;
    let event = room.upload("by-event.jpg", sample("astronaut.jpg"), "0A").await;
    assert!(!room.handed_back(&event).await);
    room.upload("listed.jpg", sample("hopper.jpeg"), "0A").await;
    let both = batch(&room, &["by-event.jpg", "listed.jpg"]).await;
    for _ in 0..3 {
        done(&room, &both).await;
    }
    assert_eq!(room.published_keys().await, ["by-event.jpg", "listed.jpg"]);
    assert_eq!(noted(&room, "by-event.jpg").await, "0A");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_object_that_was_replaced_or_deleted_since_it_was_listed_is_left_to_its_own_event() {
    let room = Room::new(&[]).await;
    room.upload("replaced.jpg", sample("astronaut.jpg"), "0A").await;
    room.upload("deleted.jpg", sample("astronaut.jpg"), "0A").await;
    let listed = batch(&room, &["replaced.jpg", "deleted.jpg"]).await;
    let newer = room.upload("replaced.jpg", sample("hopper.jpeg"), "0B").await;
    let delete = room.s3.delete_object().bucket(&room.source).key("deleted.jpg");
    delete.send().await.unwrap();

    done(&room, &listed).await;
    assert_eq!(room.published_keys().await, [""; 0]);
    assert_eq!(room.rejections().await, []);

    assert!(!room.handed_back(&newer).await);
    let published = room.published("replaced.jpg").await.unwrap();
    done(&room, &listed).await;
    assert_eq!(room.published("replaced.jpg").await.unwrap(), published);
    assert_eq!(noted(&room, "replaced.jpg").await, "0B");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_upload_that_is_published_while_a_listed_object_is_redacted_is_not_overwritten() {
    let room = Room::new(&[]).await;
    room.upload("a.jpg", sample("astronaut.jpg"), "0A").await;
    let record = record(&batch(&room, &["a.jpg"]).await);
    let upload = room.deps.target.fetch(&record).await.unwrap().expect("work");

    let newer = room.upload("a.jpg", sample("hopper.jpeg"), "0B").await;
    assert!(!room.handed_back(&newer).await);
    let published = room.published("a.jpg").await.unwrap();

    let redacted = Redacted {
        bytes: b"too late".to_vec(),
        faces: 0,
        engine: "pixels",
    };
    let photo = Copy::new(redacted, upload.original.keep, &record.sequencer);
    assert_eq!(upload.slot.publish(&record, &photo).await.unwrap(), None);
    assert_eq!(room.published("a.jpg").await.unwrap(), published);
    assert_eq!(room.published_keys().await, ["a.jpg"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_upload_whose_event_was_lost_is_published_in_place_of_an_older_one_and_late_events_still_count() {
    let room = Room::new(&[]).await;
    let oldest = room.upload("a.jpg", sample("astronaut.jpg"), "0A").await;
    let older = room.upload("a.jpg", sample("eight-faces.jpg"), "0B").await;
    let lost = room.upload("a.jpg", sample("hopper.jpeg"), "0C").await;
    assert!(!room.handed_back(&older).await);

    done(&room, &batch(&room, &["a.jpg"]).await).await;
    let newest = room.published("a.jpg").await.unwrap();
    let source_etag = room.headers("a.jpg").await.metadata.unwrap()["gatehouse-source-etag"].clone();
    let head = room.s3.head_object().bucket(&room.source).key("a.jpg").send().await;
    assert_eq!(Some(source_etag), head.unwrap().e_tag);
    assert_eq!(noted(&room, "a.jpg").await, "0B");

    for late in [oldest, older] {
        assert!(!room.handed_back(&late).await);
        assert_eq!(room.published("a.jpg").await.unwrap(), newest);
    }
    assert!(!room.handed_back(&lost).await);
    assert_eq!(noted(&room, "a.jpg").await, "0C");
    assert_eq!(room.published("a.jpg").await.unwrap(), newest);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_a_batch_what_is_no_photo_is_rejected_with_a_record_that_can_be_sent_to_the_queue_again() {
    let room = Room::new(&[]).await;
    room.upload("a.jpg", sample("astronaut.jpg"), "0A").await;
    room.upload("note.txt", b"hello".to_vec(), "0A").await;
    room.upload("holiday/", Vec::new(), "0A").await;
    room.upload("z.jpg", sample("hopper.jpeg"), "0A").await;
    done(&room, &batch(&room, &["a.jpg", "holiday/", "note.txt", "z.jpg"]).await).await;
    assert_eq!(room.published_keys().await, ["a.jpg", "z.jpg"]);

    let rejections = room.rejections().await;
    let [rejection] = rejections.as_slice() else {
        panic!("{rejections:?}");
    };
    assert_eq!(rejection.reason, "unsupported-format");
    assert_eq!(room.handle(std::slice::from_ref(&rejection.record)).await, [""; 0]);
    assert_eq!(room.rejections().await[0].record, rejection.record);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_batch_with_a_transient_failure_fails_and_what_was_done_of_it_is_skipped_the_next_time() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|request| match request["Image"]["S3Object"]["Name"].as_str() {
        Some("b.jpg") => rekognition::error(400, "ThrottlingException"),
        _ => rekognition::faces(&[[0.33, 0.1, 0.24, 0.34]]),
    })
    .await;
    room.ask_rekognition_at(&stand_in.url);
    for key in ["a.jpg", "b.jpg", "c.jpg"] {
        room.upload(key, sample("astronaut.jpg"), "0A").await;
    }
    let batch = batch(&room, &["a.jpg", "b.jpg", "c.jpg"]).await;
    for _ in 0..2 {
        let failed = handle(&room.deps, invocation(batch.clone())).await.unwrap_err();
        assert_eq!(failed, InvocationFailed::Listing(1));
        assert_eq!(room.published_keys().await, ["a.jpg", "c.jpg"]);
    }
}
