//! One bid: from its place in the log to an amount, or to the reason why it does not count.

use gatehouse_auction::settlement::OTHER_CURRENCY;
use gatehouse_auction::{Auction, ContentKey, Envelope, EnvelopeError, Hash, Money, Seal, StandingBid, legacy};
use gatehouse_core::deadline::Deadline;
use tracing::error;

use crate::Deps;
use crate::error::SettleError;
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
pub async fn open(
    deps: &Deps,
    auction: &Auction,
    bidder: &str,
    bid: StandingBid,
    until: Deadline,
) -> Result<Ballot, SettleError> {
    let entry = tokio::time::timeout(until.remaining(), deps.log.entry(auction.id(), bid.bid)).await;
    let entry = entry.map_err(|_| SettleError::OutOfTime)??;
    let envelope = entry.and_then(|entry| entry.envelope);
    let Some(envelope) = envelope.filter(|envelope| Hash::of(envelope) == bid.envelope_sha256) else {
        error!(
            reason = ENVELOPE_DIFFERS,
            bid = bid.bid,
            "a bid was tampered with in the table"
        );
        return Ok(Ballot::Invalid(ENVELOPE_DIFFERS));
    };
    let amount = match bid.seal {
        Seal::Jwe => open_jwe(deps, auction, bidder, &envelope, until).await,
        Seal::KmsCiphertext => open_legacy(deps, auction, &envelope, until).await,
    };
    match amount {
        Ok(amount) if amount.currency() != auction.terms().currency => Ok(Ballot::Invalid(OTHER_CURRENCY)),
        Ok(amount) => Ok(Ballot::Valid(amount)),
        Err(NoAmount::Bad(error)) => Ok(Ballot::Invalid(error.code())),
        Err(NoAmount::NotNow(error)) => Err(error),
    }
}

/// Why there is no amount.
enum NoAmount {
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
            UnwrapError::Kms(error) => Self::NotNow(error.into()),
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

async fn open_legacy(deps: &Deps, auction: &Auction, envelope: &str, until: Deadline) -> Result<Money, NoAmount> {
    let ciphertext = legacy::ciphertext(envelope)?;
    let key_arn = deps.config.legacy_key_arn.as_deref();
    let key_arn = key_arn.ok_or(NoAmount::NotNow(SettleError::NoLegacyKey))?;
    let plaintext = deps.unwrap.legacy(key_arn, &ciphertext, until).await?;
    Ok(legacy::amount(&plaintext, auction.terms().currency)?)
}
