//! A table, keys, queues and schedules of a test's own on the local stack, and the settlement run in this very process:
//! for faults, crashes and clocks that a deployed stack can't be made to have.

pub mod auction;
pub mod faults;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::sqs::SqsBatchResponse;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyState, KeyUsageType, Tag};
use aws_sdk_scheduler::types::{FlexibleTimeWindow, FlexibleTimeWindowMode, Target};
use bid_intake::AUCTION_TAG;
use bid_settle::config::Config;
use bid_settle::{Deps, handle, message};
use gatehouse_auction::{AuctionId, Price, PublicKey};
use gatehouse_core::config::Environment;
use gatehouse_core::event::Invocation;
use gatehouse_core::rejected::Rejection;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::event_table::EventTable;
use crate::{events, room};
use auction::{Special, TestAuction, after_the_close};
use faults::Faults;

static ROOMS: AtomicU32 = AtomicU32::new(0);
static SEALING_KEY: OnceCell<(String, PublicKey)> = OnceCell::const_new();
/// Deliveries after which a test says that this never ends.
const MOST_DELIVERIES: usize = 30;

/// Everything that a settlement needs.
pub struct Settling {
    /// What the handler works with. A test may change it.
    pub deps: Deps,
    /// What goes wrong with the handler's calls, and which there were.
    pub faults: Arc<Faults>,
    /// The auctions' table.
    pub table: EventTable,
    /// Clients that may do everything, and that nothing goes wrong with.
    pub kms: aws_sdk_kms::Client,
    /// The sealing key's ARN.
    pub kms_key: String,
    /// Its public half.
    pub key: PublicKey,
    /// The key of the older system.
    pub legacy_key: String,
    sqs: aws_sdk_sqs::Client,
    scheduler: aws_sdk_scheduler::Client,
    result_key: String,
    group: String,
    settle_queue: String,
    rejected_queue: String,
}

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The message is done.
    Done,
    /// It comes back.
    HandedBack,
    /// The process died.
    Crashed,
}

impl Delivered {
    /// What a batch of one message says of it; none if the process died before it could say anything.
    pub(crate) fn of(answer: Option<SqsBatchResponse>) -> Self {
        match answer {
            None => Self::Crashed,
            Some(answer) if answer.batch_item_failures.is_empty() => Self::Done,
            Some(_) => Self::HandedBack,
        }
    }
}

impl Settling {
    /// Makes one. The handler's clients try each call once, and its settings are the default ones with these.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        let aws = gatehouse_core::aws::config();
        let (kms, sqs) = (aws_sdk_kms::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
        let scheduler = aws_sdk_scheduler::Client::new(&aws);
        let group = format!(
            "settling-{}-{}",
            std::process::id(),
            ROOMS.fetch_add(1, Ordering::Relaxed)
        );
        scheduler.create_schedule_group().name(&group).send().await.unwrap();
        let settle_queue = queue(&sqs, &group, "settle").await;
        let rejected_queue = queue(&sqs, &group, "rejected").await;
        let (kms_key, key) = shared_key(&kms).await;
        let (result_key, legacy_key) = (symmetric_key(&kms).await, symmetric_key(&kms).await);
        let table = EventTable::create().await;

        let variables = [
            ("AUCTIONS_TABLE", table.name.as_str()),
            ("RESULT_KEY_ARN", &result_key),
            ("SETTLE_QUEUE_URL", &settle_queue),
            ("SCHEDULE_GROUP", &group),
            ("REJECTED_QUEUE_URL", &rejected_queue),
            ("LEGACY_KEY_ARN", &legacy_key),
            ("SEALING_KEY_ARN", &kms_key),
        ];
        let variables = variables.into_iter().chain(settings.iter().copied());
        let config = Config::read(Environment::from_iter(variables)).unwrap();
        let faults = Arc::new(Faults::default());
        let mut deps = Deps::new(config, &faults.config(&aws, 1));
        deps.now = after_the_close;
        deps.log = deps.log.with_clock(after_the_close);
        Self {
            deps,
            faults,
            table,
            kms,
            kms_key,
            key,
            legacy_key,
            sqs,
            scheduler,
            result_key,
            group,
            settle_queue,
            rejected_queue,
        }
    }

