//! The end: the result goes into the log, and what only served to find it goes away.

use gatehouse_auction::{Auction, Phase, rules};
use gatehouse_auction_log::AppendError;
use gatehouse_core::deadline::Deadline;
use metrics::counter;
use tracing::info;

use crate::Deps;
use crate::error::SettleError;
use crate::progress::Progress;
use crate::secret::Purpose;

/// Appends the result right behind the close: so there is one result, whoever else is at it.
///
/// # Errors
/// [`SettleError`]
pub(crate) async fn write_down(
    deps: &Deps,
    auction: &Auction,
    progress: &Progress,
    deadline: Deadline,
) -> Result<(), SettleError> {
    let won = match progress.valid().award(auction.terms()) {
        None => None,
        Some(award) => {
            let price = award
                .price
                .to_json()
                .map_err(|_| SettleError::Unwritable("the price"))?;
            let sealed = deps
                .result_key
                .seal(auction.id(), Purpose::Result, price.as_bytes(), deadline);
            Some((award.winner, sealed.await?))
        }
    };
    let outcome = progress.outcome(won);
    let (bids, valid) = (outcome.bids, outcome.valid);
    let event = rules::settle(auction, outcome)?;
    match deps
        .log
        .append(auction.id(), &auction.head(), &event, None, (deps.now)())
        .await
    {
        Ok(entry) => {
            info!(position = entry.position, bids, valid, "settled");
            counter!("AuctionsSettled").increment(1);
            Ok(())
        }
        Err(AppendError::Overtaken(_)) => {
            info!("another invocation was first: its result is the same");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes what an auction that has ended needs no more. All of it may be gone already.
///
/// # Errors
/// [`SettleError`] (Retry)
pub(crate) async fn clear_up(deps: &Deps, auction: &Auction) -> Result<(), SettleError> {
    deps.progress.delete(auction.id()).await?;
    deps.retirement.of(auction.id(), &auction.terms().kms_key).await?;
    deps.schedules.delete(auction.id()).await?;
    let cancelled = auction.phase() == Phase::Cancelled;
    info!(cancelled, "cleared up");
    Ok(())
}
