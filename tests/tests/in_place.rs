//! Photos in place on the deployed stack: real bucket notifications, queue, ledger, stream, the real
//! `bootstrap` files and the template's roles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::MetadataDirective;
use gatehouse_tests::in_place::deployed::Deployed;
use gatehouse_tests::photos::{faces, sample, still_visible};

/// How long a test watches that nothing happens: where a loop would be, for a whole minute.
const WATCH: Duration = Duration::from_secs(20);
const WATCH_FOR_LOOPS: Duration = Duration::from_secs(60);

/// A portrait, different in every number: what comes after the picture is cut off when it is redacted.
fn portrait(number: usize) -> Vec<u8> {
    [sample("astronaut.jpg"), format!("upload {number}").into_bytes()].concat()
}

fn assert_redacted(upload: &[u8], file: &[u8], what: &str) {
    assert_eq!(faces(upload).len(), 1, "{what}: no face to hide");
    assert_ne!(upload, file, "{what}: as it was uploaded");
    assert_eq!(still_visible(upload, file), [], "{what}");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_is_replaced_once_with_all_that_lies_beside_it_and_nothing_loops() {
    let (stack, key) = (Deployed::connect().await, "once/a photo.jpg");
    let invoked_before = stack.invocations().await;
    let upload = stack.s3.put_object().bucket(&stack.bucket).key(key);
    let upload = upload
        .content_type("image/pjpeg")
        .cache_control("max-age=60")
        .metadata("album", "Summer 2026")
        .tagging("owner=press%20office")
        .body(ByteStream::from(portrait(0)));
    let original = upload.send().await.unwrap().version_id.unwrap();
    assert_redacted(&portrait(0), &stack.quiet(key).await, key);

    let before = (stack.writes(key).await, stack.changes(key).await.len());
    assert_eq!(before.0, 2, "the upload, and one write of ours");
    let invoked = stack.invocations().await;
    let of_one_upload = [invoked[0] - invoked_before[0], invoked[1] - invoked_before[1]];
    println!("one upload: dedupe-record and dedupe-process were invoked {of_one_upload:?} times");
    // dedupe-record for the upload and for our own write, which are two messages; dedupe-process for the upload.
    assert!((1..=2).contains(&of_one_upload[0]), "{of_one_upload:?}");
    assert_eq!(of_one_upload[1], 1);

    tokio::time::sleep(WATCH_FOR_LOOPS).await;
    assert_eq!(stack.invocations().await, invoked, "nobody was invoked for a minute");
    assert_eq!((stack.writes(key).await, stack.changes(key).await.len()), before);
    assert_eq!(stack.failures().await, 0);

    let head = stack
        .s3
        .head_object()
        .bucket(&stack.bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.content_type(), head.cache_control()),
        (Some("image/pjpeg"), Some("max-age=60"))
    );
    assert_eq!(head.metadata().unwrap()["album"], "Summer 2026");
    assert_eq!(head.metadata().unwrap()["gatehouse-faces"], "1");
    let tags = stack
        .s3
        .get_object_tagging()
        .bucket(&stack.bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (tags.tag_set[0].key(), tags.tag_set[0].value()),
        ("owner", "press office")
    );
    // The README says so: whoever may read versions can read the original.
    let version = stack
        .s3
        .get_object()
        .bucket(&stack.bucket)
        .key(key)
        .version_id(original);
    assert_eq!(
        version.send().await.unwrap().body.collect().await.unwrap().to_vec(),
        portrait(0)
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_new_upload_of_the_same_key_is_redacted_whenever_it_comes() {
    let stack = Deployed::connect().await;
    for (key, pause) in [
        ("again/at-once.jpg", 0),
        ("again/after-a-second.jpg", 1),
        ("again/when-done.jpg", 8),
    ] {
        stack.upload(key, &portrait(1)).await;
        tokio::time::sleep(Duration::from_secs(pause)).await;
        stack.upload(key, &portrait(2)).await;
        assert_redacted(&portrait(2), &stack.quiet(key).await, key);
        assert!(
            stack.writes(key).await <= 4,
            "{key}: more than one write of ours per upload"
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_fifty_uploads_in_a_row_the_last_one_ends_redacted_every_time() {
    let stack = Deployed::connect().await;
    // Without a pause only the last one is still there when its turn comes; with one, redactions come in between.
    for pause in [0, 0, 60, 150, 300] {
        let key = format!("fifty/{pause}-{}.jpg", stack.writes("fifty/").await);
        for number in 0..50 {
            stack.upload(&key, &portrait(number)).await;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        assert_redacted(&portrait(49), &stack.quiet(&key).await, &key);
        let writes = stack.writes(&key).await;
        let item = stack.item(&key).await.unwrap();
        let announced = item.get("intents").map_or(0, |intents| intents.as_bs().unwrap().len());
        println!(
            "{key}: 50 uploads, {} writes of ours, {announced} contents still announced",
            writes - 50
        );
        assert!(writes <= 100, "{key}: more than one write of ours per upload");
    }
    assert_eq!(stack.failures().await, 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_forged_marker_gets_no_face_through() {
    let (stack, key) = (Deployed::connect().await, "forged.jpg");
    stack.upload(key, &portrait(1)).await;
    stack.quiet(key).await;
    let real = stack
        .s3
        .head_object()
        .bucket(&stack.bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    let marker = real.metadata().unwrap().clone();
    assert!(marker.contains_key("gatehouse-source-etag"), "no marker to forge");

    let forged = stack.s3.put_object().bucket(&stack.bucket).key(key);
    let forged = forged.set_metadata(Some(marker)).body(ByteStream::from(portrait(2)));
    forged.send().await.unwrap();
    assert_redacted(&portrait(2), &stack.quiet(key).await, "the marker of the very same key");

    // Copied over a redacted object, with its metadata: S3 keeps what the copier says.
    stack.upload("face.jpg", &portrait(3)).await;
    let copy = stack.s3.copy_object().bucket(&stack.bucket).key("copied.jpg");
    let copy = copy.copy_source(format!("{}/face.jpg", stack.bucket));
    let copy = copy
        .metadata_directive(MetadataDirective::Replace)
        .metadata("gatehouse-faces", "0");
    copy.send().await.unwrap();
    assert_eq!(faces(&stack.quiet("copied.jpg").await), []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_item_that_expires_and_an_attribute_that_somebody_adds_start_no_work() {
    let (stack, key) = (Deployed::connect().await, "expired.jpg");
    stack.upload(key, &portrait(1)).await;
    let redacted = stack.quiet(key).await;
    let writes = stack.writes(key).await;

    let note = stack
        .dynamodb
        .update_item()
        .table_name(&stack.table)
        .key("pk", stack.pk(key));
    let note = note.update_expression("SET note = :note");
    let note = note.expression_attribute_values(":note", AttributeValue::S("somebody was here".into()));
    note.send().await.unwrap();
    let delete = stack
        .dynamodb
        .delete_item()
        .table_name(&stack.table)
        .key("pk", stack.pk(key));
    delete.send().await.unwrap();
    let changes = stack.changes(key).await.len();

    tokio::time::sleep(WATCH).await;
    assert_eq!(
        stack.changes(key).await.len(),
        changes,
        "the removal caused another change"
    );
    assert_eq!(stack.writes(key).await, writes);
    assert_eq!(stack.file(key).await.unwrap(), redacted);
    assert_eq!(stack.item(key).await, None);

    // A new upload begins a new item.
    stack.upload(key, &portrait(2)).await;
    assert_redacted(&portrait(2), &stack.quiet(key).await, "after the item expired");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_that_can_not_be_processed_is_rejected_with_its_reason_and_stays_as_it_is() {
    let (stack, key) = (Deployed::connect().await, "bad.jpg");
    let truncated = portrait(0)[..20_000].to_vec();
    stack.upload(key, &truncated).await;
    assert_eq!(stack.quiet(key).await, truncated);
    let item = stack.item(key).await.unwrap();
    assert_eq!(item["reason"].as_s().unwrap(), "corrupt-image");
    let rejections = stack.rejections().await;
    let of_key: Vec<_> = rejections
        .iter()
        .filter(|rejection| rejection.record.to_string().contains(key))
        .collect();
    assert_eq!(of_key.len(), 1);
    assert_eq!(of_key[0].reason, "corrupt-image");
    assert_eq!(stack.failures().await, 0);
}
