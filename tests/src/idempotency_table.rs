//! A test's own table of idempotency records on the local stack.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use gatehouse_core::idempotency::Store;

static TABLES: AtomicU32 = AtomicU32::new(0);

/// The table. Tests use one key in it, so it holds one item at most.
pub struct IdempotencyTable {
    /// A client that may do everything.
    pub client: Client,
    /// The table's name.
    pub name: String,
}

/// An item as DynamoDB gives it.
pub type Item = HashMap<String, AttributeValue>;

impl IdempotencyTable {
    /// Creates one.
    pub async fn create() -> Self {
        let client = Client::new(&gatehouse_core::aws::config());
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let name = format!("idempotency-{}-{number}", std::process::id());
        let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
        let attribute = AttributeDefinition::builder().attribute_name("pk");
        let request = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest);
        let request = request
            .key_schema(key.build().unwrap())
            .attribute_definitions(attribute.attribute_type(ScalarAttributeType::S).build().unwrap());
        request.send().await.expect("a table");
        Self { client, name }
    }

    /// The records of the function `test` in it.
    pub fn store(&self) -> Store {
        Store::new(self.client.clone(), &self.name, "test").unwrap()
    }

    /// The same through a client of its own, with a connection and retries of its own: as if in
    /// another function instance.
    pub async fn store_elsewhere(&self) -> Store {
        let client = Client::new(&gatehouse_core::aws::config());
        Store::new(client, &self.name, "test").unwrap()
    }

    /// The one item, if there is one.
    pub async fn item(&self) -> Option<Item> {
        let request = self.client.scan().table_name(&self.name).consistent_read(true);
        let mut items = request.send().await.unwrap().items.unwrap_or_default();
        assert!(items.len() < 2, "one item at most");
        items.pop()
    }

    /// Deletes every item, as the end of its lease or its expiry would.
    pub async fn forget(&self) {
        let request = self.client.scan().table_name(&self.name).consistent_read(true);
        for mut item in request.send().await.unwrap().items.unwrap_or_default() {
            let request = self.client.delete_item().table_name(&self.name);
            request.key("pk", item.remove("pk").unwrap()).send().await.unwrap();
        }
    }

    /// An attribute of the one item, as a number.
    pub async fn number(&self, attribute: &str) -> u64 {
        let item = self.item().await.expect("an item");
        item[attribute].as_n().unwrap().parse().unwrap()
    }
}
