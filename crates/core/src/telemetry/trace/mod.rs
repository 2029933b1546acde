//! Traces: what became of one photo, or one request, step by step, for AWS X-Ray.
//!
//! A `tracing` span of the target [`STEP`] is a step. It becomes a subsegment, with its fields as annotations; so does each
//! call of a client that is made by [`client!`](crate::client). A step belongs to the trace of the innermost span around it
//! that has one: that of the invocation, which Lambda names, or that of a message, if whoever sent it was traced
//! ([`segment_in`]). So each upload that is traced stays one trace, however many of them share an invocation. Every call to
//! AWS carries the tracing header on.
//!
//! The one thing to know: **tracing never changes what happens to a record.** Documents go to the daemon by UDP, and one that
//! is lost is lost. None is written unless the header says `Sampled=1`, nor where `AWS_XRAY_DAEMON_ADDRESS` is not set:
//! Lambda sets it, nothing else does.
//!
//! What stands in a document: names of steps, services and operations, times, statuses, reason codes, and those fields of
//! spans that each log line has as well. No payload, amount or token, and no message of an error.

mod calls;
mod daemon;
mod document;
mod header;
mod layer;
mod place;
#[cfg(test)]
mod tests;

pub use calls::AwsCalls;
pub(super) use daemon::Daemon;
pub use header::TraceHeader;
pub(super) use layer::Steps;

use tracing::Span;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::disposition::Disposition;
use place::{Place, Step};

/// The target of spans that are steps of a trace. Their fields are in every log line inside of them, whatever the log's
/// level.
pub const STEP: &str = "gatehouse::step";

/// The field of a log line that has the trace's id. A span that is given to [`segment_in`] has it as an empty field.
const TRACE_ID: &str = "xrayTraceId";

/// What happens inside of the span belongs to this trace, right below the header's parent.
pub(crate) fn continue_in(span: &Span, header: &TraceHeader) {
    registered(span, |span, steps| {
        let place = Place::of(header, None, steps);
        span.extensions_mut().replace(place);
    });
}

/// The span is a segment of this trace, its own part beside those of other functions: for work whose trace is not that of
/// the invocation. The span needs an empty field `xrayTraceId`.
pub fn segment_in(span: &Span, header: &TraceHeader) {
    span.record(TRACE_ID, header.trace_id());
    registered(span, |span, steps| {
        let place = Place::of(header, Place::at(&span).as_ref(), steps);
        let segment = steps.and_then(|steps| Step::segment(&place, steps.service()));
        let mut extensions = span.extensions_mut();
        extensions.replace(segment.as_ref().map_or(place, Step::place));
        // The step that the span was until now, in the invocation's trace, is not written.
        match segment {
            Some(segment) => extensions.replace(segment),
            None => extensions.remove::<Step>(),
        };
    });
}

/// The header that says what happens at this moment: for what is stored now and worked on later, by somebody else. None if
/// there is no trace.
pub fn here() -> Option<String> {
    Place::here().map(|place| place.header(place.parent))
}

/// The steps at work have failed for this reason.
pub fn failed(reason: &'static str, disposition: Disposition) {
    registered(&Span::current(), |span, _| {
        let mut cause = Some(reason);
        for span in span.scope() {
            if let Some(step) = span.extensions_mut().get_mut::<Step>() {
                step.document.fail(cause.take(), disposition);
            }
        }
    });
}

/// The span as the registry knows it, and the layer that writes steps, if there is one.
fn registered<T>(span: &Span, look: impl FnOnce(SpanRef<'_, Registry>, Option<&Steps>) -> T) -> Option<T> {
    let looked = span.with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        Some(look(span, dispatch.downcast_ref::<Steps>()))
    });
    looked.flatten()
}
