//! A test's own event store on the local stack, with its requests counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use gatehouse_event_store::EventStore;

static TABLES: AtomicU32 = AtomicU32::new(0);

/// The table, with a stream of new images as the template has it.
pub struct EventTable {
    /// A client that may do everything, and is not counted.
    pub client: Client,
    /// The table's name.
    pub name: String,
}

/// Every request that goes over this wire, by its operation, and the answers that it loses.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    operations: Mutex<BTreeMap<String, u32>>,
    to_lose: AtomicU32,
}

impl EventTable {
    /// Creates one.
    pub async fn create() -> Self {
        let client = Client::new(&gatehouse_core::aws::config());
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let name = format!("events-{}-{number}", std::process::id());
        let stream = StreamSpecification::builder().stream_enabled(true);
        let stream = stream.stream_view_type(StreamViewType::NewImage);
        let mut request = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest)
            .stream_specification(stream.build().unwrap());
        for (name, key, kind) in [
            ("pk", KeyType::Hash, ScalarAttributeType::S),
            ("sk", KeyType::Range, ScalarAttributeType::N),
        ] {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(key);
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
            request = request.key_schema(key.build().unwrap());
            request = request.attribute_definitions(attribute.build().unwrap());
        }
        request.send().await.expect("a table");
        Self { client, name }
    }

    /// A store in it, through a client of its own: as if in another function instance. With its requests.
    pub async fn store(&self) -> (EventStore, Requests) {
        let requests = Requests::default();
        let aws = gatehouse_core::aws::config();
        let config = aws_sdk_dynamodb::config::Builder::from(&aws).interceptor(requests.clone());
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let client = Client::from_conf(config.retry_config(retries).build());
        (EventStore::new(client, &self.name), requests)
    }
}

impl Requests {
    /// How often each operation was sent since the last time, tries of the SDK included. A Query that is not strongly
    /// consistent is another operation here: `Query, eventually`.
    pub fn take(&self) -> BTreeMap<String, u32> {
        std::mem::take(&mut self.0.operations.lock().unwrap())
    }

    /// Lets so many of the next requests take effect without an answer.
    pub fn lose_answers(&self, answers: u32) {
        self.0.to_lose.store(answers, Ordering::SeqCst);
    }

    /// Whether every answer that was to be lost is.
    pub fn all_lost(&self) -> bool {
        self.0.to_lose.load(Ordering::SeqCst) == 0
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "Requests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let mut operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = context.request().body().bytes().unwrap_or_default();
        if operation == "Query" && !String::from_utf8_lossy(body).contains(r#""ConsistentRead":true"#) {
            operation.push_str(", eventually");
        }
        *self.0.operations.lock().unwrap().entry(operation).or_default() += 1;
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let one_less = |left: u32| left.checked_sub(1);
        let lost = self
            .0
            .to_lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if lost.is_ok() {
            *context.response_mut().status_mut() = 500.try_into().unwrap();
        }
        Ok(())
    }
}
