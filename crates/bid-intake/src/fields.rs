//! The members of a JSON object, each taken by its name; everything that is wrong is told at once.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::IntakeError;
use crate::problem::Invalid;

/// A JSON object whose members are taken out one by one.
///
/// A member that is not right is noted, and its place taken by the default, until [`Fields::finish`].
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    invalid: Vec<Invalid>,
}

impl Fields {
    /// The members of this object.
    pub fn new(members: Map<String, Value>) -> Self {
        let invalid = Vec::new();
        Self { members, invalid }
    }

    /// A text that has to be there. Absent and `null` are the same.
    pub fn text(&mut self, name: &str) -> String {
        let text = self.optional_text(name);
        if text.is_none() && !self.is_invalid(name) {
            self.invalid(name, "is missing");
        }
        text.unwrap_or_default()
    }

    /// A text that may be absent or `null`.
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.members.remove(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => {
                self.invalid(name, "should be a string");
                None
            }
        }
    }

    /// A text that has to be there, read as something else. The reader's error says what would be right;
    /// it must not quote the text.
    pub fn parsed<T, E: fmt::Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(name);
        if self.is_invalid(name) {
            return None;
        }
        self.read(name, &text, read)
    }

    /// The same for a text that may be absent.
    pub fn optional_parsed<T, E>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T>
    where
        E: fmt::Display,
    {
        let text = self.optional_text(name)?;
        self.read(name, &text, read)
    }

    fn read<T, E>(&mut self, name: &str, text: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T>
    where
        E: fmt::Display,
    {
        read(text).map_err(|error| self.invalid(name, error.to_string())).ok()
    }

    /// Notes what only the caller can see.
    pub fn invalid(&mut self, name: &str, detail: impl Into<String>) {
        self.invalid.push(Invalid {
            pointer: pointer(name),
            detail: detail.into(),
        });
    }

    fn is_invalid(&self, name: &str) -> bool {
        let pointer = pointer(name);
        self.invalid.iter().any(|invalid| invalid.pointer == pointer)
    }

    /// The value, if nothing was wrong with any member and none is left over.
    ///
    /// # Errors
    /// [`IntakeError::InvalidFields`], naming each member that is not right. Reject.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, IntakeError> {
        // Names of strangers are told shortened: they are the client's own words, but may be long.
        let strangers: Vec<String> = self
            .members
            .keys()
            .take(8)
            .map(|name| name.chars().take(40).collect())
            .collect();
        for name in strangers {
            self.invalid(&name, "is not known");
        }
        match value {
            Some(value) if self.invalid.is_empty() => Ok(value),
            _ => Err(IntakeError::InvalidFields(self.invalid)),
        }
    }
}

/// A member's JSON pointer as a URI fragment (RFC 6901 sections 3 and 6).
fn pointer(name: &str) -> String {
    let mut pointer = String::from("#/");
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' => pointer.push(character),
            other => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    pointer.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(object: serde_json::Value) -> Fields {
        let Value::Object(members) = object else {
            panic!("an object")
        };
        Fields::new(members)
    }

    fn told(error: IntakeError) -> Vec<(String, String)> {
        let IntakeError::InvalidFields(invalid) = error else {
            panic!("{error}")
        };
        invalid.into_iter().map(|one| (one.pointer, one.detail)).collect()
    }

    #[test]
    fn every_member_that_is_not_right_is_told_at_once() {
        let mut fields = fields(serde_json::json!({"title": 7, "reserve": "x", "secret": "1", "contract": null}));
        let _ = fields.text("title");
        let _ = fields.text("currency");
        let reserve: Option<u8> = fields.optional_parsed("reserve", str::parse);
        assert_eq!((reserve, fields.optional_text("contract")), (None, None));
        let expected = [
            ("#/title", "should be a string"),
            ("#/currency", "is missing"),
            ("#/reserve", "invalid digit found in string"),
            ("#/secret", "is not known"),
        ];
        let told = told(fields.finish(Some(())).unwrap_err());
        assert_eq!(
            told,
            expected.map(|(pointer, detail)| (pointer.to_owned(), detail.to_owned()))
        );
    }

    #[test]
    fn what_is_right_is_given() {
        let mut fields = fields(serde_json::json!({"number": "7"}));
        let number: Option<u8> = fields.parsed("number", str::parse);
        assert_eq!(fields.finish(number).unwrap(), 7);
    }

    #[test]
    fn a_strange_name_is_told_as_a_pointer_that_is_a_uri() {
        assert_eq!(pointer("a/b~c \"ü"), "#/a~1b~0c%20%22%C3%BC");
    }
}