    /// Opens an auction under this room's sealing key, with a schedule.
    pub async fn auction(&self, special: Special) -> TestAuction {
        self.auction_with_key(&self.kms_key, &self.key, special).await
    }

    /// The same under another key.
    pub async fn auction_with_key(&self, kms_key: &str, key: &PublicKey, special: Special) -> TestAuction {
        let auction = TestAuction::open(&self.table.client, &self.table.name, key, kms_key, special).await;
        self.schedule(auction.id).await;
        auction
    }

    /// Makes the schedule of an auction, on a day on which no test runs.
    pub async fn schedule(&self, id: AuctionId) {
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
        let target = Target::builder().arn("arn:aws:sqs:us-east-1:000000000000:none");
        let target = target.role_arn("arn:aws:iam::000000000000:role/none").build();
        let request = self
            .scheduler
            .create_schedule()
            .name(id.to_string())
            .group_name(&self.group);
        let request = request
            .schedule_expression("at(2099-01-01T00:00:00)")
            .flexible_time_window(window.build().unwrap())
            .target(target.unwrap());
        request.send().await.unwrap();
    }

    /// The names of the schedules that are left.
    pub async fn schedules(&self) -> Vec<String> {
        let list = self
            .scheduler
            .list_schedules()
            .group_name(&self.group)
            .send()
            .await
            .unwrap();
        list.schedules
            .into_iter()
            .filter_map(|schedule| schedule.name)
            .collect()
    }

    /// Delivers a message, with so much time for it.
    pub async fn deliver(&self, message: Value, time: Duration) -> Delivered {
        let handled = self.faults.until_crash(handle(&self.deps, invocation(message, time)));
        Delivered::of(handled.await.map(|answer| answer.unwrap().unwrap()))
    }

    /// Delivers a message, again when it comes back, and what the settlement sends itself, until all is quiet; how many
    /// deliveries that took.
    pub async fn settle(&self, id: AuctionId, time: Duration) -> usize {
        let mut messages = vec![message::about(id)];
        for delivery in 0..MOST_DELIVERIES {
            let Some(next) = messages.pop() else {
                return delivery;
            };
            if self.deliver(next.clone(), time).await != Delivered::Done {
                messages.push(next);
            }
            messages.extend(self.sent_to_itself().await);
        }
        panic!("after {MOST_DELIVERIES} deliveries there is still work");
    }

