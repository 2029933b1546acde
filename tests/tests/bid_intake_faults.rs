//! The sealed-bid API when requests are repeated, race, or fail: nothing is half done, nothing is lost, and everybody is
//! answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bid_intake::Answer;
use futures_util::future::join_all;
use gatehouse_auction::{Event, log::verify};
use gatehouse_tests::auction_house::{Call, House, Person};
use gatehouse_tests::operations::Fault;
use serde_json::{Value, json};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

fn vera() -> Person {
    Person::auctioneer("vera")
}

fn bob() -> Person {
    Person::bidder("bob")
}

fn is(answer: &Answer, status: u16, code: &str) {
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    let expected = (status, json!(format!("urn:gatehouse:problem:{code}")));
    assert_eq!(
        (answer.status_code, problem["type"].clone()),
        expected,
        "{}",
        answer.body
    );
}

/// 503, with a time to try again.
fn is_not_now(answer: &Answer) {
    is(answer, 503, "unavailable");
    assert!(answer.headers["retry-after"].parse::<u32>().unwrap() > 0);
}

fn counts<const N: usize>(counts: [(&str, u32); N]) -> BTreeMap<String, u32> {
    counts.map(|(operation, count)| (operation.to_owned(), count)).into()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_accepted_bid_takes_five_requests_and_a_repeated_one_takes_one() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    house.wire.take();
    let mut happy = counts([("PutItem", 2), ("Query", 1), ("UpdateItem", 2)]);
    happy.insert("GetItem".to_owned(), 1);
    let carol = Person::bidder("carol");
    house
        .call(Call::bid(&carol, auction.id, &auction.seal(&carol, "1.00")))
        .await;
    assert_eq!(house.wire.take(), happy, "the first time, the terms are read");

    happy.remove("GetItem");
    let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
    let first = house.call(call.clone()).await;
    assert_eq!((first.status_code, house.wire.take()), (201, happy));

    house.set_clock(auction.closes_at);
    let again = house.call(call).await;
    assert_eq!(again, first, "the same answer, byte for byte, also after the close");
    assert_eq!(house.wire.take(), counts([("PutItem", 1)]));
    assert_eq!(house.entries(auction.id).await.len(), 3);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_key_of_another_request_is_refused_and_one_of_another_caller_is_another_key() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let key = |call: Call| call.header("idempotency-key", "\"the-key\"");
    let place = |bidder: &Person, amount: &str| key(Call::bid(bidder, auction.id, &auction.seal(bidder, amount)));
    assert_eq!(house.call(place(&bob(), "1.00")).await.status_code, 201);
    is(&house.call(place(&bob(), "2.00")).await, 422, "idempotency-key-reused");
    let other_auction = house.open(&vera()).await;
    let moved = key(Call::bid(&bob(), other_auction.id, &other_auction.seal(&bob(), "1.00")));
    is(&house.call(moved).await, 422, "idempotency-key-reused");
    assert_eq!(
        house.call(place(&Person::bidder("carol"), "1.00")).await.status_code,
        201
    );
    assert_eq!(house.entries(auction.id).await.len(), 3);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_request_whose_twin_is_being_worked_on_is_told_to_wait() {
    let house = Arc::new(House::new().await);
    let auction = house.open(&vera()).await;
    let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
    let seen = Arc::new(Mutex::new(None));
    let (twin, twins_call, put) = (Arc::clone(&house), call.clone(), Arc::clone(&seen));
    let between = async move {
        // A task of its own: one request inside of another would take more stack than a test's thread has.
        let answer = tokio::spawn(async move { twin.call(twins_call).await }).await.unwrap();
        *put.lock().unwrap() = Some(answer);
    };
    // After the claim, before the append.
    house.wire.plan("Query", 0, 1, Fault::Before(Box::pin(between)));
    let first = house.call(call.clone()).await;
    assert_eq!(first.status_code, 201, "{}", first.body);
    let second = seen.lock().unwrap().take().unwrap();
    is(&second, 409, "idempotency-in-flight");
    assert!(second.headers["retry-after"].parse::<u32>().unwrap() > 0);
    assert_eq!(house.call(call).await, first);
    assert_eq!(house.entries(auction.id).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_refused_request_gives_its_key_back() {
    let house = House::new().await;
    let mut new = house.new_auction();
    let opens_at = house.now() + Duration::from_secs(60);
    new["opensAt"] = json!(opens_at);
    let opened: Value = serde_json::from_str(&house.call(Call::open(&vera(), &new)).await.body).unwrap();
    let id = opened["id"].as_str().unwrap().parse().unwrap();
    let key = serde_json::from_value(opened["key"].clone()).unwrap();
    let auction = gatehouse_tests::auction_house::Auction {
        id,
        key,
        closes_at: opens_at,
    };
    let call = Call::bid(&bob(), id, &auction.seal(&bob(), "1.00"));
    is(&house.call(call.clone()).await, 409, "not-open-yet");
    house.set_clock(opens_at);
    assert_eq!(house.call(call).await.status_code, 201);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn whichever_service_fails_at_an_opening_the_same_request_opens_one_auction_later() {
    // A claim, a read, a schedule, a key, an append, a completion: all requests of an opening in their order.
    for (operation, skip) in [
        ("PutItem", 0),
        ("GetItem", 0),
        ("CreateSchedule", 0),
        ("GetPublicKey", 0),
        ("PutItem", 1),
    ] {
        for fault in [|| Fault::Throttled, || Fault::Down, || Fault::AnswerLost] {
            let house = House::new().await;
            let call = Call::open(&vera(), &house.new_auction());
            house.wire.plan(operation, skip, 3, fault());
            let failed = house.call(call.clone()).await;
            assert!(house.wire.all_happened(), "{operation}");
            is_not_now(&failed);
            // A claim or a release whose answers are lost leaves the key taken until its lease ends.
            house.idempotency.forget().await;
            let opened = house.call(call.clone()).await;
            assert_eq!(opened.status_code, 201, "{operation}: {}", opened.body);
            assert_eq!(house.call(call).await, opened);
            let id = opened.headers["location"].rsplit('/').next().unwrap().parse().unwrap();
            assert_eq!(house.entries(id).await.len(), 1, "{operation}");
            assert_eq!(
                house.auctions().await,
                1,
                "{operation}: one auction, whatever was repeated"
            );
            assert_eq!(house.schedules().await, 1, "{operation}");
        }
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn whichever_service_fails_at_a_bid_the_same_request_places_it_once_later() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let mut placed = 1;
    for (operation, skip) in [("PutItem", 0), ("UpdateItem", 0), ("Query", 0), ("PutItem", 1)] {
        for fault in [|| Fault::Throttled, || Fault::Down] {
            let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
            house.wire.plan(operation, skip, 3, fault());
            is_not_now(&house.call(call.clone()).await);
            assert!(house.wire.all_happened(), "{operation}");
            assert_eq!(
                house.entries(auction.id).await.len(),
                placed,
                "{operation}: nothing was taken"
            );
            let answer = house.call(call).await;
            assert_eq!(answer.status_code, 201, "{operation}: {}", answer.body);
            placed += 1;
        }
    }
    assert_eq!(house.entries(auction.id).await.len(), placed);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_whose_append_lost_its_answer_once_is_placed_once_and_one_that_is_not_recorded_is_answered() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    for (operation, skip, times) in [
        ("PutItem", 0, 1),
        ("PutItem", 1, 1),
        ("UpdateItem", 0, 1),
        ("UpdateItem", 1, 1),
        ("UpdateItem", 1, 3),
    ] {
        let before = house.entries(auction.id).await.len();
        let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
        house.wire.plan(operation, skip, times, Fault::AnswerLost);
        let answer = house.call(call.clone()).await;
        assert!(house.wire.all_happened());
        assert_eq!(answer.status_code, 201, "{operation}: {}", answer.body);
        assert_eq!(house.call(call).await, answer);
        assert_eq!(house.entries(auction.id).await.len(), before + 1, "{operation}");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_connection_that_hangs_is_given_up_while_there_is_time_for_another() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    // The SDK itself gives a request up that stands still, but only after more time than this.
    let house = house.with_time_left(Duration::from_secs(5));
    for (operation, skip) in [("PutItem", 0), ("Query", 0)] {
        house.wire.plan(operation, skip, 1, Fault::Hangs);
        let answer = house
            .call(Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00")))
            .await;
        assert!(house.wire.all_happened(), "{operation}");
        assert_eq!(answer.status_code, 201, "{operation}: {}", answer.body);
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_is_only_read_or_changed_is_503_when_its_service_fails_and_right_when_it_is_back() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    house
        .call(Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00")))
        .await;
    let of = |route| Call::new(route).of(auction.id);
    let bid = json!("2");
    let calls = [
        (of("GET /auctions/{auctionId}"), "Query", 200),
        (of("GET /auctions/{auctionId}/log"), "Query", 200),
        (
            of("GET /auctions/{auctionId}/bids/{bidId}").bid_id(&bid).by(&bob()),
            "GetItem",
            200,
        ),
        (
            of("DELETE /auctions/{auctionId}/bids/{bidId}").bid_id(&bid).by(&bob()),
            "PutItem",
            204,
        ),
        (of("DELETE /auctions/{auctionId}").by(&vera()), "PutItem", 204),
        (of("DELETE /auctions/{auctionId}").by(&vera()), "DeleteSchedule", 204),
    ];
    for (call, operation, status) in calls {
        for fault in [Fault::Throttled, Fault::Down] {
            house.wire.plan(operation, 0, 3, fault);
            is_not_now(&house.call(call.clone()).await);
            assert!(house.wire.all_happened(), "{} {operation}", call.route);
        }
        assert_eq!(house.call(call).await.status_code, status, "{operation}");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_result_that_kms_does_not_open_now_is_503_for_the_winner() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    house
        .call(Call::bid(&bob(), auction.id, &auction.seal(&bob(), "7.00")))
        .await;
    house.close(&auction).await;
    house.settle(&auction, &bob(), 2, "7.00", "7.00").await;
    let call = Call::new("GET /auctions/{auctionId}/result").of(auction.id).by(&bob());
    house.wire.plan("Decrypt", 0, 3, Fault::Throttled);
    is_not_now(&house.call(call.clone()).await);
    let answer = house.call(call).await;
    assert!(answer.body.contains(r#""amount":"7.00""#), "{}", answer.body);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn with_too_little_time_left_nothing_is_begun() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    house.wire.take();
    let house = house.with_time_left(Duration::from_millis(1100));
    is_not_now(
        &house
            .call(Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00")))
            .await,
    );
    assert!(house.wire.take().is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_panic_is_answered_as_a_problem_that_quotes_nothing() {
    let mut house = House::new().await;
    let auction = house.open(&vera()).await;
    house.deps = house.deps.clone().with_clock(|| panic!("the amount is 1200"));
    let answer = house
        .call(Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00")))
        .await;
    is(&answer, 500, "internal");
    assert!(!answer.body.contains("1200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the local stack: make test"]
async fn when_an_auction_closes_in_the_middle_of_a_race_every_accepted_bid_counts_and_no_refused_one_does() {
    let house = Arc::new(House::new().await);
    let auction = house.open(&vera()).await;
    let racing = (0..20).map(|number| {
        let (house, auction) = (Arc::clone(&house), auction.clone());
        tokio::spawn(async move {
            let bidder = Person::bidder(&format!("bidder-{number}"));
            let mut answers = Vec::new();
            for amount in 0..15 {
                let envelope = auction.seal(&bidder, &format!("{amount}.00"));
                answers.push(house.call(Call::bid(&bidder, auction.id, &envelope)).await);
            }
            answers
        })
    });
    let racing: Vec<_> = racing.collect();
    while house.log.last(auction.id).await.unwrap().unwrap().position < 60 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.close(&auction).await;
    let answers: Vec<Answer> = join_all(racing).await.into_iter().flat_map(Result::unwrap).collect();

    let (accepted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status_code == 201);
    for answer in &refused {
        is(answer, 409, "auction-closed");
    }
    assert!(
        accepted.len() >= 59 && refused.len() >= 20,
        "{} and {}",
        accepted.len(),
        refused.len()
    );
    let entries = house.entries(auction.id).await;
    verify(auction.id, entries.iter().map(|entry| entry.link())).unwrap();
    let (close, before) = entries.split_last().unwrap();
    assert_eq!(
        close.event().unwrap(),
        Event::AuctionClosed {},
        "nothing came after the close"
    );
    let mut in_log: Vec<String> = before[1..].iter().map(|entry| entry.hash.to_string()).collect();
    let mut receipts: Vec<String> = accepted.iter().map(|answer| hash(answer)).collect();
    in_log.sort_unstable();
    receipts.sort_unstable();
    assert_eq!(in_log, receipts);
    println!(
        "{} bids accepted, {} refused after the close",
        accepted.len(),
        refused.len()
    );
}

fn hash(answer: &Answer) -> String {
    let receipt: Value = serde_json::from_str(&answer.body).unwrap();
    receipt["hash"].as_str().unwrap().to_owned()
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps all that a function can be told to log, as core's telemetry does: of other crates, warnings and no more. It is this
/// process's one subscriber, since what another test logs first would else stay off in this one, too.
fn keep_log() -> Lines {
    let lines = Lines::default();
    let writer = lines.clone();
    let ours = Targets::new()
        .with_default(Level::WARN)
        .with_target("gatehouse", Level::TRACE)
        .with_target("bid_intake", Level::TRACE);
    let layer = fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer).with(ours)).unwrap();
    tracing::callsite::rebuild_interest_cache();
    lines
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_log_says_of_a_service_that_failed_what_it_had_to_say() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false);
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let logging = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let denied = |operation| {
        house
            .wire
            .plan(operation, 1, 1, Fault::Refused("AccessDeniedException"))
    };
    for (operation, status, told) in [("PutItem", 503, "not now"), ("UpdateItem", 201, "not recorded")] {
        denied(operation);
        let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
        assert_eq!(house.call(call).await.status_code, status);
        let logged = String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap();
        let line = logged
            .lines()
            .find(|line| line.contains(told))
            .unwrap_or_else(|| panic!("{told}: {logged}"));
        assert!(
            line.contains("cause=") && line.contains("AccessDeniedException"),
            "{line}"
        );
    }
    drop(logging);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn no_log_line_holds_a_body_an_envelope_an_amount_a_token_or_a_caller() {
    let lines = keep_log();
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let (subject, amount) = ("subject-that-nobody-logs", "987654321.09");
    let bidder = Person::bidder(subject);
    let envelope = auction.seal(&bidder, amount);
    let placing = Call::bid(&bidder, auction.id, &envelope).header("authorization", "Bearer not-to-be-logged");
    assert_eq!(house.call(placing.clone()).await.status_code, 201);
    house.wire.plan("PutItem", 1, 3, Fault::Down);
    house.wire.plan("DeleteItem", 0, 3, Fault::Down);
    is_not_now(
        &house
            .call(Call::bid(&bidder, auction.id, &auction.seal(&bidder, amount)))
            .await,
    );
    assert!(house.wire.all_happened());
    let bad = Call {
        body: Some(format!("{{\"envelope\":\"{amount}\"}}")),
        ..placing
    };
    assert_eq!(house.call(bad).await.status_code, 422);

    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for line in ["bid_intake: answered", "gatehouse_core::idempotency"] {
        assert!(logged.contains(line), "{line} is not in the log: {logged}");
    }
    for secret in [subject, amount, &envelope, "not-to-be-logged", "Plot 7"] {
        assert!(!logged.contains(secret), "{secret} was logged");
    }
}
