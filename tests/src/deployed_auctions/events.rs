//! What the event bus is told, as somebody hears it who has a rule on it.

use std::time::Duration;

use aws_sdk_eventbridge::Client as EventBridge;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::types::QueueAttributeName;
use gatehouse_auction::AuctionId;
use serde_json::Value;

use super::House;
use super::leaks::{Place, messages};
use crate::eventually;
use crate::stack::PATIENCE;

/// A queue that hears of every event of every auction.
pub struct Listener {
    sqs: Sqs,
    queue_url: String,
}

impl Listener {
    /// Listens from now on.
    pub async fn start() -> Self {
        let aws = gatehouse_core::aws::config();
        let (sqs, events, name) = (
            Sqs::new(&aws),
            EventBridge::new(&aws),
            format!("listener-{}", House::unique()),
        );
        let queue_url = sqs
            .create_queue()
            .queue_name(&name)
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap();
        let request = sqs
            .get_queue_attributes()
            .queue_url(&queue_url)
            .attribute_names(QueueAttributeName::QueueArn);
        let attributes = request.send().await.unwrap().attributes.unwrap();
        let pattern = r#"{"source":["gatehouse.auction"]}"#;
        events
            .put_rule()
            .name(&name)
            .event_pattern(pattern)
            .send()
            .await
            .unwrap();
        let target = Target::builder()
            .id("queue")
            .arn(&attributes[&QueueAttributeName::QueueArn])
            .build()
            .unwrap();
        events.put_targets().rule(&name).targets(target).send().await.unwrap();
        Self { sqs, queue_url }
    }

    /// All that it has heard.
    pub async fn heard(&self) -> Vec<Place> {
        messages(&self.sqs, "event bus", &self.queue_url).await
    }

    /// The kinds of events of this auction, in the order of their positions, as soon as so many were heard.
    pub async fn kinds(&self, auction: AuctionId, count: usize) -> Vec<String> {
        eventually(&format!("{count} events of {auction} heard"), PATIENCE, || async {
            let mut events: Vec<(u64, String)> = self.events(auction).await;
            events.sort();
            events.dedup();
            if events.len() < count {
                tokio::time::sleep(Duration::from_secs(1)).await;
                return None;
            }
            Some(events.into_iter().map(|(_, kind)| kind).collect())
        })
        .await
    }

    async fn events(&self, auction: AuctionId) -> Vec<(u64, String)> {
        let bodies = messages(&self.sqs, "event bus", &self.queue_url).await;
        let events = bodies
            .into_iter()
            .filter_map(|place| serde_json::from_str::<Value>(&place.body?).ok());
        let of_it = events.filter(|event| event["detail"]["auctionId"] == auction.to_string());
        of_it
            .map(|event| {
                let kind = event["detail-type"].as_str().unwrap().to_owned();
                (event["detail"]["position"].as_u64().unwrap(), kind)
            })
            .collect()
    }
}
