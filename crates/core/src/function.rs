//! The loop of a Lambda function: next invocation, handler, answer.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument;

use crate::telemetry::Telemetry;

/// Enough for the first request to the Runtime API to be on its way.
const HEAD_START: Duration = Duration::from_millis(1);

/// Starts `work` beside [`run`]: connections that the first invocation will want, opened while it is on its way.
///
/// Call it right before. It is not waited for, and begins when Lambda has been asked for that invocation: reading the
/// certificates alone would otherwise make the start some milliseconds longer.
pub fn warm_up(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async {
        tokio::time::sleep(HEAD_START).await;
        work.await;
    });
}

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
