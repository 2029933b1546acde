//! The keys that bids are sealed with: RSA key pairs in AWS KMS. This function gets public keys, and can't
//! decrypt with any of them.

mod policy;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, Tag};
use gatehouse_auction::key::KeyError;
use gatehouse_auction::{AuctionId, PublicKey};
use gatehouse_core::disposition::{Disposition, Failure};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::config::Sealing;

/// The tag that names a key's auction.
pub const AUCTION_TAG: &str = "gatehouse:auction";

/// How long to wait for a key that was just made, before each further try, in milliseconds.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency>
const NEW_KEY_WAITS: [u64; 6] = [100, 200, 400, 800, 1600, 1600];

/// There is no key to seal with. Retry: it may come back; until then an operator is needed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealingKeyError {
    /// KMS is throttled, down, or does not allow it.
    #[error("{operation} failed")]
    Kms {
        /// The API operation.
        operation: &'static str,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The key is not there, or may not be used: a new one, for a moment.
    #[error("the sealing key is not there, or may not be used")]
    NoAccess(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What KMS gave is no RSA key for encryption.
    #[error("the sealing key can't be used")]
    Unusable(#[from] KeyError),
    /// KMS left something out of its answer.
    #[error("the answer to {0} is incomplete")]
    Incomplete(&'static str),
}

impl Failure for SealingKeyError {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "sealing-key-unavailable"
    }
}

/// A key that bids are sealed with.
#[derive(Debug, Clone)]
pub struct SealingKey {
    /// What bidders encrypt with.
    pub public: PublicKey,
    /// What the settlement decrypts with: its ARN.
    pub arn: String,
}

/// Where new auctions get their key from. Clones share what they have got.
#[derive(Debug, Clone)]
pub struct SealingKeys {
    client: Client,
    sealing: Sealing,
    one_key: Arc<OnceCell<SealingKey>>,
}

impl SealingKeys {
    /// Keys as the settings say.
    pub fn new(client: Client, sealing: Sealing) -> Self {
        let one_key = Arc::default();
        Self {
            client,
            sealing,
            one_key,
        }
    }

    /// Whether this is the key that auctions share, by its ARN. Any other is an auction's own, and has to be deleted when the
    /// auction has ended. What new auctions get says nothing about those that were opened before.
    pub fn is_shared(&self, arn: &str) -> bool {
        match &self.sealing {
            Sealing::OneKey { arn: shared } => shared == arn,
            Sealing::KeyPerAuction { shared_key_arn, .. } => shared_key_arn.as_deref() == Some(arn),
        }
    }

    /// The key for a new auction. One key for all is got once in a process: a public key never changes. A key
    /// per auction is made here; if the auction then does not come into being, the key stays behind, tagged
    /// with the auction's id.
    ///
    /// # Errors
    /// [`SealingKeyError`]: Retry.
    pub async fn for_auction(&self, auction: AuctionId, closes_at: Timestamp) -> Result<SealingKey, SealingKeyError> {
        let arn = match &self.sealing {
            Sealing::OneKey { arn } => return self.one_key.get_or_try_init(|| self.get(arn)).await.cloned(),
            Sealing::KeyPerAuction {
                settle_role,
                intake_role,
                ..
            } => {
                let policy = policy::of_auction(settle_role, intake_role, closes_at);
                self.create(auction, policy).await?
            }
        };
        self.get_new(&arn).await
    }

    /// KMS is eventually consistent: for some seconds a new key may not be found, nor its policy be known.
    async fn get_new(&self, arn: &str) -> Result<SealingKey, SealingKeyError> {
        for wait in NEW_KEY_WAITS {
            match self.get(arn).await {
                Err(SealingKeyError::NoAccess(_)) => tokio::time::sleep(Duration::from_millis(wait)).await,
                outcome => return outcome,
            }
        }
        self.get(arn).await
    }

    async fn create(&self, auction: AuctionId, policy: String) -> Result<String, SealingKeyError> {
        let tag = Tag::builder()
            .tag_key(AUCTION_TAG)
            .tag_value(auction.to_string())
            .build();
        let request = self
            .client
            .create_key()
            .key_spec(KeySpec::Rsa4096)
            .key_usage(KeyUsageType::EncryptDecrypt);
        let request = request
            .description(format!("Seals the bids of auction {auction}"))
            .tags(tag.map_err(failed("CreateKey"))?)
            .policy(policy)
            // The policy rightly does not let this function change it; the account's administrators can.
            .bypass_policy_lockout_safety_check(true);
        let answer = request.send().await.map_err(failed("CreateKey"))?;
        let arn = answer.key_metadata.and_then(|key| key.arn);
        arn.ok_or(SealingKeyError::Incomplete("CreateKey"))
    }

    async fn get(&self, arn: &str) -> Result<SealingKey, SealingKeyError> {
        let answer = self
            .client
            .get_public_key()
            .key_id(arn)
            .send()
            .await
            .map_err(|error| match error.code() {
                Some("NotFoundException" | "AccessDeniedException") => SealingKeyError::NoAccess(error.into()),
                _ => failed("GetPublicKey")(error),
            })?;
        let (Some(arn), Some(der)) = (answer.key_id, answer.public_key) else {
            return Err(SealingKeyError::Incomplete("GetPublicKey"));
        };
        let public = PublicKey::from_spki_der(key_id(&arn), der.as_ref())?;
        Ok(SealingKey { public, arn })
    }
}

/// The key's id alone: bidders need not know the account.
fn key_id(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, id)| id)
}

fn failed<E>(operation: &'static str) -> impl FnOnce(E) -> SealingKeyError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| SealingKeyError::Kms {
        operation,
        source: error.into(),
    }
}
