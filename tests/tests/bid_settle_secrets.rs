//! A settlement that goes wrong in many ways, with all that it says and leaves behind searched for amounts and keys.
//!
//! By itself, because it takes all log lines of the process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bid_settle::message;
use gatehouse_auction::{Rule, Seal};
use gatehouse_tests::deployed_auctions::{Place, found_in};
use gatehouse_tests::settling::Settling;
use gatehouse_tests::settling::auction::Special;
use gatehouse_tests::settling::faults::Fault;

const MINUTE: Duration = Duration::from_secs(60);
/// The digits of the planted amounts, as nothing else in the test has them.
const PLANTED: [&str; 4] = ["731942", "731941", "688217", "599483"];

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

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn no_amount_stands_in_any_item_event_log_line_or_queue() {
    let lines = Lines::default();
    let writer = lines.clone();
    // Without the time: its microseconds have any six digits, now and then those of an amount.
    let subscriber = tracing_subscriber::fmt()
        .without_time()
        .with_max_level(tracing::Level::DEBUG);
    subscriber.with_ansi(false).with_writer(move || writer.clone()).init();

    let room = Settling::new(&[("SAVE_EVERY", "1"), ("DECRYPT_CONCURRENCY", "1")]).await;
    let mut auction = room
        .auction(Special {
            rule: Rule::SecondPrice,
            ..Special::default()
        })
        .await;
    let best = auction.bid("anna", "731942.17").await;
    auction.bid("ben", "731941.05").await;
    let old = STANDARD.encode(room.legacy(b"688217").await);
    auction.place("cleo", Seal::KmsCiphertext, old).await;
    let bad = STANDARD.encode(room.legacy(b"-599483").await);
    auction.place("dora", Seal::KmsCiphertext, bad).await;

    // Interrupted at every second call, and what lies in the table then is looked through each time.
    let mut seen = String::new();
    for fault in [Fault::Denied, Fault::ServerError, Fault::CrashAfter]
        .into_iter()
        .cycle()
        .take(12)
    {
        room.faults.at(room.faults.calls().len() + 9, fault);
        room.deliver(message::about(auction.id), MINUTE).await;
        seen += &room.whole_table().await;
    }
    room.settle(auction.id, MINUTE).await;
    let outcome = auction.outcome().await.unwrap();
    assert_eq!(outcome.winner.as_ref().unwrap().bid, best);
    seen += &room.whole_table().await;
    seen += &format!(
        "{:?}{:?}{outcome:?}",
        room.rejections().await,
        room.sent_to_itself().await
    );
    seen += &format!(
        "{:?}",
        auction
            .entries()
            .await
            .iter()
            .map(|entry| entry.body.clone())
            .collect::<Vec<_>>()
    );

    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(lines.contains("settled"), "the log is not empty");
    assert!(seen.contains("logHead\\\":"), "half-done settlements were among it");
    let mut places = vec![Place::new("what is stored", seen)];
    places.extend(lines.lines().map(|line| Place::new("the log", line.to_owned())));
    for planted in PLANTED {
        assert!(
            found_in(planted, &places).is_empty(),
            "{:?}",
            found_in(planted, &places)
        );
    }
}
