//! Who won, what is said of it and to whom, and what is left.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_tests::deployed_auctions::{House, Listener, Place, found_in};
use gatehouse_tests::eventually;
use gatehouse_tests::stack::PATIENCE;
use serde_json::{Value, json};

use super::story::{AMOUNTS, Held, OUTBIDS, REPLACEMENT, hold, schedule_of};

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
