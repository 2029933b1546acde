//! The protected header (RFC 7516, 4): seven members at most, and nothing that would change what they mean.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::EnvelopeError;
use crate::key::ALGORITHM;

/// The only content encryption (RFC 7518, 5.3).
const ENCRYPTION: &str = "A256GCM";

/// What the header says, after all that must be so was checked.
pub(super) struct Header {
    pub kid: String,
    pub aid: String,
    pub sub: String,
}

/// The header as we write it.
#[derive(Serialize)]
struct Written<'a> {
    alg: &'static str,
    enc: &'static str,
    kid: &'a str,
    aid: &'a str,
    sub: &'a str,
}

/// The header's JSON for a new envelope.
pub(super) fn write(kid: &str, aid: &str, sub: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Written {
        alg: ALGORITHM,
        enc: ENCRYPTION,
        kid,
        aid,
        sub,
    })
}

/// Reads and checks the header's JSON.
pub(super) fn read(json: &[u8]) -> Result<Header, EnvelopeError> {
    let Members(members) = serde_json::from_slice(json).map_err(|_| EnvelopeError::Header)?;
    let [mut alg, mut enc, mut kid, mut aid, mut sub, mut typ, mut cty] = [const { None }; 7];
    for (name, value) in members {
        let (slot, name) = match name.as_str() {
            "alg" => (&mut alg, "alg"),
            "enc" => (&mut enc, "enc"),
            "kid" => (&mut kid, "kid"),
            "aid" => (&mut aid, "aid"),
            "sub" => (&mut sub, "sub"),
            "typ" => (&mut typ, "typ"),
            "cty" => (&mut cty, "cty"),
            "zip" => return Err(EnvelopeError::Compressed),
            "crit" => return Err(EnvelopeError::Critical),
            _ => return Err(EnvelopeError::UnknownMember),
        };
        let Value::String(text) = value else {
            return Err(EnvelopeError::NotText(name));
        };
        if slot.replace(text).is_some() {
            return Err(EnvelopeError::DuplicateMember);
        }
    }
    if needed(alg, "alg")? != ALGORITHM {
        return Err(EnvelopeError::Algorithm);
    }
    if needed(enc, "enc")? != ENCRYPTION {
        return Err(EnvelopeError::Encryption);
    }
    if cty.is_some_and(|cty| !is_json(&cty)) {
        return Err(EnvelopeError::ContentType);
    }
    Ok(Header {
        kid: needed(kid, "kid")?,
        aid: needed(aid, "aid")?,
        sub: needed(sub, "sub")?,
    })
}

fn needed(member: Option<String>, name: &'static str) -> Result<String, EnvelopeError> {
    member.ok_or(EnvelopeError::MissingMember(name))
}

/// Media types know no case, and `application/` may be left out (RFC 7516, 4.1.12).
fn is_json(cty: &str) -> bool {
    cty.eq_ignore_ascii_case("json") || cty.eq_ignore_ascii_case("application/json")
}

/// A JSON object member by member: a map would hide that one stands twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}
