//! The one place where a bid's key is opened: KMS Decrypt.
//!
//! The private halves of the sealing keys never leave KMS. What KMS gives back, a content key or the number of an old
//! bid, is wiped from memory when it is dropped.

use std::fmt::Debug;
use std::sync::Arc;

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::operation::decrypt::DecryptError;
use aws_sdk_kms::operation::decrypt::builders::DecryptFluentBuilder;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{EncryptionAlgorithmSpec, KeyEncryptionMechanism, RecipientInfo};
use gatehouse_core::deadline::Deadline;
use zeroize::Zeroizing;

use crate::kms::{KmsError, MayPass, patiently};

const DECRYPT: &str = "Decrypt";
/// The most that Decrypt takes (KMS API reference, "Decrypt", `CiphertextBlob`).
const LONGEST_CIPHERTEXT: usize = 6144;

/// What KMS decrypted.
pub type Plaintext = Zeroizing<Vec<u8>>;

/// Opens what was encrypted for a KMS key.
#[derive(Debug, Clone)]
pub struct Unwrap {
    kms: aws_sdk_kms::Client,
    recipient: Option<Arc<dyn Recipient>>,
}

/// An enclave that KMS answers to, and nobody around it (KMS developer guide, "Cryptographic attestation support").
///
/// With a recipient, KMS encrypts its answer for the public key in the attestation document, so that the host that
/// carries the answer can't read it. `docs/enclave.md` says what is missing for that.
pub trait Recipient: Debug + Send + Sync {
    /// A signed attestation document of the enclave, with a public key in it.
    ///
    /// # Errors
    /// If the Nitro Security Module gives none. Retry.
    fn attestation_document(&self) -> Result<Vec<u8>, RecipientError>;

    /// Opens `CiphertextForRecipient`: a CMS `EnvelopedData` (RFC 5652, section 6) for that public key.
    ///
    /// # Errors
    /// If it does not open. Retry: the answer is of KMS, not of a bidder.
    fn open(&self, ciphertext_for_recipient: &[u8]) -> Result<Plaintext, RecipientError>;
}

/// The enclave could not do its part. Retry.
#[derive(Debug, thiserror::Error)]
#[error("the enclave {0}")]
pub struct RecipientError(pub &'static str);

/// Why there is no plaintext.
#[derive(Debug, thiserror::Error)]
pub enum UnwrapError {
    /// It was not encrypted for this key, or was changed since: KMS answers `InvalidCiphertextException` or
    /// `IncorrectKeyException`. It will never open, so the bid is invalid.
    #[error("it does not open with this key")]
    NotForThisKey,
    /// KMS answers `AccessDeniedException`: the key may not be used, or, as others report of symmetric ciphertexts, this one
    /// is of a key that may not be. By itself it says nothing about the bid. Retry.
    #[error(transparent)]
    Denied(KmsError),
    /// Anything else. It says nothing about the bid. Retry.
    #[error(transparent)]
    Kms(#[from] KmsError),
}

impl MayPass for UnwrapError {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Kms(error) if error.may_pass())
    }
}

impl Unwrap {
    /// By this client, with no enclave.
    pub fn new(kms: aws_sdk_kms::Client) -> Self {
        Self { kms, recipient: None }
    }

    /// The same, inside of an enclave.
    #[must_use]
    pub fn with_recipient(self, recipient: Arc<dyn Recipient>) -> Self {
        let recipient = Some(recipient);
        Self { recipient, ..self }
    }

    /// The content key of an envelope, from its JWE Encrypted Key (RFC 7516, section 2; RSA-OAEP-256 of RFC 7518,
    /// section 4.3). Throttling and outages are waited out until then.
    ///
    /// # Errors
    /// [`UnwrapError`]
    pub async fn content_key(
        &self,
        key_arn: &str,
        encrypted_key: &[u8],
        until: Deadline,
    ) -> Result<Plaintext, UnwrapError> {
        let algorithm = EncryptionAlgorithmSpec::RsaesOaepSha256;
        self.decrypt(key_arn, encrypted_key, algorithm, until).await
    }

    /// What an older system encrypted with a symmetric KMS key. Throttling and outages are waited out until then.
    ///
    /// # Errors
    /// [`UnwrapError`]
    pub async fn legacy(&self, key_arn: &str, ciphertext: &[u8], until: Deadline) -> Result<Plaintext, UnwrapError> {
        let algorithm = EncryptionAlgorithmSpec::SymmetricDefault;
        self.decrypt(key_arn, ciphertext, algorithm, until).await
    }

    async fn decrypt(
        &self,
        key_arn: &str,
        ciphertext: &[u8],
        algorithm: EncryptionAlgorithmSpec,
        until: Deadline,
    ) -> Result<Plaintext, UnwrapError> {
        // KMS would refuse both as a malformed request, which looks like a fault of ours.
        if ciphertext.is_empty() || ciphertext.len() > LONGEST_CIPHERTEXT {
            return Err(UnwrapError::NotForThisKey);
        }
        let request = self.kms.decrypt().key_id(key_arn).encryption_algorithm(algorithm);
        let request = request.ciphertext_blob(Blob::new(ciphertext));
        patiently(DECRYPT, until, || self.attempt(request.clone())).await
    }

    async fn attempt(&self, request: DecryptFluentBuilder) -> Result<Plaintext, UnwrapError> {
        let for_recipient = self.recipient_info()?;
        let answer = request.set_recipient(for_recipient).send().await;
        let answer = answer.map_err(|error| match error.as_service_error() {
            Some(DecryptError::InvalidCiphertextException(_) | DecryptError::IncorrectKeyException(_)) => {
                UnwrapError::NotForThisKey
            }
            _ if error.code() == Some("AccessDeniedException") => UnwrapError::Denied(KmsError::of(DECRYPT, error)),
            _ => KmsError::of(DECRYPT, error).into(),
        })?;
        let missing = || KmsError::unavailable(DECRYPT, "the answer holds no plaintext");
        match &self.recipient {
            None => Ok(Zeroizing::new(answer.plaintext.ok_or_else(missing)?.into_inner())),
            Some(recipient) => {
                let sealed = answer.ciphertext_for_recipient.ok_or_else(missing)?;
                let opened = recipient.open(sealed.as_ref());
                Ok(opened.map_err(|error| KmsError::unavailable(DECRYPT, error))?)
            }
        }
    }

    fn recipient_info(&self) -> Result<Option<RecipientInfo>, KmsError> {
        let Some(recipient) = &self.recipient else {
            return Ok(None);
        };
        let document = recipient.attestation_document();
        let document = document.map_err(|error| KmsError::unavailable(DECRYPT, error))?;
        let info = RecipientInfo::builder()
            .key_encryption_algorithm(KeyEncryptionMechanism::RsaesOaepSha256)
            .attestation_document(Blob::new(document));
        Ok(Some(info.build()))
    }
}

#[cfg(test)]
mod tests;
