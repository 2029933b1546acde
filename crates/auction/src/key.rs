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
    /// `use` is there and is not `enc`.
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
    /// A key by its JWK (RFC 7517, 4), which needs `kty`, `n`, `e` and `kid`. Members that we don't know are ignored.
    ///
    /// # Errors
    ///
    /// Every [`KeyError`] but [`KeyError::NotSpki`].
    pub fn from_jwk(json: &[u8]) -> Result<Self, KeyError> {
        let jwk: Jwk = crate::json::object(json).map_err(|_| KeyError::NotJwk)?;
        jwk.try_into()
    }

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

/// A JWK as it stands in JSON.
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{KID, PRIVATE, key};

    fn jwk() -> Value {
        serde_json::to_value(key()).unwrap()
    }

    fn read(jwk: &Value) -> Result<PublicKey, KeyError> {
        PublicKey::from_jwk(jwk.to_string().as_bytes())
    }

    fn with(member: &str, value: Value) -> Value {
        let mut jwk = jwk();
        jwk[member] = value;
        jwk
    }

    #[test]
    fn a_key_survives_der_and_jwk() {
        let der: PublicKeyX509Der<'_> = PRIVATE.public_key().as_der().unwrap();
        assert_eq!(key().to_spki_der().unwrap(), der.as_ref());
        assert_eq!(read(&jwk()), Ok(key()));
        assert_eq!((key().kid(), key().modulus_len()), (KID, 256));
    }

    #[test]
    fn a_key_of_4096_bits_is_taken() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa4096).unwrap();
        assert_eq!(crate::testing::public(&private, "large").modulus_len(), 512);
    }

    #[test]
    fn a_jwk_has_the_members_that_jose_libraries_need() {
        let jwk = jwk();
        assert_eq!(
            (&jwk["kty"], &jwk["alg"], &jwk["use"]),
            (&json!("RSA"), &json!("RSA-OAEP-256"), &json!("enc"))
        );
        assert_eq!((&jwk["e"], &jwk["kid"]), (&json!("AQAB"), &json!(KID)));
        assert_eq!(jwk.as_object().unwrap().len(), 6);
    }

    #[test]
    fn a_jwk_may_leave_out_alg_and_use_and_have_members_of_others() {
        let mut jwk = with("x5t", json!("anything"));
        jwk.as_object_mut()
            .unwrap()
            .retain(|name, _| name != "alg" && name != "use");
        assert_eq!(read(&jwk), Ok(key()));
    }

    #[test]
    fn a_jwk_that_is_no_public_key_for_this_is_refused_by_name() {
        let n = jwk()["n"].as_str().unwrap().to_owned();
        let half = URL_SAFE_NO_PAD.encode([0xff; 128]);
        let huge = URL_SAFE_NO_PAD.encode([0xff; 4096]);
        let short = URL_SAFE_NO_PAD.encode([&[0x7f][..], &[0xff; 255]].concat());
        for (member, value, error) in [
            ("kty", json!("EC"), KeyError::KeyType),
            ("kty", json!(1), KeyError::NotJwk),
            ("alg", json!("RSA1_5"), KeyError::Algorithm),
            ("alg", json!("RSA-OAEP"), KeyError::Algorithm),
            ("use", json!("sig"), KeyError::Use),
            ("kid", json!(""), KeyError::KeyId),
            ("kid", json!("a".repeat(257)), KeyError::KeyId),
            ("kid", json!("a\nb"), KeyError::KeyId),
            ("d", json!("AQAB"), KeyError::Private),
            ("n", json!(format!("{n}=")), KeyError::Integer),
            ("n", json!(format!("AA{n}")), KeyError::Integer),
            ("n", json!(""), KeyError::Integer),
            ("n", json!(half), KeyError::Size),
            ("n", json!(huge), KeyError::Size),
            ("n", json!(short), KeyError::Size),
            ("e", json!("AQ"), KeyError::Size),
            ("e", json!("Ag"), KeyError::Size),
            ("e", json!("AAEAAQ"), KeyError::Integer),
        ] {
            assert_eq!(read(&with(member, value.clone())), Err(error), "{member} {value}");
        }
        for missing in ["kty", "n", "e", "kid"] {
            let mut jwk = jwk();
            jwk.as_object_mut().unwrap().remove(missing);
            assert_eq!(read(&jwk), Err(KeyError::NotJwk), "{missing}");
        }
        assert_eq!(PublicKey::from_jwk(b"[]"), Err(KeyError::NotJwk));
    }

    #[test]
    fn a_jwk_is_an_object() {
        let values: Vec<Value> = ["kty", "n", "e", "kid"]
            .iter()
            .map(|name| jwk()[name].clone())
            .collect();
        let array = Value::Array([values, vec![json!("RSA-OAEP-256"), json!("enc"), Value::Null]].concat());
        assert_eq!(read(&array), Err(KeyError::NotJwk));
    }

    #[test]
    fn der_that_is_no_rsa_key_is_refused() {
        let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let curve: PublicKeyX509Der<'_> = curve.public_key().as_der().unwrap();
        assert_eq!(PublicKey::from_spki_der(KID, curve.as_ref()), Err(KeyError::NotSpki));
        let der = key().to_spki_der().unwrap();
        for end in 0..der.len() {
            assert_eq!(
                PublicKey::from_spki_der(KID, &der[..end]),
                Err(KeyError::NotSpki),
                "cut at {end}"
            );
        }
        assert_eq!(
            PublicKey::from_spki_der(KID, &[&der[..], &[0]].concat()),
            Err(KeyError::NotSpki)
        );
        assert_eq!(PublicKey::from_spki_der("", &der), Err(KeyError::KeyId));
    }
}
