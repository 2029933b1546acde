//! Makes subsegments of spans.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::daemon::Daemon;
use super::document::annotation;
use super::place::{Place, Step};

/// Writes each span that belongs to a trace, when it closes. It should see none but those of [`super::STEP`].
#[derive(Debug)]
pub(crate) struct Steps {
    daemon: Arc<Daemon>,
    service: String,
}

/// The fields that a span began with.
#[derive(Debug, Default)]
struct Fields(BTreeMap<&'static str, Value>);

impl Steps {
    /// Writes to this daemon, in the name of this service.
    pub fn new(daemon: Daemon, service: impl Into<String>) -> Self {
        Self {
            daemon: Arc::new(daemon),
            service: service.into(),
        }
    }

    pub(super) fn daemon(&self) -> Arc<Daemon> {
        Arc::clone(&self.daemon)
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }
}

impl<S> Layer<S> for Steps
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let place = span.parent().and_then(|parent| Place::at(&parent));
        let step = place.and_then(|place| Step::subsegment(&place, span.name()));
        let mut extensions = span.extensions_mut();
        extensions.replace(fields);
        if let Some(step) = step {
            extensions.replace(step.place());
            extensions.replace(step);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let (step, fields) = {
            let mut extensions = span.extensions_mut();
            (extensions.remove::<Step>(), extensions.remove::<Fields>())
        };
        if let Some(mut step) = step {
            step.document.annotations = fields.unwrap_or_default().0;
            step.end();
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), annotation(&format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), annotation(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), value.into());
    }
}
