//! What the handler does when something around it fails: run in this process, against the local
//! stack's real buckets and queues. The numbers are those of the sample app's bugs that users come
//! from, listed in the README.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatehouse_redact::Preview;
use gatehouse_tests::events::{invocation, notification, sqs_batch};
use gatehouse_tests::photos::{
    contains, difference_in, faces, sample, still_visible, turned_back, upright, with_orientation,
};
use gatehouse_tests::rekognition::{self, Rekognition};
use gatehouse_tests::room::Room;
use serde_json::{Value, json};

/// The box of the face in `astronaut.jpg`, with room to spare.
const ASTRONAUT: [f32; 4] = [0.33, 0.1, 0.24, 0.34];

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_1_while_the_detector_is_throttled_or_down_nothing_is_published_and_the_photo_is_retried() {
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "ProvisionedThroughputExceededException"),
        (400, "AccessDeniedException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailableException"),
    ] {
        let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
        let down = Arc::new(AtomicBool::new(true));
        let is_down = Arc::clone(&down);
        let stand_in = Rekognition::start(move |_| match is_down.load(Ordering::SeqCst) {
            true => rekognition::error(status, code),
            false => rekognition::faces(&[ASTRONAUT]),
        })
        .await;
        room.ask_rekognition_at(&stand_in.url);

        let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
        assert!(room.handed_back(&record).await, "{code}");
        assert_eq!(room.published_keys().await, [""; 0], "{code}");
        assert_eq!(room.rejections().await, [], "{code}");

        down.store(false, Ordering::SeqCst);
        assert!(!room.handed_back(&record).await, "{code}");
        let published = room.published("a.jpg").await.expect("published after the outage");
        assert_eq!(still_visible(&sample("astronaut.jpg"), &published), []);
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_1_a_detector_that_cannot_be_reached_publishes_nothing() {
    for detector in ["rekognition", "both"] {
        let mut room = Room::new(&[("DETECTOR", detector)]).await;
        room.ask_rekognition_at("http://127.0.0.1:9");
        let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
        assert!(room.handed_back(&record).await);
        assert_eq!(room.published_keys().await, [""; 0]);
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn with_the_fallback_an_outage_of_rekognition_is_bridged_by_the_embedded_detector() {
    let mut room = Room::new(&[("DETECTOR", "fallback")]).await;
    let stand_in = Rekognition::start(|_| rekognition::error(400, "ThrottlingException")).await;
    room.ask_rekognition_at(&stand_in.url);
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);
    let published = room.published("a.jpg").await.unwrap();
    assert_eq!(still_visible(&sample("astronaut.jpg"), &published), []);
    assert!(!stand_in.requests().is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn both_detectors_together_hide_what_either_of_them_finds() {
    let mut room = Room::new(&[("DETECTOR", "both")]).await;
    let corner = [0.0, 0.8, 0.15, 0.2];
    let stand_in = Rekognition::start(move |_| rekognition::faces(&[corner])).await;
    room.ask_rekognition_at(&stand_in.url);
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);

    let published = room.published("a.jpg").await.unwrap();
    assert_eq!(still_visible(&sample("astronaut.jpg"), &published), []);
    assert_eq!(room.headers("a.jpg").await.metadata.unwrap()["gatehouse-faces"], "2");
    let difference = difference_in(corner, &sample("astronaut.jpg"), &published);
    assert!(difference > 5.0, "the corner differs by {difference} levels only");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn rekognition_reads_the_object_itself_unless_it_cannot() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|request| match request["Image"].get("S3Object") {
        Some(object) if object["Name"] == "refused.jpg" => rekognition::error(400, "InvalidImageFormatException"),
        _ => rekognition::faces(&[ASTRONAUT]),
    })
    .await;
    room.ask_rekognition_at(&stand_in.url);

    for (key, file) in [
        ("plain.jpg", sample("astronaut.jpg")),
        ("plain.png", sample("astronaut.png")),
        ("refused.jpg", sample("astronaut.jpg")),
        ("heavy.png", noise_png_over_15_megabytes()),
    ] {
        let record = room.upload(key, file, "01").await;
        assert!(!room.handed_back(&record).await, "{key}");
        assert!(room.published(key).await.is_some(), "{key}");
    }
    let kinds: Vec<&str> = stand_in.requests().iter().map(kind).collect();
    assert_eq!(kinds, ["object", "object", "object", "bytes", "bytes"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_2_rekognition_gets_a_turned_photo_upright_so_that_its_boxes_fit() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|_| rekognition::faces(&[ASTRONAUT])).await;
    room.ask_rekognition_at(&stand_in.url);
    let turned = with_orientation(&turned_back(&upright(&sample("astronaut.jpg")), 6), 6);
    let record = room.upload("a.jpg", turned.clone(), "01").await;
    assert!(!room.handed_back(&record).await);

    let sent = stand_in.requests()[0]["Image"]["Bytes"].as_str().unwrap().to_owned();
    let sent = aws_smithy_types::base64::decode(sent).unwrap();
    assert_eq!(faces(&sent).len(), 1, "what was sent is not upright");
    assert_eq!(still_visible(&turned, &room.published("a.jpg").await.unwrap()), []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn rekognition_never_looks_at_another_upload_than_the_one_that_is_redacted() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|_| rekognition::faces(&[ASTRONAUT])).await;
    room.ask_rekognition_at(&stand_in.url);
    let mut record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    let version = record["s3"]["object"]["versionId"].clone();
    assert!(!room.handed_back(&record).await);
    record["s3"]["object"]["versionId"] = Value::Null;
    record["s3"]["object"]["sequencer"] = json!("02");
    assert!(!room.handed_back(&record).await);

    let requests = stand_in.requests();
    assert_eq!(requests[0]["Image"]["S3Object"]["Version"], version);
    assert_eq!(
        kind(&requests[1]),
        "bytes",
        "without a version, an overwrite could come in between"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_face_outside_of_the_photo_means_that_the_detector_looked_at_something_else() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|_| rekognition::faces(&[ASTRONAUT, [1.2, 0.1, 0.2, 0.2]])).await;
    room.ask_rekognition_at(&stand_in.url);
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(room.handed_back(&record).await);
    assert_eq!(room.published_keys().await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_face_that_only_transparency_shows_is_hidden() {
    let room = Room::new(&[]).await;
    let face = upright(&sample("astronaut.png"));
    // Black everywhere; the photo is in the alpha channel, as every viewer shows it on white.
    let rgba: Vec<u8> = face
        .rgb()
        .chunks(3)
        .flat_map(|pixel| [0, 0, 0, 255 - pixel[1]])
        .collect();
    let before = png(face.width(), face.height(), png::ColorType::Rgba, &rgba);
    let record = room.upload("a.png", before.clone(), "01").await;
    assert!(!room.handed_back(&record).await);

    let seen = |file: &[u8]| faces(&on_white(file)).len();
    assert_eq!(seen(&before), 1);
    assert_eq!(seen(&room.published("a.png").await.unwrap()), 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_with_more_faces_than_rekognition_lists_is_looked_at_in_parts() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let hundred: Vec<[f32; 4]> = (0..100).map(|n| [0.01 * n as f32, 0.0, 0.005, 0.005]).collect();
    let stand_in = Rekognition::start(move |request| match request["Image"].get("S3Object") {
        Some(_) => rekognition::faces(&hundred),
        None => rekognition::faces(&[[0.4, 0.4, 0.1, 0.1]]),
    })
    .await;
    room.ask_rekognition_at(&stand_in.url);
    let record = room.upload("crowd.jpg", sample("group.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);

    let kinds: Vec<&str> = stand_in.requests().iter().map(kind).collect();
    assert_eq!(kinds, ["object", "bytes", "bytes", "bytes", "bytes"]);
    assert_eq!(
        room.headers("crowd.jpg").await.metadata.unwrap()["gatehouse-faces"],
        "104"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_with_too_many_faces_for_any_detector_is_rejected_not_half_redacted() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|_| rekognition::faces(&[[0.1, 0.1, 0.01, 0.01]; 100])).await;
    room.ask_rekognition_at(&stand_in.url);
    let record = room.upload("crowd.jpg", sample("astronaut.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);
    assert_eq!(room.published_keys().await, [""; 0]);
    assert_eq!(room.rejections().await[0].reason, "too-many-faces");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_5_a_batch_of_ten_with_two_bad_and_one_transient_publishes_seven_rejects_two_hands_back_one() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    let stand_in = Rekognition::start(|request| match request["Image"]["S3Object"]["Name"].as_str() {
        Some("4.jpg") => rekognition::error(500, "InternalServerError"),
        _ => rekognition::faces(&[ASTRONAUT]),
    })
    .await;
    room.ask_rekognition_at(&stand_in.url);

    let mut bodies = Vec::new();
    for index in 0..10 {
        let file = match index {
            2 => b"this is no photo".to_vec(),
            7 => sample("astronaut.jpg")[..20_000].to_vec(),
            _ => sample("astronaut.jpg"),
        };
        let record = room.upload(&format!("{index}.jpg"), file, "01").await;
        bodies.push(notification(&[record]));
    }
    assert_eq!(room.handle(&bodies).await, ["m4"]);
    assert_eq!(
        room.published_keys().await,
        ["0.jpg", "1.jpg", "3.jpg", "5.jpg", "6.jpg", "8.jpg", "9.jpg"]
    );
    let reasons: Vec<String> = room
        .rejections()
        .await
        .into_iter()
        .map(|rejection| rejection.reason)
        .collect();
    assert_eq!(reasons, ["corrupt-image", "unsupported-format"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_7_every_record_of_every_message_is_done_in_every_wrapping() {
    let room = Room::new(&[]).await;
    let mut records = Vec::new();
    for index in 0..6 {
        records.push(
            room.upload(&format!("{index}.jpg"), sample("astronaut.jpg"), "01")
                .await,
        );
    }
    let in_sns = json!({ "Type": "Notification", "Message": notification(&records[2..3]).to_string() });
    let eventbridge = json!({
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": { "bucket": { "name": room.source }, "object": { "key": "3.jpg", "sequencer": "01" } },
    });
    let test_event = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent" });
    let handed_back = room
        .handle(&[notification(&records[..2]), in_sns, eventbridge, test_event])
        .await;
    assert_eq!(handed_back, [""; 0]);

    let bare = face_blur::handle(&room.deps, invocation(notification(&records[4..])));
    assert_eq!(bare.await.unwrap(), None);
    assert_eq!(
        room.published_keys().await,
        ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"]
    );
    assert_eq!(room.rejections().await, []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bare_event_that_fails_fails_the_invocation_so_that_lambda_repeats_it() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    room.ask_rekognition_at("http://127.0.0.1:9");
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    let answer = face_blur::handle(&room.deps, invocation(notification(&[record]))).await;
    assert!(answer.is_err());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_same_event_twice_publishes_once() {
    let room = Room::new(&[]).await;
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "0A").await;
    assert!(!room.handed_back(&record).await);
    assert!(!room.handed_back(&record).await);
    assert_eq!(room.published_keys().await, ["a.jpg"]);

    // And at the same time, in one batch.
    let record = room.upload("b.jpg", sample("astronaut.jpg"), "0A").await;
    let body = notification(&[record]);
    assert_eq!(room.handle(&[body.clone(), body.clone(), body]).await, [""; 0]);
    assert_eq!(room.published_keys().await, ["a.jpg", "b.jpg"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_old_event_that_comes_late_never_brings_an_old_photo_back() {
    let room = Room::new(&[]).await;
    let late = room.upload("a.jpg", sample("astronaut.jpg"), "0A").await;
    let newest = room.upload("a.jpg", sample("hopper.jpeg"), "0B").await;
    assert!(!room.handed_back(&newest).await);
    let expected = room.published("a.jpg").await.unwrap();
    assert!(!room.handed_back(&late).await);
    assert_eq!(room.published("a.jpg").await.unwrap(), expected);
    assert_eq!(
        room.headers("a.jpg").await.metadata.unwrap()["gatehouse-source-sequencer"],
        "0B"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_many_uploads_of_one_key_worked_on_at_once_the_newest_ends_up_published() {
    let room = Room::new(&[("CONCURRENCY", "10")]).await;
    let mut bodies = Vec::new();
    for number in [5, 9, 1, 7, 3, 10, 2, 8, 4, 6] {
        let record = room
            .upload("a.jpg", sample("astronaut.jpg"), &format!("{number:04X}"))
            .await;
        bodies.push(notification(&[record]));
    }
    let mut left = bodies.clone();
    while !left.is_empty() {
        let handed_back = room.handle(&left).await;
        left = handed_back
            .iter()
            .map(|id| left[id[1..].parse::<usize>().unwrap()].clone())
            .collect();
    }
    assert_eq!(
        room.headers("a.jpg").await.metadata.unwrap()["gatehouse-source-sequencer"],
        "000A"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_no_event_of_the_source_bucket_is_rejected_whole() {
    let room = Room::new(&[]).await;
    let elsewhere = gatehouse_tests::events::record("another-bucket", "a.jpg", "01");
    let missing = gatehouse_tests::events::record(&room.source, "gone.jpg", "01");
    let mut nameless = missing.clone();
    nameless["s3"]["object"]["key"] = Value::Null;
    let bodies = [
        json!("{ this is not JSON"),
        notification(&[elsewhere]),
        notification(&[missing]),
        notification(std::slice::from_ref(&nameless)),
    ];
    assert_eq!(room.handle(&bodies).await, [""; 0]);

    let rejections = room.rejections().await;
    let reasons: Vec<&str> = rejections.iter().map(|rejection| rejection.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "malformed-event",
            "malformed-event",
            "object-missing",
            "unexpected-bucket"
        ]
    );
    let records: Vec<&Value> = rejections.iter().map(|rejection| &rejection.record).collect();
    assert!(records.contains(&&json!("{ this is not JSON")));
    assert!(records.contains(&&nameless));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn when_the_rejected_queue_is_gone_the_message_is_handed_back_instead_of_lost() {
    let mut room = Room::new(&[]).await;
    let sqs = aws_sdk_sqs::Client::new(&gatehouse_core::aws::config());
    let nowhere = format!("{}-that-does-not-exist", room.rejected_queue_url);
    room.deps.intake.rejected = gatehouse_core::rejected::RejectedQueue::new(sqs, nowhere);
    let record = room.upload("a.jpg", b"no photo".to_vec(), "01").await;
    assert!(room.handed_back(&record).await);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_message_with_a_bad_and_a_transient_record_is_handed_back_and_rejects_nothing_yet() {
    let mut room = Room::new(&[("DETECTOR", "rekognition")]).await;
    room.ask_rekognition_at("http://127.0.0.1:9");
    let bad = room.upload("bad.jpg", b"no photo".to_vec(), "01").await;
    let transient = room.upload("good.jpg", sample("astronaut.jpg"), "01").await;
    assert_eq!(room.handle(&[notification(&[bad, transient])]).await, ["m0"]);
    assert_eq!(room.rejections().await, []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_without_faces_is_published_or_withheld_as_configured() {
    let room = Room::new(&[]).await;
    let record = room.upload("cup.jpg", sample("coffee.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);
    let published = room.published("cup.jpg").await.unwrap();
    assert_eq!(faces(&published), []);
    assert_eq!(
        room.headers("cup.jpg").await.metadata.unwrap()["gatehouse-engine"],
        "untouched"
    );

    let room = Room::new(&[("NO_FACES", "withhold")]).await;
    let record = room.upload("cup.jpg", sample("coffee.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);
    assert_eq!(room.published_keys().await, [""; 0]);
    assert_eq!(room.rejections().await[0].reason, "no-faces-found");
}

/// The same picture, progressive.
fn progressive(jpeg: &[u8]) -> Vec<u8> {
    let coefficients = libjpeg_turbo_rs::read_coefficients(jpeg).unwrap();
    libjpeg_turbo_rs::write_coefficients_progressive(&coefficients, None).unwrap()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_engine_that_hid_the_faces_is_noted_on_the_photo() {
    let room = Room::new(&[]).await;
    for (key, photo, engine) in [
        ("baseline.jpg", sample("astronaut.jpg"), "splice"),
        ("progressive.jpg", progressive(&sample("astronaut.jpg")), "coefficients"),
        ("photo.png", sample("astronaut.png"), "pixels"),
        ("cup.jpg", sample("coffee.jpg"), "untouched"),
    ] {
        let record = room.upload(key, photo.clone(), "01").await;
        assert!(!room.handed_back(&record).await);
        assert_eq!(room.headers(key).await.metadata.unwrap()["gatehouse-engine"], engine);
        assert_eq!(still_visible(&photo, &room.published(key).await.unwrap()), []);
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_over_the_limits_is_rejected_before_it_is_decoded() {
    let room = Room::new(&[("MAX_BYTES", "50000"), ("MAX_PIXELS", "1000000000")]).await;
    // Nothing behind the headers: whoever decoded it would call it corrupt.
    let headers = sample("astronaut.jpg")[..2000].to_vec();
    let heavy = room
        .upload("heavy.jpg", [headers.clone(), vec![0; 50_000]].concat(), "01")
        .await;
    assert!(!room.handed_back(&heavy).await);
    let room_of_pixels = Room::new(&[("MAX_PIXELS", "200000")]).await;
    let large = room_of_pixels.upload("large.jpg", headers, "01").await;
    assert!(!room_of_pixels.handed_back(&large).await);

    assert_eq!(room.rejections().await[0].reason, "too-many-bytes");
    assert_eq!(room_of_pixels.rejections().await[0].reason, "too-many-pixels");
    assert_eq!(room.published_keys().await, [""; 0]);
    assert_eq!(room_of_pixels.published_keys().await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_uploader_cannot_pass_a_photo_off_as_redacted() {
    let room = Room::new(&[]).await;
    let mut record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    let forged = room.s3.copy_object().bucket(&room.source).key("a.jpg");
    let forged = forged.copy_source(format!("{}/a.jpg", room.source));
    let forged = forged.metadata_directive(aws_sdk_s3::types::MetadataDirective::Replace);
    let forged = forged
        .metadata("gatehouse-faces", "0")
        .metadata("gatehouse-source-sequencer", "FFFF")
        .metadata("gatehouse-checked-by", "me")
        .metadata("album", "kept");
    let version = forged.send().await.unwrap().version_id.unwrap();
    record["s3"]["object"]["versionId"] = version.into();

    assert!(!room.handed_back(&record).await);
    let metadata = room.headers("a.jpg").await.metadata.unwrap();
    assert_eq!(
        (&*metadata["gatehouse-faces"], &*metadata["gatehouse-source-sequencer"]),
        ("1", "01")
    );
    assert_eq!(metadata["album"], "kept");
    assert!(!metadata.contains_key("gatehouse-checked-by"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn nothing_of_a_photo_reaches_the_rejected_queue() {
    let room = Room::new(&[]).await;
    let record = room.upload("a.jpg", b"secret picture bytes".to_vec(), "01").await;
    assert!(!room.handed_back(&record).await);
    let rejection = &room.rejections().await[0];
    assert_eq!(rejection.record, record);
    assert!(!contains(rejection.detail.as_bytes(), b"secret"));
}

fn kind(request: &Value) -> &'static str {
    match request["Image"].get("S3Object") {
        Some(_) => "object",
        None => "bytes",
    }
}

/// A photo that is too heavy for Rekognition to read by itself.
fn noise_png_over_15_megabytes() -> Vec<u8> {
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let (width, height) = (2400_u32, 2400_u32);
    let rgb: Vec<u8> = noise.take((width * height * 3) as usize).collect();
    let png = png(width, height, png::ColorType::Rgb, &rgb);
    assert!(png.len() > 15 * 1024 * 1024);
    // The picture itself is fine for everybody else.
    assert!(Preview::from_rgb(width, height, rgb).is_ok());
    png
}

/// What a viewer shows of a PNG with transparency: the picture on white.
fn on_white(file: &[u8]) -> Vec<u8> {
    let mut photo = gatehouse_redact::Photo::open(file, &gatehouse_redact::Limits::default()).unwrap();
    let previews = photo.previews(2048).unwrap();
    let white = previews
        .get(1)
        .expect("a picture with transparency looks different on white");
    png(white.width(), white.height(), png::ColorType::Rgb, white.rgb())
}

fn png(width: u32, height: u32, color: png::ColorType, samples: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(samples).unwrap();
    writer.finish().unwrap();
    file
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_unreadable_batch_is_answered_message_by_message() {
    let room = Room::new(&[]).await;
    let answer = face_blur::handle(
        &room.deps,
        invocation(sqs_batch(&[json!(""), json!("[]"), json!("null")])),
    );
    assert_eq!(answer.await.unwrap().unwrap().batch_item_failures.len(), 0);
    assert_eq!(room.rejections().await.len(), 3);
}
