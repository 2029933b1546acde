//! A table's stream, read as Lambda reads it, and its records as Lambda hands them over.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A table's stream, and how far it was read.
pub(crate) struct Stream {
    client: aws_sdk_dynamodbstreams::Client,
    arn: String,
    read: usize,
}

/// Makes a ledger as the template does.
pub(crate) async fn make_table(dynamodb: &aws_sdk_dynamodb::Client, aws: &SdkConfig, name: &str) -> Stream {
    let key = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S);
    let schema = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages);
    let request = dynamodb
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    let request = request.attribute_definitions(key.build().unwrap());
    let request = request.key_schema(schema.build().unwrap());
    let made = request
        .stream_specification(stream.build().unwrap())
        .send()
        .await
        .expect("a table");
    Stream {
        client: aws_sdk_dynamodbstreams::Client::new(aws),
        arn: made.table_description.unwrap().latest_stream_arn.expect("a stream"),
        read: 0,
    }
}

impl Stream {
    /// The stream of a table that is there already, from its beginning.
    pub(crate) async fn of(dynamodb: &aws_sdk_dynamodb::Client, aws: &SdkConfig, table: &str) -> Self {
        let described = dynamodb.describe_table().table_name(table).send().await.unwrap();
        Self {
            client: aws_sdk_dynamodbstreams::Client::new(aws),
            arn: described.table.unwrap().latest_stream_arn.expect("a stream"),
            read: 0,
        }
    }

    /// What happened since the last time.
    pub(crate) async fn new_records(&mut self) -> Vec<Value> {
        let described = self
            .client
            .describe_stream()
            .stream_arn(&self.arn)
            .send()
            .await
            .unwrap();
        let shard = described
            .stream_description
            .unwrap()
            .shards
            .unwrap()
            .remove(0)
            .shard_id
            .unwrap();
        let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let iterator = request
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await
            .unwrap();
        let mut iterator = iterator.shard_iterator;
        let mut records = Vec::new();
        while let Some(here) = iterator {
            let page = self.client.get_records().shard_iterator(here).send().await.unwrap();
            let found = page.records.unwrap_or_default();
            iterator = page.next_shard_iterator.filter(|_| !found.is_empty());
            records.extend(found);
        }
        let new = records.split_off(self.read);
        self.read += new.len();
        new.iter().map(record).collect()
    }
}

fn record(record: &Record) -> Value {
    let change = record.dynamodb().unwrap();
    let mut images = json!({
        "Keys": image(change.keys().unwrap()),
        "ApproximateCreationDateTime": change.approximate_creation_date_time().unwrap().as_secs_f64(),
        "SequenceNumber": change.sequence_number().unwrap(),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    for (name, item) in [("OldImage", change.old_image()), ("NewImage", change.new_image())] {
        if let Some(item) = item {
            images[name] = image(item);
        }
    }
    json!({ "eventName": record.event_name().unwrap().as_str(), "eventSource": "aws:dynamodb", "dynamodb": images })
}

fn image(item: &HashMap<String, AttributeValue>) -> Value {
    let attributes = item.iter().map(|(name, value)| (name.clone(), attribute(value)));
    Value::Object(attributes.collect::<Map<_, _>>())
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bs(set) => {
            let values: Vec<String> = set.iter().map(aws_smithy_types::base64::encode).collect();
            json!({ "BS": values })
        }
        other => panic!("no table of ours holds {other:?}"),
    }
}
