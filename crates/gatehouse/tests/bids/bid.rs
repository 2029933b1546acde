//! `gatehouse bid` and `gatehouse post`

use std::path::Path;

use gatehouse_auction::{Event, Hash, Seal};
use serde_json::{Value, json};

use crate::house::{AMOUNT, AUCTION, BIDDER, Done, Files, TOKEN, gatehouse, opened, public_key, receipt, run, shown};
use crate::server::{Answer, Asked, Server};

/// Some envelope, to be posted as it is.
fn sealed(files: &Files) -> String {
    let key = files.put("key.jwk", json!(public_key()));
    let bid = format!("--auction {AUCTION} --bidder {BIDDER} --amount {AMOUNT} --currency EUR");
    gatehouse(&format!("seal {bid} --key {}", key.display()))
        .said
        .trim()
        .to_owned()
}

fn post(server: &Server, files: &Files, envelope: &str) -> String {
    let file = files.put("bid.jwe", format!("{envelope}\n"));
    format!("post --api {} --auction {AUCTION} {}", server.url, file.display())
}

/// Seals, saves and posts a bid.
fn bid_saved(server: &Server, file: &Path) -> Done {
    let bid = format!("--auction {AUCTION} --bidder {BIDDER} --amount - --currency EUR");
    let command = format!("bid --api {} {bid} --save {}", server.url, file.display());
    run(&command, AMOUNT, Some(TOKEN))
}

fn envelope_of(asked: &Asked) -> String {
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    body["envelope"].as_str().unwrap().to_owned()
}

fn quickly(answer: Answer) -> Answer {
    answer.with("retry-after", "0")
}

#[test]
fn a_bid_is_sealed_for_the_auctions_key_and_posted_with_the_token() {
    let server = Server::answering([Answer::json(200, &shown()), Answer::problem(403, "not-a-bidder")]);
    let bid = format!("--auction {AUCTION} --bidder {BIDDER} --amount - --currency EUR");
    run(&format!("bid --api {} {bid}", server.url), AMOUNT, Some(TOKEN)).assert_refused("not-a-bidder");

    let [_, posted] = &server.asked()[..] else {
        panic!("two requests")
    };
    assert_eq!(
        (posted.method.as_str(), posted.path.as_str()),
        ("POST", &*format!("/auctions/{AUCTION}/bids"))
    );
    assert_eq!(posted.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(posted.header("content-type"), "application/json");
    let envelope = envelope_of(posted);
    assert_eq!(opened(&envelope).amount(), AMOUNT);
    assert_eq!(posted.header("idempotency-key").len(), 32);
}

/// Runs `gatehouse bid --key` against an API that shows this auction; gives what it did and how often it posted.
fn bid_with_key(shown: &Value, key: Value, currency: &str) -> (Done, usize) {
    let files = Files::new();
    let key = files.put("key.jwk", key);
    let server = Server::answering([Answer::json(200, shown), Answer::problem(403, "not-a-bidder")]);
    let bid = format!("--auction {AUCTION} --bidder {BIDDER} --amount - --currency {currency}");
    let command = format!("bid --api {} {bid} --key {}", server.url, key.display());
    let done = run(&command, AMOUNT, Some(TOKEN));
    let posted = server.asked().iter().filter(|asked| asked.method == "POST").count();
    (done, posted)
}

#[test]
fn with_the_auctions_key_in_a_file_a_bid_is_posted_as_without() {
    let (done, posted) = bid_with_key(&shown(), json!(public_key()), "EUR");
    done.assert_refused("not-a-bidder");
    assert_eq!(posted, 1);
}

#[test]
fn a_bid_that_could_not_count_is_not_posted_with_a_key_from_a_file_either() {
    let (done, posted) = bid_with_key(&shown(), json!(public_key()), "USD");
    done.assert_refused("wrong-currency");
    assert_eq!(posted, 0);

    let mut other = shown();
    other["id"] = json!("01JZ8W6T3B9Q4VXK5M7N2P0RSE");
    let (done, posted) = bid_with_key(&other, json!(public_key()), "EUR");
    done.assert_refused("unexpected-answer");
    assert_eq!(posted, 0);
}

#[test]
fn a_key_in_a_file_that_is_not_the_one_that_the_api_names_posts_nothing() {
    for (member, value) in [("kid", json!("another-key")), ("e", json!("Aw"))] {
        let mut key = json!(public_key());
        key[member] = value;
        let (done, posted) = bid_with_key(&shown(), key, "EUR");
        done.assert_refused("other-key");
        assert_eq!(posted, 0, "{member}");
    }
}

#[test]
fn the_receipt_is_printed_and_the_key_is_said_on_standard_error() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([Answer::json(201, &receipt(&envelope, 42))]);
    let done = gatehouse(&post(&server, &files, &envelope));
    assert_eq!(done.json(), receipt(&envelope, 42));
    let [asked] = &server.asked()[..] else {
        panic!("one request")
    };
    assert_eq!(
        done.complained,
        format!("gatehouse: Idempotency-Key {}\n", asked.header("idempotency-key"))
    );
    assert_eq!(envelope_of(asked), envelope);
}

