//! A function that charges each order once, however often the message comes. The README shows its
//! middle part; a test keeps the two in step.

use gatehouse_core::deadline::Deadline;
use gatehouse_core::idempotency::{Error, Key, Store, idempotent};
use lambda_runtime::{LambdaEvent, run, service_fn};
use serde_json::Value;

type Failed = Box<dyn std::error::Error + Send + Sync>;

// README: from here
async fn handle(store: &Store, event: LambdaEvent<Value>) -> Result<Value, Error<Failed>> {
    let deadline = Deadline::of(&event.context);
    let order = event.payload.get("order").and_then(Value::as_str).unwrap_or_default();
    let payload = event.payload.to_string();

    let key = Key::new(["charge", order])?;
    let done = idempotent(store, &key, payload, deadline, charge(order)).await?;
    done.response().ok_or(Error::ResponseNotStored)
}
// README: to here

async fn charge(order: &str) -> Result<Value, Failed> {
    Ok(serde_json::json!({ "receipt": format!("receipt of {order}") }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let aws = gatehouse_core::aws::config();
    let table = std::env::var("IDEMPOTENCY_TABLE")?;
    let store = &Store::new(aws_sdk_dynamodb::Client::new(&aws), &table, "charge")?;
    run(service_fn(|event| async move { handle(store, event).await })).await
}
