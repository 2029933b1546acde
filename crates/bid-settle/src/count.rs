//! Opening the bids, many at a time, and counting them in the order of their positions.

use std::pin::pin;

use futures_util::{StreamExt, stream};
use gatehouse_auction::Auction;
use gatehouse_core::deadline::Deadline;
use metrics::counter;

use crate::Deps;
use crate::ballot::{self, Ballot};
use crate::error::SettleError;
use crate::legacy_bids::LegacyBids;
use crate::progress::Progress;

/// Counts the standing bids that are not counted yet, and saves now and then how far it is.
///
/// Bids are opened ahead, but counted in order, so that "up to this position" says all about where to go on, in whatever
/// order KMS answers. The first bid that could not be opened for now ends it: what was counted before stays counted.
///
/// # Errors
/// [`SettleError`]
pub(crate) async fn count(
    deps: &Deps,
    auction: &Auction,
    progress: &mut Progress,
    until: Deadline,
) -> Result<(), SettleError> {
    let mut left = auction.bids_by_position();
    left.retain(|(_, standing)| !progress.has(standing.bid));
    let legacy = LegacyBids::new(deps, auction);
    let legacy = legacy.as_ref();
    let opened = stream::iter(left).map(|(bidder, bid)| async move {
        let ballot = ballot::open(deps, auction, legacy, (bidder, bid), until).await?;
        Ok::<_, SettleError>((bidder, bid, ballot))
    });
    let mut opened = pin!(opened.buffered(deps.config.decrypt_concurrency));
    while let Some(ballot) = opened.next().await {
        let (bidder, bid, ballot) = ballot?;
        note(&ballot);
        progress.count(bidder, bid, ballot);
        if progress.unsaved >= deps.config.save_every {
            deps.progress.save(progress, until).await?;
        }
    }
    Ok(())
}

fn note(ballot: &Ballot) {
    match ballot {
        Ballot::Valid(_) => counter!("BidsCounted").increment(1),
        Ballot::Invalid(reason) => counter!("BidsInvalid", "reason" => *reason).increment(1),
    }
}
