//! A story of ten bidders.

use std::time::Duration;

use gatehouse_tests::deployed_auctions::{Auction, House};
use serde_json::{Value, json};

/// How long auctions are open in this story: ten bidders have to be done by then.
const OPEN_FOR: Duration = Duration::from_secs(30);
/// What the ten bid. Numbers that stand nowhere else; the fourth's never opens, the second withdraws.
pub(super) const AMOUNTS: [&str; 10] = [
    "731946.27",
    "999183.51",
    "718264.39",
    "823517.46",
    "739582.64",
    "861739.28",
    "861739.28",
    "714925.83",
    "0.37",
    "728461.95",
];
/// What the third bids instead.
pub(super) const REPLACEMENT: &str = "745829.16";
/// What the fifth bids where it has to win.
pub(super) const OUTBIDS: &str = "872641.93";

/// A story of ten bidders, told to its end.
pub(super) struct Held<'a> {
    pub auction: Auction<'a>,
    /// The last receipt of each, in the order of the bidders.
    pub receipts: Vec<Value>,
    pub result: Value,
    pub schedule: String,
}

/// Ten bidders bid: two tie, one replaces a bid, one withdraws the highest, one's envelope does not open.
pub(super) async fn hold<'a>(house: &'a House, rule: &str, fifth: &str) -> Held<'a> {
    let auction = house.open(rule, OPEN_FOR, &json!({})).await;
    let schedule = format!("{:?}", schedule_of(&auction).await.expect("a schedule"));
    let mut receipts = Vec::new();
    for (place, (bidder, amount)) in house.bidders.iter().zip(AMOUNTS).enumerate() {
        let receipt = match place {
            1 => {
                let receipt = auction.bid(bidder, amount).await;
                let path = auction.path(&format!("/bids/{}", receipt["bidId"].as_str().unwrap()));
                house.api.delete(bidder, &path).await.with(204);
                receipt
            }
            2 => {
                auction.bid(bidder, amount).await;
                auction.bid(bidder, REPLACEMENT).await
            }
            3 => auction
                .post(bidder, &spoilt(&auction.sealed(bidder, amount)))
                .await
                .with(201),
            4 => auction.bid(bidder, fifth).await,
            _ => auction.bid(bidder, amount).await,
        };
        receipts.push(receipt);
    }
    let result = auction.result(&house.auctioneers[0]).await;
    Held {
        auction,
        receipts,
        result,
        schedule,
    }
}

/// An envelope that looks right and does not open.
fn spoilt(envelope: &str) -> String {
    let mut parts: Vec<String> = envelope.split('.').map(ToOwned::to_owned).collect();
    let first = if parts[3].starts_with('A') { "B" } else { "A" };
    parts[3].replace_range(..1, first);
    parts.join(".")
}

pub(super) async fn schedule_of(
    auction: &Auction<'_>,
) -> Option<aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput> {
    let client = aws_sdk_scheduler::Client::new(&gatehouse_core::aws::config());
    let request = client
        .get_schedule()
        .group_name(std::env::var("GATEHOUSE_SCHEDULE_GROUP").unwrap());
    request.name(auction.id.to_string()).send().await.ok()
}
