//! The public key that bids are sealed for: an RSA key as a JWK (RFC 7517; RFC 7518, 6.3.1).

use std::fmt;

use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pkcs1::RsaPublicKeyRef;
use serde::{Deserialize, Serialize};
use spki::der::asn1::{BitStringRef, UintRef};
use spki::der::{Decode, Encode};
use spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};

/// The only algorithm that keys are used with: RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 7518, 4.3).
pub(crate) const ALGORITHM: &str = "RSA-OAEP-256";

/// The sizes of modulus that are taken, in bytes: 2048 to 4096 bits, as AWS KMS has them.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// The longest key id, in bytes.
const MAX_KEY_ID: usize = 256;

/// An RSA public key with its key id; in JSON a JWK of `kty`, `n`, `e`, `kid`, `alg` and `use`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Jwk", into = "Jwk")]
pub struct PublicKey {
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// Why something is no key that bids can be sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The DER is not a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) of an RSA key (RFC 8017, A.1.1).
    #[error("the key is not the SubjectPublicKeyInfo of an RSA key")]
    NotSpki,
    /// The JSON is not a JWK with the members that are needed, as strings.
    #[error("the key is not a JWK with kty, n, e and kid")]
    NotJwk,
    /// The JWK holds a member of a private key: it must not be passed around.
    #[error("the JWK holds a private key")]
    Private,
    /// `kty` is not `RSA`.
    #[error("the JWK's kty is not RSA")]
    KeyType,
    /// `alg` is there and is not `RSA-OAEP-256`.
    #[error("the JWK's alg is not RSA-OAEP-256")]
    Algorithm,
    /// `use` is there and is not `enc`, or `key_ops` is there without `encrypt` and `wrapKey`.
    #[error("the JWK's use is not enc")]
    Use,
    /// `kid` is empty, longer than 256 bytes, or has control characters.
    #[error("the JWK's kid is not 1 to 256 bytes of text")]
    KeyId,
    /// `n` or `e` is not canonical base64url (RFC 7518, 2: Base64urlUInt).
    #[error("the JWK's n or e is not base64url without padding and leading zeros")]
    Integer,
    /// The modulus does not have 2048 to 4096 bits, or the exponent is not an odd number over 1.
    #[error("the RSA key does not have 2048 to 4096 bits, or its exponent can't be used")]
    Size,
}

impl KeyError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        "key-unusable"
    }
}

impl PublicKey {
    /// A key by its DER, as KMS `GetPublicKey` gives it: SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
    ///
    /// # Errors
    ///
    /// [`KeyError::NotSpki`], [`KeyError::KeyId`], [`KeyError::Size`].
    pub fn from_spki_der(kid: impl Into<String>, der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::NotSpki)?;
        let bits = info.subject_public_key.as_bytes().ok_or(KeyError::NotSpki)?;
        if info.algorithm.oid != pkcs1::ALGORITHM_OID {
            return Err(KeyError::NotSpki);
        }
        let key = RsaPublicKeyRef::from_der(bits).map_err(|_| KeyError::NotSpki)?;
        Self::new(
            kid.into(),
            key.modulus.as_bytes().to_vec(),
            key.public_exponent.as_bytes().to_vec(),
        )
    }

    fn new(kid: String, modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, KeyError> {
        if !crate::id::is_text(&kid, MAX_KEY_ID) {
            return Err(KeyError::KeyId);
        }
        let key = Self { kid, modulus, exponent };
        let full = key.modulus.first().is_some_and(|first| first & 0x80 != 0);
        if !full || !MODULUS.contains(&key.modulus.len()) {
            return Err(KeyError::Size);
        }
        key.encrypting()?;
        Ok(key)
    }

    /// The key's id: `kid` of the envelopes sealed for it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The length of the modulus in bytes, which is that of everything encrypted for it (RFC 8017, 7.1.1).
    pub fn modulus_len(&self) -> usize {
        self.modulus.len()
    }

    /// The key as DER: SubjectPublicKeyInfo.
    ///
    /// # Errors
    ///
    /// [`KeyError::Size`], which does not happen for a key of these limits.
    pub fn to_spki_der(&self) -> Result<Vec<u8>, KeyError> {
        self.encode().map_err(|_| KeyError::Size)
    }

    fn encode(&self) -> spki::der::Result<Vec<u8>> {
        let key = RsaPublicKeyRef {
            modulus: UintRef::new(&self.modulus)?,
            public_exponent: UintRef::new(&self.exponent)?,
        };
        let key = key.to_der()?;
        let info = SubjectPublicKeyInfo {
            algorithm: pkcs1::ALGORITHM_ID,
            subject_public_key: BitStringRef::from_bytes(&key)?,
        };
        info.to_der()
    }

    pub(crate) fn encrypting(&self) -> Result<OaepPublicEncryptingKey, KeyError> {
        let key = PublicEncryptingKey::from_der(&self.to_spki_der()?).map_err(|_| KeyError::Size)?;
        OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Size)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {} bits)", self.kid, self.modulus.len() * 8)
    }
}

/// A JWK as it stands in JSON. Members that we don't know are ignored (RFC 7517, 4).
#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    n: String,
    e: String,
    kid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    usage: Option<String>,
    /// The private exponent (RFC 7518, 6.3.2.1): it is only looked for, never kept.
    #[serde(default, skip_serializing)]
    d: Option<serde::de::IgnoredAny>,
}

impl TryFrom<Jwk> for PublicKey {
    type Error = KeyError;

    fn try_from(jwk: Jwk) -> Result<Self, KeyError> {
        if jwk.d.is_some() {
            return Err(KeyError::Private);
        }
        if jwk.kty != "RSA" {
            return Err(KeyError::KeyType);
        }
        if jwk.alg.is_some_and(|alg| alg != ALGORITHM) {
            return Err(KeyError::Algorithm);
        }
        if jwk.usage.is_some_and(|usage| usage != "enc") {
            return Err(KeyError::Use);
        }
        Self::new(jwk.kid, integer(&jwk.n)?, integer(&jwk.e)?)
    }
}

impl From<PublicKey> for Jwk {
    fn from(key: PublicKey) -> Self {
        Self {
            kty: "RSA".into(),
            n: URL_SAFE_NO_PAD.encode(&key.modulus),
            e: URL_SAFE_NO_PAD.encode(&key.exponent),
            kid: key.kid,
            alg: Some(ALGORITHM.into()),
            usage: Some("enc".into()),
            d: None,
        }
    }
}

/// Base64urlUInt (RFC 7518, 2): big-endian, in as few octets as it takes.
fn integer(text: &str) -> Result<Vec<u8>, KeyError> {
    if text.len() > 1024 {
        return Err(KeyError::Size);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Integer)?;
    match bytes.first() {
        None | Some(0) => Err(KeyError::Integer),
        Some(_) => Ok(bytes),
    }
}
