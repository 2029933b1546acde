//! `gatehouse seal`

use serde_json::json;

use crate::house::{AMOUNT, AUCTION, BIDDER, Files, gatehouse, opened, public_key, run, shown};
use crate::server::{Answer, Server};

fn seal(amount: &str, currency: &str, whose: &str) -> String {
    format!("seal --auction {AUCTION} --bidder {BIDDER} --amount {amount} --currency {currency} {whose}")
}

fn with_key(files: &Files) -> String {
    format!("--key {}", files.put("key.jwk", json!(public_key())).display())
}

#[test]
fn a_bid_sealed_with_a_key_in_a_file_opens_to_what_was_given() {
    let done = gatehouse(&seal(AMOUNT, "EUR", &with_key(&Files::new())));
    let bid = opened(done.said.trim());
    assert_eq!((bid.amount().as_str(), bid.currency().code()), (AMOUNT, "EUR"));
}

#[test]
fn nothing_but_the_envelope_is_printed() {
    let done = gatehouse(&seal(AMOUNT, "EUR", &with_key(&Files::new())));
    assert_eq!((done.code, done.complained.as_str()), (0, ""));
    let line = done.said.strip_suffix('\n').unwrap();
    assert_eq!(line.split('.').count(), 5);
    assert!(
        line.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)),
        "{line}"
    );
}

#[test]
fn the_amount_can_be_typed_instead() {
    let done = run(
        &seal("-", "EUR", &with_key(&Files::new())),
        &format!("{AMOUNT}\n"),
        None,
    );
    assert_eq!(opened(done.said.trim()).amount(), AMOUNT);
}

#[test]
fn every_envelope_is_as_long_as_every_other() {
    let files = Files::new();
    let sealed = |amount| gatehouse(&seal(amount, "EUR", &with_key(&files))).said;
    let (small, large) = (sealed("1"), sealed("999999999999999999.99"));
    assert_eq!(small.len(), large.len());
    assert_ne!(small, sealed("1"), "the same bid never looks the same");
}

#[test]
fn a_bad_amount_or_currency_exits_with_65_names_the_argument_and_never_shows_the_amount() {
    let files = Files::new();
    let key = with_key(&files);
    for (amount, currency, reason, argument) in [
        ("7777.001", "EUR", "amount-too-many-decimals", "--amount"),
        ("7777.5", "JPY", "amount-too-many-decimals", "--amount"),
        ("-7777", "EUR", "amount-not-decimal", "--amount"),
        ("7777e3", "EUR", "amount-not-decimal", "--amount"),
        ("NaN", "EUR", "amount-not-decimal", "--amount"),
        ("7777,00", "EUR", "amount-not-decimal", "--amount"),
        ("7777777777777777777", "EUR", "amount-too-large", "--amount"),
        ("7777", "EURO", "unknown-currency", "--currency"),
        ("7777", "eur", "unknown-currency", "--currency"),
    ] {
        let done = gatehouse(&seal(amount, currency, &key));
        done.assert_refused(reason);
        assert!(
            done.complained.contains(argument) && !done.complained.contains("7777"),
            "{done:?}"
        );
    }
}

#[test]
fn what_is_typed_is_checked_like_what_is_given() {
    let files = Files::new();
    let key = with_key(&files);
    for typed in ["", "7777\n8888\n", "seven"] {
        run(&seal("-", "EUR", &key), typed, None).assert_refused("amount-not-decimal");
    }
    run(&seal("-", "EUR", &key), &"7".repeat(100_000), None).assert_refused("file-too-large");
}

#[test]
fn a_file_that_is_no_public_key_exits_with_65() {
    let files = Files::new();
    let mut private = json!(public_key());
    private["d"] = json!("AQAB");
    let mut signing = json!(public_key());
    signing["use"] = json!("sig");
    for bad in [
        json!("hello"),
        json!({ "kty": "oct", "k": "AAAA", "kid": "x" }),
        json!({}),
        private,
        signing,
    ] {
        let path = files.put("bad.jwk", &bad);
        gatehouse(&seal(AMOUNT, "EUR", &format!("--key {}", path.display()))).assert_refused("bad-key");
    }
}

#[test]
fn a_bad_auction_or_bidder_exits_with_65() {
    let files = Files::new();
    let bid = seal(AMOUNT, "EUR", &with_key(&files));
    gatehouse(&bid.replace(AUCTION, "42")).assert_refused("bad-auction-id");
    gatehouse(&bid.replace(BIDDER, &"b".repeat(300))).assert_refused("not-sealed");
}

#[test]
fn the_api_is_asked_for_the_key_and_for_nothing_else() {
    let server = Server::answering([Answer::json(200, &shown())]);
    let done = gatehouse(&seal(AMOUNT, "EUR", &format!("--api {}/stage/", server.url)));
    assert_eq!(opened(done.said.trim()).amount(), AMOUNT);
    let [asked] = &server.asked()[..] else {
        panic!("one request")
    };
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", &*format!("/stage/auctions/{AUCTION}"))
    );
    assert_eq!(asked.header("authorization"), "", "a token is not needed");
}

#[test]
fn another_currency_than_the_auctions_is_refused_before_it_is_sealed() {
    let server = Server::answering([Answer::json(200, &shown())]);
    gatehouse(&seal(AMOUNT, "USD", &format!("--api {}", server.url))).assert_refused("wrong-currency");
}

#[test]
fn an_answer_about_another_auction_is_refused() {
    let mut other = shown();
    other["id"] = json!("01JZ8W6T3B9Q4VXK5M7N2P0RSE");
    let server = Server::answering([Answer::json(200, &other)]);
    gatehouse(&seal(AMOUNT, "EUR", &format!("--api {}", server.url))).assert_refused("unexpected-answer");
}

#[test]
fn a_key_is_taken_over_https_only_except_from_this_machine() {
    for url in [
        "http://bids.example.org",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "bids.example.org",
        "://",
    ] {
        gatehouse(&seal(AMOUNT, "EUR", &format!("--api {url}"))).assert_refused("bad-url");
    }
}

#[test]
fn without_a_key_and_without_an_api_it_is_wrong_usage() {
    assert_eq!(gatehouse(&seal(AMOUNT, "EUR", "")).code, 2);
}