    /// Takes what the settlement has sent to itself out of the settle queue, as far as it is there already.
    pub async fn sent_to_itself(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let request = self
                .sqs
                .receive_message()
                .queue_url(&self.settle_queue)
                .wait_time_seconds(0);
            let received = request
                .max_number_of_messages(10)
                .send()
                .await
                .unwrap()
                .messages
                .unwrap_or_default();
            if received.is_empty() {
                return messages;
            }
            for message in received {
                messages.push(serde_json::from_str(&message.body.unwrap()).unwrap());
                let delete = self.sqs.delete_message().queue_url(&self.settle_queue);
                delete
                    .receipt_handle(message.receipt_handle.unwrap())
                    .send()
                    .await
                    .unwrap();
            }
        }
    }

    /// How many messages in the settle queue wait for their time.
    pub async fn delayed(&self) -> String {
        use aws_sdk_sqs::types::QueueAttributeName::{All, ApproximateNumberOfMessagesDelayed as Delayed};
        let request = self.sqs.get_queue_attributes().queue_url(&self.settle_queue);
        let attributes = request.attribute_names(All).send().await.unwrap().attributes.unwrap();
        attributes[&Delayed].clone()
    }

    /// Takes everything out of the rejected queue.
    pub async fn rejections(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.rejected_queue).await
    }

    /// The amounts in a result, as the intake reads them.
    pub async fn price(&self, id: AuctionId, sealed: &str) -> Price {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let request = self.kms.decrypt().key_id(&self.result_key);
        let request = request.ciphertext_blob(Blob::new(STANDARD.decode(sealed).unwrap()));
        let request = request.encryption_context("auction", id.to_string());
        let json = request.send().await.expect("a result that opens").plaintext.unwrap();
        Price::from_json(json.as_ref()).unwrap()
    }

    /// How far a settlement is, as it is noted in the table.
    pub async fn progress(&self, id: AuctionId) -> Option<String> {
        let request = self.table.client.get_item().table_name(&self.table.name);
        let request = request.key("pk", AttributeValue::S(format!("progress/{id}")));
        let item = request
            .key("sk", AttributeValue::N("0".into()))
            .send()
            .await
            .unwrap()
            .item?;
        Some(item["body"].as_s().unwrap().clone())
    }

    /// Somebody else has noted this.
    pub async fn put_progress(&self, id: AuctionId, body: &str) {
        let request = self.table.client.put_item().table_name(&self.table.name);
        let request = request.item("pk", AttributeValue::S(format!("progress/{id}")));
        let request = request.item("sk", AttributeValue::N("0".into()));
        request
            .item("body", AttributeValue::S(body.to_owned()))
            .send()
            .await
            .unwrap();
    }

    /// Everything in the table, as text.
    pub async fn whole_table(&self) -> String {
        let scan = self
            .table
            .client
            .scan()
            .table_name(&self.table.name)
            .send()
            .await
            .unwrap();
        assert!(scan.last_evaluated_key.is_none(), "a test's table is small");
        format!("{:?}", scan.items)
    }

    /// Encrypts as the older system did.
    pub async fn legacy(&self, plaintext: &[u8]) -> Vec<u8> {
        let request = self
            .kms
            .encrypt()
            .key_id(&self.legacy_key)
            .plaintext(Blob::new(plaintext));
        request.send().await.unwrap().ciphertext_blob.unwrap().into_inner()
    }

    /// Tags a key as this auction's own, as the intake does.
    pub async fn tag_key(&self, key: &str, auction: AuctionId) {
        let tag = Tag::builder().tag_key(AUCTION_TAG).tag_value(auction.to_string());
        let request = self.kms.tag_resource().key_id(key).tags(tag.build().unwrap());
        request.send().await.unwrap();
    }

    /// Whether KMS is going to delete a key.
    pub async fn is_pending_deletion(&self, key: &str) -> bool {
        let key = self
            .kms
            .describe_key()
            .key_id(key)
            .send()
            .await
            .unwrap()
            .key_metadata
            .unwrap();
        key.key_state == Some(KeyState::PendingDeletion)
    }
}

fn invocation(message: Value, time: Duration) -> LambdaEvent<Invocation> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
    let mut context = Context::default();
    context.deadline = deadline.as_millis() as u64;
    LambdaEvent::new(serde_json::from_value(events::sqs_batch(&[message])).unwrap(), context)
}

async fn queue(sqs: &aws_sdk_sqs::Client, room: &str, name: &str) -> String {
    let queue = sqs.create_queue().queue_name(format!("{room}-{name}")).send().await;
    queue.expect("a queue").queue_url.unwrap()
}

async fn symmetric_key(kms: &aws_sdk_kms::Client) -> String {
    let key = kms.create_key().send().await.unwrap();
    key.key_metadata.unwrap().arn.unwrap()
}

/// The key pair that auctions of this process share.
pub async fn shared_key(kms: &aws_sdk_kms::Client) -> (String, PublicKey) {
    SEALING_KEY.get_or_init(|| sealing_key(kms)).await.clone()
}

/// A key pair as the template has it: its ARN and its public half.
pub async fn sealing_key(kms: &aws_sdk_kms::Client) -> (String, PublicKey) {
    let request = kms.create_key().key_spec(KeySpec::Rsa4096);
    let key = request.key_usage(KeyUsageType::EncryptDecrypt).send().await.unwrap();
    let arn = key.key_metadata.unwrap().arn.unwrap();
    let public = kms
        .get_public_key()
        .key_id(&arn)
        .send()
        .await
        .unwrap()
        .public_key
        .unwrap();
    let kid = arn.rsplit('/').next().unwrap().to_owned();
    let public = PublicKey::from_spki_der(kid, public.as_ref()).unwrap();
    (arn, public)
}
