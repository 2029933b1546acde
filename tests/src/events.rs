//! Events as AWS writes them.

use gatehouse_core::event::Invocation;
use gatehouse_core::stream::StreamEvent;
use lambda_runtime::{Context, LambdaEvent};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One record of an S3 notification.
pub fn record(bucket: &str, key: &str, sequencer: &str) -> Value {
    let encoded = utf8_percent_encode(key, NON_ALPHANUMERIC)
        .to_string()
        .replace("%20", "+");
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-01-02T03:04:05.678Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": { "name": bucket, "arn": format!("arn:aws:s3:::{bucket}") },
            "object": { "key": encoded, "sequencer": sequencer },
        },
    })
}

/// An S3 notification with these records.
pub fn notification(records: &[Value]) -> Value {
    json!({ "Records": records })
}

/// A batch of SQS messages with these bodies; their ids are `m0`, `m1`, …
pub fn sqs_batch(bodies: &[Value]) -> Value {
    let messages: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| {
            json!({
                "messageId": format!("m{index}"),
                "receiptHandle": "handle",
                "body": body.as_str().map_or_else(|| body.to_string(), ToOwned::to_owned),
                "attributes": { "ApproximateReceiveCount": "1" },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:uploads",
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    json!({ "Records": messages })
}

/// The event as a handler gets it, a minute before its deadline.
pub fn invocation(event: Value) -> LambdaEvent<Invocation> {
    within_a_minute(event)
}

/// Records of a DynamoDB stream as a handler gets them, a minute before its deadline.
pub fn stream_invocation(records: &[Value]) -> LambdaEvent<StreamEvent> {
    within_a_minute(json!({ "Records": records }))
}

fn within_a_minute<Event: DeserializeOwned>(event: Value) -> LambdaEvent<Event> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(60);
    let mut context = Context::default();
    context.request_id = "test".into();
    context.deadline = deadline.as_millis() as u64;
    LambdaEvent::new(serde_json::from_value(event).unwrap(), context)
}
