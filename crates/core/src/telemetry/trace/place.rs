//! Where in a trace something happens, and a step that is taken there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use tracing::Span;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::daemon::Daemon;
use super::document::Document;
use super::header::{Id, TraceHeader};
use super::layer::Steps;
use super::registered;

/// Calls to AWS that are written of one message or invocation. A settlement makes thousands; X-Ray takes some hundreds of
/// kilobytes for a trace.
const MOST_CALLS: u32 = 500;

/// A trace, as far as one message or invocation belongs to it.
#[derive(Debug)]
pub(super) struct Trace {
    id: String,
    sampled: Option<bool>,
    lineage: Option<String>,
    /// None if nothing is to be written.
    daemon: Option<Arc<Daemon>>,
    calls: AtomicU32,
}

/// Right below a segment or subsegment of a trace.
#[derive(Debug, Clone)]
pub(super) struct Place {
    trace: Arc<Trace>,
    pub parent: Option<Id>,
}

/// A segment or subsegment that has begun.
#[derive(Debug)]
pub(super) struct Step {
    trace: Arc<Trace>,
    start: SystemTime,
    pub document: Document,
}

impl Place {
    /// Below the header's parent. What the header leaves open is as it is at the place around it; so is the lineage, which is
    /// the invocation's.
    pub fn of(header: &TraceHeader, around: Option<&Self>, steps: Option<&Steps>) -> Self {
        let around = around.map(|place| &*place.trace);
        let sampled = header.sampled.or(around.and_then(|trace| trace.sampled));
        let lineage = around.map_or(&header.lineage, |trace| &trace.lineage);
        let trace = Trace {
            id: header.root.clone(),
            sampled,
            lineage: lineage.clone(),
            daemon: steps.filter(|_| sampled == Some(true)).map(Steps::daemon),
            calls: AtomicU32::new(0),
        };
        Self {
            trace: Arc::new(trace),
            parent: header.parent,
        }
    }

    /// The innermost place around the span, or its own.
    pub fn at<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<Self> {
        let mut spans = span.scope();
        spans.find_map(|span| span.extensions().get::<Self>().cloned())
    }

    /// That of this moment.
    pub fn here() -> Option<Self> {
        registered(&Span::current(), |span, _| Self::at(&span)).flatten()
    }

    /// The header for what is sent by this step.
    pub fn header(&self, step: Option<Id>) -> String {
        let Trace {
            id, sampled, lineage, ..
        } = &*self.trace;
        let header = TraceHeader {
            root: id.clone(),
            parent: step,
            sampled: *sampled,
            lineage: lineage.clone(),
        };
        header.to_string()
    }
}

impl Step {
    /// Begins a segment. None if the trace is not written.
    pub fn segment(place: &Place, service: &str) -> Option<Self> {
        let mut segment = Self::begin(place, service)?;
        segment.document.origin = Some("AWS::Lambda::Function");
        Some(segment)
    }

    /// Begins a subsegment. None if the trace is not written, or if there is nothing above it: X-Ray would not take it.
    pub fn subsegment(place: &Place, name: &str) -> Option<Self> {
        place.parent?;
        let mut subsegment = Self::begin(place, name)?;
        subsegment.document.kind = Some("subsegment");
        Some(subsegment)
    }

    /// Begins the subsegment of a call to AWS. None, too, if there were too many of them.
    pub fn call(place: &Place) -> Option<Self> {
        let mut call = Self::subsegment(place, "AWS")?;
        call.document.namespace = Some("aws");
        (place.trace.calls.fetch_add(1, Ordering::Relaxed) < MOST_CALLS).then_some(call)
    }

    fn begin(place: &Place, name: &str) -> Option<Self> {
        place.trace.daemon.as_ref()?;
        Some(Self {
            trace: Arc::clone(&place.trace),
            start: SystemTime::now(),
            document: Document {
                name: name.to_owned(),
                id: Id::fresh(),
                trace_id: place.trace.id.clone(),
                parent_id: place.parent,
                ..Document::default()
            },
        })
    }

    /// The place of what belongs to this step.
    pub fn place(&self) -> Place {
        Place {
            trace: Arc::clone(&self.trace),
            parent: Some(self.document.id),
        }
    }

    /// Ends now, and is written.
    pub fn end(mut self) {
        self.document.took(self.start, SystemTime::now());
        if let Some(daemon) = &self.trace.daemon {
            daemon.send(&self.document);
        }
    }
}
