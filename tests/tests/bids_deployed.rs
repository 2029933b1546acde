//! Auctions on the deployed stack: through the real API, authorizer, functions, schedules, queues and roles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, Put, PutRequest, TransactWriteItem, WriteRequest};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec::{RsaesOaepSha1, RsaesOaepSha256};
use gatehouse_core::rejected::Rejection;
use gatehouse_tests::deployed_auctions::{Auction, House, Listener, Place, Roles, User, found_in};
use gatehouse_tests::eventually;
use gatehouse_tests::stack::PATIENCE;
use serde_json::{Value, json};

/// How long auctions are open in these tests: ten bidders have to be done by then.
const OPEN_FOR: Duration = Duration::from_secs(15);
/// How long those are open that are called off.
const HOUR: Duration = Duration::from_secs(3600);

/// What the ten bid. Numbers that stand nowhere else; the fourth's never opens, the second withdraws.
const AMOUNTS: [&str; 10] = [
    "731946.27",
    "999183.51",
    "718264.39",
    "823517.46",
    "739582.64",
    "861739.28",
    "861739.28",
    "714925.83",
    "0.37",
    "728461.95",
];
/// What the third bids instead.
const REPLACEMENT: &str = "745829.16";
/// What the fifth bids where it has to win.
const OUTBIDS: &str = "872641.93";

/// A story of ten bidders, told to its end.
struct Held<'a> {
    auction: Auction<'a>,
    /// The last receipt of each, in the order of the bidders.
    receipts: Vec<Value>,
    result: Value,
    schedule: String,
}

/// Ten bidders bid: two tie, one replaces a bid, one withdraws the highest, one's envelope does not open.
async fn hold<'a>(house: &'a House, rule: &str, fifth: &str) -> Held<'a> {
    let auction = house.open(rule, OPEN_FOR, &json!({})).await;
    let schedule = format!("{:?}", schedule_of(&auction).await.expect("a schedule"));
    let mut receipts = Vec::new();
    for (place, (bidder, amount)) in house.bidders.iter().zip(AMOUNTS).enumerate() {
        let receipt = match place {
            1 => {
                let receipt = auction.bid(bidder, amount).await;
                let path = auction.path(&format!("/bids/{}", receipt["bidId"].as_str().unwrap()));
                house.api.delete(bidder, &path).await.with(204);
                receipt
            }
            2 => {
                auction.bid(bidder, amount).await;
                auction.bid(bidder, REPLACEMENT).await
            }
            3 => auction
                .post(bidder, &spoilt(&auction.sealed(bidder, amount)))
                .await
                .with(201),
            4 => auction.bid(bidder, fifth).await,
            _ => auction.bid(bidder, amount).await,
        };
        receipts.push(receipt);
    }
    let result = auction.result(&house.auctioneers[0]).await;
    Held {
        auction,
        receipts,
        result,
        schedule,
    }
}

/// An envelope that looks right and does not open.
fn spoilt(envelope: &str) -> String {
    let mut parts: Vec<String> = envelope.split('.').map(ToOwned::to_owned).collect();
    let first = if parts[3].starts_with('A') { "B" } else { "A" };
    parts[3].replace_range(..1, first);
    parts.join(".")
}

async fn schedule_of(auction: &Auction<'_>) -> Option<aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput> {
    let client = aws_sdk_scheduler::Client::new(&gatehouse_core::aws::config());
    let request = client
        .get_schedule()
        .group_name(std::env::var("GATEHOUSE_SCHEDULE_GROUP").unwrap());
    request.name(auction.id.to_string()).send().await.ok()
}

