//! Everything that somebody could read of an auction, to look for what nobody may see.

use aws_sdk_cloudwatchlogs::Client as Logs;
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_sqs::Client as Sqs;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::stack::variable;

/// Somewhere, and what stands there.
#[derive(Debug, Clone)]
pub struct Place {
    /// Such as a table's name.
    pub name: String,
    /// One item, line or message.
    pub text: String,
    /// Of a message: its body alone.
    pub(super) body: Option<String>,
}

const TABLES: [&str; 3] = [
    "GATEHOUSE_AUCTIONS_TABLE",
    "GATEHOUSE_IDEMPOTENCY_TABLE",
    "GATEHOUSE_LEDGER_TABLE",
];

const QUEUES: [&str; 5] = [
    "GATEHOUSE_SETTLE_QUEUE_URL",
    "GATEHOUSE_SETTLE_DEAD_LETTER_QUEUE_URL",
    "GATEHOUSE_PUBLISH_FAILURE_QUEUE_URL",
    "GATEHOUSE_IMPORT_DEAD_LETTER_QUEUE_URL",
    "GATEHOUSE_REJECTED_QUEUE_URL",
];

// The metrics are in them too: a function writes each as a line (CloudWatch embedded metric format).
const LOG_GROUPS: [&str; 5] = [
    "GATEHOUSE_BID_API_LOG_GROUP",
    "GATEHOUSE_BID_INTAKE_LOG_GROUP",
    "GATEHOUSE_BID_SETTLE_LOG_GROUP",
    "GATEHOUSE_BID_PUBLISH_LOG_GROUP",
    "GATEHOUSE_BID_IMPORT_LOG_GROUP",
];

impl Place {
    /// A text that stands somewhere.
    pub fn new(name: &str, text: String) -> Self {
        let (name, body) = (name.to_owned(), None);
        Self { name, text, body }
    }

    /// Every item of the stack's tables, line of its logs, and message in its queues. The messages stay.
    pub async fn all() -> Vec<Self> {
        let aws = gatehouse_core::aws::config();
        let mut places = items(&DynamoDb::new(&aws)).await;
        places.extend(lines(&Logs::new(&aws)).await);
        for queue in QUEUES {
            places.extend(messages(&Sqs::new(&aws), queue, &variable(queue)).await);
        }
        places
    }
}

async fn items(client: &DynamoDb) -> Vec<Place> {
    let mut places = Vec::new();
    for table in TABLES {
        let request = client.scan().table_name(variable(table)).consistent_read(true);
        let mut pages = request.into_paginator().items().send();
        while let Some(item) = pages.next().await {
            let text = format!("{:?}", item.unwrap());
            places.push(Place::new(table, text));
        }
    }
    places
}

async fn lines(client: &Logs) -> Vec<Place> {
    let mut places = Vec::new();
    for group in LOG_GROUPS {
        let mut pages = client
            .filter_log_events()
            .log_group_name(variable(group))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let lines = page.unwrap().events.unwrap_or_default();
            places.extend(
                lines
                    .into_iter()
                    .map(|line| Place::new(group, line.message.unwrap_or_default())),
            );
        }
    }
    places
}

/// What waits in a queue.
pub(super) async fn messages(client: &Sqs, name: &str, url: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut handles = Vec::new();
    loop {
        let request = client.receive_message().queue_url(url).max_number_of_messages(10);
        let messages = request
            .visibility_timeout(60)
            .wait_time_seconds(0)
            .send()
            .await
            .unwrap();
        let messages = messages.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            handles.push(message.receipt_handle.clone().unwrap());
            let body = message.body.clone();
            places.push(Place {
                body,
                ..Place::new(name, format!("{message:?}"))
            });
        }
    }
    for handle in handles {
        let back = client.change_message_visibility().queue_url(url).receipt_handle(handle);
        back.visibility_timeout(0).send().await.unwrap();
    }
    places
}

/// How an amount with two decimals may be spelled: as it is, in minor units, and either of them as base64, hexadecimal
/// digits or Rust's list of bytes within something longer.
pub fn spellings(amount: &str) -> Vec<String> {
    let plain = [amount.to_owned(), amount.replace('.', "")];
    let mut spellings = plain.to_vec();
    for text in &plain {
        spellings.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
        spellings.extend((0..3).map(|offset| within_base64(text, offset)));
        let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
        spellings.push(bytes.join(", "));
    }
    spellings
}

/// The characters that base64 has for this text and nothing else, if it starts so many bytes after a group of three.
fn within_base64(text: &str, offset: usize) -> String {
    let encoded = STANDARD.encode(format!("{}{text}", "\0".repeat(offset)));
    // What shares a character with a neighbour may be anything.
    let first = (offset * 8).div_ceil(6);
    let whole = (offset + text.len()) * 8 / 6;
    encoded[first..whole].to_owned()
}

/// The places where an amount stands in any spelling.
pub fn found_in<'a>(amount: &str, places: &'a [Place]) -> Vec<&'a Place> {
    let spellings = spellings(amount);
    let shows = |place: &&Place| spellings.iter().any(|spelling| place.text.contains(spelling));
    places.iter().filter(shows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_found_in_every_spelling_and_another_one_is_not() {
        let hidden = |text: String| vec![Place::new("here", text)];
        for before in ["", "a", "ab", "abc"] {
            let plain = format!("{before}{{\"amount\":\"731946.27\"}}");
            let hexadecimal: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
            for text in [
                plain.clone(),
                STANDARD.encode(&plain),
                hexadecimal,
                format!("{:?}", plain.as_bytes()),
                format!("{before} 73194627 cents"),
            ] {
                assert_eq!(found_in("731946.27", &hidden(text.clone())).len(), 1, "{text}");
                assert!(found_in("731956.27", &hidden(text.clone())).is_empty(), "{text}");
            }
        }
    }
}
