//! What one caller of the sealed-bid API may do to others: no more than so much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use bid_intake::Answer;
use gatehouse_tests::auction_house::{Auction, Call, House, Person};
use gatehouse_tests::operations::Fault;
use serde_json::{Value, json};

fn vera() -> Person {
    Person::auctioneer("vera")
}

fn bob() -> Person {
    Person::bidder("bob")
}

fn carol() -> Person {
    Person::bidder("carol")
}

fn code(answer: &Answer) -> (u16, String) {
    let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = problem["type"].as_str().unwrap_or_default();
    (answer.status_code, code.replace("urn:gatehouse:problem:", ""))
}

async fn bid(house: &House, auction: &Auction, bidder: &Person) -> Answer {
    let call = Call::bid(bidder, auction.id, &auction.seal(bidder, "1.00"));
    house.call(call).await
}

async fn withdraw(house: &House, auction: &Auction, bid: &str) -> Answer {
    let call = Call::new("DELETE /auctions/{auctionId}/bids/{bidId}").of(auction.id);
    house.call(call.bid_id(&json!(bid)).by(&bob())).await
}

fn too_many() -> (u16, String) {
    (429, "too-many-bids".to_owned())
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bidder_may_bid_so_often_in_one_auction_and_as_often_withdraw_and_holds_up_nobody_else() {
    let house = House::new().await.with_most_bids(2).await;
    let (auction, other) = (house.open(&vera()).await, house.open(&vera()).await);
    for _ in 0..2 {
        assert_eq!(bid(&house, &auction, &bob()).await.status_code, 201);
    }
    house.wire.take();
    let refused = bid(&house, &auction, &bob()).await;
    assert_eq!(code(&refused), too_many(), "{}", refused.body);
    assert!(!refused.headers.contains_key("retry-after"), "waiting does not help");
    assert!(!house.wire.take().contains_key("Query"), "the log is left alone");
    for (auction, bidder) in [(&auction, &carol()), (&other, &bob())] {
        assert_eq!(bid(&house, auction, bidder).await.status_code, 201);
    }

    assert_eq!(
        withdraw(&house, &auction, "3").await.status_code,
        204,
        "that is counted by itself"
    );
    assert_eq!(withdraw(&house, &auction, "3").await.status_code, 204);
    house.wire.take();
    assert_eq!(code(&withdraw(&house, &auction, "3").await), too_many());
    assert!(!house.wire.take().contains_key("Query"), "the log is left alone");
    assert_eq!(
        house.entries(auction.id).await.len(),
        5,
        "the opening, three bids, one withdrawal"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_the_terms_alone_refuse_costs_no_try_and_what_is_answered_again_costs_none() {
    let house = House::new().await.with_most_bids(1).await;
    let (auction, other) = (house.open(&vera()).await, house.open(&vera()).await);
    for wrong in [other.seal(&bob(), "1.00"), auction.seal(&carol(), "1.00")] {
        let answer = house.call(Call::bid(&bob(), auction.id, &wrong)).await;
        assert_eq!(answer.status_code, 422, "{}", answer.body);
    }
    let opened = house.now();
    house.set_clock(opened - Duration::from_secs(1));
    assert_eq!(
        code(&bid(&house, &auction, &bob()).await),
        (409, "not-open-yet".to_owned())
    );
    house.set_clock(opened);

    let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
    let placed = house.call(call.clone()).await;
    assert_eq!(placed.status_code, 201, "{}", placed.body);
    assert_eq!(house.call(call).await, placed);
    assert_eq!(code(&bid(&house, &auction, &bob()).await), too_many());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_count_names_nobody_and_is_kept_until_a_day_after_the_close_or_the_last_try() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let bidder = Person::bidder("subject-that-nobody-stores");
    bid(&house, &auction, &bidder).await;
    let counted = async || {
        let request = house.idempotency.client.scan().table_name(&house.idempotency.name);
        let items = request.send().await.unwrap().items.unwrap();
        let is_count = |pk: &AttributeValue| pk.as_s().unwrap().starts_with("bid-intake-bids#");
        let mut counts: Vec<_> = items.into_iter().filter(|item| is_count(&item["pk"])).collect();
        assert_eq!(counts.len(), 1);
        counts.pop().unwrap()
    };
    let number = |value: &AttributeValue| value.as_n().unwrap().parse::<i64>().unwrap();
    let day = 24 * 60 * 60;
    let count = counted().await;
    assert!(!format!("{count:?}").contains(&bidder.subject));
    assert_eq!(
        (number(&count["tries"]), number(&count["expiresAt"])),
        (1, auction.closes_at.as_second() + day)
    );

    let late = auction.closes_at + Duration::from_secs(100);
    house.set_clock(late);
    bid(&house, &auction, &bidder).await;
    let count = counted().await;
    assert_eq!(
        (number(&count["tries"]), number(&count["expiresAt"])),
        (2, late.as_second() + day)
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_try_that_can_not_be_counted_now_is_503_and_changes_nothing() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    assert_eq!(bid(&house, &auction, &bob()).await.status_code, 201);
    for fault in [Fault::Throttled, Fault::Down] {
        house.wire.plan("UpdateItem", 0, 3, fault);
        assert_eq!(
            code(&withdraw(&house, &auction, "2").await),
            (503, "unavailable".to_owned())
        );
        assert!(house.wire.all_happened());
    }
    assert_eq!(house.entries(auction.id).await.len(), 2);
    assert_eq!(withdraw(&house, &auction, "2").await.status_code, 204);
}
