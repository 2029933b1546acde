//! What lies in the two buckets: how many objects there are to publish, and of how many there is a published one.
//!
//! Both listings come in the order of their keys (S3 API reference, "ListObjectsV2"; UTF-8 binary order), and a prefix that
//! takes another's place keeps that order. So one pass over both tells, whatever their size, and nothing is remembered.

use std::collections::VecDeque;

use aws_config::SdkConfig;
use serde::Serialize;

use crate::error::{BackfillError, failed};
use crate::stack::Stack;

/// What is in the source bucket, and how much of it is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Objects to publish; the empty ones that the S3 console makes for folders are not counted.
    pub objects: u64,
    /// How many of them have an object under their key in the destination bucket.
    pub published: u64,
}

impl Tally {
    /// Counts everything under this prefix. `seen` is told of each thousand objects or so.
    ///
    /// # Errors
    /// [`BackfillError::Aws`].
    pub async fn of(
        aws: &SdkConfig,
        stack: &Stack,
        prefix: &str,
        mut seen: impl FnMut(u64),
    ) -> Result<Self, BackfillError> {
        let s3 = aws_sdk_s3::Client::new(aws);
        let mut uploaded = Keys::new(&s3, &stack.source, prefix);
        let there = stack.published(prefix).unwrap_or_default();
        let mut published = Keys::new(&s3, &stack.destination, &there);
        let mut merge = Merge::default();
        while let Some(page) = uploaded.page().await? {
            seen(page.len() as u64);
            for object in page.into_iter().filter(|object| !object.is_folder()) {
                let Some(key) = stack.published(&object.key) else {
                    continue;
                };
                while merge.is_behind(&key) {
                    merge.next(published.next().await?);
                }
                merge.count(&key);
            }
        }
        Ok(merge.tally)
    }
}

/// The pass over both: where it stands in the published keys.
#[derive(Debug, Default)]
struct Merge {
    tally: Tally,
    at: Position,
}

#[derive(Debug, Default)]
enum Position {
    #[default]
    Start,
    Key(String),
    End,
}

impl Merge {
    /// Whether a published key has to be looked at before it is known if there is this one.
    fn is_behind(&self, key: &str) -> bool {
        match &self.at {
            Position::Start => true,
            Position::Key(at) => at.as_str() < key,
            Position::End => false,
        }
    }

    fn next(&mut self, published: Option<Object>) {
        self.at = published.map_or(Position::End, |object| Position::Key(object.key));
    }

    fn count(&mut self, key: &str) {
        self.tally.objects += 1;
        if matches!(&self.at, Position::Key(at) if at == key) {
            self.tally.published += 1;
        }
    }
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    key: String,
    size: i64,
}

impl Object {
    /// As `face_blur` has it, which passes over folders.
    fn is_folder(&self) -> bool {
        self.key.ends_with('/') && self.size == 0
    }
}

/// All objects under a prefix, in the order of their keys.
#[derive(Debug)]
struct Keys<'a> {
    s3: &'a aws_sdk_s3::Client,
    bucket: &'a str,
    prefix: &'a str,
    read: VecDeque<Object>,
    more: More,
}

#[derive(Debug)]
enum More {
    FromTheStart,
    After(String),
    Nothing,
}

impl<'a> Keys<'a> {
    fn new(s3: &'a aws_sdk_s3::Client, bucket: &'a str, prefix: &'a str) -> Self {
        let (read, more) = (VecDeque::new(), More::FromTheStart);
        Self {
            s3,
            bucket,
            prefix,
            read,
            more,
        }
    }

    async fn next(&mut self) -> Result<Option<Object>, BackfillError> {
        while self.read.is_empty() {
            match self.page().await? {
                Some(page) => self.read = page,
                None => return Ok(None),
            }
        }
        Ok(self.read.pop_front())
    }

    /// The next thousand at most; None at the end.
    async fn page(&mut self) -> Result<Option<VecDeque<Object>>, BackfillError> {
        let token = match &self.more {
            More::FromTheStart => None,
            More::After(token) => Some(token.clone()),
            More::Nothing => return Ok(None),
        };
        let request = self.s3.list_objects_v2().bucket(self.bucket).prefix(self.prefix);
        let request = request.set_continuation_token(token);
        let page = request.send().await.map_err(failed("ListObjectsV2"))?;
        self.more = page.next_continuation_token.map_or(More::Nothing, More::After);
        let objects = page.contents.unwrap_or_default().into_iter();
        let object = |object: aws_sdk_s3::types::Object| {
            let size = object.size.unwrap_or_default();
            object.key.map(|key| Object { key, size })
        };
        Ok(Some(objects.filter_map(object).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(uploaded: &[&str], published: &[&str]) -> Tally {
        let mut published = published.iter().map(|key| Object {
            key: (*key).to_owned(),
            size: 1,
        });
        let mut merge = Merge::default();
        for key in uploaded {
            while merge.is_behind(key) {
                merge.next(published.next());
            }
            merge.count(key);
        }
        merge.tally
    }

    #[test]
    fn what_is_published_is_counted_and_what_is_there_besides_is_not() {
        for (uploaded, published, count) in [
            (vec!["a", "b", "c"], vec!["a", "c"], 2),
            (vec!["b", "d"], vec!["a", "b", "c", "d", "e"], 2),
            (vec!["a", "b"], vec![], 0),
            (vec!["a/b", "a0", "aa"], vec!["a", "a/b", "a/c", "aa"], 2),
            (vec!["\u{e4}", "\u{1f4f7}"], vec!["z", "\u{e4}", "\u{1f4f7}"], 2),
            (vec![], vec!["a"], 0),
        ] {
            let expected = Tally {
                objects: uploaded.len() as u64,
                published: count,
            };
            assert_eq!(tally(&uploaded, &published), expected, "{uploaded:?} {published:?}");
        }
    }

    #[test]
    fn the_consoles_folders_are_no_photos() {
        let object = |key: &str, size| Object {
            key: key.to_owned(),
            size,
        };
        assert!(object("holiday/", 0).is_folder());
        assert!(!object("holiday/", 5).is_folder() && !object("holiday", 0).is_folder());
    }
}
