//! The sealed-bid API, route by route, on the DynamoDB, KMS and EventBridge Scheduler of the local stack.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use bid_intake::Answer;
use gatehouse_auction::log::verify;
use gatehouse_auction::{Event, Hash, Link, Seal};
use gatehouse_tests::auction_house::{Auction, Call, House, Person, SETTLE_ROLE};
use jiff::Timestamp;
use serde_json::{Value, json};

const SHOW: &str = "GET /auctions/{auctionId}";
const CANCEL: &str = "DELETE /auctions/{auctionId}";
const RECEIPT: &str = "GET /auctions/{auctionId}/bids/{bidId}";
const WITHDRAW: &str = "DELETE /auctions/{auctionId}/bids/{bidId}";
const RESULT: &str = "GET /auctions/{auctionId}/result";
const LOG: &str = "GET /auctions/{auctionId}/log";

const MILLISECOND: Duration = Duration::from_millis(1);

fn vera() -> Person {
    Person::auctioneer("vera")
}

fn bob() -> Person {
    Person::bidder("bob")
}

fn carol() -> Person {
    Person::bidder("carol")
}

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// The status and the code of a problem, whose form is that of the standard.
fn problem(answer: &Answer) -> (u16, String) {
    let body = body(answer);
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{body}");
    assert_eq!(body["status"], answer.status_code, "{body}");
    assert_eq!(body["instance"], "urn:gatehouse:request:JKJaXmPLvHcESHA=", "{body}");
    for member in ["title", "detail"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    let code = body["type"]
        .as_str()
        .unwrap()
        .strip_prefix("urn:gatehouse:problem:")
        .unwrap();
    (answer.status_code, code.to_owned())
}

fn is(answer: &Answer, status: u16, code: &str) {
    assert_eq!(problem(answer), (status, code.to_owned()), "{}", answer.body);
}

async fn bid(house: &House, auction: &Auction, bidder: &Person, amount: &str) -> Value {
    let answer = house
        .call(Call::bid(bidder, auction.id, &auction.seal(bidder, amount)))
        .await;
    assert_eq!(answer.status_code, 201, "{}", answer.body);
    body(&answer)
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auctioneer_opens_an_auction_that_anybody_sees_and_that_is_scheduled_for_its_close() {
    let house = House::new().await;
    let new = json!({
        "title": "Plot 7", "contract": "C-1", "opensAt": "2030-01-05T09:30:00Z", "closesAt": "2030-01-05T10:00:00.001Z",
        "rule": "first-price", "currency": "EUR", "reserve": "100000",
    });
    let opened = house.call(Call::open(&vera(), &new)).await;
    assert_eq!(opened.status_code, 201, "{}", opened.body);
    let shown = body(&opened);
    let id = shown["id"].as_str().unwrap();
    assert_eq!(opened.headers["location"], format!("/auctions/{id}"));
    for (member, value) in [
        ("title", "Plot 7"),
        ("contract", "C-1"),
        ("opensAt", "2030-01-05T09:30:00Z"),
        ("closesAt", "2030-01-05T10:00:00.001Z"),
        ("rule", "first-price"),
        ("currency", "EUR"),
        ("reserve", "100000.00"),
        ("phase", "open"),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    assert_eq!(shown["key"]["alg"], "RSA-OAEP-256");
    assert!(!opened.body.contains("arn:"), "bidders need not know the account");

    let anybody = house.call(Call::new(SHOW).of(id.parse().unwrap())).await;
    assert_eq!((anybody.status_code, body(&anybody)), (200, shown.clone()));

    let schedule = house
        .scheduler
        .get_schedule()
        .group_name(&house.group)
        .name(id)
        .send()
        .await
        .unwrap();
    assert_eq!(
        schedule.schedule_expression.unwrap(),
        "at(2030-01-05T10:00:01)",
        "not before the close"
    );
    let target = schedule.target.unwrap();
    let input: Value = serde_json::from_str(target.input().unwrap()).unwrap();
    assert_eq!(input, json!({"auction": id}));
    let dead_letters = target.dead_letter_config().unwrap().arn().unwrap();
    assert!(dead_letters.ends_with(":settle-dead-letters"), "{dead_letters}");

    let taken = json!({"title": "Plot 8", "contract": "C-1", "closesAt": "2030-01-05T10:00:00Z",
        "rule": "first-price", "currency": "EUR"});
    is(&house.call(Call::open(&vera(), &taken)).await, 409, "contract-taken");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn every_member_of_an_auction_that_can_not_be_used_is_named_and_nothing_is_made() {
    let house = House::new().await;
    let wrong = json!({
        "title": "", "contract": "01KE6ZG4T0Z8Q0N7M2R5X3C9VB", "opensAt": 7, "closesAt": "soon", "rule": "third-price",
        "currency": "EUR", "reserve": "1.234", "owner": "me",
    });
    let answer = house.call(Call::open(&vera(), &wrong)).await;
    is(&answer, 422, "invalid-field");
    let errors = body(&answer)["errors"].as_array().unwrap().clone();
    let mut pointers: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let expected = [
        "#/closesAt",
        "#/contract",
        "#/opensAt",
        "#/owner",
        "#/reserve",
        "#/rule",
        "#/title",
    ];
    assert_eq!(pointers, expected);
    assert!(house.wire.take().is_empty(), "refused before any request");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_route_is_for_those_whom_it_is_for() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let placed = bid(&house, &auction, &bob(), "1.00").await;
    let stranger = Person::in_group("eve", "visitors");
    let calls = [
        (
            Call::open(&vera(), &house.new_auction()),
            Some("not-an-auctioneer"),
            bob(),
        ),
        (Call::new(CANCEL).of(auction.id), Some("not-an-auctioneer"), bob()),
        (Call::bid(&bob(), auction.id, "x"), Some("not-a-bidder"), vera()),
        (
            Call::new(RECEIPT).of(auction.id).bid_id(&placed["bidId"]),
            Some("not-a-bidder"),
            vera(),
        ),
        (
            Call::new(WITHDRAW).of(auction.id).bid_id(&placed["bidId"]),
            Some("not-a-bidder"),
            vera(),
        ),
        (Call::new(RESULT).of(auction.id), None, stranger.clone()),
    ];
    house.wire.take();
    for (call, code, other) in calls {
        let nobody = Call {
            person: None,
            ..call.clone()
        };
        let answer = house.call(nobody).await;
        is(&answer, 401, "unauthenticated");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(
            house.wire.take().is_empty(),
            "{}: refused before any request",
            call.route
        );
        for person in [other, stranger.clone()] {
            let answer = house.call(call.clone().by(&person)).await;
            match code {
                Some(code) => is(&answer, 403, code),
                None => is(&answer, 404, "not-settled"),
            }
        }
        house.wire.take();
    }
    is(
        &house
            .call(Call::new(CANCEL).of(auction.id).by(&Person::auctioneer("victor")))
            .await,
        403,
        "not-your-auction",
    );
    is(&house.call(Call::new("PATCH /auctions")).await, 404, "no-such-route");
    assert_eq!(house.entries(auction.id).await.len(), 2, "nothing came of all that");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_receipt_is_the_bidders_own_and_proves_the_bids_place_in_the_log() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let envelope = auction.seal(&bob(), "125000.00");
    let placed = house.call(Call::bid(&bob(), auction.id, &envelope)).await;
    assert_eq!(placed.status_code, 201, "{}", placed.body);
    let receipt = body(&placed);
    assert_eq!(placed.headers["location"], format!("/auctions/{}/bids/2", auction.id));
    assert_eq!((&receipt["bidId"], &receipt["position"]), (&json!("2"), &json!(2)));
    assert_eq!(receipt["envelopeSha256"], json!(Hash::of(&envelope)));
    let known_to_bob = Event::bid_placed_body("bob", Seal::Jwe, Hash::of(&envelope)).unwrap();
    assert_eq!(receipt["digest"], json!(Hash::of(known_to_bob)));

    let again = house
        .call(Call::new(RECEIPT).of(auction.id).bid_id(&json!("2")).by(&bob()))
        .await;
    assert_eq!((again.status_code, body(&again)), (200, receipt.clone()));
    for (bid, person) in [("2", carol()), ("1", bob()), ("3", bob()), ("0", bob()), ("x", bob())] {
        let answer = house
            .call(Call::new(RECEIPT).of(auction.id).bid_id(&json!(bid)).by(&person))
            .await;
        is(&answer, 404, "no-such-bid");
    }

    bid(&house, &auction, &carol(), "1.00").await;
    let log = body(&house.call(Call::new(LOG).of(auction.id)).await);
    let links: Vec<Link> = serde_json::from_value(log["links"].clone()).unwrap();
    assert_eq!(links.len(), 3);
    assert_eq!(json!(links[1].hash), receipt["hash"]);
    assert!(verify(auction.id, links).is_ok());
    assert!(!log.to_string().contains("bob"), "who bids is not in the log");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_log_comes_in_pages_that_go_on_where_the_last_one_ended() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    bid(&house, &auction, &bob(), "1.00").await;
    bid(&house, &auction, &carol(), "2.00").await;
    let page = async |after: &str, limit: &str| {
        let call = Call::new(LOG)
            .of(auction.id)
            .parameter("after", after)
            .parameter("limit", limit);
        body(&house.call(call).await)
    };
    let (first, second, none) = (page("0", "2").await, page("2", "2").await, page("3", "2").await);
    assert_eq!(
        (first["links"].as_array().unwrap().len(), &first["next"]),
        (2, &json!(2))
    );
    assert_eq!(
        (second["links"].as_array().unwrap().len(), second.get("next")),
        (1, None)
    );
    assert_eq!((none["links"].as_array().unwrap().len(), none.get("next")), (0, None));
    for (name, value) in [("after", "-1"), ("limit", "0"), ("limit", "101"), ("limit", "x")] {
        let answer = house.call(Call::new(LOG).of(auction.id).parameter(name, value)).await;
        is(&answer, 400, "invalid-parameter");
        assert_eq!(body(&answer)["errors"][0]["pointer"], name);
    }
    let unknown = "01KE6ZG4T0Z8Q0N7M2R5X3C9VB".parse().unwrap();
    for route in [SHOW, LOG] {
        is(
            &house.call(Call::new(route).of(unknown)).await,
            404,
            "auction-not-found",
        );
    }
    is(
        &house.call(Call::new(RESULT).of(unknown).by(&bob())).await,
        404,
        "auction-not-found",
    );
    is(
        &house
            .call(Call::bid(&bob(), unknown, &auction.seal(&bob(), "1.00")))
            .await,
        404,
        "auction-not-found",
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_counts_from_the_opening_until_the_millisecond_before_the_close_by_the_servers_time() {
    let house = House::new().await;
    let (opens_at, closes_at) = ("2030-01-05T10:00:00.005Z", "2030-01-05T11:00:00.005Z");
    let mut new = house.new_auction();
    (new["opensAt"], new["closesAt"]) = (json!(opens_at), json!(closes_at));
    let opened = body(&house.call(Call::open(&vera(), &new)).await);
    let (opens_at, closes_at): (Timestamp, Timestamp) = (opens_at.parse().unwrap(), closes_at.parse().unwrap());
    let id = opened["id"].as_str().unwrap().parse().unwrap();
    let key = serde_json::from_value(opened["key"].clone()).unwrap();
    let auction = Auction { id, key, closes_at };
    let at = async |time: Timestamp| {
        house.set_clock(time);
        house.call(Call::bid(&bob(), id, &auction.seal(&bob(), "1.00"))).await
    };
    is(&at(opens_at - MILLISECOND).await, 409, "not-open-yet");
    assert_eq!(at(opens_at).await.status_code, 201);
    assert_eq!(at(closes_at - MILLISECOND).await.status_code, 201);
    is(&at(closes_at).await, 409, "auction-closed");
    let shown = body(&house.call(Call::new(SHOW).of(id)).await);
    assert_eq!(shown["phase"], "closed", "closed by the time, whatever the log says");
    let withdrawn = house
        .call(Call::new(WITHDRAW).of(id).bid_id(&json!("3")).by(&bob()))
        .await;
    is(&withdrawn, 409, "auction-closed");
    is(
        &house.call(Call::new(CANCEL).of(id).by(&vera())).await,
        409,
        "auction-closed",
    );

    house.close(&auction).await;
    house.set_clock(closes_at - MILLISECOND);
    is(&at(closes_at - MILLISECOND).await, 409, "auction-closed");
    assert_eq!(house.entries(id).await.len(), 4, "the opening, two bids, the close");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_is_withdrawn_by_its_bidder_as_long_as_it_stands() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let (first, second) = (
        bid(&house, &auction, &bob(), "1.00").await,
        bid(&house, &auction, &bob(), "2.00").await,
    );
    let withdraw = async |bid: &Value, person: &Person| {
        house
            .call(Call::new(WITHDRAW).of(auction.id).bid_id(bid).by(person))
            .await
    };
    is(&withdraw(&second["bidId"], &carol()).await, 404, "no-such-bid");
    is(&withdraw(&first["bidId"], &bob()).await, 404, "no-such-bid");
    let standing = house
        .log
        .load(auction.id)
        .await
        .unwrap()
        .unwrap()
        .standing_bid("bob")
        .unwrap();
    assert_eq!(standing.bid.to_string(), second["bidId"]);

    for _ in ["now", "and again"] {
        let answer = withdraw(&second["bidId"], &bob()).await;
        assert_eq!((answer.status_code, answer.body.as_str()), (204, ""));
    }
    assert!(house.log.load(auction.id).await.unwrap().unwrap().bids().is_empty());
    assert_eq!(house.entries(auction.id).await.len(), 4, "withdrawn once");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_cancelled_auction_takes_no_bids_and_its_schedule_is_gone() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    for _ in ["now", "and again"] {
        let answer = house.call(Call::new(CANCEL).of(auction.id).by(&vera())).await;
        assert_eq!((answer.status_code, answer.body.as_str()), (204, ""));
    }
    let schedule = house
        .scheduler
        .get_schedule()
        .group_name(&house.group)
        .name(auction.id.to_string())
        .send()
        .await;
    assert!(
        schedule
            .unwrap_err()
            .as_service_error()
            .unwrap()
            .is_resource_not_found_exception()
    );
    let late = house
        .call(Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00")))
        .await;
    is(&late, 409, "auction-cancelled");
    let answer = house.call(Call::new(RESULT).of(auction.id).by(&bob())).await;
    is(&answer, 404, "not-settled");
    assert_eq!(body(&answer)["phase"], "cancelled");
    assert_eq!(house.entries(auction.id).await.len(), 2, "cancelled once");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_winner_sees_the_amount_the_auctioneer_the_price_and_nobody_anything_else() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let won = bid(&house, &auction, &bob(), "125000.00").await;
    bid(&house, &auction, &carol(), "120000.00").await;
    house.close(&auction).await;
    let result = async |person: &Person| house.call(Call::new(RESULT).of(auction.id).by(person)).await;
    let early = result(&bob()).await;
    is(&early, 404, "not-settled");
    assert_eq!(body(&early)["phase"], "closed");

    house.settle(&auction, &bob(), 2, "125000.00", "120000.00").await;
    house.wire.take();
    let to_others = result(&carol()).await;
    let entries = house.entries(auction.id).await;
    let Event::AuctionSettled { outcome } = entries[4].event().unwrap() else {
        panic!("the last event is the settlement")
    };
    let expected = json!({
        "auctionId": auction.id, "winner": {"bidId": won["bidId"], "bidder": "bob"}, "bids": 2, "valid": 2,
        "invalid": [], "logHead": entries[3].hash, "sealed": outcome.sealed,
    });
    assert_eq!(body(&to_others), expected);
    assert!(
        !house.wire.take().contains_key("Decrypt"),
        "KMS is not asked for others"
    );
    assert_eq!(body(&result(&Person::auctioneer("victor")).await), expected);

    let with = |amounts: Value| {
        let mut whole = expected.clone();
        whole
            .as_object_mut()
            .unwrap()
            .extend(amounts.as_object().unwrap().clone());
        whole
    };
    assert_eq!(
        body(&result(&bob()).await),
        with(json!({"currency": "EUR", "amount": "125000.00"}))
    );
    assert_eq!(
        body(&result(&vera()).await),
        with(json!({"currency": "EUR", "price": "120000.00"}))
    );
    let namesake = Person::bidder("vera");
    assert_eq!(
        body(&result(&namesake).await),
        expected,
        "the price is for an auctioneer"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_may_have_a_key_of_its_own_that_opens_nothing_before_the_close() {
    let house = House::with_key_per_auction(true).await;
    let (one, other) = (house.open(&vera()).await, house.open(&vera()).await);
    assert_ne!(one.key.kid(), other.key.kid());
    let policy = house
        .kms
        .get_key_policy()
        .key_id(one.key.kid())
        .policy_name("default")
        .send()
        .await
        .unwrap();
    let policy: Value = serde_json::from_str(&policy.policy.unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let decrypt: Vec<&Value> = statements.iter().filter(|one| one["Action"] == "kms:Decrypt").collect();
    assert_eq!(decrypt.len(), 1);
    assert_eq!(decrypt[0]["Principal"]["AWS"], SETTLE_ROLE);
    let not_before = decrypt[0]["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"]
        .as_str()
        .unwrap();
    assert!(not_before.parse::<Timestamp>().unwrap() >= one.closes_at);
    let tags = house
        .kms
        .list_resource_tags()
        .key_id(one.key.kid())
        .send()
        .await
        .unwrap()
        .tags
        .unwrap();
    assert_eq!(
        (tags[0].tag_key(), tags[0].tag_value()),
        (bid_intake::AUCTION_TAG, one.id.to_string().as_str())
    );

    let sealed_for_the_other = house.call(Call::bid(&bob(), one.id, &other.seal(&bob(), "1.00"))).await;
    is(&sealed_for_the_other, 422, "envelope-other-auction");
    bid(&house, &one, &bob(), "1.00").await;
}
