//! JSON log lines: `timestamp` (RFC 3339) and `level` on top, as Lambda's JSON log format has them.

use json_subscriber::JsonLayer;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::prelude::*;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{Registry, filter::Targets};

use super::trace::{STEP, Steps};

/// Sets the process's logs up to go to standard output, and its steps to be written, if they are wanted.
pub(super) fn init(crate_name: &'static str, steps: Option<Steps>) -> Result<(), TryInitError> {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok();
    let level = level.and_then(|level| level.parse().ok()).unwrap_or(Level::INFO);
    let lines = json(std::io::stdout).with_filter(ours(crate_name, level));
    let registry = tracing_subscriber::registry().with(lines);
    // A layer of `None` would have the filters asked again at each line that nobody wants.
    match steps {
        Some(steps) => registry
            .with(steps.with_filter(Targets::new().with_target(STEP, Level::INFO)))
            .try_init(),
        None => registry.try_init(),
    }
}

/// What is logged. A warning has the fields of the spans around it even where nothing less than a warning is logged.
fn ours(crate_name: &'static str, level: Level) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("gatehouse", level)
        .with_target(crate_name, level)
        .with_target(STEP, level.max(Level::INFO))
}

fn json<W>(writer: W) -> JsonLayer<Registry, W>
where
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    let mut layer = JsonLayer::<Registry>::new(writer);
    layer.with_timer("timestamp", SystemTime);
    layer.with_level("level");
    layer.with_flattened_event();
    layer.with_top_level_flattened_span_list();
    layer
}

/// A panic's message may quote the data that caused it, so only its place is logged.
pub(super) fn panics_tell_where_not_what() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::{error, info, info_span};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(say: impl FnOnce()) -> serde_json::Value {
        logged_from(Level::INFO, say)
    }

    fn logged_from(level: Level, say: impl FnOnce()) -> serde_json::Value {
        let lines = Lines::default();
        let writer = lines.clone();
        let json = json(move || writer.clone()).with_filter(ours("a_handler", level));
        let subscriber = tracing_subscriber::registry().with(json);
        tracing::subscriber::with_default(subscriber, say);
        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1, "{written}");
        serde_json::from_str(&written).unwrap()
    }

    #[test]
    fn a_line_has_its_time_level_and_the_fields_of_all_its_spans_on_top() {
        let line = logged(|| {
            let _invocation = info_span!("invocation", requestId = "r-1", coldStart = true).entered();
            let _message = info_span!("message", messageId = "m-1").entered();
            error!(reason = "corrupt-image", "no photo");
        });

        let timestamp = line["timestamp"].as_str().unwrap();
        aws_smithy_types::DateTime::from_str(timestamp, aws_smithy_types::date_time::Format::DateTime)
            .unwrap_or_else(|error| panic!("{timestamp} is not RFC 3339: {error}"));
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["message"], "no photo");
        assert_eq!(line["reason"], "corrupt-image");
        assert_eq!(line["requestId"], "r-1");
        assert_eq!(line["coldStart"], true);
        assert_eq!(line["messageId"], "m-1");
    }

    #[test]
    fn a_warning_tells_which_record_it_is_of_where_only_warnings_are_logged() {
        let line = logged_from(Level::WARN, || {
            let _record = info_span!(target: STEP, "record", key = "a.jpg").entered();
            info!("begun");
            error!("failed");
        });
        assert_eq!(line["message"], "failed");
        assert_eq!(line["key"], "a.jpg");
    }

    #[test]
    fn the_trace_of_a_message_stands_before_that_of_the_invocation() {
        let line = logged(|| {
            let _invocation = info_span!(target: STEP, "invocation", xrayTraceId = "of the invocation").entered();
            let message = info_span!(target: STEP, "message", xrayTraceId = tracing::field::Empty).entered();
            message.record("xrayTraceId", "of the message");
            error!("failed");
        });
        assert_eq!(line["xrayTraceId"], "of the message");
        assert_eq!(line.to_string().matches("xrayTraceId").count(), 1);
    }

    #[test]
    fn the_message_of_a_panic_stays_out_of_the_log() {
        let before = std::panic::take_hook();
        panics_tell_where_not_what();
        let line = logged(|| {
            let _ = std::panic::catch_unwind(|| panic!("the amount is 1200"));
        });
        std::panic::set_hook(before);

        assert!(line["place"].as_str().unwrap().contains("log.rs"));
        assert!(!line.to_string().contains("1200"));
    }
}
