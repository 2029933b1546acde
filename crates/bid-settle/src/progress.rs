//! How far a settlement is: what an invocation leaves to the next one.
//!
//! One item in the auctions' table, under a `pk` of its own (`progress/ID`), so that the settlement's role may delete notes
//! and no event or bid; at `sk` 0, where no event is, so that nobody is told of it. What is secret in it, the best amounts so
//! far, is sealed with the result key, and opens only beside the rest as it was written: nobody but the settlement can say
//! which bids are counted, or invalid. It is replaced only by whoever has read it (or saw that there was none): of two
//! settlements of one auction that run at once, the one that comes second notices here.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use gatehouse_auction::{Auction, AuctionId, Candidate, Hash, Outcome, StandingBid, Tally, Winner};
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure};
use serde::{Deserialize, Serialize};
use tracing::warn;
use zeroize::Zeroizing;

use crate::ballot::Ballot;
use crate::error::SettleError;
use crate::secret::{Purpose, ResultKey};

const PK: &str = "pk";
const SK: &str = "sk";
const BODY: &str = "body";

/// What is sealed is filled up with spaces to a multiple of so many bytes: its length is not to tell how many digits the best
/// amounts have.
const TALLY_STEP: usize = 512;

/// The bids that were counted so far: all that stand up to a position.
#[derive(Debug)]
pub struct Progress {
    auction: AuctionId,
    log_head: Hash,
    /// The bids up to and with this one are counted.
    position: u64,
    /// The valid ones.
    valid: Tally,
    /// The others, by why.
    invalid: BTreeMap<String, Vec<u64>>,
    /// How many were counted since it was last saved.
    pub unsaved: usize,
    /// How many this invocation has counted.
    pub counted_here: usize,
    /// The item's body, as this invocation has read or written it.
    standing: Option<String>,
}

/// The item's body.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    log_head: Hash,
    position: u64,
    /// The [`Tally`] of the valid bids, sealed for [`Purpose::Progress`] with [`plain`] of the others.
    sealed: String,
    invalid: BTreeMap<String, Vec<u64>>,
}

/// What is not secret of a body, in one hash.
fn plain(log_head: Hash, position: u64, invalid: &BTreeMap<String, Vec<u64>>) -> Result<Hash, SettleError> {
    let json = serde_json::to_vec(&(log_head, position, invalid));
    json.map(Hash::of).map_err(|_| SettleError::Unwritable("the count"))
}

impl Progress {
    /// Nothing counted yet.
    pub fn none(auction: &Auction) -> Self {
        Self {
            auction: auction.id(),
            log_head: auction.head().hash,
            position: 0,
            valid: Tally::new(auction.terms().currency),
            invalid: BTreeMap::new(),
            unsaved: 0,
            counted_here: 0,
            standing: None,
        }
    }

    /// Whether this bid is counted.
    pub fn has(&self, bid: u64) -> bool {
        bid <= self.position
    }

    /// Counts the next bid.
    pub fn count(&mut self, bidder: &str, StandingBid { bid, at, .. }: StandingBid, ballot: Ballot) {
        match ballot {
            Ballot::Valid(amount) => self.valid.valid(Candidate {
                bid,
                bidder: bidder.to_owned(),
                at,
                amount,
            }),
            Ballot::Invalid(reason) => self.invalid.entry(reason.to_owned()).or_default().push(bid),
        }
        self.position = bid;
        self.unsaved += 1;
        self.counted_here += 1;
    }

    /// The valid bids.
    pub fn valid(&self) -> &Tally {
        &self.valid
    }

    /// The outcome, once all are counted. `won` is the winner with their sealed price.
    pub fn outcome(&self, won: Option<(Winner, String)>) -> Outcome {
        let mut tally = self.valid.clone();
        for (reason, bids) in &self.invalid {
            bids.iter().for_each(|bid| tally.invalid(*bid, reason));
        }
        tally.outcome(self.log_head, won)
    }

    async fn body(&self, key: &ResultKey, until: Deadline) -> Result<String, SettleError> {
        let tally = serde_json::to_vec(&self.valid).map_err(|_| SettleError::Unwritable("the count"))?;
        let mut tally = Zeroizing::new(tally);
        let length = tally.len().next_multiple_of(TALLY_STEP);
        tally.resize(length, b' ');
        let purpose = Purpose::Progress(plain(self.log_head, self.position, &self.invalid)?);
        let body = Body {
            log_head: self.log_head,
            position: self.position,
            sealed: key.seal(self.auction, purpose, &tally, until).await?,
            invalid: self.invalid.clone(),
        };
        serde_json::to_string(&body).map_err(|_| SettleError::Unwritable("the count"))
    }

