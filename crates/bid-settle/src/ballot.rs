//! One bid: from its place in the log to an amount, or to the reason why it does not count.

use gatehouse_auction::settlement::OTHER_CURRENCY;
use gatehouse_auction::{Auction, ContentKey, Envelope, EnvelopeError, Hash, Money, Seal, StandingBid, legacy};
use gatehouse_core::deadline::Deadline;
use tracing::error;

use crate::Deps;
use crate::error::SettleError;
use crate::legacy_bids::LegacyBids;
use crate::unwrap::UnwrapError;

/// The text beside the event is gone or another one. Only somebody with the table in hand can do that.
pub const ENVELOPE_DIFFERS: &str = "log-envelope-differs";

/// What a bid turned out to be. Its `Debug` shows no amount.
#[derive(Debug)]
pub enum Ballot {
    /// An amount in the auction's currency.
    Valid(Money),
    /// It does not count, for this stable code: one of [`EnvelopeError::code`], [`OTHER_CURRENCY`] or
    /// [`ENVELOPE_DIFFERS`].
    Invalid(&'static str),
}

/// Opens a standing bid.
///
/// What is wrong with the bid itself makes it invalid. Everything else is an error, whoever's fault it is: a bid is never
/// called invalid because something of ours did not work.
///
/// # Errors
/// [`SettleError`]
pub(crate) async fn open(
    deps: &Deps,
    auction: &Auction,
    legacy: Option<&LegacyBids<'_>>,
    (bidder, bid): (&str, StandingBid),
    until: Deadline,
) -> Result<Ballot, SettleError> {
    let Some(envelope) = envelope(deps, auction, bid, until).await? else {
        error!(
            reason = ENVELOPE_DIFFERS,
            bid = bid.bid,
            "a bid was tampered with in the table"
        );
        return Ok(Ballot::Invalid(ENVELOPE_DIFFERS));
    };
    let amount = match bid.seal {
        Seal::Jwe => open_jwe(deps, auction, bidder, &envelope, until).await,
        Seal::KmsCiphertext => open_legacy(legacy, auction, &envelope, until).await,
    };
    match amount {
        Ok(amount) if amount.currency() != auction.terms().currency => Ok(Ballot::Invalid(OTHER_CURRENCY)),
        Ok(amount) => Ok(Ballot::Valid(amount)),
        Err(NoAmount::Bad(error)) => Ok(Ballot::Invalid(error.code())),
        Err(NoAmount::NotNow(error)) => Err(error),
    }
}

/// What the bidder has sent; none if it is not what the log says.
pub(crate) async fn envelope(
    deps: &Deps,
    auction: &Auction,
    bid: StandingBid,
    until: Deadline,
) -> Result<Option<String>, SettleError> {
    let entry = tokio::time::timeout(until.remaining(), deps.log.entry(auction.id(), bid.bid)).await;
    let entry = entry.map_err(|_| SettleError::OutOfTime)??;
    let envelope = entry.and_then(|entry| entry.envelope);
    Ok(envelope.filter(|envelope| Hash::of(envelope) == bid.envelope_sha256))
}

/// Why there is no amount.
pub(crate) enum NoAmount {
    /// The bid is invalid.
    Bad(EnvelopeError),
    /// It says nothing about the bid.
    NotNow(SettleError),
}

impl From<EnvelopeError> for NoAmount {
    fn from(error: EnvelopeError) -> Self {
        Self::Bad(error)
    }
}

impl From<UnwrapError> for NoAmount {
    fn from(error: UnwrapError) -> Self {
        match error {
            UnwrapError::NotForThisKey => Self::Bad(EnvelopeError::DoesNotOpen),
            UnwrapError::Denied(error) | UnwrapError::Kms(error) => Self::NotNow(error.into()),
        }
    }
}

async fn open_jwe(
    deps: &Deps,
    auction: &Auction,
    bidder: &str,
    envelope: &str,
    until: Deadline,
) -> Result<Money, NoAmount> {
    // The intake has checked all of this. The settlement does not build on that.
    let terms = auction.terms();
    let envelope = Envelope::parse(envelope)?;
    envelope.check(auction.id(), bidder, &terms.key)?;
    let wrapped = envelope.encrypted_key();
    let content_key = deps.unwrap.content_key(&terms.kms_key, wrapped, until).await?;
    Ok(envelope.open_with(&ContentKey::new(&content_key)?)?)
}

async fn open_legacy(
    bids: Option<&LegacyBids<'_>>,
    auction: &Auction,
    envelope: &str,
    until: Deadline,
) -> Result<Money, NoAmount> {
    let ciphertext = legacy::ciphertext(envelope)?;
    let bids = bids.ok_or(NoAmount::NotNow(SettleError::NoLegacyKey))?;
    let plaintext = bids.open(&ciphertext, until).await?;
    Ok(legacy::amount(&plaintext, auction.terms().currency)?)
}
