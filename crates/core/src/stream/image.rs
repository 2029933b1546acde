//! An item as a stream record shows it.

use aws_smithy_types::base64;
use serde_json::{Map, Value};

/// The attributes of an item, before or after a change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Image(Map<String, Value>);

impl Image {
    pub(super) fn read(image: Option<&Value>) -> Option<Self> {
        image.and_then(Value::as_object).cloned().map(Self)
    }

    /// A text attribute (`S`). None if it is not there, or of another type.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.get("S")?.as_str()
    }

    /// A set of binary values (`BS`); empty if it is not there. None if it is something else.
    pub fn binary_set(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        let Some(attribute) = self.0.get(name) else {
            return Some(Vec::new());
        };
        let values = attribute.get("BS")?.as_array()?.iter();
        values.map(|value| base64::decode(value.as_str()?).ok()).collect()
    }
}
