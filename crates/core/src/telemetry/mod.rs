//! What a function says: JSON lines that CloudWatch Logs can search, metrics in the embedded
//! metric format (EMF), both on standard output, and [traces](trace) for X-Ray.

mod log;
pub mod trace;

use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::Context;
use metrics_cloudwatch_embedded::{Builder, Collector};
use tracing::{Span, info_span};

use trace::{Daemon, STEP, Steps, TraceHeader};

/// The logs and metrics of this process.
pub struct Telemetry {
    metrics: &'static Collector,
    warm: AtomicBool,
}

/// Telemetry could not be set up, because something in this process had set it up before.
#[derive(Debug, thiserror::Error)]
#[error("logs and metrics can't be set up: {0}")]
pub struct AlreadySetUp(String);

impl Telemetry {
    /// Sets up logs, metrics, traces and the panic hook. Once in a process.
    ///
    /// `crate_name` is the handler's own crate: the level from `AWS_LAMBDA_LOG_LEVEL` (default
    /// `INFO`) holds for it and for this one. Everybody else may only warn, so that no library
    /// writes a header or a body into the log when someone asks for `DEBUG`.
    ///
    /// # Errors
    /// [`AlreadySetUp`] if it is called a second time.
    pub fn init(crate_name: &'static str) -> Result<Self, AlreadySetUp> {
        let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let service = if function.is_empty() {
            crate_name
        } else {
            function.as_str()
        };
        let (daemon, no_daemon) = match Daemon::of_process() {
            Ok(daemon) => (daemon, None),
            Err(error) => (None, Some(error)),
        };
        let steps = daemon.map(|daemon| Steps::new(daemon, service));
        log::init(crate_name, steps).map_err(|error| AlreadySetUp(error.to_string()))?;
        log::panics_tell_where_not_what();
        if let Some(error) = no_daemon {
            tracing::warn!(reason = "no-traces", "the X-Ray daemon can't be reached: {error}");
        }
        let namespace = std::env::var("METRICS_NAMESPACE").unwrap_or_else(|_| "Gatehouse".into());
        let metrics = Builder::new()
            .cloudwatch_namespace(namespace)
            .with_dimension("function", function)
            .init()
            .map_err(|error| AlreadySetUp(error.to_string()))?;
        let warm = AtomicBool::new(false);
        Ok(Self { metrics, warm })
    }

    /// The span of one invocation. Every line that is logged inside of it carries its fields.
    pub(crate) fn invocation(&self, context: &Context) -> Span {
        let cold = !self.warm.swap(true, Ordering::Relaxed);
        if cold {
            metrics::counter!("ColdStarts").increment(1);
        }
        self.metrics.set_property("requestId", context.request_id.clone());
        let header = context.xray_trace_id.as_deref().and_then(TraceHeader::read);
        let span = info_span!(
            target: STEP,
            "invocation",
            requestId = context.request_id,
            coldStart = cold,
            functionVersion = context.env_config.version,
            xrayTraceId = header.as_ref().map(TraceHeader::trace_id),
        );
        if let Some(header) = &header {
            trace::continue_in(&span, header);
        }
        span
    }

    /// Writes the metrics gathered since the last time, as EMF.
    pub(crate) fn flush(&self) {
        // Standard output is all that there is; if it is gone, nobody can be told.
        let _ = self.metrics.flush(std::io::stdout());
    }
}
