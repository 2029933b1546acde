//! The functions for sealed bids.

use std::time::{Duration, Instant};

use gatehouse_tests::auction_house::{Call, House, Person};
use gatehouse_tests::runtime_api::{Answer, Function};
use gatehouse_tests::stack::bootstrap_of;
use jiff::Timestamp;

use super::{measure_start, median, megabytes, milliseconds};

const BIDS: usize = 101;

/// Each function's start; and what it takes to accept a bid.
pub async fn measure() {
    let house = House::new().await;
    let variables = house.variables();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (function, bootstrap) in [
        ("bid-intake", "GATEHOUSE_BID_INTAKE_BOOTSTRAP"),
        ("bid-settle", "GATEHOUSE_BID_SETTLE_BOOTSTRAP"),
        ("bid-publish", "GATEHOUSE_BID_PUBLISH_BOOTSTRAP"),
        ("bid-import", "GATEHOUSE_BID_IMPORT_BOOTSTRAP"),
    ] {
        measure_start(function, &bootstrap_of(bootstrap), &variables).await;
    }
    measure_bids(&house, &variables).await;
}

async fn measure_bids(house: &House, variables: &[(&str, &str)]) {
    house.set_clock(Timestamp::now());
    let auction = house.open(&Person::auctioneer("auctioneer")).await;
    let mut intake = Function::start(&bootstrap_of("GATEHOUSE_BID_INTAKE_BOOTSTRAP"), variables).await;
    let (mut times, mut processor) = (Vec::new(), Vec::new());
    for number in 0..BIDS {
        let bidder = Person::bidder(&format!("bidder-{number}"));
        let call = Call::bid(&bidder, auction.id, &auction.seal(&bidder, "125000.00"));
        let (before, busy) = (Instant::now(), intake.processor_time());
        let answer = intake.invoke(call.event()).await;
        times.push(before.elapsed());
        processor.push(intake.processor_time() - busy);
        let Answer::Response(answer) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(answer["statusCode"], 201, "{answer}");
    }
    let (first, first_busy) = (times.remove(0), processor.remove(0));
    for (label, time) in [
        ("a bid: first invocation", first),
        ("a bid: first invocation, processor time", first_busy),
        ("a bid: warm invocation, median", median(times)),
        ("a bid: warm invocation, processor time, median", median(processor)),
    ] {
        println!("{:<58}{:>10.2} ms", format!("bid-intake: {label}"), milliseconds(time));
    }
    let own = own_times(&intake).into_iter().skip(1).collect();
    let label = "bid-intake: a bid: warm invocation, calls to AWS aside, median";
    println!("{label:<58}{:>10.2} ms", milliseconds(median(own)));
    let peak = megabytes(intake.peak_memory());
    println!("{:<58}{peak:>10.1} MB", "bid-intake: resident at its peak");
}

/// What the function itself told CloudWatch of each request: the time without a call to AWS on its way.
fn own_times(intake: &Function) -> Vec<Duration> {
    let lines = intake.lines();
    let times = lines.iter().filter_map(|line| line["OwnTime"].get(0)?.as_f64());
    times
        .map(|milliseconds| Duration::from_secs_f64(milliseconds / 1000.0))
        .collect()
}
