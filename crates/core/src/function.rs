//! The loop of a Lambda function: next invocation, handler, answer.

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument;

use crate::telemetry::Telemetry;

/// Runs `handle` for every invocation until Lambda ends the process, with the invocation's fields
/// in each log line and the metrics flushed before each answer.
///
/// # Errors
/// If the Runtime API is gone.
pub async fn run<Event, Answer, E, Handle, Done>(telemetry: Telemetry, handle: Handle) -> Result<(), Error>
where
    Event: DeserializeOwned + Send,
    Answer: Serialize,
    E: std::error::Error + Send + Sync + 'static,
    Handle: Fn(LambdaEvent<Event>) -> Done,
    Done: Future<Output = Result<Answer, E>>,
{
    let service = service_fn(|event: LambdaEvent<Event>| {
        let span = telemetry.invocation(&event.context);
        // Boxed: a handler's future is large, and the compiler gives up on nesting it deeper.
        let work = Box::pin(handle(event)).instrument(span.clone());
        let telemetry = &telemetry;
        async move {
            let answer = work.await;
            if let Err(error) = &answer {
                span.in_scope(|| tracing::error!(reason = "invocation-failed", "{error}"));
            }
            telemetry.flush();
            answer.map_err(Error::from)
        }
    });
    // The runtime's own tracing layer would put a second request id beside ours.
    Runtime::new(service).run().await
}
