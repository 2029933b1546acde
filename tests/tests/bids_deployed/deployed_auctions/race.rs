//! Bids until the close.

use std::collections::BTreeSet;
use std::time::Duration;

use gatehouse_tests::deployed_auctions::{Auction, House, User};
use serde_json::{Value, json};

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
    // On a busy machine, somebody may never get a bid in.
    let in_time = accepted.iter().filter(|bids| !bids.is_empty()).count();
    assert!(in_time > 1, "there was no race");
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
    assert_eq!((&result["bids"], &result["valid"]), (&json!(in_time), &json!(in_time)));
    // Each bids more than before, and each more than those before: the last bid of some bidder is the highest.
    let highest = accepted
        .iter()
        .enumerate()
        .filter_map(|(place, bids)| Some((amount_of(bids.len().checked_sub(1)?, place), place)))
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
