//! Photos under another prefix of the same bucket, and in place with a marker: no loop, and no
//! marker that gets a face through. Run in this process, against the local stack's real bucket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, MetadataDirective};
use gatehouse_tests::events::{invocation, notification, sqs_batch};
use gatehouse_tests::one_bucket::OneBucket;
use gatehouse_tests::photos::{faces, sample, still_visible, upright};
use serde_json::json;

const PREFIXES: [(&str, &str); 2] = [("SOURCE_PREFIX", "original/"), ("DESTINATION_PREFIX", "redacted/")];
const SECRET: [(&str, &str); 1] = [("IN_PLACE_KEY", "a secret of the tests, longer than 32 bytes")];
const KEY: &str = "holiday/a.jpg";

fn photo() -> Vec<u8> {
    sample("astronaut.jpg")
}

async fn assert_redacted(world: &OneBucket, key: &str, upload: &[u8], what: &str) {
    let file = world.file(key).await.expect(what);
    assert!(!faces(upload).is_empty());
    let size = |file: &[u8]| (upright(file).width(), upright(file).height());
    assert_eq!(size(&file), size(upload), "{what}: another photo lies there");
    assert_eq!(still_visible(upload, &file), [], "{what}");
    assert_eq!(world.rejections().await, [], "{what}");
}

/// A photo that was uploaded and replaced: its redaction, and the metadata on it.
async fn replaced(world: &mut OneBucket) -> (Vec<u8>, HashMap<String, String>) {
    world.upload(KEY, &photo()).await;
    world.settle().await;
    let metadata = world.headers(KEY).await.metadata.unwrap();
    world.wire.calls();
    (world.file(KEY).await.unwrap(), metadata)
}

