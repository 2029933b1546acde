//! Runtime flags, thrown while the handlers run: in this process, with a Parameter Store that can be down, and real
//! queues, buckets and streams.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use face_blur::handle;
use gatehouse_core::flags::{CacheTime, Flags, Injection, Percent, Settings};
use gatehouse_core::intake::InvocationFailed;
use gatehouse_tests::auction_house::{Call, House, Person};
use gatehouse_tests::backfill::batch;
use gatehouse_tests::events::stream_invocation;
use gatehouse_tests::flags::{CACHE, HoldQueues, ParameterStore, Thrown};
use gatehouse_tests::in_place::InPlace;
use gatehouse_tests::photos::{sample, still_visible};
use gatehouse_tests::rekognition::{self, Rekognition};
use gatehouse_tests::room::Room;
use gatehouse_tests::stack::PATIENCE;
use gatehouse_tests::{events, eventually};
use serde_json::{Value, json};

/// More deliveries than a queue with a dead-letter queue would stand.
const MANY: usize = 12;

/// A room whose photos pass a gate with these flags.
async fn room(settings: &[(&str, &str)], flags: impl FnOnce(&aws_config::SdkConfig) -> Flags) -> (Room, HoldQueues) {
    let aws = gatehouse_core::aws::config();
    let mut room = Room::new(settings).await;
    let queues = HoldQueues::new(&aws, &room.source).await;
    room.deps.gate = queues.gate(flags(&aws));
    (room, queues)
}

async fn deliver(room: &Room, queues: &HoldQueues, url: &str) -> usize {
    queues.deliver(url, async |event| room.handle_event(event).await).await
}

