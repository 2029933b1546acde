//! The table of records, and the claim: one conditional write.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::cache::{Cache, Completed};
use super::claim::Claim;
use super::clock::{Clock, whole_milliseconds};
use super::error::{StoreError, UnusableName};
use super::key::{Key, PayloadHash};
use super::record::{
    EXPIRES_AT, LEASE_ENDS, OWNER_TOKEN, OwnerToken, PARTITION_KEY, PAYLOAD_HASH, Record, Stored, Verdict,
};
use crate::deadline::Deadline;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_RESPONSE_BYTES: usize = 32 * 1024;
/// An item has at most 400 KB, names included (DynamoDB developer guide, "Quotas"). What is not the
/// response takes less than 1 KB: the partition key at most 320 bytes.
const MOST_RESPONSE_BYTES: usize = 399 * 1024;
const MOST_NAME_BYTES: usize = 255;

/// Free, or over: a completed record that expired (DynamoDB deletes it late), or a lease that lapsed.
/// `expiresAt` never lies before `leaseEnds`.
const CLAIMABLE: &str = "attribute_not_exists(pk) OR expiresAt <= :seconds OR leaseEnds <= :milliseconds";

/// The records of one function in a DynamoDB table, whose partition key is `pk` (S) and whose TTL
/// attribute is `expiresAt`. The role needs `dynamodb:PutItem`, `UpdateItem` and `DeleteItem` on it.
///
/// Cheap to clone; the clones share one cache.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: Arc<str>,
    namespace: Arc<str>,
    expiry: Duration,
    most_response_bytes: usize,
    clock: Clock,
    cache: Arc<Mutex<Cache>>,
}

/// What becomes of a claim.
#[derive(Debug)]
pub enum Outcome {
    /// Do the work, then [`Claim::complete`] or [`Claim::release`] it.
    Run(Claim),
    /// It was done before: this is what was kept of it.
    Replay(Stored),
    /// Somebody else is at it.
    InProgress {
        /// When their lease ends at the latest. Zero: try again at once.
        retry_after: Duration,
    },
    /// The key was used for another payload.
    Conflict,
}

impl Store {
    /// The records in this table under this namespace: the function's name. Two functions that see
    /// the same event need two namespaces, or the second would skip what the first has done.
    ///
    /// # Errors
    /// [`UnusableName`] for a table or namespace that is empty or too long.
    pub fn new(client: Client, table: &str, namespace: &str) -> Result<Self, UnusableName> {
        for (what, name) in [("table", table), ("namespace", namespace)] {
            if name.is_empty() || name.len() > MOST_NAME_BYTES {
                return Err(UnusableName(what));
            }
        }
        Ok(Self {
            client,
            table: table.into(),
            namespace: namespace.into(),
            expiry: A_DAY,
            most_response_bytes: DEFAULT_RESPONSE_BYTES,
            clock: Clock::System,
            cache: Arc::new(Mutex::new(Cache::new(0))),
        })
    }

    /// How long a completed record is replayed; at least a second, by default a day. Longer than
    /// the event can come back: an SQS queue keeps a message for up to 14 days.
    #[must_use]
    pub fn with_expiry(self, expiry: Duration) -> Self {
        let expiry = expiry.max(Duration::from_secs(1));
        Self { expiry, ..self }
    }

    /// The longest response that is stored, in bytes; by default 32 KB, at most 399 KB. Of a longer
    /// one, only that there was one. Each KB begun costs a write unit with each completion and replay.
    #[must_use]
    pub fn with_most_response_bytes(self, bytes: usize) -> Self {
        let most_response_bytes = bytes.min(MOST_RESPONSE_BYTES);
        Self {
            most_response_bytes,
            ..self
        }
    }

