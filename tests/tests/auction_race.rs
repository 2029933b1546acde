//! Many bidders on one auction, each as if in a function instance of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use gatehouse_auction::log::verify;
use gatehouse_auction::{Auction, AuctionId, Head, Refusal, Terms, rules};
use gatehouse_auction_log::{AuctionLog, PlaceError};
use gatehouse_core::deadline::Deadline;
use gatehouse_tests::auction_log::{MINUTES, Room, envelope, place};
use gatehouse_tests::event_table::Requests;
use jiff::SignedDuration;

struct Writer {
    log: AuctionLog,
    requests: Requests,
    name: String,
}

async fn writers(room: &Room, number: usize) -> Vec<Writer> {
    let instances = join_all((0..number).map(|_| room.instance())).await;
    let named = instances
        .into_iter()
        .enumerate()
        .map(|(number, (log, requests))| Writer {
            log,
            requests,
            name: format!("bidder {number}"),
        });
    named.collect()
}

fn total(writers: &[Writer]) -> BTreeMap<String, u32> {
    let mut sum = BTreeMap::new();
    for (operation, times) in writers.iter().flat_map(|writer| writer.requests.take()) {
        *sum.entry(operation).or_default() += times;
    }
    sum
}

/// Checks what has to be true of a log after a race, and gives the bids in it by their envelopes.
async fn bids_in(log: &AuctionLog, id: AuctionId) -> BTreeMap<String, u64> {
    let entries = log.entries(id, 0, usize::MAX).await.unwrap();
    assert!(
        entries.iter().map(|entry| entry.position).eq(1..=entries.len() as u64),
        "gapless"
    );
    let head = verify(id, log.links(id, 0, usize::MAX).await.unwrap()).unwrap();
    assert_eq!(head, entries.last().unwrap().head());
    let auction = Auction::fold(id, &entries).unwrap();
    assert_eq!(log.load_whole(id).await.unwrap().unwrap(), auction);
    let bids = entries
        .into_iter()
        .filter_map(|entry| Some((entry.envelope?, entry.position)));
    bids.collect()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_the_bids_that_50_bidders_race_for_none_is_lost_and_the_chain_holds() {
    const BIDDERS: usize = 50;
    // `make bench-bids` asks for 40: the local stack reads the end of a log more slowly the longer it is.
    let each = std::env::var("GATEHOUSE_BIDS_EACH").map_or(6, |each| each.parse().unwrap());
    let room = Room::new().await;
    let id = room.open().await;
    let writers = writers(&room, BIDDERS).await;
    let start = Instant::now();
    let race = writers.iter().map(async |Writer { log, name, .. }| {
        let (mut placed, mut waits) = (Vec::new(), Vec::new());
        for number in 0..each {
            let (envelope, start) = (envelope(&format!("{name}, {number}: ")), Instant::now());
            let entry = place(log, id, name, &envelope).await.unwrap();
            waits.push(start.elapsed());
            placed.push((envelope, entry.position));
        }
        (placed, waits)
    });
    let (placed, waits): (Vec<_>, Vec<_>) = join_all(race).await.into_iter().unzip();
    let elapsed = start.elapsed().as_secs_f64();
    let placed: BTreeMap<String, u64> = placed.into_iter().flatten().collect();
    assert_eq!(placed.len(), BIDDERS * each);
    assert_eq!(bids_in(&room.log, id).await, placed, "each where its bidder was told");
    assert_eq!(room.log.load(id).await.unwrap().unwrap().bid_count(), BIDDERS as u64);
    figures(total(&writers), elapsed, waits.concat());
}

/// For people: nothing is asserted, since it says as much of the local stack as of the log.
fn figures(requests: BTreeMap<String, u32>, elapsed: f64, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    let bids = waits.len();
    let per_bid = |operation: &str| f64::from(requests.get(operation).copied().unwrap_or_default()) / bids as f64;
    println!(
        "{bids} bids in {elapsed:.1} s: {:.0} bids/s, {:.2} PutItem and {:.2} Query a bid, median {:?}, 99 % within {:?}",
        bids as f64 / elapsed,
        per_bid("PutItem"),
        per_bid("Query"),
        waits[bids / 2],
        waits[bids * 99 / 100],
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_close_in_the_middle_of_a_race_counts_every_bid_that_was_taken_and_no_other() {
    let room = Room::new().await;
    let id = room.open_for(None, SignedDuration::from_millis(2_500)).await;
    let writers = writers(&room, 20).await;
    let race = writers.iter().map(async |Writer { log, name, .. }| {
        let mut placed = Vec::new();
        loop {
            let envelope = envelope(&format!("{name}, {}: ", placed.len()));
            match place(log, id, name, &envelope).await {
                Ok(entry) => placed.push((envelope, entry.position)),
                Err(PlaceError::Refused(Refusal::Closed)) => return placed,
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    let close = async {
        let event = |terms: &Terms, phase, _: &Head, now| Ok((rules::close(terms, phase, now)?, None));
        loop {
            match room.log.place(id, event, Deadline::after(MINUTES)).await {
                Ok(closed) => return closed,
                Err(PlaceError::Refused(Refusal::NotClosedYet)) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let (placed, closed) = tokio::join!(join_all(race), close);
    let placed: BTreeMap<String, u64> = placed.into_iter().flatten().collect();
    assert!(placed.len() > 20, "it was a race");
    assert_eq!(bids_in(&room.log, id).await, placed);
    assert!(placed.values().all(|position| *position < closed.position));
    assert_eq!(
        room.log.last(id).await.unwrap(),
        Some(closed),
        "nothing after the close"
    );
}
