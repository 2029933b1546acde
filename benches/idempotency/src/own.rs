//! The protocol's own time: the same two calls by the bare SDK and through the protocol, in turns, with
//! an HTTP client that answers at once. What is more than the bare calls is the protocol's.

use std::convert::Infallible;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::idempotency::{Key, Store, idempotent};
use serde_json::json;

use crate::Stopwatch;

const ROUNDS: usize = 15;

/// Prints milliseconds of CPU time per event for every round.
pub async fn measure(count: u32) {
    let client = client();
    let store = Store::new(client.clone(), "table", "bench").expect("a table");
    let (mut protocol, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let through_protocol = per_event(count, async || with_protocol(&store).await).await;
        let by_hand = per_event(count, async || without(&client).await).await;
        // The first round warms up.
        if round > 0 {
            protocol.push(through_protocol);
            bare.push(by_hand);
        }
    }
    println!(
        "{}",
        json!({ "events": count, "protocol_ms": protocol, "bare_ms": bare })
    );
}

async fn per_event(count: u32, event: impl AsyncFn()) -> f64 {
    let stopwatch = Stopwatch::start();
    for _ in 0..count {
        event().await;
    }
    let seconds = stopwatch.stop()["cpu_seconds"].as_f64().expect("a number");
    seconds * 1000.0 / f64::from(count)
}

async fn with_protocol(store: &Store) {
    let body = "x".repeat(200);
    let key = Key::new(["order-00000001"]).expect("a key");
    let work = async { Ok::<_, Infallible>("y".repeat(100)) };
    let deadline = Deadline::after(Duration::from_secs(30));
    let _ = idempotent(store, &key, body, deadline, work).await.expect("an outcome");
}

/// The same requests, with everything in them ready beforehand.
async fn without(client: &Client) {
    const KEY: &str = "bench#0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let number = || AttributeValue::N("1800000000000".into());
    let put = client
        .put_item()
        .table_name("table")
        .item("pk", AttributeValue::S(KEY.into()));
    let put = put
        .item("ownerToken", AttributeValue::B(Blob::new([1; 16])))
        .item("payloadHash", AttributeValue::B(Blob::new([1; 32])))
        .item("leaseEnds", number())
        .item("expiresAt", number())
        .condition_expression("attribute_not_exists(pk) OR expiresAt <= :seconds OR leaseEnds <= :milliseconds")
        .expression_attribute_values(":seconds", number())
        .expression_attribute_values(":milliseconds", number());
    put.send().await.expect("an answer");
    let update = client
        .update_item()
        .table_name("table")
        .key("pk", AttributeValue::S(KEY.into()));
    let update = update
        .condition_expression("ownerToken = :owner")
        .update_expression("SET expiresAt = :expiry, #response = :response REMOVE leaseEnds")
        .expression_attribute_names("#response", "response")
        .expression_attribute_values(":owner", AttributeValue::B(Blob::new([1; 16])))
        .expression_attribute_values(":expiry", number())
        .expression_attribute_values(":response", AttributeValue::S("y".repeat(100)));
    update.send().await.expect("an answer");
}

#[derive(Debug)]
struct AnswersAtOnce;

impl HttpConnector for AnswersAtOnce {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = 200.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from("{}"))))
    }
}

fn client() -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "bench"))
        .http_client(http_client_fn(|_, _| SharedHttpConnector::new(AnswersAtOnce)))
        .build();
    Client::from_conf(config)
}
