//! The sealed part of a result: the winning amount and the price, encrypted by the settlement with the result
//! key.

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_auction::{AuctionId, Price};
use gatehouse_core::disposition::{Disposition, Failure};
use zeroize::Zeroizing;

/// The encryption context's one member: a result is opened only as that of its own auction.
const CONTEXT: &str = "auction";

/// A result could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultKeyError {
    /// KMS is throttled, down, or does not allow it. Retry.
    #[error("Decrypt of a result failed")]
    Kms(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What stands in the log was not encrypted as a result of this auction. What it holds is not quoted. Reject.
    #[error("the sealed part of the result can't be read")]
    Unreadable,
}

impl Failure for ResultKeyError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Kms(_) => Disposition::Retry,
            Self::Unreadable => Disposition::Reject,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Kms(_) => "result-key-unavailable",
            Self::Unreadable => "unreadable-result",
        }
    }
}

/// Opens results.
#[derive(Debug, Clone)]
pub struct ResultKey {
    client: Client,
    arn: String,
}

impl ResultKey {
    /// The symmetric key of this ARN.
    pub fn new(client: Client, arn: &str) -> Self {
        let arn = arn.to_owned();
        Self { client, arn }
    }

    /// Opens the result of an auction.
    ///
    /// # Errors
    /// [`ResultKeyError::Kms`]: Retry. [`ResultKeyError::Unreadable`]: Reject.
    pub async fn open(&self, auction: AuctionId, sealed: &str) -> Result<Price, ResultKeyError> {
        let ciphertext = STANDARD.decode(sealed).map_err(|_| ResultKeyError::Unreadable)?;
        let request = self
            .client
            .decrypt()
            .key_id(&self.arn)
            .ciphertext_blob(Blob::new(ciphertext));
        let answer = request.encryption_context(CONTEXT, auction.to_string()).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(refused) if refused.is_invalid_ciphertext_exception() || refused.is_incorrect_key_exception() => {
                ResultKeyError::Unreadable
            }
            _ => ResultKeyError::Kms(error.into()),
        })?;
        let plaintext = answer.plaintext.ok_or(ResultKeyError::Unreadable)?;
        let plaintext = Zeroizing::new(plaintext.into_inner());
        Price::from_json(&plaintext).map_err(|_| ResultKeyError::Unreadable)
    }
}
