use crate::money::MoneyError;

/// Why an envelope is refused, unopened or opened. No message holds anything that was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Over [`MAX_ENVELOPE`](super::MAX_ENVELOPE) bytes.
    #[error("the envelope is too large")]
    TooLarge,
    /// Not five parts with points between them (RFC 7516, 7.1).
    #[error("the envelope does not have the five parts of a compact JWE")]
    Parts,
    /// A part is not base64url without padding (RFC 7515, 2), or has bits that no decoder reads.
    #[error("the envelope's {0} is not canonical base64url without padding")]
    Base64(Part),
    /// The header is not a JSON object.
    #[error("the envelope's header is not a JSON object")]
    Header,
    /// A member stands twice in the header (RFC 7516, 4).
    #[error("a member stands twice in the envelope's header")]
    DuplicateMember,
    /// A member that has to be in the header is missing.
    #[error("the envelope's header has no {0}")]
    MissingMember(&'static str),
    /// A member of the header is not a string.
    #[error("{0} in the envelope's header is not a string")]
    NotText(&'static str),
    /// A member that we don't know: it may change what the envelope means.
    #[error("the envelope's header has a member that is not alg, enc, kid, aid, sub, typ or cty")]
    UnknownMember,
    /// `alg` is not `RSA-OAEP-256` (RFC 7518, 4.3).
    #[error("alg in the envelope's header is not RSA-OAEP-256")]
    Algorithm,
    /// `enc` is not `A256GCM` (RFC 7518, 5.3).
    #[error("enc in the envelope's header is not A256GCM")]
    Encryption,
    /// `zip` is there (RFC 7516, 4.1.3): the length of what is compressed tells of its content.
    #[error("the envelope is compressed: zip in its header")]
    Compressed,
    /// `crit` is there (RFC 7516, 4.1.13): we know no extension.
    #[error("the envelope names critical extensions: crit in its header")]
    Critical,
    /// `cty` is not `json` or `application/json`: nested, or something else.
    #[error("cty in the envelope's header is not json")]
    ContentType,
    /// The encrypted key is empty, or not as long as the auction's key encrypts.
    #[error("the envelope's encrypted key does not have the length of the auction's key")]
    EncryptedKeyLength,
    /// The initialisation vector does not have 96 bits (RFC 7518, 5.3).
    #[error("the envelope's initialisation vector does not have 12 bytes")]
    IvLength,
    /// The ciphertext is empty, or over [`MAX_PAYLOAD`](super::MAX_PAYLOAD) bytes.
    #[error("the envelope's ciphertext does not have 1 to 256 bytes")]
    CiphertextLength,
    /// The authentication tag does not have 128 bits (RFC 7518, 5.3).
    #[error("the envelope's authentication tag does not have 16 bytes")]
    TagLength,
    /// `aid` names another auction.
    #[error("the envelope is for another auction: aid in its header")]
    OtherAuction,
    /// `sub` names another bidder.
    #[error("the envelope is another bidder's: sub in its header")]
    OtherBidder,
    /// `kid` names another key.
    #[error("the envelope is sealed for another key: kid in its header")]
    OtherKey,
    /// It does not open. Why, nobody is told (RFC 7516, 11.5).
    #[error("the envelope does not open")]
    DoesNotOpen,
    /// What is in it is not JSON of `amount` and `currency`, both strings, and nothing else.
    #[error("the bid is not JSON of amount and currency")]
    Payload,
    /// The amount or currency in it is none.
    #[error("the bid can't be counted: {0}")]
    Amount(#[from] MoneyError),
    /// Not base64 of a KMS ciphertext: [`crate::legacy`].
    #[error("the bid is not a KMS ciphertext in base64")]
    KmsCiphertext,
}

/// A part of a compact JWE (RFC 7516, 7.1), in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The JWE Protected Header.
    Header,
    /// The JWE Encrypted Key.
    EncryptedKey,
    /// The JWE Initialization Vector.
    Iv,
    /// The JWE Ciphertext.
    Ciphertext,
    /// The JWE Authentication Tag.
    Tag,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::EncryptedKey => "encrypted key",
            Self::Iv => "initialisation vector",
            Self::Ciphertext => "ciphertext",
            Self::Tag => "authentication tag",
        })
    }
}

impl EnvelopeError {
    /// The stable code of this error: a problem type of the API, or the reason why a bid did not count.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "envelope-too-large",
            Self::Parts => "envelope-not-five-parts",
            Self::Base64(_) => "envelope-not-base64url",
            Self::Header => "envelope-header-not-json",
            Self::DuplicateMember => "envelope-header-duplicate-member",
            Self::MissingMember(_) => "envelope-header-missing-member",
            Self::NotText(_) => "envelope-header-not-text",
            Self::UnknownMember => "envelope-header-unknown-member",
            Self::Algorithm => "envelope-other-algorithm",
            Self::Encryption => "envelope-other-encryption",
            Self::Compressed => "envelope-compressed",
            Self::Critical => "envelope-critical-extension",
            Self::ContentType => "envelope-other-content-type",
            Self::EncryptedKeyLength => "envelope-encrypted-key-length",
            Self::IvLength => "envelope-iv-length",
            Self::CiphertextLength => "envelope-ciphertext-length",
            Self::TagLength => "envelope-tag-length",
            Self::OtherAuction => "envelope-other-auction",
            Self::OtherBidder => "envelope-other-bidder",
            Self::OtherKey => "envelope-other-key",
            Self::DoesNotOpen => "envelope-does-not-open",
            Self::Payload => "bid-malformed",
            Self::Amount(MoneyError::Currency) => "bid-unknown-currency",
            Self::Amount(MoneyError::NotDecimal) => "bid-amount-not-decimal",
            Self::Amount(MoneyError::TooManyDecimals) => "bid-amount-too-many-decimals",
            Self::Amount(MoneyError::TooLarge) => "bid-amount-too-large",
            Self::KmsCiphertext => "bid-not-kms-ciphertext",
        }
    }
}
