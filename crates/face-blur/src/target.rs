//! What is the same of all ways to write back: fetch what is work, publish it where it belongs.

use gatehouse_core::event::Record;
use gatehouse_photo::fetch::{Original, fetch, fetch_if_match};
use gatehouse_photo::publish::Copy;
use gatehouse_photo::{PhotoError, Source};
use tracing::info;

use crate::config::Config;
use crate::destination::Destination;
use crate::error::PublishError;
use crate::in_place::{InPlace, Seen};
use crate::way::Way;

/// Where photos come from, and go to.
#[derive(Debug, Clone)]
pub struct Target {
    s3: aws_sdk_s3::Client,
    max_bytes: u64,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Apart(Destination),
    InPlace(InPlace),
}

/// A photo that is to be redacted.
#[derive(Debug)]
pub struct Upload<'a> {
    /// As it was uploaded.
    pub original: Original,
    /// Where it was read.
    pub source: Source,
    /// Where its redaction goes.
    pub slot: Slot<'a>,
}

/// The place for one photo.
#[derive(Debug)]
pub struct Slot<'a>(Kind<'a>);

#[derive(Debug)]
enum Kind<'a> {
    Apart(&'a Destination, String),
    InPlace(&'a InPlace, Seen),
}

impl Target {
    /// The target that the settings name.
    pub fn new(s3: aws_sdk_s3::Client, config: &Config) -> Self {
        let max_bytes = config.photos.limits.bytes;
        let place = match config.way.clone() {
            Way::Apart { bucket, prefixes } => Place::Apart(Destination::new(s3.clone(), bucket, prefixes)),
            Way::InPlace(key) => Place::InPlace(InPlace::new(s3.clone(), &config.source_bucket, key, max_bytes)),
        };
        Self { s3, max_bytes, place }
    }

    /// Opens the connection to S3, so that the first photo doesn't wait for it. What it answers
    /// does not matter.
    pub async fn warm_up(&self) {
        let bucket = match &self.place {
            Place::Apart(destination) => destination.bucket(),
            Place::InPlace(in_place) => in_place.bucket(),
        };
        let _ = self.s3.head_bucket().bucket(bucket).send().await;
    }

    /// Fetches the photo, if it is work. None, with a log line that says why, if not.
    ///
    /// # Errors
    /// As [`fetch`], [`Destination::wanted`] and [`InPlace::fetch`].
    pub async fn fetch(&self, record: &Record) -> Result<Option<Upload<'_>>, PublishError> {
        let (original, source, kind) = match &self.place {
            Place::Apart(destination) => {
                let Some(key) = destination.wanted(record).await? else {
                    return Ok(None);
                };
                let Some((original, source)) = self.original(record).await? else {
                    return Ok(None);
                };
                (original, source, Kind::Apart(destination, key))
            }
            Place::InPlace(in_place) => {
                let Some((original, source, seen)) = in_place.fetch(record).await? else {
                    return Ok(None);
                };
                (original, source, Kind::InPlace(in_place, seen))
            }
        };
        let slot = Slot(kind);
        Ok(Some(Upload { original, source, slot }))
    }

    /// What was uploaded. None if it was listed, and is not there any more: what replaced it has an event of its own.
    async fn original(&self, record: &Record) -> Result<Option<(Original, Source)>, PublishError> {
        let mut source = Source::from(record);
        let listed = record.etag.as_deref().filter(|_| record.listed);
        let Some(etag) = listed else {
            let original = fetch(&self.s3, &source, self.max_bytes).await?;
            return Ok(Some((original, source)));
        };
        match fetch_if_match(&self.s3, &source, etag, self.max_bytes).await {
            Ok(original) => {
                // Rekognition reads the object itself: it must be this one.
                source.version_id.clone_from(&original.version_id);
                Ok(Some((original, source)))
            }
            Err(PhotoError::ObjectChanged | PhotoError::ObjectMissing) => Ok(skipped("replaced-or-deleted")),
            Err(error) => Err(error.into()),
        }
    }
}

impl Slot<'_> {
    /// Writes the redaction. None, with a log line that says why, if there is nothing to write any more.
    ///
    /// # Errors
    /// As [`Destination::publish`] and [`InPlace::replace`].
    pub async fn publish(&self, record: &Record, photo: &Copy) -> Result<Option<()>, PublishError> {
        match &self.0 {
            Kind::Apart(destination, key) => destination.publish(key, record, photo).await,
            Kind::InPlace(in_place, seen) => in_place.replace(seen, record, photo).await,
        }
    }
}

/// Says that an event was no work, and why. Returns None, for its caller to return.
pub(crate) fn skipped<T>(why: &'static str) -> Option<T> {
    info!(why, "skipped");
    metrics::counter!("Skipped", "why" => why).increment(1);
    None
}
