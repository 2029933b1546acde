//! Computing without holding up the other photos of the batch.

use std::panic::resume_unwind;

use tracing::Span;

/// Runs a computation on a thread of its own, so that other photos are fetched and published
/// meanwhile. A panic goes on in the caller, where the batch turns it into a hand-back.
pub(crate) async fn blocking<T, F>(compute: F) -> T
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
            // A blocking task that has started can't be cancelled, and one that has not is only
            // cancelled while the process shuts down: nothing is left to answer to.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}
