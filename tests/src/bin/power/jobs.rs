//! What each function is asked to do.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_auction::AuctionId;
use gatehouse_core::rejected::Rejection;
use gatehouse_tests::auction_house::{Call, House, Person};
use gatehouse_tests::events::{notification, sqs_batch};
use gatehouse_tests::in_place::InPlace;
use gatehouse_tests::photos::{sample, twelve_megapixels_with_ten_faces};
use gatehouse_tests::room::Room;
use gatehouse_tests::stack::{bootstrap, bootstrap_of, process_bootstrap, record_bootstrap};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::quota::Quota;
use crate::runs::{Row, Subject, measure};

/// Events for each function at each size, the first of them included.
const EVENTS: usize = 12;
/// Bids in an auction that is settled.
const BIDS: usize = 20;

/// `face-blur`: a photo in each event.
pub async fn photos(quota: &Quota, memory: u32) -> Vec<Row> {
    let room = Room::new(&[]).await;
    let variables = [
        ("SOURCE_BUCKET", room.source.as_str()),
        ("DESTINATION_BUCKET", &room.destination),
        ("REJECTED_QUEUE_URL", &room.rejected_queue_url),
        ("CONCURRENCY", "2"),
        ("MALLOC_ARENA_MAX", "1"),
    ];
    let mut rows = Vec::new();
    for (job, photo) in [
        ("512x512, one face", sample("astronaut.jpg")),
        ("12 MP, ten faces", twelve_megapixels_with_ten_faces()),
    ] {
        let mut events = Vec::new();
        for number in 0..EVENTS {
            let record = room.upload(&format!("{job}/{number}.jpg"), photo.clone(), "01").await;
            events.push(sqs_batch(&[notification(&[record])]));
        }
        let subject = Subject {
            function: "face-blur",
            job,
            bootstrap: &bootstrap(),
            variables: &variables,
        };
        let row = measure(quota, memory, &subject, events, nothing_handed_back).await;
        if is_possible(&subject, memory, &room.rejections().await) {
            rows.push(row);
        }
    }
    rows
}

/// `dedupe-record` and `dedupe-process`: an upload, and the change that it made to the ledger.
pub async fn photos_in_place(quota: &Quota, memory: u32) -> Vec<Row> {
    let mut world = InPlace::new(3).await;
    let (bucket, table, queue) = (
        world.bucket.clone(),
        world.table.clone(),
        world.rejected_queue_url.clone(),
    );
    let variables = [
        ("BUCKET", bucket.as_str()),
        ("LEDGER_TABLE", &table),
        ("REJECTED_QUEUE_URL", &queue),
        ("STREAM_FAILURE_QUEUE_URL", &queue),
        ("CONCURRENCY", "2"),
        ("MALLOC_ARENA_MAX", "1"),
    ];
    for number in 0..EVENTS {
        world.upload(&format!("{number}.jpg"), &sample("astronaut.jpg")).await;
    }
    let uploads = world.new_events().await.into_iter();
    let events = uploads.map(|event| sqs_batch(&[notification(&[event])])).collect();
    let subject = Subject {
        function: "dedupe-record",
        job: "an upload noted",
        bootstrap: &record_bootstrap(),
        variables: &variables,
    };
    let noted = measure(quota, memory, &subject, events, nothing_handed_back).await;

    let changes = world.new_changes().await.into_iter();
    let events = changes.map(|change| json!({ "Records": [change] })).collect();
    let subject = Subject {
        function: "dedupe-process",
        job: "512x512, one face",
        bootstrap: &process_bootstrap(),
        ..subject
    };
    let replaced = measure(quota, memory, &subject, events, nothing_handed_back).await;
    match is_possible(&subject, memory, &world.rejections().await) {
        true => vec![noted, replaced],
        false => vec![noted],
    }
}

/// Whether the function did what it was asked for. With too little memory for a photo it does not: it rejects the photo, which
/// is quick, and no measure of anything.
fn is_possible(subject: &Subject, memory: u32, rejections: &[Rejection]) -> bool {
    let Some(first) = rejections.first() else { return true };
    assert_eq!(first.reason, "too-much-memory", "{}: {first:?}", subject.job);
    eprintln!("{} with {memory} MB refuses {}", subject.function, subject.job);
    false
}