    /// Lets this process remember so many completed records, and spare the request for them; by
    /// default none. Each takes as much memory as its response. A record that is deleted by hand,
    /// so that its work is done again, is not forgotten by processes that remember it.
    #[must_use]
    pub fn with_cache(self, records: usize) -> Self {
        let cache = Arc::new(Mutex::new(Cache::new(records)));
        Self { cache, ..self }
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Claims a key: one conditional PutItem, and nothing else. When it finds the key taken, DynamoDB
    /// answers with the record that is in the way.
    ///
    /// The claim is a lease that ends with the invocation. Until then nobody else gets the key; a run
    /// that crashes leaves it taken for that long.
    ///
    /// The SDK repeats a PutItem whose answer did not come. Should the first one have taken effect,
    /// the second finds its own token, and the outcome is [`Outcome::Run`]. When all tries remain
    /// without an answer, the key may be taken until the lease ends.
    ///
    /// # Errors
    /// [`StoreError::NoTimeLeft`], [`StoreError::Unavailable`], [`StoreError::NoRandomness`]: Retry.
    /// [`StoreError::Malformed`]: Reject.
    pub async fn claim(&self, key: &Key, payload: PayloadHash, deadline: Deadline) -> Result<Outcome, StoreError> {
        let now = self.clock.milliseconds();
        let partition_key = key.partition_key(&self.namespace);
        if let Some(outcome) = self.remembered(&partition_key, payload, now) {
            return Ok(outcome);
        }
        // Read after the clock: so the lease ends at the deadline or before it.
        let time = deadline.remaining();
        let lease_ends = now.saturating_add(whole_milliseconds(time));
        if lease_ends == now {
            return Err(StoreError::NoTimeLeft);
        }
        let claim = Claim::new(self, partition_key, OwnerToken::fresh()?, payload);
        let in_the_way = tokio::time::timeout(time, self.put(&claim, now, lease_ends));
        let in_the_way = in_the_way.await.map_err(|_| StoreError::NoTimeLeft)??;
        if deadline.remaining().is_zero() {
            return Err(StoreError::NoTimeLeft);
        }
        match in_the_way {
            None => Ok(Outcome::Run(claim)),
            Some(record) => Ok(self.outcome(claim, record, now)),
        }
    }

    /// Writes the claim; the record that was in its way, if there was one.
    async fn put(&self, claim: &Claim, now: u64, lease_ends: u64) -> Result<Option<Record>, StoreError> {
        let request = self.client.put_item().table_name(&*self.table);
        let request = request
            .item(PARTITION_KEY, claim.key_attribute())
            .item(OWNER_TOKEN, claim.owner.attribute())
            .item(PAYLOAD_HASH, AttributeValue::B(Blob::new(claim.payload.0)))
            .item(LEASE_ENDS, number(lease_ends))
            .item(EXPIRES_AT, number(self.expires_at(now).max(lease_ends.div_ceil(1000))))
            .condition_expression(CLAIMABLE)
            .expression_attribute_values(":seconds", number(now / 1000))
            .expression_attribute_values(":milliseconds", number(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else {
            return Ok(None);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let item = failed.item().ok_or(StoreError::Malformed(PARTITION_KEY))?;
                Ok(Some(Record::read(item)?))
            }
            _ => Err(StoreError::unavailable("PutItem")(error)),
        }
    }

    fn outcome(&self, claim: Claim, record: Record, now: u64) -> Outcome {
        match record.verdict(&claim.owner, claim.payload, now) {
            Verdict::Ours => Outcome::Run(claim),
            Verdict::Conflict => Outcome::Conflict,
            Verdict::InProgress { retry_after } => Outcome::InProgress { retry_after },
            Verdict::Replay(stored) => {
                self.remember(&claim.partition_key, record.payload, stored.clone(), record.expires_at);
                Outcome::Replay(stored)
            }
        }
    }

    /// What of a response is stored.
    pub(super) fn storable(&self, response: Option<&str>) -> Stored {
        match response {
            Some(response) if response.len() <= self.most_response_bytes => Stored::Response(response.to_owned()),
            _ => Stored::TooLarge,
        }
    }

    /// When a record that is written now expires, in seconds since the epoch.
    pub(super) fn expires_at(&self, now: u64) -> u64 {
        now.div_ceil(1000).saturating_add(self.expiry.as_secs())
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.milliseconds()
    }

    pub(super) fn remember(&self, partition_key: &str, payload: PayloadHash, stored: Stored, expires_at: u64) {
        let record = Completed {
            payload,
            stored,
            expires_at,
        };
        self.cache().insert(partition_key, record);
    }

    fn remembered(&self, partition_key: &str, payload: PayloadHash, now: u64) -> Option<Outcome> {
        let cache = self.cache();
        let record = cache.get(partition_key, now / 1000)?;
        if record.payload != payload {
            return Some(Outcome::Conflict);
        }
        Some(Outcome::Replay(record.stored.clone()))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Nobody panics while holding it; if somebody did, what is remembered is right all the same.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
