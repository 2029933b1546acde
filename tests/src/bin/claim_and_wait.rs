//! Claims the key `order` in the table that is its argument, says `claimed`, and works until somebody
//! kills it: a process that dies between claim and completion.
#![allow(clippy::unwrap_used, reason = "part of a test")]

use std::convert::Infallible;
use std::time::Duration;

use gatehouse_core::deadline::Deadline;
use gatehouse_core::idempotency::{Key, Store, idempotent};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let table = std::env::args().nth(1).unwrap();
    let client = aws_sdk_dynamodb::Client::new(&gatehouse_core::aws::config());
    let store = Store::new(client, &table, "test").unwrap();
    let work = async {
        println!("claimed");
        std::future::pending::<Result<(), Infallible>>().await
    };
    let deadline = Deadline::after(Duration::from_secs(60));
    let key = Key::new(["order"]).unwrap();
    let _ = idempotent(&store, &key, "payload", deadline, work).await;
}
