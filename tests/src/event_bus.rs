//! A test's own event bus on the local stack, and `bid-publish` between it and a table's stream, in the test's own
//! process.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::QueueAttributeName;
use bid_publish::config::Config;
use bid_publish::{Bus, Deps, handle};
use gatehouse_core::patience::Limit;
use gatehouse_core::rejected::{RejectedQueue, Rejection};
use gatehouse_core::stream::StreamEvent;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

use crate::event_table::EventTable;
use crate::eventually;
use crate::in_place::stream::Stream;
use crate::room;

/// How long a test waits for an event. Nothing is measured by it: it only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bus with a rule that puts all of our events into a queue.
pub struct EventBus {
    eventbridge: aws_sdk_eventbridge::Client,
    sqs: aws_sdk_sqs::Client,
    /// The bus's name.
    pub name: String,
    queue_url: String,
}

/// The function, reading a table's stream.
pub struct Publisher {
    deps: Deps,
    /// The same, with an EventBridge that can't be reached.
    cut_off: Deps,
    stream: Stream,
    sqs: aws_sdk_sqs::Client,
    failure_queue: String,
}

impl EventBus {
    /// Creates one of this name.
    pub async fn create(name: &str) -> Self {
        let aws = gatehouse_core::aws::config();
        let (eventbridge, sqs) = (aws_sdk_eventbridge::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
        let name = format!("{name}-{}", std::process::id());
        let queue = sqs.create_queue().queue_name(&name).send().await.expect("a queue");
        let queue_url = queue.queue_url.unwrap();
        let bus = Self {
            eventbridge,
            sqs,
            name,
            queue_url,
        };
        bus.set_up().await;
        bus
    }

    async fn set_up(&self) {
        let request = self.sqs.get_queue_attributes().queue_url(&self.queue_url);
        let request = request.attribute_names(QueueAttributeName::QueueArn);
        let attributes = request.send().await.unwrap().attributes.unwrap();
        let target = Target::builder()
            .id("queue")
            .arn(&attributes[&QueueAttributeName::QueueArn]);
        let bus = self.eventbridge.create_event_bus().name(&self.name);
        bus.send().await.expect("a bus");
        let rule = self
            .eventbridge
            .put_rule()
            .name("everything")
            .event_bus_name(&self.name);
        let pattern = json!({ "source": ["gatehouse.auction"] }).to_string();
        rule.event_pattern(pattern).send().await.expect("a rule");
        let targets = self
            .eventbridge
            .put_targets()
            .rule("everything")
            .event_bus_name(&self.name);
        targets.targets(target.build().unwrap()).send().await.expect("a target");
    }

    /// Waits for so many events in the queue and takes them out, in the order of their positions.
    pub async fn told(&self, number: usize) -> Vec<Value> {
        let taken = tokio::sync::Mutex::new(Vec::new());
        eventually(&format!("{number} events"), PATIENCE, || async {
            let mut taken = taken.lock().await;
            let request = self.sqs.receive_message().queue_url(&self.queue_url);
            let messages = request.max_number_of_messages(10).send().await.unwrap().messages;
            for message in messages.unwrap_or_default() {
                let deletion = self.sqs.delete_message().queue_url(&self.queue_url);
                deletion
                    .receipt_handle(message.receipt_handle.unwrap())
                    .send()
                    .await
                    .unwrap();
                taken.push(serde_json::from_str::<Value>(&message.body.unwrap()).unwrap());
            }
            (taken.len() >= number).then_some(())
        })
        .await;
        let mut taken = taken.into_inner();
        taken.sort_by_key(|event| event["detail"]["position"].as_u64());
        taken
    }
}

impl Publisher {
    /// One that tells this bus of this table.
    pub async fn new(table: &EventTable, bus: &EventBus) -> Self {
        let aws = gatehouse_core::aws::config();
        let sqs = aws_sdk_sqs::Client::new(&aws);
        let queue = sqs.create_queue().queue_name(format!("{}-failures", bus.name));
        let failure_queue = queue.send().await.expect("a queue").queue_url.unwrap();
        let config = Config {
            event_bus: bus.name.clone(),
            stream_failure_queue_url: failure_queue.clone(),
            give_up_after: Limit::default(),
            concurrency: 10,
        };
        let stream = Stream::of(&table.client, &aws, &table.name).await;
        // Nothing listens on port 1.
        let nowhere = aws_sdk_eventbridge::config::Builder::from(&aws).endpoint_url("http://127.0.0.1:1");
        let nowhere = aws_sdk_eventbridge::Client::from_conf(nowhere.build());
        let failures = RejectedQueue::new(sqs.clone(), &failure_queue);
        Self {
            cut_off: Deps::with(config.clone(), Bus::new(nowhere, &bus.name), failures),
            deps: Deps::new(config, &aws),
            stream,
            sqs,
            failure_queue,
        }
    }

    /// From now on, what fails is given up at once.
    pub fn lose_patience(&mut self) {
        self.deps.patience.limit = Limit::of(Duration::ZERO);
    }

    /// Takes everything out of the failure queue.
    pub async fn given_up(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.failure_queue).await
    }

    /// What the stream tells since the last time.
    pub async fn new_records(&mut self) -> Vec<Value> {
        self.stream.new_records().await
    }

    /// Hands these records to the function; the sequence numbers of those that come back.
    pub async fn deliver(&self, records: Vec<Value>) -> Vec<String> {
        deliver(&self.deps, records).await
    }

    /// The same while EventBridge can't be reached.
    pub async fn deliver_cut_off(&self, records: Vec<Value>) -> Vec<String> {
        deliver(&self.cut_off, records).await
    }
}

async fn deliver(deps: &Deps, records: Vec<Value>) -> Vec<String> {
    let mut context = Context::default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    context.deadline = u64::try_from(now.as_millis()).unwrap() + 60_000;
    let answer = handle(deps, LambdaEvent::new(StreamEvent { records }, context)).await;
    let failures = answer.unwrap().batch_item_failures.into_iter();
    failures.map(|failure| failure.item_identifier.unwrap()).collect()
}
