//! What may be stored but not read: small texts, encrypted by KMS with the result key.
//!
//! The encryption context (KMS developer guide, "Encryption context") says what the ciphertext is of: one that is copied
//! to another auction, or from a half-done settlement into a result, or beside other plain text, does not open.

use std::collections::HashMap;

use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_auction::{AuctionId, Hash};
use gatehouse_core::deadline::Deadline;
use zeroize::Zeroizing;

use crate::kms::{KmsError, patiently};
use crate::unwrap::Plaintext;

/// The symmetric KMS key that seals amounts.
#[derive(Debug, Clone)]
pub struct ResultKey {
    kms: aws_sdk_kms::Client,
    arn: String,
}

/// What a ciphertext is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The result of an auction: context `{"auction": ID}`. The intake opens it for the winner and the auctioneer.
    Result,
    /// A half-done settlement: context `{"auction": ID, "purpose": "progress", "plainSha256": HASH}`. Only the settlement
    /// may open it, and only beside the plain text of this hash.
    Progress(Hash),
}

impl ResultKey {
    /// The key of this ARN.
    pub fn new(kms: aws_sdk_kms::Client, arn: impl Into<String>) -> Self {
        let arn = arn.into();
        Self { kms, arn }
    }

    /// Encrypts at most 4,096 bytes (KMS API reference, "Encrypt"); base64. No two ciphertexts are equal.
    ///
    /// # Errors
    /// [`KmsError`] (Retry)
    pub async fn seal(
        &self,
        auction: AuctionId,
        purpose: Purpose,
        plaintext: &[u8],
        until: Deadline,
    ) -> Result<String, KmsError> {
        const ENCRYPT: &str = "Encrypt";
        let answer = patiently(ENCRYPT, until, || async {
            let request = self.kms.encrypt().key_id(&self.arn).plaintext(Blob::new(plaintext));
            let request = request.set_encryption_context(Some(context(auction, purpose)));
            request.send().await.map_err(|error| KmsError::of(ENCRYPT, error))
        });
        let missing = || KmsError::unavailable(ENCRYPT, "the answer holds no ciphertext");
        let ciphertext = answer.await?.ciphertext_blob.ok_or_else(missing)?;
        Ok(STANDARD.encode(ciphertext.as_ref()))
    }

    /// Opens what [`ResultKey::seal`] made for this auction and purpose. None if it is anything else.
    ///
    /// # Errors
    /// [`KmsError`] (Retry)
    pub async fn open(
        &self,
        auction: AuctionId,
        purpose: Purpose,
        sealed: &str,
        until: Deadline,
    ) -> Result<Option<Plaintext>, KmsError> {
        const DECRYPT: &str = "Decrypt";
        let Ok(ciphertext) = STANDARD.decode(sealed) else {
            return Ok(None);
        };
        let answer = patiently(DECRYPT, until, || async {
            let request = self.kms.decrypt().key_id(&self.arn);
            let request = request.ciphertext_blob(Blob::new(ciphertext.as_slice()));
            let request = request.set_encryption_context(Some(context(auction, purpose)));
            match request.send().await {
                Ok(answer) => Ok(answer.plaintext),
                Err(error) => match error.as_service_error() {
                    Some(DecryptError::InvalidCiphertextException(_) | DecryptError::IncorrectKeyException(_)) => {
                        Ok(None)
                    }
                    _ => Err(KmsError::of(DECRYPT, error)),
                },
            }
        });
        Ok(answer.await?.map(|plaintext| Zeroizing::new(plaintext.into_inner())))
    }
}

fn context(auction: AuctionId, purpose: Purpose) -> HashMap<String, String> {
    let mut context = HashMap::from([("auction".to_owned(), auction.to_string())]);
    if let Purpose::Progress(plain) = purpose {
        context.insert("purpose".to_owned(), "progress".to_owned());
        context.insert("plainSha256".to_owned(), plain.to_string());
    }
    context
}
