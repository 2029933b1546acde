//! What intake sees of a sealed bid without opening it: each envelope that is not exactly right is refused, and nothing of
//! it is taken into the log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_tests::auction_house::{Auction, Call, House, Person};
use serde_json::{Value, json};

fn bob() -> Person {
    Person::bidder("bob")
}

/// The envelope with another protected header, made of its own.
fn with_header(envelope: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = envelope.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

fn with_member(envelope: &str, name: &str, value: &str) -> String {
    with_header(envelope, |header| header[name] = json!(value))
}

/// The envelope with one of its five parts changed.
fn with_part(envelope: &str, part: usize, change: impl FnOnce(&str) -> String) -> String {
    let mut parts: Vec<String> = envelope.split('.').map(str::to_owned).collect();
    parts[part] = change(&parts[part]);
    parts.join(".")
}

/// Every envelope that intake refuses, with the code of its problem.
fn hostile(good: &str, auction: &Auction, other: &Auction) -> Vec<(String, &'static str)> {
    let mut parts: Vec<&str> = good.split('.').collect();
    parts.swap(2, 3);
    let truncated = |part: usize| with_part(good, part, |text| text[..text.len() / 2 / 4 * 4].to_owned());
    let twice = good.split_once('.').unwrap().1;
    let duplicate = r#"{"alg":"RSA-OAEP-256","alg":"none","enc":"A256GCM","kid":"k","aid":"a","sub":"s"}"#;
    vec![
        (other.seal(&bob(), "1.00"), "envelope-other-auction"),
        (auction.seal(&Person::bidder("carol"), "1.00"), "envelope-other-bidder"),
        (with_member(good, "kid", "another-key"), "envelope-other-key"),
        (with_member(good, "alg", "none"), "envelope-other-algorithm"),
        (with_member(good, "alg", "RSA1_5"), "envelope-other-algorithm"),
        (with_member(good, "alg", "dir"), "envelope-other-algorithm"),
        (with_member(good, "enc", "A128CBC-HS256"), "envelope-other-encryption"),
        (with_member(good, "zip", "DEF"), "envelope-compressed"),
        (with_member(good, "crit", "exp"), "envelope-critical-extension"),
        (with_member(good, "cty", "JWT"), "envelope-other-content-type"),
        (
            with_member(good, "jku", "https://example.com"),
            "envelope-header-unknown-member",
        ),
        (
            with_header(good, |header| header["sub"] = json!(7)),
            "envelope-header-not-text",
        ),
        (
            with_header(good, |header| drop(header.as_object_mut().unwrap().remove("aid"))),
            "envelope-header-missing-member",
        ),
        (
            format!("{}.{twice}", URL_SAFE_NO_PAD.encode(duplicate)),
            "envelope-header-duplicate-member",
        ),
        (truncated(1), "envelope-encrypted-key-length"),
        (truncated(2), "envelope-iv-length"),
        (truncated(4), "envelope-tag-length"),
        (with_part(good, 3, |_| String::new()), "envelope-ciphertext-length"),
        (with_part(good, 3, |_| "A".repeat(1000)), "envelope-ciphertext-length"),
        (parts.join("."), "envelope-iv-length"),
        (with_part(good, 4, |tag| format!("{tag}==")), "envelope-not-base64url"),
        (format!("{good}.x"), "envelope-not-five-parts"),
        (good.rsplit_once('.').unwrap().0.to_owned(), "envelope-not-five-parts"),
        (String::new(), "envelope-not-five-parts"),
        ("125000.00".to_owned(), "envelope-not-five-parts"),
        (format!("{good}{}", "A".repeat(4097 - good.len())), "envelope-too-large"),
    ]
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_envelope_that_is_not_exactly_right_is_refused_by_its_own_code() {
    let house = House::new().await;
    let vera = Person::auctioneer("vera");
    let (auction, other) = (house.open(&vera).await, house.open(&vera).await);
    let good = auction.seal(&bob(), "1.00");
    for (envelope, code) in hostile(&good, &auction, &other) {
        let answer = house.call(Call::bid(&bob(), auction.id, &envelope)).await;
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status_code, &problem["type"]),
            (422, &json!(format!("urn:gatehouse:problem:{code}")))
        );
        assert_eq!(problem["errors"][0]["pointer"], "#/envelope", "{code}");
        assert!(
            envelope.is_empty() || !answer.body.contains(&envelope),
            "{code}: nothing is quoted"
        );
    }
    assert_eq!(
        house.entries(auction.id).await.len(),
        1,
        "nothing was taken into the log"
    );
    let answer = house.call(Call::bid(&bob(), auction.id, &good)).await;
    assert_eq!(answer.status_code, 201, "{}", answer.body);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_copy_of_somebody_elses_bid_is_refused_even_after_that_bid_was_taken() {
    let house = House::new().await;
    let auction = house.open(&Person::auctioneer("vera")).await;
    let envelope = auction.seal(&bob(), "1.00");
    assert_eq!(
        house.call(Call::bid(&bob(), auction.id, &envelope)).await.status_code,
        201
    );
    let copied = house
        .call(Call::bid(&Person::bidder("carol"), auction.id, &envelope))
        .await;
    assert!(copied.body.contains("envelope-other-bidder"), "{}", copied.body);
    assert_eq!(house.entries(auction.id).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_same_envelope_again_keeps_its_earlier_place() {
    let house = House::new().await;
    let auction = house.open(&Person::auctioneer("vera")).await;
    let envelope = auction.seal(&bob(), "1.00");
    for _ in ["now", "and again under another key"] {
        assert_eq!(
            house.call(Call::bid(&bob(), auction.id, &envelope)).await.status_code,
            201
        );
    }
    let state = house.log.load(auction.id).await.unwrap().unwrap();
    assert_eq!(state.standing_bid("bob").unwrap().bid, 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_body_that_is_no_bid_is_refused_before_any_request() {
    let house = House::new().await;
    let auction = house.open(&Person::auctioneer("vera")).await;
    let call = |body: &str| Call {
        body: Some(body.to_owned()),
        ..Call::bid(&bob(), auction.id, "x")
    };
    house.wire.take();
    let large = format!("{{\"envelope\":\"{}\"}}", "x".repeat(16 * 1024));
    for (call, status, code) in [
        (call("{"), 400, "malformed-json"),
        (call("[]"), 400, "malformed-json"),
        (call("{}"), 422, "invalid-field"),
        (call(r#"{"envelope":7}"#), 422, "invalid-field"),
        (call(r#"{"envelope":"x","amount":"1.00"}"#), 422, "invalid-field"),
        (call(&large), 413, "body-too-large"),
        (
            call("{}").header("content-type", "application/jose"),
            415,
            "unsupported-media-type",
        ),
        (call("{}").header("idempotency-key", ""), 400, "idempotency-key-missing"),
        (
            call("{}").header("idempotency-key", "\""),
            400,
            "idempotency-key-invalid",
        ),
    ] {
        let answer = house.call(call).await;
        assert_eq!(answer.status_code, status, "{code}: {}", answer.body);
        assert!(
            answer.body.contains(&format!("urn:gatehouse:problem:{code}")),
            "{}",
            answer.body
        );
    }
    assert!(house.wire.take().is_empty());
}
