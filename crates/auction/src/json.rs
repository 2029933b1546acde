//! JSON that others wrote.

use serde::de::{DeserializeOwned, Error};

/// Reads a JSON object. A structure could also be read from an array of its members' values, which nobody documented.
pub fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(serde_json::Error::custom("not a JSON object"));
    }
    serde_json::from_slice(json)
}
