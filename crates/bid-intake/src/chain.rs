//! The log's hashes and times, for whoever wants to verify the chain.

use gatehouse_auction::{AuctionId, Link};
use serde::Serialize;

use crate::Deps;
use crate::answer::Answer;
use crate::error::IntakeError;
use crate::request::Request;

/// The highest position that a reader of JSON keeps exactly (RFC 8259 section 6).
const MOST_POSITION: u64 = (1 << 53) - 1;
/// A link's entry is read with its envelope, and all of an auction's share the read units of one partition key.
const MOST_LINKS: u64 = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    auction_id: AuctionId,
    links: Vec<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// `GET /auctions/{auctionId}/log`.
///
/// # Errors
/// [`IntakeError::AuctionNotFound`], [`IntakeError::InvalidParameter`]: Reject. DynamoDB: Retry.
pub async fn show(deps: &Deps, request: &Request<'_>) -> Result<Answer, IntakeError> {
    let id = request.auction()?;
    let after = request.number("after", 0, 0..=MOST_POSITION)?;
    let limit = request.number("limit", MOST_LINKS, 1..=MOST_LINKS)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let links = deps.log.links(id, after, limit).await?;
    // No links: after the end of a log, or there is none. The terms are known or cost one request.
    if links.is_empty() && deps.log.terms(id).await?.is_none() {
        return Err(IntakeError::AuctionNotFound);
    }
    let next = links.last().filter(|_| links.len() == limit).map(|last| last.position);
    Answer::ok(&Shown {
        auction_id: id,
        links,
        next,
    })
    .map_err(|_| IntakeError::Answer("written"))
}