/// `bid-intake`: a bid in each event.
pub async fn bids(quota: &Quota, memory: u32) -> [Row; 1] {
    let house = House::new().await;
    house.set_clock(Timestamp::now());
    let auction = house.open(&Person::auctioneer("auctioneer")).await;
    let events = (0..EVENTS).map(|number| {
        let bidder = Person::bidder(&format!("bidder-{number}"));
        Call::bid(&bidder, auction.id, &auction.seal(&bidder, "125000.00")).event()
    });
    let events = events.collect();
    let variables = house.variables();
    let subject = Subject {
        function: "bid-intake",
        job: "a bid accepted",
        bootstrap: &bootstrap_of("GATEHOUSE_BID_INTAKE_BOOTSTRAP"),
        variables: &borrowed(&variables),
    };
    [measure(quota, memory, &subject, events, |answer| answer["statusCode"] == 201).await]
}

/// `bid-settle`: an auction of twenty bids in each event.
pub async fn settlements(quota: &Quota, memory: u32) -> Row {
    let house = House::new().await;
    // So that its auctions have closed by now: the function goes by the machine's clock.
    house.set_clock(Timestamp::now() - Duration::from_secs(2 * 3600));
    let mut events = Vec::new();
    for _ in 0..EVENTS {
        let auction = house.open(&Person::auctioneer("auctioneer")).await;
        for number in 0..BIDS {
            let bidder = Person::bidder(&format!("bidder-{number}"));
            let envelope = auction.seal(&bidder, &format!("{}.00", 100_000 + number));
            let answer = house.call(Call::bid(&bidder, auction.id, &envelope)).await;
            assert_eq!(answer.status_code, 201, "{}", answer.body);
        }
        events.push(sqs_batch(&[json!({ "auction": auction.id })]));
    }
    let variables = house.variables();
    let subject = Subject {
        function: "bid-settle",
        job: "an auction of 20 bids",
        bootstrap: &bootstrap_of("GATEHOUSE_BID_SETTLE_BOOTSTRAP"),
        variables: &borrowed(&variables),
    };
    measure(quota, memory, &subject, events, nothing_handed_back).await
}

/// `bid-publish`: the entry of a bid in each event.
pub async fn publishing(quota: &Quota, memory: u32) -> Row {
    let house = House::new().await;
    let placed: Value = serde_json::from_str(include_str!("../../../../events/bid-publish/bids-placed.json")).unwrap();
    let one = json!({ "Records": [placed["Records"][0]] });
    let variables = house.variables();
    let subject = Subject {
        function: "bid-publish",
        job: "a bid told to EventBridge",
        bootstrap: &bootstrap_of("GATEHOUSE_BID_PUBLISH_BOOTSTRAP"),
        variables: &borrowed(&variables),
    };
    measure(quota, memory, &subject, vec![one; EVENTS], nothing_handed_back).await
}

/// `bid-import`: a file of twenty bids of one bidder in each event, each in another auction.
pub async fn imports(quota: &Quota, memory: u32) -> Row {
    let house = House::new().await;
    house.set_clock(Timestamp::now());
    let room = Room::new(&[]).await;
    let mut auctions = Vec::new();
    for _ in 0..BIDS {
        auctions.push(house.open(&Person::auctioneer("auctioneer")).await.id);
    }
    let mut events = Vec::new();
    for number in 0..EVENTS {
        let line =
            |(place, auction): (usize, &AuctionId)| format!("{auction},{}\n", STANDARD.encode([place as u8; 120]));
        let lines: String = auctions.iter().enumerate().map(line).collect();
        let file = format!("[].contract,[].bid\n{lines}");
        let key = format!("bidder-{number}/encrypted.csv");
        let record = room.upload(&key, file.into_bytes(), "01").await;
        events.push(sqs_batch(&[notification(&[record])]));
    }
    let mut variables = house.variables();
    variables.extend([
        ("IMPORT_BUCKET", room.source.clone()),
        ("REJECTED_QUEUE_URL", room.rejected_queue_url.clone()),
        // Nothing is opened here: it only says that there is an older system.
        (
            "LEGACY_KEY_ARN",
            "arn:aws:kms:us-east-1:000000000000:key/of-the-older-system".to_owned(),
        ),
    ]);
    let subject = Subject {
        function: "bid-import",
        job: "a file of 20 bids",
        bootstrap: &bootstrap_of("GATEHOUSE_BID_IMPORT_BOOTSTRAP"),
        variables: &borrowed(&variables),
    };
    let row = measure(quota, memory, &subject, events, nothing_handed_back).await;
    assert_eq!(room.rejections().await.len(), 0, "every line is a bid");
    row
}

fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn nothing_handed_back(answer: &Value) -> bool {
    *answer == json!({ "batchItemFailures": [] })
}
