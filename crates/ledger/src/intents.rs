//! The contents that workers announced before they wrote them: what is known as ours by nothing but its bytes.
//!
//! An intent is not forgotten when its output is recorded. Another worker may still hold the same content, and may write it
//! over an upload of the very same photo: that write's event must find it (`tests/model` has the 14 steps). It is
//! forgotten when everything of its time is over: after as long as the ledger keeps an item. Of a key that is written
//! more often than that, the newest ones are kept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::primitives::Blob;
use gatehouse_core::stream::Image;

use crate::Digest;
use crate::item::INTENTS;
use crate::upload::Missing;

/// Intents of one object, at most. Each of them is one more write of the key, and makes each write of the item dearer.
const MOST: usize = 100;

const HOUR: u64 = 60 * 60;

/// The intents in an item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intents(Vec<Intent>);

/// When a content was announced, in epoch seconds to the hour, so that its repetitions are one, and which content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Intent {
    at: u64,
    content: [u8; 32],
}

impl Intents {
    /// The intents that an item of a stream record holds.
    ///
    /// # Errors
    /// The attribute's name if it is not as the ledger writes it.
    pub fn in_item(item: &Image) -> Result<Self, Missing> {
        let values = item.binary_set(INTENTS).ok_or(INTENTS)?;
        let intents = values.iter().map(|value| Intent::read(value).ok_or(INTENTS));
        intents.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a worker had announced that it would write this very content: then it is a redaction of ours, whoever else
    /// might have written it.
    pub fn announce(&self, content: Digest) -> bool {
        self.0.iter().any(|intent| intent.content == content.bytes())
    }

    /// Those that need not be kept any longer: too old, or too many.
    pub(crate) fn outdated(&self, keep: Duration) -> Vec<Blob> {
        let oldest = now().saturating_sub(keep.as_secs());
        let mut intents = self.0.clone();
        intents.sort();
        let too_many = intents.len().saturating_sub(MOST);
        let outdated = intents.iter().enumerate();
        let outdated = outdated.filter(|(place, intent)| *place < too_many || intent.at < oldest);
        outdated.map(|(_, intent)| intent.value()).collect()
    }
}

/// An announcement of this moment, as the item holds it.
pub(crate) fn announcement(content: Digest) -> Blob {
    let intent = Intent {
        at: now() / HOUR * HOUR,
        content: content.bytes(),
    };
    intent.value()
}

impl Intent {
    /// 8 bytes of time, most significant first, and 32 of content.
    fn value(self) -> Blob {
        let mut value = self.at.to_be_bytes().to_vec();
        value.extend(self.content);
        Blob::new(value)
    }

    fn read(value: &[u8]) -> Option<Self> {
        let (at, content) = value.split_first_chunk()?;
        Some(Self {
            at: u64::from_be_bytes(*at),
            content: content.try_into().ok()?,
        })
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use aws_smithy_types::base64;
    use gatehouse_core::stream::StreamRecord;
    use serde_json::{Value, json};

    const KEEP: Duration = Duration::from_secs(1000);

    fn item(intents: Value) -> Image {
        let record = json!({ "dynamodb": { "SequenceNumber": "1", "NewImage": { "intents": intents } } });
        StreamRecord::read(record).unwrap().new.unwrap()
    }

    fn with(values: &[Blob]) -> Intents {
        let values: Vec<String> = values.iter().map(base64::encode).collect();
        Intents::in_item(&item(json!({ "BS": values }))).unwrap()
    }

    #[test]
    fn only_the_announced_content_is_ours() {
        let announced = with(&[announcement(Digest::of(b"abc")), announcement(Digest::of(b"x"))]);
        assert!(announced.announce(Digest::of(b"abc")) && announced.announce(Digest::of(b"x")));
        assert!(!announced.announce(Digest::of(b"abd")));
        assert!(!Intents::default().announce(Digest::of(b"abc")));
    }

    #[test]
    fn what_is_no_intent_is_named() {
        for broken in [json!({ "S": "abc" }), json!({ "BS": ["AQI="] }), json!({ "BS": ["?"] })] {
            assert_eq!(Intents::in_item(&item(broken)), Err("intents"));
        }
    }

    #[test]
    fn the_old_and_the_oldest_of_too_many_are_outdated() {
        let now = now();
        let intent = |seconds_ago: u64| {
            let content = Digest::of(&seconds_ago.to_be_bytes()).bytes();
            let at = now - seconds_ago;
            Intent { at, content }.value()
        };
        let few = with(&[intent(5), intent(2000), intent(900)]);
        assert_eq!(few.outdated(KEEP), [intent(2000)]);
        let many: Vec<Blob> = (0..MOST as u64 + 2).map(intent).collect();
        let mut outdated = with(&many).outdated(KEEP);
        outdated.sort_by(|a, b| b.as_ref().cmp(a.as_ref()));
        assert_eq!(outdated, [intent(MOST as u64), intent(MOST as u64 + 1)]);
    }
}
