//! Sealed bids in one process: the API's handler with tables, keys and a schedule group of a test's own on the local
//! stack, a clock that the test sets, and people who call it.

mod call;
mod settle;

pub use call::{Call, Person};

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use bid_intake::config::{Config, ScheduleConfig, Sealing};
use bid_intake::{Answer, Deps, SealingKeys, handle};
use gatehouse_auction::{AuctionId, Entry, Money, PublicKey, envelope};
use gatehouse_auction_log::AuctionLog;
use gatehouse_event_store::EventStore;
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::event_table::EventTable;
use crate::idempotency_table::IdempotencyTable;
use crate::operations::Operations;

/// Where the clock starts: not at a whole second.
pub const START: &str = "2030-01-05T09:00:00.250Z";
/// The role that shows the public key of an auction.
pub const INTAKE_ROLE: &str = "arn:aws:iam::000000000000:role/intake";
/// The role that may decrypt with the key of an auction, once it is closed.
pub const SETTLE_ROLE: &str = "arn:aws:iam::000000000000:role/settle";

static HOUSES: AtomicU32 = AtomicU32::new(0);
static KEYS: OnceCell<(String, String)> = OnceCell::const_new();

/// The API with everything behind it.
pub struct House {
    /// What the handler works with.
    pub deps: Deps,
    config: Config,
    /// The requests that the handler sends.
    pub wire: Operations,
    /// The auctions, past the handler and its wire.
    pub log: AuctionLog,
    /// A client that may do everything.
    pub kms: aws_sdk_kms::Client,
    /// A client that may do everything.
    pub scheduler: aws_sdk_scheduler::Client,
    /// The records of what was answered to which key.
    pub idempotency: IdempotencyTable,
    /// The group of this test's schedules.
    pub group: String,
    auctions: EventTable,
    sealing_key: String,
    result_key: String,
    clock: Arc<AtomicI64>,
    time_left: Duration,
}

impl House {
    /// With one sealing key for all auctions.
    pub async fn new() -> Self {
        Self::with_key_per_auction(false).await
    }

    /// With one sealing key for all auctions, or one for each.
    pub async fn with_key_per_auction(each: bool) -> Self {
        let aws = gatehouse_core::aws::config();
        let kms = aws_sdk_kms::Client::new(&aws);
        let scheduler = aws_sdk_scheduler::Client::new(&aws);
        let (auctions, idempotency) = (EventTable::create().await, IdempotencyTable::create().await);
        let (sealing_key, result_key) = KEYS.get_or_init(|| keys(&kms)).await.clone();
        let number = HOUSES.fetch_add(1, Ordering::Relaxed);
        let group = format!("auctions-{}-{number}", std::process::id());
        scheduler.create_schedule_group().name(&group).send().await.unwrap();

        let config = Config {
            auctions_table: auctions.name.clone(),
            idempotency_table: idempotency.name.clone(),
            most_bids_per_bidder: 1000,
            sealing: sealing(each, sealing_key.clone()),
            result_key_arn: result_key.clone(),
            schedules: ScheduleConfig {
                group: group.clone(),
                role_arn: "arn:aws:iam::000000000000:role/scheduler".into(),
                queue_arn: "arn:aws:sqs:us-east-1:000000000000:settle".into(),
                dead_letter_queue_arn: "arn:aws:sqs:us-east-1:000000000000:settle-dead-letters".into(),
            },
            flags: None,
        };
        let wire = Operations::default();
        let start: Timestamp = START.parse().unwrap();
        let clock = Arc::new(AtomicI64::new(start.as_millisecond()));
        let deps = Deps::new(config.clone(), &wire.config(&aws))
            .unwrap()
            .with_clock(now(&clock));
        let log = AuctionLog::new(EventStore::new(auctions.client.clone(), &auctions.name));
        Self {
            deps,
            config,
            wire,
            log: log.with_clock(now(&clock)),
            kms,
            scheduler,
            idempotency,
            auctions,
            group,
            sealing_key,
            result_key,
            clock,
            time_left: Duration::from_secs(30),
        }
    }

    /// Switches `SEALING_KEY_PER_AUCTION`, while auctions are open.
    pub fn switch_key_per_auction(&mut self, each: bool) {
        let sealing = sealing(each, self.sealing_key.clone());
        self.deps.keys = SealingKeys::new(self.kms.clone(), sealing);
    }

    /// The same house, where a bidder may try to bid so often in one auction, and as often to withdraw.
    pub async fn with_most_bids(mut self, most: u32) -> Self {
        self.config.most_bids_per_bidder = most;
        let aws = self.wire.config(&gatehouse_core::aws::config());
        let deps = Deps::new(self.config.clone(), &aws).unwrap();
        self.deps = deps.with_clock(now(&self.clock));
        self
    }

    /// The same house, whose invocations have so much time.
    #[must_use]
    pub fn with_time_left(self, time_left: Duration) -> Self {
        Self { time_left, ..self }
    }

