//! The life of a settlement: close, count, write down, clear up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gatehouse_auction::{Auction, AuctionId, Phase, Refusal, Terms, rules};
use gatehouse_auction_log::PlaceError;
use gatehouse_core::deadline::Deadline;
use jiff::Timestamp;
use metrics::counter;
use tracing::info;
use ulid::Ulid;

use crate::Deps;
use crate::count::count;
use crate::error::SettleError;
use crate::finish::{clear_up, write_down};
use crate::progress::Progress;
use crate::queue::LONGEST_DELAY;

/// Kept for what comes after counting: saving, or writing the result down. No more than a quarter of what there is.
const END_MARGIN: Duration = Duration::from_secs(10);
/// An auction's schedule is made before the auction is, so it can be due while the auction is still being opened. The time in
/// an auction's id is that of its close, after which no opening is decided any more; and one that is under way ends within
/// the 30 seconds that the API has for an answer. So long after the close, the auction is there or never will be.
const SURELY_OPENED: Duration = Duration::from_secs(60);
/// By how much the clock of the scheduler may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// Settles an auction, or as much of it as there is time for.
///
/// - No such auction: its schedule is deleted, and that was all; unless it may still be about to open.
/// - Called off: its schedule is deleted, and that was all. A key of its own goes with it, but not before the close.
/// - Settled already: what an earlier invocation left is cleared up.
/// - Before the close, by no more than a queue can wait for (15 minutes): a message is sent that comes after it.
///
/// # Errors
/// [`SettleError`]
pub(crate) async fn settle(deps: &Deps, id: AuctionId, deadline: Deadline) -> Result<(), SettleError> {
    let closed = |terms: &Terms, phase, now| rules::close(terms, phase, now).map(|event| (event, None));
    match deps
        .log
        .place(id, |terms, phase, _, now| closed(terms, phase, now), deadline)
        .await
    {
        Ok(entry) => info!(position = entry.position, "closed"),
        Err(PlaceError::Refused(Refusal::Closed | Refusal::Settled | Refusal::Cancelled)) => {}
        Err(PlaceError::NotFound(_)) => return unknown(deps, id).await,
        Err(PlaceError::Refused(Refusal::NotClosedYet)) => return too_early(deps, id).await,
        Err(error) => return Err(error.into()),
    }
    // All of the log, not a snapshot of it: neither who wins nor which key goes is to depend on what nobody can check.
    let Some(auction) = deps.log.load_whole(id).await? else {
        return unknown(deps, id).await;
    };
    if let Some(left) = until_key_opens(deps, auction.terms()) {
        return wait_for_key(deps, id, left).await;
    }
    if auction.phase() != Phase::Closed {
        return clear_up(deps, &auction).await;
    }
    settle_closed(deps, &auction, deadline).await
}

async fn settle_closed(deps: &Deps, auction: &Auction, deadline: Deadline) -> Result<(), SettleError> {
    let time = deadline.remaining();
    let until = Deadline::after(time.saturating_sub(END_MARGIN.min(time / 4)));
    let mut progress = deps.progress.load(auction, until).await?;
    match count(deps, auction, &mut progress, until).await {
        Ok(()) => {
            write_down(deps, auction, &progress, deadline).await?;
            clear_up(deps, auction).await
        }
        Err(error) => leave(deps, auction, progress, error, deadline).await,
    }
}

/// Saves what was counted. If it was time alone that was lacking, and some bids were counted, a new message goes on with
/// the rest: it starts with a receive count of its own. Without any, that could go on for ever.
async fn leave(
    deps: &Deps,
    auction: &Auction,
    mut progress: Progress,
    error: SettleError,
    deadline: Deadline,
) -> Result<(), SettleError> {
    if matches!(error, SettleError::UnderWay) {
        return Err(error);
    }
    if progress.unsaved > 0 {
        deps.progress.save(&mut progress, deadline).await?;
    }
    if !error.is_lack_of_time() || progress.counted_here == 0 {
        return Err(error);
    }
    deps.queue.again(auction.id(), Duration::ZERO).await?;
    info!(
        counted = progress.counted_here,
        "the rest is left to another invocation"
    );
    counter!("SettlementsContinued").increment(1);
    Ok(())
}