/// Uploads with this metadata and, as S3 verified it, the file's SHA-256.
async fn upload_with(world: &OneBucket, key: &str, file: &[u8], metadata: HashMap<String, String>) {
    let request = world.s3.put_object().bucket(&world.bucket).key(key);
    let request = request
        .set_metadata(Some(metadata))
        .body(ByteStream::from(file.to_vec()));
    let request = request.checksum_algorithm(ChecksumAlgorithm::Sha256);
    request.send().await.expect("an upload");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn under_another_prefix_the_whole_rest_of_the_key_is_kept() {
    let mut world = OneBucket::new(&PREFIXES).await;
    for key in ["a/b.jpg", "original/ü +1.JPG", "x"] {
        let (from, to) = (format!("original/{key}"), format!("redacted/{key}"));
        world.upload(&from, &photo()).await;
        world.settle().await;
        assert_redacted(&world, &to, &photo(), key).await;
        assert_eq!(
            world.file(&from).await.unwrap(),
            photo(),
            "the upload itself is left alone"
        );
    }
    assert_eq!(world.written().await.len(), 6);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_event_of_a_photo_published_under_another_prefix_starts_nothing() {
    let mut world = OneBucket::new(&PREFIXES).await;
    world.upload("original/a.jpg", &photo()).await;
    let events = world.new_events().await;
    assert!(world.handle(&events).await.is_empty());
    assert_eq!(world.wire.calls(), ["HEAD", "GET", "HEAD", "PUT"]);

    let own = world.new_events().await;
    assert_eq!(own[0]["s3"]["object"]["key"], "redacted%2Fa%2Ejpg");
    assert!(world.handle(&own).await.is_empty());
    assert_eq!(world.wire.calls(), [""; 0]);
    assert_eq!(world.written().await, ["original/a.jpg", "redacted/a.jpg"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_upload_whose_published_key_would_be_too_long_is_rejected() {
    let mut world = OneBucket::new(&[("SOURCE_PREFIX", "in/"), ("DESTINATION_PREFIX", "published/")]).await;
    world.upload(&format!("in/{}", "x".repeat(1021)), &photo()).await;
    world.settle().await;
    assert_eq!(world.rejections().await[0].reason, "unusable-key");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_is_replaced_once_and_the_event_of_the_write_is_skipped() {
    let mut world = OneBucket::new(&SECRET).await;
    world.upload(KEY, &photo()).await;
    let events = world.new_events().await;
    assert!(world.handle(&events).await.is_empty());
    assert_eq!(world.wire.calls(), ["HEAD", "GET", "PUT"]);
    assert_redacted(&world, KEY, &photo(), "replaced").await;
    let headers = world.headers(KEY).await;
    assert!(headers.checksum_sha256.is_some() && headers.metadata.unwrap().contains_key("gatehouse-proof"));

    let own = world.new_events().await;
    assert_eq!(own.len(), 1);
    assert!(world.handle(&own).await.is_empty());
    assert_eq!(world.wire.calls(), ["HEAD"]);
    assert_eq!(world.new_events().await, [json!(null); 0]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn events_that_come_twice_late_or_backwards_cause_one_write() {
    let mut world = OneBucket::new(&SECRET).await;
    world.upload(KEY, &photo()).await;
    world.upload(KEY, &sample("eight-faces.jpg")).await;
    let mut events = world.new_events().await;
    events.reverse();
    let twice = [events.clone(), events].concat();
    assert!(world.handle(&twice).await.is_empty());
    world.settle().await;
    assert!(world.handle(&twice).await.is_empty());
    assert_eq!(world.written().await.len(), 3, "two uploads, one write of ours");
    assert_redacted(&world, KEY, &sample("eight-faces.jpg"), "the newest").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn two_workers_on_one_event_write_once() {
    let mut world = OneBucket::new(&SECRET).await;
    world.upload(KEY, &photo()).await;
    let events = world.new_events().await;
    // The other one does all of it right before this one writes.
    let (other, event) = (world.deps.clone(), notification(&events));
    world.wire.before("PUT", async move {
        face_blur::handle(&other, invocation(sqs_batch(&[event])))
            .await
            .unwrap();
    });
    assert!(world.handle(&events).await.is_empty());
    assert_eq!(world.wire.calls(), ["HEAD", "GET", "PUT", "HEAD", "GET", "PUT"]);
    assert_eq!(world.written().await, [KEY, KEY], "one upload, one write of ours");
    world.settle().await;
    assert_eq!(world.written().await, [KEY, KEY]);
    assert_redacted(&world, KEY, &photo(), "by one of them").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn another_upload_of_the_same_key_is_redacted_again() {
    let mut world = OneBucket::new(&SECRET).await;
    for (number, file) in [photo(), sample("eight-faces.jpg"), photo(), photo()]
        .iter()
        .enumerate()
    {
        world.upload(KEY, file).await;
        world.settle().await;
        assert_redacted(&world, KEY, file, "uploaded again").await;
        assert_eq!(world.written().await.len(), 2 * (number + 1));
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_newer_upload_between_any_two_calls_is_not_overwritten_and_ends_up_redacted() {
    for call in ["HEAD", "GET", "PUT"] {
        let mut world = OneBucket::new(&SECRET).await;
        world.upload(KEY, &photo()).await;
        let (s3, bucket) = (world.s3.clone(), world.bucket.clone());
        world.wire.before(call, async move {
            let body = ByteStream::from(sample("eight-faces.jpg"));
            s3.put_object().bucket(bucket).key(KEY).body(body).send().await.unwrap();
        });
        world.settle().await;
        world.wire.calls();
        assert_redacted(&world, KEY, &sample("eight-faces.jpg"), call).await;
        assert_eq!(world.written().await.len(), 3, "{call}: two uploads, one write of ours");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_upload_that_is_deleted_meanwhile_stays_deleted() {
    for call in ["HEAD", "GET", "PUT"] {
        let mut world = OneBucket::new(&SECRET).await;
        world.upload(KEY, &photo()).await;
        let (s3, bucket) = (world.s3.clone(), world.bucket.clone());
        world.wire.before(call, async move {
            s3.delete_object().bucket(bucket).key(KEY).send().await.unwrap();
        });
        world.settle().await;
        world.wire.calls();
        assert_eq!(world.file(KEY).await, None, "{call}");
        assert_eq!(world.rejections().await, [], "{call}");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn after_a_crash_or_a_fault_in_any_call_the_photo_is_replaced_once() {
    type Fault = fn(&OneBucket, &'static str);
    let faults: [(&str, Fault); 5] = [
        ("crash", |world, call| world.wire.crash_after(call)),
        ("lost answer", |world, call| world.wire.lose_answer(call)),
        ("throttled", |world, call| world.wire.refuse(call, 503, "SlowDown")),
        ("error", |world, call| world.wire.refuse(call, 500, "InternalError")),
        ("conflict", |world, call| {
            world.wire.refuse(call, 409, "ConditionalRequestConflict")
        }),
    ];
    for call in ["HEAD", "GET", "PUT"] {
        for (name, fault) in faults {
            let what = format!("{name} at {call}");
            let mut world = OneBucket::new(&SECRET).await;
            fault(&world, call);
            world.upload(KEY, &photo()).await;
            let events = world.new_events().await;
            assert_eq!(world.handle(&events).await, events, "{what}: handed back");
            assert!(world.handle(&events).await.is_empty(), "{what}");
            world.settle().await;
            world.wire.calls();
            assert_redacted(&world, KEY, &photo(), &what).await;
            assert_eq!(
                world.written().await,
                [KEY, KEY],
                "{what}: one upload, one write of ours"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_write_that_the_sdk_tries_again_after_a_lost_answer_meets_its_own_first_try() {
    let mut world = OneBucket::with_attempts(&SECRET, 3).await;
    world.wire.lose_answer("PUT");
    world.upload(KEY, &photo()).await;
    world.settle().await;
    assert_redacted(&world, KEY, &photo(), "written by the first try").await;
    assert_eq!(world.written().await, [KEY, KEY]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_marker_of_a_real_output_copied_onto_another_file_gets_no_face_through() {
    let mut world = OneBucket::new(&SECRET).await;
    let (_, marker) = replaced(&mut world).await;
    for key in [KEY, "holiday/b.jpg"] {
        upload_with(&world, key, &photo(), marker.clone()).await;
        world.settle().await;
        assert_redacted(&world, key, &photo(), "a copied marker").await;
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_marker_without_a_checksum_or_with_one_of_another_kind_gets_no_face_through() {
    let mut world = OneBucket::new(&SECRET).await;
    let (_, marker) = replaced(&mut world).await;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
    ] {
        let request = world.s3.put_object().bucket(&world.bucket).key(KEY);
        let request = request
            .set_metadata(Some(marker.clone()))
            .checksum_algorithm(algorithm.clone());
        request.body(ByteStream::from(photo())).send().await.unwrap();
        assert_eq!(world.headers(KEY).await.checksum_sha256, None);
        world.settle().await;
        assert_redacted(&world, KEY, &photo(), algorithm.as_str()).await;
    }
    upload_in_parts(&world, &photo(), marker).await;
    world.settle().await;
    assert_redacted(&world, KEY, &photo(), "a checksum of checksums").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_proof_of_another_key_bucket_or_secret_is_no_proof() {
    let mut world = OneBucket::new(&SECRET).await;
    let (redaction, marker) = replaced(&mut world).await;
    let source = format!("{}/{KEY}", world.bucket);
    let copy = world
        .s3
        .copy_object()
        .bucket(&world.bucket)
        .key("copy.jpg")
        .copy_source(&source);
    copy.metadata_directive(MetadataDirective::Copy).send().await.unwrap();
    world.settle().await;
    let calls = world.wire.calls();
    assert_eq!(calls[..2], ["HEAD", "GET"], "the copy was looked at");

    for settings in [SECRET, [("IN_PLACE_KEY", "another secret of the tests, as long as it")]] {
        let mut elsewhere = OneBucket::new(&settings).await;
        upload_with(&elsewhere, KEY, &redaction, marker.clone()).await;
        elsewhere.settle().await;
        assert_eq!(elsewhere.wire.calls()[..2], ["HEAD", "GET"], "the file was looked at");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_forged_marker_gets_no_face_through() {
    let mut world = OneBucket::new(&SECRET).await;
    let zeros = aws_smithy_types::base64::encode([0; 32]);
    for proof in ["", "true", zeros.as_str()] {
        let marker = HashMap::from([("gatehouse-proof".to_owned(), proof.to_owned())]);
        upload_with(&world, KEY, &photo(), marker).await;
        world.settle().await;
        assert_redacted(&world, KEY, &photo(), proof).await;
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn our_own_redaction_uploaded_again_with_its_marker_is_left_alone() {
    let mut world = OneBucket::new(&SECRET).await;
    let (redaction, marker) = replaced(&mut world).await;
    upload_with(&world, KEY, &redaction, marker).await;
    world.settle().await;
    assert_eq!(world.wire.calls(), ["HEAD"]);
    assert_eq!(world.file(KEY).await.unwrap(), redaction);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn where_nothing_is_to_be_hidden_nothing_is_written() {
    let mut world = OneBucket::new(&SECRET).await;
    let (redaction, _) = replaced(&mut world).await;
    world.upload(KEY, &redaction).await;
    world.settle().await;
    assert_eq!(world.written().await.len(), 3);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn two_functions_that_do_not_know_each_others_secret_come_to_an_end() {
    let mut world = OneBucket::new(&SECRET).await;
    world.upload(KEY, &photo()).await;
    let other = OneBucket::new(&[("IN_PLACE_KEY", "another secret of the tests, as long as it")]).await;
    let mut of_other = other.deps.clone();
    of_other.config.source_bucket.clone_from(&world.bucket);
    of_other.target = face_blur::target::Target::new(world.s3.clone(), &of_other.config);
    for _ in 0..5 {
        let events = world.new_events().await;
        assert!(world.handle(&events).await.is_empty());
        for event in events {
            let event = notification(&[event]);
            let answer = face_blur::handle(&of_other, invocation(sqs_batch(&[event]))).await;
            assert!(answer.unwrap().unwrap().batch_item_failures.is_empty());
        }
    }
    assert_eq!(world.new_events().await, [json!(null); 0], "they still write");
    assert_redacted(&world, KEY, &photo(), "by both").await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_no_photo_is_rejected_and_stays_as_it_is() {
    let mut world = OneBucket::new(&SECRET).await;
    world.upload(KEY, b"no photo").await;
    world.settle().await;
    assert_eq!(world.rejections().await[0].reason, "unsupported-format");
    assert_eq!(world.file(KEY).await.unwrap(), b"no photo");
}

async fn upload_in_parts(world: &OneBucket, file: &[u8], metadata: HashMap<String, String>) {
    let (s3, bucket) = (&world.s3, &world.bucket);
    let create = s3.create_multipart_upload().bucket(bucket).key(KEY);
    let create = create
        .set_metadata(Some(metadata))
        .checksum_algorithm(ChecksumAlgorithm::Sha256);
    let id = create.send().await.unwrap().upload_id.unwrap();
    let part = s3.upload_part().bucket(bucket).key(KEY).upload_id(&id).part_number(1);
    let part = part.checksum_algorithm(ChecksumAlgorithm::Sha256);
    let part = part.body(ByteStream::from(file.to_vec())).send().await.unwrap();
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag)
        .set_checksum_sha256(part.checksum_sha256)
        .build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = s3.complete_multipart_upload().bucket(bucket).key(KEY).upload_id(id);
    complete.multipart_upload(parts).send().await.unwrap();
}