/// Or a bid that was withdrawn, and is posted again, would be answered with the receipt of then, and not stand.
#[test]
fn the_same_envelope_is_posted_under_another_key_the_next_time() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([42, 44].map(|position| Answer::json(201, &receipt(&envelope, position))));
    let command = post(&server, &files, &envelope);
    assert_eq!(gatehouse(&command).json()["bidId"], "42");
    assert_eq!(gatehouse(&command).json()["bidId"], "44");

    let keys: Vec<String> = server
        .asked()
        .iter()
        .map(|asked| asked.header("idempotency-key").to_owned())
        .collect();
    assert_eq!(keys[0].len(), 32);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn the_same_request_is_sent_with_the_same_key_until_it_is_answered() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([
        Answer::none(),
        quickly(Answer::problem(409, "idempotency-in-flight")),
        quickly(Answer::json(429, &json!({ "message": "Too Many Requests" }))),
        quickly(Answer::json(502, &json!({ "message": "Internal server error" }))),
        quickly(Answer::problem(503, "unavailable")),
        Answer::json(201, &receipt(&envelope, 42)),
    ]);
    assert_eq!(gatehouse(&post(&server, &files, &envelope)).json()["bidId"], "42");

    let asked = server.asked();
    assert_eq!(asked.len(), 6);
    for again in &asked {
        assert_eq!(again, &asked[0], "the very same request");
    }
}

#[test]
fn a_bidder_who_has_no_tries_left_is_told_so_at_once() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([Answer::problem(429, "too-many-bids")]);
    let done = gatehouse(&post(&server, &files, &envelope));
    assert_eq!((done.code, server.asked().len()), (65, 1), "{}", done.complained);
    assert!(done.complained.contains("too-many-bids"), "{}", done.complained);
}

#[test]
fn an_api_that_keeps_failing_is_given_up_with_exit_code_1() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering(vec![quickly(Answer::problem(503, "unavailable")); 20]);
    let done = gatehouse(&post(&server, &files, &envelope));
    assert_eq!((done.code, done.said.as_str(), server.asked().len()), (1, "", 6));
    assert!(done.complained.contains("unavailable"), "{done:?}");
}

#[test]
fn a_bid_that_was_saved_is_posted_later_when_the_api_did_not_answer() {
    let files = Files::new();
    let file = files.path("bid.jwe");
    let failing = vec![quickly(Answer::problem(503, "unavailable")); 6];
    let server = Server::answering([vec![Answer::json(200, &shown())], failing].concat());
    let done = bid_saved(&server, &file);
    assert_eq!((done.code, done.said.as_str()), (1, ""), "{done:?}");
    let advice = format!("`gatehouse post {}`", file.display());
    assert!(
        done.complained.contains("unavailable") && done.complained.contains(&advice),
        "{done:?}"
    );

    let saved = std::fs::read_to_string(&file).unwrap();
    let envelope = saved.trim();
    assert_eq!(envelope_of(&server.asked()[1]), envelope);
    let server = Server::answering([Answer::json(201, &receipt(envelope, 42))]);
    let command = format!("post --api {} --auction {AUCTION} {}", server.url, file.display());
    assert_eq!(gatehouse(&command).json()["bidId"], "42");
    assert_eq!(envelope_of(&server.asked()[0]), envelope);
}

#[test]
fn a_refusal_of_a_bid_that_was_saved_keeps_its_code_and_names_the_file() {
    let files = Files::new();
    let file = files.path("bid.jwe");
    let server = Server::answering([Answer::json(200, &shown()), Answer::problem(403, "not-a-bidder")]);
    let done = bid_saved(&server, &file);
    done.assert_refused("not-a-bidder");
    assert!(done.complained.contains(&file.display().to_string()), "{done:?}");
}

#[test]
fn a_bid_that_can_not_be_saved_is_not_posted() {
    let files = Files::new();
    let taken = files.put("bid.jwe", "an earlier bid");
    let server = Server::answering([Answer::json(200, &shown()), Answer::json(200, &shown())]);
    bid_saved(&server, &taken).assert_refused("file-exists");
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "an earlier bid");
    assert_eq!(bid_saved(&server, &files.path("no-such-folder/bid.jwe")).code, 1);
    assert!(server.asked().iter().all(|asked| asked.method == "GET"));
}