    async fn read(auction: &Auction, body: String, key: &ResultKey, until: Deadline) -> Result<Self, SettleError> {
        let started_over = |standing| {
            warn!(
                reason = "progress-unreadable",
                "what an earlier invocation left can't be used: starting over"
            );
            let standing = Some(standing);
            Self {
                standing,
                ..Self::none(auction)
            }
        };
        let Some(saved) = serde_json::from_str::<Body>(&body)
            .ok()
            .filter(|saved| saved.log_head == auction.head().hash)
        else {
            return Ok(started_over(body));
        };
        let purpose = Purpose::Progress(plain(saved.log_head, saved.position, &saved.invalid)?);
        let tally = key.open(auction.id(), purpose, &saved.sealed, until).await?;
        let Some(valid) = tally.and_then(|tally| serde_json::from_slice(&tally).ok()) else {
            return Ok(started_over(body));
        };
        Ok(Self {
            position: saved.position,
            valid,
            invalid: saved.invalid,
            standing: Some(body),
            ..Self::none(auction)
        })
    }
}

/// Where it is kept.
#[derive(Debug, Clone)]
pub struct ProgressStore {
    client: aws_sdk_dynamodb::Client,
    table: String,
    key: ResultKey,
}

/// The table could not be read or written. Retry.
#[derive(Debug, thiserror::Error)]
#[error("{operation} on the settlement's progress failed")]
pub struct ProgressError {
    operation: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Failure for ProgressError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "progress-unavailable"
    }
}

fn failed<E>(operation: &'static str) -> impl FnOnce(E) -> SettleError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| {
        SettleError::Progress(ProgressError {
            operation,
            source: error.into(),
        })
    }
}

impl ProgressStore {
    /// In the table of this name, sealed with this key.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>, key: ResultKey) -> Self {
        let table = table.into();
        Self { client, table, key }
    }

    /// What an earlier invocation left, or a new start. What can't be used (another log, another key, changed since) is a new
    /// start too.
    ///
    /// # Errors
    /// [`SettleError::Progress`], [`SettleError::Kms`] (Retry)
    pub async fn load(&self, auction: &Auction, until: Deadline) -> Result<Progress, SettleError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key(PK, pk(auction.id())).key(SK, sk());
        let item = request.send().await.map_err(failed("GetItem"))?.item;
        match item.and_then(|mut item| body_of(item.remove(BODY)?)) {
            Some(body) => Progress::read(auction, body, &self.key, until).await,
            None => Ok(Progress::none(auction)),
        }
    }

    /// Saves it, if what stands there is still what it was read from.
    ///
    /// # Errors
    /// [`SettleError::UnderWay`] if it is not; [`SettleError::Progress`], [`SettleError::Kms`] (all of them Retry).
    pub async fn save(&self, progress: &mut Progress, until: Deadline) -> Result<(), SettleError> {
        let body = progress.body(&self.key, until).await?;
        let request = self.client.put_item().table_name(&self.table);
        let request = request
            .item(PK, pk(progress.auction))
            .item(SK, sk())
            .item(BODY, AttributeValue::S(body.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match &progress.standing {
            None => request.condition_expression("attribute_not_exists(pk)"),
            Some(standing) => request
                .condition_expression("body = :standing")
                .expression_attribute_values(":standing", AttributeValue::S(standing.clone())),
        };
        if let Err(error) = request.send().await {
            match error.as_service_error() {
                // An earlier try whose answer was lost: a ciphertext is never the same twice.
                Some(PutItemError::ConditionalCheckFailedException(refused)) if is(refused.item(), &body) => {}
                Some(PutItemError::ConditionalCheckFailedException(_)) => return Err(SettleError::UnderWay),
                _ => return Err(failed("PutItem")(error)),
            }
        }
        progress.standing = Some(body);
        progress.unsaved = 0;
        Ok(())
    }

    /// Forgets it, once nobody needs it any more. If there is none, that is as good.
    ///
    /// # Errors
    /// [`SettleError::Progress`] (Retry)
    pub async fn delete(&self, auction: AuctionId) -> Result<(), SettleError> {
        let request = self.client.delete_item().table_name(&self.table);
        let deleted = request.key(PK, pk(auction)).key(SK, sk()).send().await;
        deleted.map(|_| ()).map_err(failed("DeleteItem"))
    }
}

fn pk(auction: AuctionId) -> AttributeValue {
    AttributeValue::S(format!("progress/{auction}"))
}

fn sk() -> AttributeValue {
    AttributeValue::N("0".to_owned())
}

fn body_of(attribute: AttributeValue) -> Option<String> {
    match attribute {
        AttributeValue::S(body) => Some(body),
        _ => None,
    }
}

fn is(item: Option<&std::collections::HashMap<String, AttributeValue>>, body: &str) -> bool {
    let standing = item.and_then(|item| item.get(BODY)).and_then(|body| body.as_s().ok());
    standing.is_some_and(|standing| standing == body)
}
