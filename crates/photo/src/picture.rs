//! Finds the faces of a photo, decoding as much of it as that takes, and hides them.
//!
//! Both happen on one thread of the photo's own, because they compute; other photos are
//! fetched and written meanwhile.

use std::panic::resume_unwind;
use std::sync::Arc;

use gatehouse_core::flags;
use gatehouse_core::telemetry::trace::STEP;
use gatehouse_detect::Face;
use gatehouse_redact::{Options, Photo, Region};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tracing::{Span, info_span};

use crate::config::{NoFaces, Settings};
use crate::detector::{Detectors, FindFaces, Subject};
use crate::report::Stopwatch;
use crate::{PhotoError, Source};

/// A photo without its faces.
#[derive(Debug)]
pub struct Redacted {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many regions were hidden.
    pub faces: usize,
    /// The engine that hid them.
    pub engine: &'static str,
}

/// Takes the faces out of photos, as many photos at a time as there are places.
#[derive(Debug, Clone)]
pub struct Redactor {
    /// Who can find the faces.
    pub detectors: Detectors,
    settings: Settings,
    /// Places for photos that are decoded: as many as are worked on at the same time.
    computing: Arc<Semaphore>,
}

impl Redactor {
    /// Works with one of these detectors, as the settings and the flags say.
    pub fn new(settings: Settings, detectors: Detectors) -> Self {
        let computing = Arc::new(Semaphore::new(settings.concurrency));
        Self {
            detectors,
            settings,
            computing,
        }
    }

    /// The photo without its faces, found as the flag `detector` says. The laps of the three steps are taken on the stopwatch.
    ///
    /// # Errors
    /// [`PhotoError::Image`], [`PhotoError::NoFacesFound`] and what a detector rejects (Reject); a
    /// detector that failed (Retry).
    pub async fn without_faces(
        &self,
        bytes: Vec<u8>,
        source: Source,
        flag: flags::Detector,
        mut stopwatch: Stopwatch,
    ) -> Result<(Redacted, Stopwatch), PhotoError> {
        let (settings, detector) = (self.settings.clone(), self.detectors.chosen(flag));
        // Given back when the computation ends, not when its invocation stops waiting for it: work that outlives an
        // invocation still takes up its memory.
        let place = Arc::clone(&self.computing).acquire_owned().await;
        blocking(move || {
            let _place = place;
            stopwatch.lap(); // the wait for a place is nobody's work
            let (subject, faces) = info_span!(target: STEP, "detect").in_scope(|| {
                let mut subject = Subject::open(&bytes, source, &settings.limits)?;
                stopwatch.decode = stopwatch.lap();
                let faces = Handle::current().block_on(detector.find_faces(&mut subject))?;
                Ok::<_, PhotoError>((subject, faces))
            })?;
            stopwatch.looked(subject.decoding());
            if faces.is_empty() && settings.no_faces == NoFaces::Withhold {
                return Err(PhotoError::NoFacesFound);
            }

            let redacted = info_span!(target: STEP, "redact")
                .in_scope(|| hide(subject.into_photo(), &faces, settings.face_margin))?;
            stopwatch.redact = stopwatch.lap();
            Ok((redacted, stopwatch))
        })
        .await
    }
}

/// Hides the faces, each with a margin around it.
fn hide(photo: Photo<'_>, faces: &[Face], margin: f32) -> Result<Redacted, PhotoError> {
    let regions: Vec<Region> = faces.iter().map(|face| region(face).grown(margin)).collect();
    let redacted = photo.redact(&regions, &Options::default())?;
    if redacted.report.outside > 0 {
        return Err(PhotoError::FaceOutside(redacted.report.outside));
    }
    let engine = redacted.engine.as_str();
    Ok(Redacted {
        bytes: redacted.bytes,
        faces: faces.len(),
        engine,
    })
}

fn region(face: &Face) -> Region {
    Region {
        left: face.left,
        top: face.top,
        width: face.width,
        height: face.height,
    }
}

/// Runs a computation on a thread of its own. A panic goes on in the caller, where the batch turns
/// it into a hand-back.
async fn blocking<T, F>(compute: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let span = Span::current();
    let task = tokio::task::spawn_blocking(move || span.in_scope(compute));
    match task.await {
        Ok(done) => done,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // A computation that has started can't be cancelled, and one that has not is only
            // cancelled while the process shuts down: nothing is left to answer to.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}
