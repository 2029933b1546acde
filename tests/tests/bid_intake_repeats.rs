//! The sealed-bid API when a request comes again: after a lost answer, after the close, after its record expired.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use bid_intake::Answer;
use futures_util::future::join_all;
use gatehouse_auction::AuctionId;
use gatehouse_tests::auction_house::{Call, House, Person};
use gatehouse_tests::operations::Fault;
use serde_json::{Value, json};

fn vera() -> Person {
    Person::auctioneer("vera")
}

fn bob() -> Person {
    Person::bidder("bob")
}

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_that_was_placed_twice_since_its_answer_was_lost_is_withdrawn_by_either_receipt() {
    for withdrawn in ["2", "3"] {
        let house = House::new().await;
        let auction = house.open(&vera()).await;
        let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
        house.wire.plan("PutItem", 1, 3, Fault::AnswerLost);
        assert_eq!(house.call(call.clone()).await.status_code, 503);
        assert!(house.wire.all_happened());
        let placed = body(&house.call(call).await);
        assert_eq!(placed["bidId"], "3");
        let standing = async || {
            let state = house.log.load(auction.id).await.unwrap().unwrap();
            state.standing_bid("bob").map(|standing| standing.bid)
        };
        assert_eq!(standing().await, Some(2), "the first one keeps its time");

        let withdraw = Call::new("DELETE /auctions/{auctionId}/bids/{bidId}").of(auction.id);
        let withdraw = withdraw.bid_id(&withdrawn.into()).by(&bob());
        for _ in ["now", "and again"] {
            let answer = house.call(withdraw.clone()).await;
            assert_eq!(answer.status_code, 204, "{withdrawn}: {}", answer.body);
            assert_eq!(standing().await, None, "{withdrawn}");
        }
        assert_eq!(house.entries(auction.id).await.len(), 4, "withdrawn once");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_that_comes_again_after_it_was_replaced_or_withdrawn_does_not_come_back() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let place = async |call: &Call| body(&house.call(call.clone()).await)["bidId"].clone();
    let standing = async || {
        let state = house.log.load(auction.id).await.unwrap().unwrap();
        state
            .standing_bid("bob")
            .map(|standing| json!(standing.bid.to_string()))
    };
    let first = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
    house.wire.plan("PutItem", 1, 3, Fault::AnswerLost);
    assert_eq!(house.call(first.clone()).await.status_code, 503);
    let second = place(&Call::bid(&bob(), auction.id, &auction.seal(&bob(), "2.00"))).await;
    let repeated = house.call(first.clone()).await;
    assert_eq!(repeated.status_code, 201, "{}", repeated.body);
    assert_eq!(standing().await, Some(second.clone()), "the first was replaced");

    let withdraw = Call::new("DELETE /auctions/{auctionId}/bids/{bidId}").of(auction.id);
    let withdraw = withdraw.bid_id(&second).by(&bob());
    assert_eq!(house.call(withdraw).await.status_code, 204);
    house.idempotency.forget().await;
    assert_eq!(house.call(first).await.status_code, 201);
    assert_eq!(standing().await, None);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_that_is_in_the_log_is_answered_so_also_when_it_comes_again_after_the_close() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    let call = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
    house.wire.plan("PutItem", 1, 3, Fault::AnswerLost);
    assert_eq!(house.call(call.clone()).await.status_code, 503);
    assert!(house.wire.all_happened());

    house.set_clock(auction.closes_at);
    let again = house.call(call.clone()).await;
    assert_eq!(again.status_code, 201, "{}", again.body);
    let entries = house.entries(auction.id).await;
    assert_eq!(entries.len(), 2, "placed once");
    assert_eq!(body(&again)["hash"], json!(entries[1].hash));
    assert_eq!(again.headers["location"], format!("/auctions/{}/bids/2", auction.id));
    assert_eq!(house.call(call).await, again);

    house.close(&auction).await;
    house.idempotency.forget().await;
    let new = Call::bid(&bob(), auction.id, &auction.seal(&bob(), "1.00"));
    let late = house.call(new).await;
    assert_eq!(
        body(&late)["type"],
        "urn:gatehouse:problem:auction-closed",
        "{}",
        late.body
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_withdrawal_that_is_in_the_log_is_answered_so_also_when_it_comes_again_after_the_close() {
    let house = House::new().await;
    let auction = house.open(&vera()).await;
    for bidder in [bob(), Person::bidder("carol")] {
        let call = Call::bid(&bidder, auction.id, &auction.seal(&bidder, "1.00"));
        assert_eq!(house.call(call).await.status_code, 201);
    }
    let withdraw = |bid: &str, bidder: &Person| {
        let call = Call::new("DELETE /auctions/{auctionId}/bids/{bidId}").of(auction.id);
        call.bid_id(&bid.into()).by(bidder)
    };
    house.wire.plan("PutItem", 0, 3, Fault::AnswerLost);
    assert_eq!(house.call(withdraw("2", &bob())).await.status_code, 503);
    assert!(house.wire.all_happened());

    house.set_clock(auction.closes_at);
    assert_eq!(house.call(withdraw("2", &bob())).await.status_code, 204);
    let late = house.call(withdraw("3", &Person::bidder("carol"))).await;
    assert_eq!(
        body(&late)["type"],
        "urn:gatehouse:problem:auction-closed",
        "hers stands"
    );
    assert_eq!(
        house.entries(auction.id).await.len(),
        4,
        "the opening, two bids, one withdrawal"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_cancelled_auction_with_a_key_of_its_own_keeps_the_schedule_that_has_the_key_deleted() {
    let house = House::with_key_per_auction(true).await;
    let auction = house.open(&vera()).await;
    for _ in ["now", "and again"] {
        let answer = house
            .call(Call::new("DELETE /auctions/{auctionId}").of(auction.id).by(&vera()))
            .await;
        assert_eq!(answer.status_code, 204, "{}", answer.body);
    }
    assert_eq!(house.schedules().await, 1);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn which_schedule_stays_is_told_by_the_auctions_key_and_not_by_what_new_auctions_get() {
    let mut house = House::new().await;
    let shared = house.open(&vera()).await;
    house.switch_key_per_auction(true);
    let own = house.open(&vera()).await;
    for (auction, each, left) in [(shared, true, 1), (own, false, 1)] {
        house.switch_key_per_auction(each);
        let call = Call::new("DELETE /auctions/{auctionId}").of(auction.id).by(&vera());
        let answer = house.call(call).await;
        assert_eq!(answer.status_code, 204, "{}", answer.body);
        assert_eq!(house.schedules().await, left);
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_contract_that_is_taken_is_refused_before_a_key_or_a_schedule_is_made() {
    let house = House::with_key_per_auction(true).await;
    let mut new = house.new_auction();
    new["contract"] = json!("C-1");
    assert_eq!(house.call(Call::open(&vera(), &new)).await.status_code, 201);
    house.wire.take();
    let refused = house.call(Call::open(&vera(), &new)).await;
    assert_eq!(refused.status_code, 409, "{}", refused.body);
    assert_eq!(body(&refused)["type"], "urn:gatehouse:problem:contract-taken");
    let asked = house.wire.take();
    assert!(
        !asked.contains_key("CreateKey") && !asked.contains_key("CreateSchedule"),
        "{asked:?}"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_contract_of_a_cancelled_auction_goes_to_one_that_is_opened_after_it() {
    let house = House::new().await;
    let mut new = house.new_auction();
    new["contract"] = json!("C-1");
    let open = async || house.call(Call::open(&vera(), &new)).await;
    let id = |answer: &Answer| body(answer)["id"].as_str().unwrap().parse().unwrap();
    let cancelled: AuctionId = id(&open().await);
    let cancel = Call::new("DELETE /auctions/{auctionId}").of(cancelled).by(&vera());
    assert_eq!(house.call(cancel).await.status_code, 204);

    let answers = join_all([open(), open(), open()]).await;
    let opened: Vec<&Answer> = answers.iter().filter(|answer| answer.status_code == 201).collect();
    assert_eq!(opened.len(), 1, "{answers:?}");
    assert_eq!(house.log.by_contract("C-1").await.unwrap(), Some(id(opened[0])));
    assert_eq!(house.entries(cancelled).await.len(), 2, "nothing happened to it");
    let refused = open().await;
    assert_eq!(refused.status_code, 409, "until the new one is cancelled, too");
    assert_eq!(body(&refused)["type"], "urn:gatehouse:problem:contract-taken");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_new_key_that_kms_does_not_know_everywhere_yet_is_waited_for() {
    let house = House::with_key_per_auction(true).await;
    house
        .wire
        .plan("GetPublicKey", 0, 1, Fault::Refused("NotFoundException"));
    house
        .wire
        .plan("GetPublicKey", 0, 1, Fault::Refused("AccessDeniedException"));
    house.open(&vera()).await;
    assert!(house.wire.all_happened());
    let asked = house.wire.take();
    assert_eq!((asked["CreateKey"], asked["GetPublicKey"]), (1, 3));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_opening_that_comes_again_after_the_close_is_answered_as_before_and_a_new_one_is_refused() {
    let house = House::new().await;
    let new = house.new_auction();
    let call = Call::open(&vera(), &new);
    let opened = house.call(call.clone()).await;
    assert_eq!(opened.status_code, 201, "{}", opened.body);
    let closes_at = body(&opened)["closesAt"].as_str().unwrap().parse().unwrap();
    house.set_clock(closes_at);
    assert_eq!(house.call(call).await, opened);

    house.wire.take();
    let late = house.call(Call::open(&vera(), &new)).await;
    assert_eq!(late.status_code, 422, "{}", late.body);
    assert_eq!(body(&late)["errors"][0]["pointer"], "#/closesAt");
    assert!(!house.wire.take().contains_key("CreateSchedule"), "nothing was made");
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_opening_that_comes_again_when_its_record_expired_tells_how_far_the_auction_has_come() {
    let house = House::new().await;
    let call = Call::open(&vera(), &house.new_auction());
    let opened = house.call(call.clone()).await;
    let id: AuctionId = body(&opened)["id"].as_str().unwrap().parse().unwrap();
    let cancel = Call::new("DELETE /auctions/{auctionId}").of(id).by(&vera());
    assert_eq!(house.call(cancel).await.status_code, 204);
    house.idempotency.forget().await;
    let again = house.call(call).await;
    assert_eq!(again.status_code, 201, "{}", again.body);
    assert_eq!(
        (&body(&again)["id"], &body(&again)["phase"]),
        (&json!(id), &json!("cancelled"))
    );
    assert_eq!((house.auctions().await, house.entries(id).await.len()), (1, 2));
}
