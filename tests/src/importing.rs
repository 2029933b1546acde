//! A bucket, a table and queues of a test's own on the local stack, and the import of old files run in this very process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::ByteStream;
use bid_import::config::Config;
use bid_import::{Deps, handle};
use gatehouse_auction::{Auction, AuctionId};
use gatehouse_auction_log::AuctionLog;
use gatehouse_core::config::Environment;
use gatehouse_core::event::Invocation;
use gatehouse_core::rejected::Rejection;
use gatehouse_event_store::EventStore;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Context, LambdaEvent};

use crate::event_table::EventTable;
use crate::settling::auction::{Special, TestAuction, opens_at};
use crate::settling::faults::Faults;
use crate::settling::{Delivered, shared_key};
use crate::{events, room};

static ROOMS: AtomicU32 = AtomicU32::new(0);

/// Everything that an import needs.
pub struct Importing {
    /// What the handler works with. A test may change it.
    pub deps: Deps,
    /// What goes wrong with the handler's calls, and which there were.
    pub faults: Arc<Faults>,
    /// The auctions' table.
    pub table: EventTable,
    /// The bucket's name.
    pub bucket: String,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    kms: aws_sdk_kms::Client,
    rejected_queue: String,
}

/// Half an hour after auctions open: when files are imported.
pub fn while_open() -> Timestamp {
    opens_at() + SignedDuration::from_mins(30)
}

impl Importing {
    /// Makes one. The handler's clients try each call once, and its settings are the default ones with these.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        let aws = gatehouse_core::aws::config();
        let (s3, sqs) = (aws_sdk_s3::Client::new(&aws), aws_sdk_sqs::Client::new(&aws));
        let bucket = format!(
            "importing-{}-{}",
            std::process::id(),
            ROOMS.fetch_add(1, Ordering::Relaxed)
        );
        s3.create_bucket().bucket(&bucket).send().await.expect("a bucket");
        let queue = sqs.create_queue().queue_name(format!("{bucket}-rejected")).send().await;
        let rejected_queue = queue.expect("a queue").queue_url.unwrap();
        let table = EventTable::create().await;

        let variables = [
            ("IMPORT_BUCKET", bucket.as_str()),
            ("AUCTIONS_TABLE", &table.name),
            ("REJECTED_QUEUE_URL", &rejected_queue),
            (
                "LEGACY_KEY_ARN",
                "arn:aws:kms:us-east-1:000000000000:key/of-the-older-system",
            ),
        ];
        let variables = variables.into_iter().chain(settings.iter().copied());
        let config = Config::read(Environment::from_iter(variables)).unwrap();
        let faults = Arc::new(Faults::default());
        let mut deps = Deps::new(config, &faults.config(&aws, 1));
        deps.now = while_open;
        let kms = aws_sdk_kms::Client::new(&aws);
        Self {
            deps,
            faults,
            table,
            bucket,
            s3,
            sqs,
            kms,
            rejected_queue,
        }
    }

    /// Opens an auction of this contract.
    pub async fn auction(&self, contract: &str) -> TestAuction {
        let contract = Some(contract.to_owned());
        let (arn, key) = shared_key(&self.kms).await;
        let special = Special {
            contract,
            ..Special::default()
        };
        TestAuction::open(&self.table.client, &self.table.name, &key, &arn, special).await
    }

    /// Uploads a file.
    pub async fn upload(&self, key: &str, file: &str) {
        let request = self.s3.put_object().bucket(&self.bucket).key(key);
        let request = request.body(ByteStream::from(file.as_bytes().to_vec()));
        request.send().await.expect("an upload");
    }

    /// Delivers the event of an upload, with so much time for it.
    pub async fn deliver(&self, bucket: &str, key: &str, sequencer: &str, time: Duration) -> Delivered {
        let notification = events::notification(&[events::record(bucket, key, sequencer)]);
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        let mut context = Context::default();
        context.deadline = deadline.as_millis() as u64;
        let batch: Invocation = serde_json::from_value(events::sqs_batch(&[notification])).unwrap();
        let handled = self
            .faults
            .until_crash(handle(&self.deps, LambdaEvent::new(batch, context)));
        Delivered::of(handled.await.map(|answer| answer.unwrap().unwrap()))
    }

    /// Uploads a file and delivers its event.
    pub async fn import(&self, key: &str, file: &str, sequencer: &str) -> Delivered {
        self.upload(key, file).await;
        self.deliver(&self.bucket, key, sequencer, Duration::from_secs(60))
            .await
    }

    /// An auction as its log leaves it, every entry checked.
    pub async fn state(&self, id: AuctionId) -> Auction {
        let log = AuctionLog::new(EventStore::new(self.table.client.clone(), &self.table.name));
        log.load_whole(id).await.unwrap().unwrap()
    }

    /// Takes everything out of the rejected queue: line, 0 for a file, and reason, in this order.
    pub async fn rejections(&self) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        for Rejection { reason, record, .. } in self.rejected_messages().await {
            match record["lines"].as_array() {
                Some(numbers) => lines.extend(numbers.iter().map(|line| (line.as_u64().unwrap(), reason.clone()))),
                None => lines.push((0, reason)),
            }
        }
        lines.sort();
        lines
    }

    /// The same, message by message.
    pub async fn rejected_messages(&self) -> Vec<Rejection> {
        room::drain(&self.sqs, &self.rejected_queue).await
    }
}