async fn too_early(deps: &Deps, id: AuctionId) -> Result<(), SettleError> {
    let Some(terms) = deps.log.terms(id).await? else {
        return unknown(deps, id).await;
    };
    let left = Duration::try_from(terms.closes_at.duration_since((deps.now)())).unwrap_or_default();
    if left > LONGEST_DELAY {
        let closes_at = terms.closes_at;
        return Err(SettleError::StillOpen { closes_at });
    }
    let wait = key_opens_at(terms.closes_at).duration_since((deps.now)());
    deps.queue
        .again(id, Duration::try_from(wait).unwrap_or_default())
        .await?;
    info!(seconds = left.as_secs(), "not closed yet: put off");
    Ok(())
}

async fn unknown(deps: &Deps, id: AuctionId) -> Result<(), SettleError> {
    let Some(age) = age(id, (deps.now)()) else {
        info!("there is no such auction, and its close is to come: its schedule is left alone");
        return Ok(());
    };
    if age < SURELY_OPENED {
        deps.queue.again(id, SURELY_OPENED - age).await?;
        info!("there is no such auction, but it may be about to open: put off");
        return Ok(());
    }
    deps.schedules.delete(id).await?;
    info!("there is no such auction: its schedule is deleted");
    Ok(())
}

/// The time since the close that the id names, which a ULID holds in milliseconds. None if it is further ahead than clocks
/// differ.
fn age(id: AuctionId, now: Timestamp) -> Option<Duration> {
    let close = Ulid::from_string(&id.to_string()).map_or(0, |ulid| ulid.timestamp_ms());
    let close = Duration::from_millis(close);
    let now = SystemTime::from(now).duration_since(UNIX_EPOCH).unwrap_or_default();
    (close <= now.saturating_add(CLOCKS_DIFFER)).then(|| now.saturating_sub(close))
}

/// The time until an auction's own key may be used or deleted: none if that is over, or if auctions share the key.
fn until_key_opens(deps: &Deps, terms: &Terms) -> Option<Duration> {
    if deps.retirement.is_shared(&terms.kms_key) {
        return None;
    }
    let left = key_opens_at(terms.closes_at).duration_since((deps.now)());
    Duration::try_from(left).ok().filter(|left| !left.is_zero())
}

/// The policy of an auction's own key names the first whole second that is not before the close (`bid-intake`). A second more
/// is for the clock of KMS: what it refuses would come back only after the queue's visibility timeout.
fn key_opens_at(closes_at: Timestamp) -> Timestamp {
    let begun = i64::from(closes_at.subsec_nanosecond() > 0);
    let second = closes_at.as_second().saturating_add(begun + 1);
    Timestamp::from_second(second).unwrap_or(closes_at)
}

async fn wait_for_key(deps: &Deps, id: AuctionId, left: Duration) -> Result<(), SettleError> {
    if left > LONGEST_DELAY {
        info!("called off, and its key can't be deleted before the close: left to its schedule");
        return Ok(());
    }
    deps.queue.again(id, left).await?;
    info!(seconds = left.as_secs(), "its key does not open yet: put off");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_used_a_second_after_the_whole_second_at_which_its_policy_allows_it() {
        for (closes_at, opens_at) in [
            ("2026-01-05T09:30:00Z", "2026-01-05T09:30:01Z"),
            ("2026-01-05T09:30:00.001Z", "2026-01-05T09:30:02Z"),
            ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:01Z"),
        ] {
            assert_eq!(key_opens_at(closes_at.parse().unwrap()), opens_at.parse().unwrap());
        }
    }

    #[test]
    fn an_id_tells_the_time_since_its_auctions_close_unless_that_is_to_come() {
        let close: Timestamp = "2026-01-05T09:30:00Z".parse().unwrap();
        let age = |now: &str| age(AuctionId::generate(close), now.parse().unwrap());
        assert_eq!(age("2026-01-05T09:30:10.250Z"), Some(Duration::from_millis(10_250)));
        assert_eq!(
            age("2026-01-05T09:29:00Z"),
            Some(Duration::ZERO),
            "clocks differ by a minute"
        );
        assert_eq!(age("2026-01-05T09:28:59.999Z"), None);
    }
}