fn assert_the_right_one_won(house: &House, held: &Held<'_>, winner: usize, price: &str) {
    let Held { receipts, result, .. } = held;
    let expected = json!({"bidId": receipts[winner]["bidId"], "bidder": house.bidders[winner].sub});
    assert_eq!(result["winner"], expected);
    assert_eq!(result["price"], price);
    assert_eq!((&result["bids"], &result["valid"]), (&json!(9), &json!(8)));
    let invalid: Vec<&Value> = result["invalid"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["bidId"])
        .collect();
    assert_eq!(invalid, [&receipts[3]["bidId"]]);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_earlier_of_two_that_tie_wins_by_first_price_and_pays_what_it_bid() {
    let house = House::connect();
    let held = hold(&house, "first-price", AMOUNTS[4]).await;
    assert_the_right_one_won(&house, &held, 5, "861739.28");
    for (place, bidder) in house.bidders.iter().enumerate().take(10) {
        let told = held.auction.result(bidder).await;
        let amount = told.get("amount").and_then(Value::as_str);
        assert_eq!(amount, (place == 5).then_some("861739.28"), "{}", bidder.name);
        assert_eq!(told.get("price"), None, "{}", bidder.name);
    }
    // The other auctioneer did not open it.
    let told = held.auction.result(&house.auctioneers[1]).await;
    assert_eq!((told.get("amount"), told.get("price")), (None, None));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_highest_wins_by_second_price_and_pays_the_second_highest() {
    let house = House::connect();
    let held = hold(&house, "second-price", OUTBIDS).await;
    assert_the_right_one_won(&house, &held, 4, "861739.28");
    assert_eq!(held.auction.result(&house.bidders[4]).await["amount"], OUTBIDS);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_bidder_gets_their_receipt_again_and_nobody_elses_and_the_log_agrees_with_it() {
    let house = House::connect();
    let held = hold(&house, "first-price", AMOUNTS[4]).await;
    let log = held.auction.log().await;
    for (place, receipt) in held.receipts.iter().enumerate() {
        let path = held
            .auction
            .path(&format!("/bids/{}", receipt["bidId"].as_str().unwrap()));
        assert_eq!(
            &house.api.get(Some(&house.bidders[place]), &path).await.with(200),
            receipt
        );
        for other in house.bidders.iter().enumerate().filter(|(other, _)| *other != place) {
            assert_eq!(
                house.api.get(Some(other.1), &path).await.problem(),
                (404, "no-such-bid")
            );
        }
        assert_eq!(house.api.get(None, &path).await.status, 401);
        let link = log
            .iter()
            .find(|link| json!(link.position) == receipt["position"])
            .unwrap();
        assert_eq!(
            json!([link.at, link.digest, link.hash]),
            json!([receipt["at"], receipt["digest"], receipt["hash"]])
        );
    }
    // Opened, eleven bids, a withdrawal, closed; and the settlement, which says on which log it stands.
    assert_eq!(log.len(), 15);
    assert_eq!(held.result["logHead"], json!(log[13].hash));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_settled_auction_leaves_no_schedule_and_the_event_bus_has_heard_of_all_of_it() {
    let house = House::connect();
    let listener = Listener::start().await;
    let held = hold(&house, "second-price", OUTBIDS).await;
    eventually("the schedule gone", PATIENCE, || async {
        schedule_of(&held.auction).await.is_none().then_some(())
    })
    .await;
    let kinds = listener.kinds(held.auction.id, 15).await;
    let counted = kinds.iter().fold(BTreeMap::new(), |mut counted, kind| {
        *counted.entry(kind.as_str()).or_insert(0) += 1;
        counted
    });
    let expected = [
        ("AuctionClosed", 1),
        ("AuctionOpened", 1),
        ("AuctionSettled", 1),
        ("BidPlaced", 11),
        ("BidWithdrawn", 1),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
    assert_eq!(
        (kinds.first().unwrap().as_str(), kinds.last().unwrap().as_str()),
        ("AuctionOpened", "AuctionSettled")
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_amount_is_nowhere_but_in_the_winners_and_the_auctioneers_own_result() {
    let house = House::connect();
    let listener = Listener::start().await;
    let held = hold(&house, "second-price", OUTBIDS).await;
    let (winner, auctioneer) = (&house.bidders[4], &house.auctioneers[0]);
    for user in house.bidders.iter().chain(&house.auctioneers) {
        held.auction.result(user).await;
        house.api.get(Some(user), &held.auction.path("")).await.with(200);
    }
    held.auction.log().await;
    listener.kinds(held.auction.id, 15).await;

    let mut places = Place::all().await;
    places.extend(listener.heard().await);
    places.push(Place::new("schedule", held.schedule.clone()));
    let told = house.api.told();
    let told_to = |sub: &str, amount: &str| {
        let to_them = told.iter().filter(|told| told.to.as_deref() == Some(sub));
        let texts: Vec<Place> = to_them.map(|told| Place::new(&told.asked, told.text.clone())).collect();
        found_in(amount, &texts)
            .into_iter()
            .map(|place| place.name.clone())
            .collect::<BTreeSet<_>>()
    };
    let result = BTreeSet::from([format!("GET {}", held.auction.path("/result"))]);
    for amount in AMOUNTS.iter().chain([&REPLACEMENT, &OUTBIDS]) {
        // Four characters can stand in a ciphertext by chance.
        if amount.len() < 8 {
            continue;
        }
        assert_eq!(
            found_in(amount, &places)
                .iter()
                .map(|place| &place.name)
                .collect::<Vec<_>>(),
            [""; 0]
        );
        for user in house.bidders.iter().chain(&house.auctioneers) {
            let own = (user.sub == winner.sub && *amount == OUTBIDS)
                || (user.sub == auctioneer.sub && *amount == "861739.28");
            let expected = if own { result.clone() } else { BTreeSet::new() };
            assert_eq!(told_to(&user.sub, amount), expected, "{} of {}", user.name, amount);
        }
        let to_nobody: Vec<Place> = told
            .iter()
            .filter(|told| told.to.is_none())
            .map(|told| Place::new("", told.text.clone()))
            .collect();
        assert!(found_in(amount, &to_nobody).is_empty());
    }
    // What was looked through is what was there: the auction stands in all of it.
    let id = held.auction.id.to_string();
    for name in [
        "GATEHOUSE_AUCTIONS_TABLE",
        "GATEHOUSE_BID_INTAKE_LOG_GROUP",
        "GATEHOUSE_BID_SETTLE_LOG_GROUP",
        "event bus",
    ] {
        assert!(
            places
                .iter()
                .any(|place| place.name == name && place.text.contains(&id)),
            "nothing of it in {name}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn intake_shows_the_public_key_and_can_not_decrypt_while_the_settlement_can() {
    let (roles, key) = (Roles::take().await, std::env::var("GATEHOUSE_SEALING_KEY_ARN").unwrap());
    let [root, intake, settlement] = [&roles.root, &roles.intake, &roles.settlement].map(aws_sdk_kms::Client::new);
    intake
        .get_public_key()
        .key_id(&key)
        .send()
        .await
        .expect("the public key for intake");
    for (algorithm, settlement_may) in [(RsaesOaepSha256, true), (RsaesOaepSha1, false)] {
        let sealed = root
            .encrypt()
            .key_id(&key)
            .encryption_algorithm(algorithm.clone())
            .plaintext(Blob::new([7; 32]));
        let sealed = sealed.send().await.unwrap().ciphertext_blob.unwrap();
        let open = |client: &aws_sdk_kms::Client| {
            let request = client.decrypt().key_id(&key).encryption_algorithm(algorithm.clone());
            request.ciphertext_blob(sealed.clone()).send()
        };
        let refused = open(&intake).await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"));
        let opened = open(&settlement).await;
        assert_eq!(opened.is_ok(), settlement_may, "{opened:?}");
    }
    for client in [&intake, &settlement] {
        let refused = client
            .create_grant()
            .key_id(&key)
            .grantee_principal(std::env::var("GATEHOUSE_BID_INTAKE_ROLE_ARN").unwrap());
        let refused = refused
            .operations(aws_sdk_kms::types::GrantOperation::Decrypt)
            .send()
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"));
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_settlement_writes_events_and_progress_but_no_sealed_bid_by_any_operation() {
    let (roles, table) = (Roles::take().await, std::env::var("GATEHOUSE_AUCTIONS_TABLE").unwrap());
    let client = aws_sdk_dynamodb::Client::new(&roles.settlement);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    // At 0 and below are no events: nobody is told of this one.
    let event = [
        ("pk", text("a test of roles")),
        ("sk", AttributeValue::N("-7".to_owned())),
        ("body", text("{}")),
    ];
    let event = event.map(|(name, value)| (name.to_owned(), value));
    let put = client
        .put_item()
        .table_name(&table)
        .set_item(Some(event.clone().into()));
    put.send().await.expect("an item without an envelope");

    let bid = event
        .into_iter()
        .chain([("attachment".to_owned(), text("an envelope"))]);
    let bid: std::collections::HashMap<_, _> = bid.collect();
    let put = client.put_item().table_name(&table).set_item(Some(bid.clone()));
    assert_eq!(put.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    let put = Put::builder()
        .table_name(&table)
        .set_item(Some(bid.clone()))
        .build()
        .unwrap();
    let items = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build());
    assert_eq!(items.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    let put = PutRequest::builder().set_item(Some(bid.clone())).build().unwrap();
    let batch = client
        .batch_write_item()
        .request_items(&table, vec![WriteRequest::builder().put_request(put).build()]);
    assert_eq!(batch.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    let update = client
        .update_item()
        .table_name(&table)
        .key("pk", bid["pk"].clone())
        .key("sk", bid["sk"].clone());
    let update = update
        .update_expression("SET attachment = :envelope")
        .expression_attribute_values(":envelope", text("x"));
    assert_eq!(update.send().await.unwrap_err().code(), Some("AccessDeniedException"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_settlement_deletes_its_notes_which_intake_can_not_write_and_nothing_of_an_auctions_log() {
    let house = House::connect();
    let auction = house.open("first-price", HOUR, &json!({})).await;
    let bid = auction.bid(&house.bidders[0], AMOUNTS[0]).await;
    let (roles, table) = (Roles::take().await, std::env::var("GATEHOUSE_AUCTIONS_TABLE").unwrap());
    let client = aws_sdk_dynamodb::Client::new(&roles.settlement);
    let delete = |pk: String, sk: &Value| {
        let request = client.delete_item().table_name(&table).key("pk", AttributeValue::S(pk));
        request.key("sk", AttributeValue::N(sk.to_string())).send()
    };
    let notes = delete(format!("progress/{}", auction.id), &json!(0)).await;
    notes.expect("its own notes may go");
    let forged = aws_sdk_dynamodb::Client::new(&roles.intake)
        .put_item()
        .table_name(&table);
    let forged = forged.item("pk", AttributeValue::S(format!("progress/{}", auction.id)));
    let forged = forged.item("sk", AttributeValue::N("0".to_owned())).send().await;
    assert_eq!(
        forged.unwrap_err().code(),
        Some("AccessDeniedException"),
        "intake's notes"
    );
    for position in [&json!(1), &bid["position"], &json!(0)] {
        let refused = delete(auction.id.to_string(), position).await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"), "at {position}");
    }
    assert_eq!(auction.log().await.len(), 2);
    let path = auction.path("");
    let cancelled = house.api.delete(&house.auctioneers[0], &path).await;
    cancelled.with(204);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_close_in_the_middle_of_a_race_counts_every_bid_that_was_accepted_and_no_other() {
    let house = House::connect();
    let auction = house.open("first-price", Duration::from_secs(12), &json!({})).await;
    let start = std::time::Instant::now();
    let races = house
        .bidders
        .iter()
        .enumerate()
        .map(|(place, bidder)| race(&auction, bidder, place));
    let accepted: Vec<Vec<Value>> = futures_util::future::join_all(races).await;
    let seconds = start.elapsed().as_secs_f64();

    let result = auction.result(&house.auctioneers[0]).await;
    let log = auction.log().await;
    let receipts: Vec<&Value> = accepted.iter().flatten().collect();
    println!(
        "{} bids accepted in {seconds:.1} s by {} bidders",
        receipts.len(),
        accepted.len()
    );
    assert!(
        accepted.iter().all(|bids| !bids.is_empty()),
        "somebody never got a bid in"
    );
    let positions: BTreeSet<u64> = receipts
        .iter()
        .map(|receipt| receipt["position"].as_u64().unwrap())
        .collect();
    // Opened, then nothing but the accepted bids, then closed and settled.
    let expected: BTreeSet<u64> = (2..=receipts.len() as u64 + 1).collect();
    assert_eq!(positions, expected);
    assert_eq!(log.len(), receipts.len() + 3);
    for link in &log[..=receipts.len()] {
        assert!(link.at < auction.closes_at, "{} is after the close", link.at);
    }
    assert_eq!(
        (&result["bids"], &result["valid"]),
        (&json!(accepted.len()), &json!(accepted.len()))
    );
    // Each bids more than before, and each more than those before: the last bid of some bidder is the highest.
    let highest = accepted
        .iter()
        .enumerate()
        .map(|(place, bids)| (amount_of(bids.len() - 1, place), place))
        .max()
        .unwrap();
    assert_eq!(result["winner"]["bidder"], house.bidders[highest.1].sub);
    assert_eq!(result["price"], format!("{}.00", highest.0));
}

/// Bids again and again until the auction has closed; the receipts.
async fn race(auction: &Auction<'_>, bidder: &User, place: usize) -> Vec<Value> {
    let mut receipts = Vec::new();
    loop {
        let envelope = auction.sealed(bidder, &amount_of(receipts.len(), place).to_string());
        let answer = auction.post(bidder, &envelope).await;
        match answer.problem() {
            (201, _) => receipts.push(answer.body),
            // Who is slow hears that it is settled already.
            (409, "auction-closed" | "auction-settled") => return receipts,
            other => panic!("{}: {other:?}", bidder.name),
        }
    }
}

/// What a bidder bids at a time: no two amounts of an auction are the same.
fn amount_of(round: usize, place: usize) -> usize {
    1000 + round * 100 + place
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_file_of_the_older_system_is_rejected_by_line_where_no_key_is_set_that_opens_its_bids() {
    let house = House::connect();
    let contract = House::unique();
    let of_contract = json!({ "contract": contract });
    let auction = house.open("first-price", HOUR, &of_contract).await;
    let file = format!("[].contract,[].bid\n{contract},AQIDBAUGBwg=\n{contract},\n");
    let stack = gatehouse_tests::stack::Stack::connect().await;
    let object = format!("{}/today/encrypted.csv", house.bidders[0].sub);
    let upload = stack
        .s3
        .put_object()
        .bucket(std::env::var("GATEHOUSE_IMPORT_BUCKET").unwrap())
        .key(object);
    upload.body(file.into_bytes().into()).send().await.unwrap();

    // There is a message for each reason.
    let rejected = RefCell::new(BTreeMap::new());
    eventually("two rejected lines", PATIENCE, || async {
        for Rejection { reason, record, .. } in stack.rejections().await {
            rejected.borrow_mut().insert(record["lines"].to_string(), reason);
        }
        (rejected.borrow().len() == 2).then_some(())
    })
    .await;
    let expected = [("[2]", "legacy-key-not-set"), ("[3]", "bid-missing")];
    let expected = expected.map(|(lines, reason)| (lines.to_owned(), reason.to_owned()));
    assert_eq!(rejected.into_inner(), BTreeMap::from(expected));
    assert_eq!(auction.log().await.len(), 1, "nothing but the opening");
    let path = auction.path("");
    let cancelled = house.api.delete(&house.auctioneers[0], &path).await;
    cancelled.with(204);
}