    /// The variables that let the functions for sealed bids work in this house; what they only name may not be there.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let Sealing::OneKey { arn } = &config.sealing else {
            panic!("a house with one key")
        };
        vec![
            ("AUCTIONS_TABLE", config.auctions_table.clone()),
            ("IDEMPOTENCY_TABLE", config.idempotency_table.clone()),
            ("SEALING_KEY_ARN", arn.clone()),
            ("RESULT_KEY_ARN", config.result_key_arn.clone()),
            ("SCHEDULE_GROUP", config.schedules.group.clone()),
            ("SCHEDULER_ROLE_ARN", config.schedules.role_arn.clone()),
            ("SETTLE_QUEUE_ARN", config.schedules.queue_arn.clone()),
            (
                "SETTLE_DEAD_LETTER_QUEUE_ARN",
                config.schedules.dead_letter_queue_arn.clone(),
            ),
            ("SETTLE_QUEUE_URL", "https://sqs.invalid/settle".into()),
            ("REJECTED_QUEUE_URL", "https://sqs.invalid/rejected".into()),
            ("EVENT_BUS_NAME", "default".into()),
            ("STREAM_FAILURE_QUEUE_URL", "https://sqs.invalid/failures".into()),
            ("IMPORT_BUCKET", "import".into()),
        ]
    }

    /// The time on the house's clock.
    pub fn now(&self) -> Timestamp {
        now(&self.clock)()
    }

    /// Sets the house's clock.
    pub fn set_clock(&self, time: Timestamp) {
        self.clock.store(time.as_millisecond(), Ordering::SeqCst);
    }

    /// Calls the API.
    pub async fn call(&self, call: Call) -> Answer {
        let mut context = Context::default();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        context.deadline = u64::try_from((now + self.time_left).as_millis()).unwrap();
        let event = serde_json::from_value(call.event()).unwrap();
        let Ok(answer) = handle(&self.deps, LambdaEvent::new(event, context)).await;
        answer
    }

    /// The body of an auction that closes in an hour, for [`Call::open`].
    pub fn new_auction(&self) -> Value {
        let closes_at = self.now() + Duration::from_secs(3600);
        json!({"title": "Plot 7", "closesAt": closes_at, "rule": "second-price", "currency": "EUR"})
    }

    /// Opens an auction that closes in an hour.
    pub async fn open(&self, auctioneer: &Person) -> Auction {
        let answer = self.call(Call::open(auctioneer, &self.new_auction())).await;
        assert_eq!(answer.status_code, 201, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        Auction {
            id: body["id"].as_str().unwrap().parse().unwrap(),
            key: serde_json::from_value(body["key"].clone()).unwrap(),
            closes_at: body["closesAt"].as_str().unwrap().parse().unwrap(),
        }
    }

    /// How many auctions there are, known to anybody or not.
    pub async fn auctions(&self) -> usize {
        let request = self
            .auctions
            .client
            .scan()
            .table_name(&self.auctions.name)
            .consistent_read(true);
        let request = request.filter_expression("sk = :first");
        let request = request.expression_attribute_values(":first", AttributeValue::N("1".into()));
        request.send().await.unwrap().items().len()
    }

    /// How many schedules there are.
    pub async fn schedules(&self) -> usize {
        let request = self.scheduler.list_schedules().group_name(&self.group);
        request.send().await.unwrap().schedules.len()
    }

    /// Every entry of an auction's log.
    pub async fn entries(&self, auction: AuctionId) -> Vec<Entry> {
        self.log.entries(auction, 0, usize::MAX).await.unwrap()
    }
}

/// An auction, as its bidders know it.
#[derive(Debug, Clone)]
pub struct Auction {
    /// Its id.
    pub id: AuctionId,
    /// What bids are sealed with.
    pub key: PublicKey,
    /// When it closes.
    pub closes_at: Timestamp,
}

impl Auction {
    /// A sealed bid of so many EUR.
    pub fn seal(&self, bidder: &Person, amount: &str) -> String {
        let money = Money::parse(amount, "EUR".parse().unwrap()).unwrap();
        envelope::seal(&self.key, self.id, &bidder.subject, &money).unwrap()
    }
}

/// What `SEALING_KEY_PER_AUCTION` says, beside a key that auctions share.
fn sealing(each: bool, shared: String) -> Sealing {
    match each {
        true => Sealing::KeyPerAuction {
            settle_role: SETTLE_ROLE.parse().unwrap(),
            intake_role: INTAKE_ROLE.parse().unwrap(),
            shared_key_arn: Some(shared),
        },
        false => Sealing::OneKey { arn: shared },
    }
}

/// A sealing key and a result key, for all tests of one process: an RSA key takes seconds to make.
async fn keys(kms: &aws_sdk_kms::Client) -> (String, String) {
    let sealing = kms
        .create_key()
        .key_spec(KeySpec::Rsa4096)
        .key_usage(KeyUsageType::EncryptDecrypt);
    let sealing = sealing.send().await.unwrap().key_metadata.unwrap().arn.unwrap();
    let result = kms
        .create_key()
        .send()
        .await
        .unwrap()
        .key_metadata
        .unwrap()
        .arn
        .unwrap();
    (sealing, result)
}

fn now(clock: &Arc<AtomicI64>) -> impl Fn() -> Timestamp + Send + Sync + 'static {
    let clock = Arc::clone(clock);
    move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap()
}
