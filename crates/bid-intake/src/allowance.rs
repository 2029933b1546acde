//! How often one bidder may try to bid, and to withdraw, in one auction.
//!
//! Every entry of a log is read again at the settlement, and while one is appended, no other is. So nobody may make as many
//! as they like.
//!
//! Tries are counted, and not bids: what was counted stays so, whatever becomes of it, and twice if DynamoDB's answer was
//! lost. One item in the table of idempotency records counts for one bidder, auction and [`Tried`]; it holds neither name in
//! plain, and expires a day after the close.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auction::{AuctionId, Hash};
use gatehouse_core::disposition::{Disposition, Failure};
use jiff::Timestamp;

/// How long a count is kept after the auction's close, or after the last try if that is later.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What is counted, each by itself: who has bid as often as they may can still withdraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// To place a bid.
    Bid,
    /// To withdraw one.
    Withdrawal,
}

/// A try that is not allowed, or could not be counted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AllowanceError {
    /// There were as many already as there may be. Reject.
    #[error("the bidder has used up what they may try in this auction")]
    UsedUp,
    /// DynamoDB is throttled, down, or does not allow it. Retry.
    #[error("UpdateItem of a bidder's tries failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure for AllowanceError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::UsedUp => Disposition::Reject,
            Self::Unavailable(_) => Disposition::Retry,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UsedUp => "too-many-bids",
            Self::Unavailable(_) => "allowance-unavailable",
        }
    }
}

/// Counts what bidders try.
#[derive(Debug, Clone)]
pub struct Allowance {
    client: Client,
    table: String,
    most: u32,
}

impl Allowance {
    /// So many tries, in this table, whose partition key is `pk` (S) and whose TTL attribute is `expiresAt`. The role needs
    /// `dynamodb:UpdateItem` on it.
    pub fn new(client: Client, table: &str, most: u32) -> Self {
        let table = table.to_owned();
        Self { client, table, most }
    }

    /// Counts one more try, `until` the close or now, whichever is later: one conditional UpdateItem.
    ///
    /// # Errors
    /// [`AllowanceError::UsedUp`]: Reject, and nothing is counted. [`AllowanceError::Unavailable`]: Retry.
    pub async fn count(
        &self,
        what: Tried,
        auction: AuctionId,
        bidder: &str,
        until: Timestamp,
    ) -> Result<(), AllowanceError> {
        let expires_at = until.as_second().saturating_add_unsigned(KEPT.as_secs());
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .key("pk", AttributeValue::S(key(what, auction, bidder)))
            .update_expression("ADD tries :one SET expiresAt = :expiry")
            .condition_expression("attribute_not_exists(tries) OR tries < :most")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":expiry", AttributeValue::N(expires_at.to_string()))
            .expression_attribute_values(":most", AttributeValue::N(self.most.to_string()));
        let Err(error) = request.send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(refused) if refused.is_conditional_check_failed_exception() => Err(AllowanceError::UsedUp),
            _ => Err(AllowanceError::Unavailable(error.into())),
        }
    }
}

/// No record of an answer has such a key: theirs begin with the function's name and `#`.
fn key(what: Tried, auction: AuctionId, bidder: &str) -> String {
    let kind = match what {
        Tried::Bid => "bids",
        Tried::Withdrawal => "withdrawals",
    };
    // An id has always the same length, so where the bidder's name begins is clear.
    let hash = Hash::of_parts([auction.to_string().as_bytes(), bidder.as_bytes()]);
    format!("bid-intake-{kind}#{hash}")
}
