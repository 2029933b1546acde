//! Events through the protocol, against a real table.

use std::convert::Infallible;
use std::io::stdin;
use std::time::Duration;

use gatehouse_core::deadline::Deadline;
use gatehouse_core::idempotency::{Done, Key, Store, idempotent};
use serde_json::json;

use crate::Stopwatch;

/// Serves the lines on standard input until it ends.
pub async fn serve(table: &str) {
    let client = aws_sdk_dynamodb::Client::new(&gatehouse_core::aws::config());
    let store = Store::new(client, table, "bench").expect("a table");
    for line in stdin().lines() {
        let line = line.expect("a line");
        let (first, count) = line.split_once(' ').expect("FIRST COUNT");
        let (first, count): (u64, u64) = (first.parse().expect("a number"), count.parse().expect("a number"));
        let stopwatch = Stopwatch::start();
        let mut ran = 0;
        for id in first..first + count {
            ran += u64::from(one(&store, id).await);
        }
        let mut answer = stopwatch.stop();
        answer["ran"] = ran.into();
        println!("{answer}");
    }
}

/// The event and the response are the same for every contestant.
async fn one(store: &Store, id: u64) -> bool {
    let order = format!("order-{id:08}");
    let body = json!({ "order": order, "note": "x".repeat(200) }).to_string();
    let key = Key::new([&order]).expect("a key");
    let deadline = Deadline::after(Duration::from_secs(30));
    let work = async { Ok::<_, Infallible>(json!({ "receipt": order, "text": "y".repeat(100) })) };
    let done = idempotent(store, &key, body, deadline, work).await.expect("an outcome");
    matches!(done, Done::Ran(_))
}
