//! `gatehouse auction open`, `show`, `cancel`, `withdraw`, `receipt`, `result` and `log`

use serde_json::{Value, json};

use crate::house::{AUCTION, TOKEN, gatehouse, run, shown};
use crate::server::{Answer, Asked, Server};

/// Runs an auction command against one answer; gives what it printed and what it asked.
fn ask(command: &str, answer: Answer) -> (String, Asked) {
    let server = Server::answering([answer]);
    let done = gatehouse(&format!("auction {command} --api {}", server.url));
    assert_eq!(done.code, 0, "{done:?}");
    let [asked] = &server.asked()[..] else {
        panic!("one request")
    };
    (done.said, asked.clone())
}

const OPEN: &str =
    "open --title Bridge --closes-at 2026-03-01T12:00:00Z --rule second-price --currency EUR --reserve 5.00";

#[test]
fn an_auction_is_opened_as_the_arguments_say() {
    let (said, asked) = ask(&format!("{OPEN} --contract C-17"), Answer::json(201, &shown()));
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap(), shown());
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/auctions"));
    assert_eq!(asked.header("authorization"), format!("Bearer {TOKEN}"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let expected = json!({
        "title": "Bridge", "closesAt": "2026-03-01T12:00:00Z", "rule": "second-price", "currency": "EUR",
        "reserve": "5.00", "contract": "C-17",
    });
    assert_eq!(body, expected);
}

#[test]
fn each_opening_has_a_key_of_its_own_unless_one_is_given() {
    let key = |command: &str| {
        ask(command, Answer::json(201, &shown()))
            .1
            .header("idempotency-key")
            .to_owned()
    };
    let (first, second) = (key(OPEN), key(OPEN));
    assert_eq!(first.len(), 32);
    assert_ne!(first, second);
    assert_eq!(key(&format!("{OPEN} --idempotency-key mine-1")), "mine-1");
}

#[test]
fn what_can_not_be_opened_is_not_asked_for() {
    let server = Server::answering([]);
    let open = |command: &str| gatehouse(&format!("auction {command} --api {}", server.url));
    open(&OPEN.replace("5.00", "5.001")).assert_refused("amount-too-many-decimals");
    open(&OPEN.replace("EUR", "XXX")).assert_refused("unknown-currency");
    assert_eq!(open(&OPEN.replace("second-price", "third-price")).code, 2);
    assert_eq!(open(&OPEN.replace("2026-03-01T12:00:00Z", "tomorrow")).code, 2);
    assert_eq!(server.asked(), []);
}

#[test]
fn every_other_command_is_one_request() {
    let document = json!({ "as": "it is" });
    for (command, method, path, prints) in [
        ("show", "GET", "", true),
        ("result", "GET", "/result", true),
        ("receipt --bid 42", "GET", "/bids/42", true),
        ("cancel", "DELETE", "", false),
        ("withdraw --bid 42", "DELETE", "/bids/42", false),
    ] {
        let answer = if prints {
            Answer::json(200, &document)
        } else {
            Answer::json(204, &Value::Null)
        };
        let (said, asked) = ask(&format!("{command} --auction {AUCTION}"), answer);
        assert_eq!(
            (asked.method.as_str(), asked.path),
            (method, format!("/auctions/{AUCTION}{path}")),
            "{command}"
        );
        assert_eq!(
            said,
            if prints { format!("{document}\n") } else { String::new() },
            "{command}"
        );
    }
}

#[test]
fn only_what_anybody_may_see_is_asked_without_a_token() {
    for (command, needs_token) in [("show", false), ("log", false), ("result", true), ("cancel", true)] {
        let server = Server::answering([Answer::json(200, &json!({ "auctionId": AUCTION, "links": [] }))]);
        let done = run(
            &format!("auction {command} --auction {AUCTION} --api {}", server.url),
            "",
            None,
        );
        assert_eq!(done.code, if needs_token { 65 } else { 0 }, "{command}: {done:?}");
        assert_eq!(server.asked().len(), usize::from(!needs_token), "{command}");
    }
}
