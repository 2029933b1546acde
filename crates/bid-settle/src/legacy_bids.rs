//! Bids of the old format: what stands in them, or that they never open.
//!
//! A denial of KMS usually means that the key may not be used, which says nothing about a bid. But it is also reported for a
//! ciphertext of somebody else's key, and one such line of a file should not keep an auction from being settled. So a denial
//! lies in the ciphertext if another bid of the auction opens after it, with the same key, and this one is denied again.

use gatehouse_auction::{Auction, Seal, legacy};
use gatehouse_core::deadline::Deadline;
use tokio::sync::OnceCell;

use crate::Deps;
use crate::ballot::{NoAmount, envelope};
use crate::unwrap::{Plaintext, UnwrapError};

/// Those of one auction, in one invocation.
pub(crate) struct LegacyBids<'a> {
    deps: &'a Deps,
    auction: &'a Auction,
    key_arn: &'a str,
    /// A ciphertext that has opened; none if none did.
    opened: OnceCell<Option<Vec<u8>>>,
}

impl<'a> LegacyBids<'a> {
    /// None without `LEGACY_KEY_ARN`.
    pub(crate) fn new(deps: &'a Deps, auction: &'a Auction) -> Option<Self> {
        Some(Self {
            deps,
            auction,
            key_arn: deps.config.legacy_key_arn.as_deref()?,
            opened: OnceCell::new(),
        })
    }

    /// What the older system has encrypted.
    ///
    /// # Errors
    /// [`NoAmount`]
    pub(crate) async fn open(&self, ciphertext: &[u8], until: Deadline) -> Result<Plaintext, NoAmount> {
        let denied = match self.ask(ciphertext, until).await {
            Err(UnwrapError::Denied(denied)) => denied,
            answer => return Ok(answer?),
        };
        let another = self.opened.get_or_try_init(|| self.any_that_opens(until)).await?;
        let Some(another) = another else {
            return Err(NoAmount::NotNow(denied.into()));
        };
        // What another one is refused for is no fault of this one.
        match self.ask(another, until).await {
            Ok(_) => {}
            Err(UnwrapError::Kms(error)) => return Err(NoAmount::NotNow(error.into())),
            Err(_) => return Err(NoAmount::NotNow(denied.into())),
        }
        match self.ask(ciphertext, until).await {
            Err(UnwrapError::Denied(_)) => Err(UnwrapError::NotForThisKey.into()),
            answer => Ok(answer?),
        }
    }

    async fn any_that_opens(&self, until: Deadline) -> Result<Option<Vec<u8>>, NoAmount> {
        for (_, bid) in self.auction.bids_by_position() {
            if bid.seal != Seal::KmsCiphertext {
                continue;
            }
            let text = envelope(self.deps, self.auction, bid, until).await;
            let text = text.map_err(NoAmount::NotNow)?.unwrap_or_default();
            let Ok(ciphertext) = legacy::ciphertext(&text) else {
                continue;
            };
            match self.ask(&ciphertext, until).await {
                Ok(_) => return Ok(Some(ciphertext)),
                Err(UnwrapError::Denied(_) | UnwrapError::NotForThisKey) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    async fn ask(&self, ciphertext: &[u8], until: Deadline) -> Result<Plaintext, UnwrapError> {
        self.deps.unwrap.legacy(self.key_arn, ciphertext, until).await
    }
}