async fn past_the_cache_time() {
    tokio::time::sleep(CACHE + CACHE / 10).await;
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn when_rekognition_is_down_the_flag_detector_lets_photos_through_within_its_cache_time() {
    let store = ParameterStore::start(&json!({})).await;
    let settings = [("DETECTOR", "rekognition")];
    let (mut room, _queues) = room(&settings, |aws| store.flags(aws, Injection::Refused)).await;
    let stand_in = Rekognition::start(|_| rekognition::error(400, "ThrottlingException")).await;
    room.ask_rekognition_at(&stand_in.url);
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(room.handed_back(&record).await);

    store.throw(&json!({"detector": "fallback"}));
    eventually("the photo published", PATIENCE, || async {
        (!room.handed_back(&record).await).then_some(())
    })
    .await;
    let published = room.published("a.jpg").await.unwrap();
    assert_eq!(still_visible(&sample("astronaut.jpg"), &published), []);

    store.throw(&json!({"detector": "embedded"}));
    past_the_cache_time().await;
    let asked = stand_in.requests().len();
    let record = room.upload("b.jpg", sample("astronaut.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);
    assert_eq!(stand_in.requests().len(), asked, "Rekognition was asked again");
    assert!(room.published("b.jpg").await.is_some());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn held_photos_outlast_any_number_of_deliveries_and_are_published_once_when_they_are_released() {
    let store = ParameterStore::start(&json!({"publish": "off"})).await;
    let (room, queues) = room(&[], |aws| store.flags(aws, Injection::Refused)).await;
    let keys = ["a.jpg", "ä b+c.jpg", "d.jpg"];
    for key in keys {
        let record = room.upload(key, sample("astronaut.jpg"), "01").await;
        assert!(
            !room.handed_back(&record).await,
            "{key}: a held photo must not use up its five tries"
        );
    }
    for _ in 0..MANY {
        assert_eq!(deliver(&room, &queues, &queues.hold).await, 0);
    }
    assert_eq!(queues.depth(&queues.hold).await, keys.len());
    assert_eq!(room.published_keys().await, [""; 0]);

    store.throw(&json!({"publish": "on"}));
    past_the_cache_time().await;
    assert_eq!(deliver(&room, &queues, &queues.hold).await, keys.len());
    assert_eq!(deliver(&room, &queues, &queues.release).await, keys.len());
    let mut published = room.published_keys().await;
    published.sort();
    assert_eq!(published, ["a.jpg", "d.jpg", "ä b+c.jpg"]);
    assert_eq!(
        (queues.depth(&queues.hold).await, queues.depth(&queues.release).await),
        (0, 0)
    );
    assert_eq!(room.rejections().await, []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_backfill_meanwhile_neither_publishes_nor_holds_and_goes_on_when_it_is_resumed() {
    let store = ParameterStore::start(&json!({"publish": "off"})).await;
    let (room, queues) = room(&[], |aws| store.flags(aws, Injection::Refused)).await;
    for key in ["a.jpg", "b.jpg"] {
        room.upload(key, sample("astronaut.jpg"), "01").await;
    }
    let listed = batch(&room, &["a.jpg", "b.jpg"]).await;
    let failed = handle(&room.deps, events::invocation(listed.clone()))
        .await
        .unwrap_err();
    assert_eq!(failed, InvocationFailed::Listing(2));
    assert_eq!(queues.depth(&queues.hold).await, 0);
    assert_eq!(room.published_keys().await, [""; 0]);

    store.throw(&json!({"publish": "on"}));
    past_the_cache_time().await;
    assert_eq!(handle(&room.deps, events::invocation(listed)).await, Ok(None));
    assert_eq!(room.published_keys().await, ["a.jpg", "b.jpg"]);
    assert_eq!(room.rejections().await, []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_hold_does_not_end_because_the_store_is_down_and_uploads_do_not_stop_for_it_either() {
    for (thrown, published) in [("off", 0), ("on", 1)] {
        let store = ParameterStore::start(&json!({"publish": thrown})).await;
        let (room, _queues) = room(&[], |aws| store.flags(aws, Injection::Refused)).await;
        room.deps.gate.warm_up().await;
        store.goes_down();
        past_the_cache_time().await;
        let reads = store.reads();
        let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
        assert!(!room.handed_back(&record).await, "{thrown}");
        assert_eq!(room.published_keys().await.len(), published, "{thrown}");
        assert!(store.reads() > reads, "{thrown}: nobody has asked");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_new_process_that_can_not_read_the_flags_holds_photos_and_publishes_them_once_it_can() {
    let store = ParameterStore::start(&json!({})).await;
    store.goes_down();
    let (room, queues) = room(&[], |aws| store.flags(aws, Injection::Refused)).await;
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(!room.handed_back(&record).await);
    assert_eq!(queues.depth(&queues.hold).await, 1);
    assert_eq!(room.published_keys().await, [""; 0]);

    store.throw(&json!({}));
    past_the_cache_time().await;
    assert_eq!(deliver(&room, &queues, &queues.hold).await, 1);
    assert_eq!(deliver(&room, &queues, &queues.release).await, 1);
    assert_eq!(room.published_keys().await, ["a.jpg"]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_photo_that_the_hold_queue_does_not_take_is_handed_back_and_not_published() {
    let store = ParameterStore::start(&json!({"publish": "off"})).await;
    let aws = gatehouse_core::aws::config();
    let mut room = Room::new(&[]).await;
    let mut queues = HoldQueues::new(&aws, &room.source).await;
    queues.hold += "-that-is-not-there";
    room.deps.gate = queues.gate(store.flags(&aws, Injection::Refused));
    let record = room.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(room.handed_back(&record).await);
    assert_eq!(room.published_keys().await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_rollout_holds_exactly_the_keys_of_its_share() {
    let share: Percent = 50.try_into().unwrap();
    let store = ParameterStore::start(&json!({"publish": {"to": "off", "percent": 50}})).await;
    let (room, queues) = room(&[], |aws| store.flags(aws, Injection::Refused)).await;
    let mut expected = Vec::new();
    for number in 0..8 {
        let key = format!("{number}.jpg");
        let record = room.upload(&key, sample("astronaut.jpg"), "01").await;
        assert!(!room.handed_back(&record).await);
        if !share.includes("publish", &format!("{}/{key}", room.source)) {
            expected.push(key);
        }
    }
    let mut published = room.published_keys().await;
    published.sort();
    assert_eq!(published, expected);
    assert_eq!(queues.depth(&queues.hold).await, 8 - expected.len());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn injected_failures_are_retried_and_where_they_are_not_allowed_the_document_is_refused() {
    let store = ParameterStore::start(&json!({"failure-injection": 100})).await;
    let (room_in_dev, _queues) = room(&[], |aws| store.flags(aws, Injection::Allowed)).await;
    let record = room_in_dev.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(room_in_dev.handed_back(&record).await);
    assert_eq!(room_in_dev.rejections().await, []);

    let (room_in_prod, queues) = room(&[], |aws| store.flags(aws, Injection::Refused)).await;
    let record = room_in_prod.upload("a.jpg", sample("astronaut.jpg"), "01").await;
    assert!(!room_in_prod.handed_back(&record).await);
    assert_eq!(queues.depth(&queues.hold).await, 1, "no good document was ever read");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn photos_in_place_wait_outside_of_their_stream_and_are_replaced_once_when_they_are_released() {
    let aws = gatehouse_core::aws::config();
    let store = ParameterStore::start(&json!({"publish": "off"})).await;
    let mut world = InPlace::new(1).await;
    let queues = HoldQueues::new(&aws, &world.bucket).await;
    world.process.gate = queues.gate(store.flags(&aws, Injection::Refused));
    let photo = sample("astronaut.jpg");
    world.upload("a.jpg", &photo).await;
    world.settle().await; // no change is left in the stream
    assert_eq!(world.file("a.jpg").await.as_deref(), Some(photo.as_slice()));
    assert_eq!(world.state("a.jpg").await, "pending");
    let deliver =
        async |world: &InPlace, url: &str| queues.deliver(url, async |event| process(world, &event).await).await;
    for _ in 0..MANY {
        assert_eq!(deliver(&world, &queues.hold).await, 0);
    }

    store.throw(&json!({}));
    past_the_cache_time().await;
    assert_eq!(deliver(&world, &queues.hold).await, 1);
    assert_eq!(world.writes().await, 1, "released, and not yet at work");
    assert_eq!(deliver(&world, &queues.release).await, 1);
    world.settle().await;
    assert_eq!(still_visible(&photo, &world.file("a.jpg").await.unwrap()), []);
    assert_eq!((world.writes().await, world.state("a.jpg").await.as_str()), (2, "done"));
    assert_eq!(world.rejections().await, []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_command_switches_the_intake_off_and_on_in_a_process_that_reads_the_local_parameter_store() {
    let settings = Settings {
        parameter: std::env::var("GATEHOUSE_FLAGS_PARAMETER").unwrap(),
        cache: CacheTime(CACHE),
        injection: Injection::Refused,
    };
    let mut house = House::new().await;
    house.deps.flags = Flags::new(Some(settings), &gatehouse_core::aws::config());
    let (vera, bob) = (Person::auctioneer("vera"), Person::bidder("bob"));
    let auction = house.open(&vera).await;
    let envelope = auction.seal(&bob, "1.00");

    let flags = Thrown::new(&["intake=off"]);
    past_the_cache_time().await;
    let refused = house.call(Call::bid(&bob, auction.id, &envelope)).await;
    assert_eq!(
        (refused.status_code, refused.headers["retry-after"].as_str()),
        (503, "30")
    );
    assert!(
        refused.body.contains("urn:gatehouse:problem:intake-off"),
        "{}",
        refused.body
    );
    let shown = house.call(Call::new("GET /auctions/{auctionId}").of(auction.id)).await;
    assert_eq!(shown.status_code, 200);

    flags.and(&["intake=on"]);
    past_the_cache_time().await;
    let taken = house.call(Call::bid(&bob, auction.id, &envelope)).await;
    assert_eq!(taken.status_code, 201, "{}", taken.body);
}

/// Hands messages to dedupe-process; the ids of those handed back.
async fn process(world: &InPlace, event: &Value) -> Vec<String> {
    let invocation = stream_invocation(event["Records"].as_array().unwrap());
    let answer = dedupe_process::handle(&world.process, invocation).await.unwrap();
    let failures = answer.batch_item_failures.into_iter();
    failures.filter_map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_no_stream_record_in_the_release_queue_is_rejected() {
    let aws = gatehouse_core::aws::config();
    let store = ParameterStore::start(&json!({})).await;
    let mut world = InPlace::new(1).await;
    let queues = HoldQueues::new(&aws, &world.bucket).await;
    world.process.gate = queues.gate(store.flags(&aws, Injection::Refused));
    let batch = events::sqs_batch(&[json!("no record"), json!({"dynamodb": {}})]);
    assert_eq!(process(&world, &batch).await, [""; 0]);
    let reasons: Vec<String> = world
        .rejections()
        .await
        .into_iter()
        .map(|rejection| rejection.reason)
        .collect();
    assert_eq!(reasons, ["malformed-event", "malformed-event"]);
}