#[test]
fn a_refusal_is_final_and_told_by_its_code() {
    let files = Files::new();
    let envelope = sealed(&files);
    for (status, code) in [
        (409, "auction-closed"),
        (422, "idempotency-key-reused"),
        (403, "not-a-bidder"),
    ] {
        let server = Server::answering([Answer::problem(status, code)]);
        gatehouse(&post(&server, &files, &envelope)).assert_refused(code);
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let files = Files::new();
    let envelope = sealed(&files);
    let elsewhere = Server::answering([]);
    let server = Server::answering([Answer::json(307, &Value::Null).with("location", &elsewhere.url)]);
    assert_eq!(gatehouse(&post(&server, &files, &envelope)).code, 1);
    assert_eq!(elsewhere.asked(), []);
}

#[test]
fn a_key_of_ones_own_is_sent_instead() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([Answer::json(201, &receipt(&envelope, 42))]);
    gatehouse(&format!(
        "{} --idempotency-key mine-1",
        post(&server, &files, &envelope)
    ))
    .json();
    assert_eq!(server.asked()[0].header("idempotency-key"), "mine-1");
}

#[test]
fn a_key_that_the_api_would_not_take_is_wrong_usage() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([]);
    for key in ["zoë".to_owned(), "\"quoted\"".to_owned(), "k".repeat(256)] {
        let done = gatehouse(&format!("{} --idempotency-key {key}", post(&server, &files, &envelope)));
        assert_eq!(done.code, 2, "{done:?}");
    }
    assert_eq!(server.asked(), []);
}

#[test]
fn the_token_comes_from_an_option_a_file_or_the_environment() {
    let files = Files::new();
    let envelope = sealed(&files);
    let file = files.put("token", "planted-in-a-file\n");
    for (option, token) in [
        ("--token planted-as-an-option".to_owned(), "Bearer planted-as-an-option"),
        (format!("--token-file {}", file.display()), "Bearer planted-in-a-file"),
        (String::new(), "Bearer planted-in-the-environment"),
    ] {
        let server = Server::answering([Answer::json(201, &receipt(&envelope, 42))]);
        let done = run(
            &format!("{} {option}", post(&server, &files, &envelope)),
            "",
            Some("planted-in-the-environment"),
        );
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(server.asked()[0].header("authorization"), token);
    }
}

#[test]
fn without_a_token_nothing_is_asked() {
    let files = Files::new();
    let envelope = sealed(&files);
    let server = Server::answering([]);
    let command = post(&server, &files, &envelope);
    run(&command, "", None).assert_refused("no-token");
    run(&command, "", Some("")).assert_refused("bad-token");
    run(&command, "", Some("planted\r\nx-evil: 1")).assert_refused("bad-token");
    assert_eq!(server.asked(), []);
}

#[test]
fn what_is_no_envelope_is_not_posted() {
    let files = Files::new();
    let server = Server::answering([]);
    gatehouse(&post(&server, &files, "hello")).assert_refused("envelope-not-five-parts");
    assert_eq!(server.asked(), []);
}

#[test]
fn a_receipt_for_something_else_is_printed_and_exits_with_65() {
    let files = Files::new();
    let envelope = sealed(&files);
    let right = receipt(&envelope, 42);
    let as_if_imported = Event::bid_placed_body(BIDDER, Seal::KmsCiphertext, Hash::of(&envelope)).unwrap();
    for (member, value, reason) in [
        ("envelopeSha256", json!(Hash::of("another")), "other-receipt"),
        ("auctionId", json!("01JZ8W6T3B9Q4VXK5M7N2P0RSE"), "other-receipt"),
        ("digest", json!(Hash::of(as_if_imported)), "other-receipt"),
        ("bidder", json!("somebody-else"), "bad-receipt"),
        ("digest", json!(Hash::of("another")), "bad-receipt"),
        ("bidId", json!("41"), "bad-receipt"),
    ] {
        let mut wrong = right.clone();
        wrong[member] = value;
        let server = Server::answering([Answer::json(201, &wrong)]);
        let done = gatehouse(&post(&server, &files, &envelope));
        assert_eq!(
            serde_json::from_str::<Value>(&done.said).unwrap(),
            wrong,
            "it is the proof"
        );
        assert_eq!(done.code, 65, "{member}");
        assert!(
            done.complained.contains(&format!("gatehouse: {reason}: ")),
            "{member}: {done:?}"
        );
    }
}
