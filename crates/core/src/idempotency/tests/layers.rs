//! The protocol as a middleware.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::disposition::{Disposition, Failure};
use crate::idempotency::{Error, IdempotencyLayer, Identity, KeyError};
use lambda_runtime::{Diagnostic, service_fn};
use tower_layer::Layer;
use tower_service::Service;

/// A request is its order's number.
fn identify(order: &String) -> Result<Identity, KeyError> {
    Ok(Identity {
        key: Key::new([order])?,
        payload: PayloadHash::of(order),
        deadline: Deadline::after(MINUTE),
    })
}

type Receipt = Result<String, Error<lambda_runtime::Error>>;

/// A service that numbers its receipts, behind the layer; and how many it wrote.
fn service(store: Store) -> (impl AsyncFnMut(&str) -> Receipt, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let inner = service_fn(move |order: String| {
        // Counted when it is called, not when its future is polled.
        let call = counter.fetch_add(1, Ordering::SeqCst);
        async move { Ok::<_, lambda_runtime::Error>(format!("{order}: receipt {call}")) }
    });
    let mut service = IdempotencyLayer::new(store, identify).layer(inner);
    let call = async move |order: &str| {
        std::future::poll_fn(|context| Service::<String>::poll_ready(&mut service, context)).await?;
        service.call(order.to_owned()).await
    };
    (call, calls)
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_first_response() {
    let (store, _, _) = store();
    let (mut call, calls) = service(store);
    assert_eq!(call("a").await.unwrap(), "a: receipt 0");
    assert_eq!(call("b").await.unwrap(), "b: receipt 1");
    assert_eq!(call("a").await.unwrap(), "a: receipt 0");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_request_without_a_key_never_reaches_the_service() {
    let (store, table, _) = store();
    let (mut call, calls) = service(store);
    let error = call("").await.unwrap_err();
    assert!(matches!(error, Error::Key(KeyError::EmptyPart { index: 0 })));
    assert_eq!((calls.load(Ordering::SeqCst), table.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_response_that_was_not_stored_is_an_error_and_not_a_second_run() {
    let (store, _, _) = store();
    let (mut call, calls) = service(store.with_most_response_bytes(3));
    assert_eq!(call("a").await.unwrap(), "a: receipt 0");
    assert!(matches!(call("a").await, Err(Error::ResponseNotStored)));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn lambda_is_told_the_reason_or_what_the_work_said() {
    let conflict = Diagnostic::from(Error::<lambda_runtime::Error>::Conflict);
    assert_eq!(conflict.error_type, "idempotency-conflict");
    let work = Diagnostic::from(Error::Work(lambda_runtime::Error::from("declined")));
    assert_eq!(work.error_message, "declined");
}

#[test]
fn what_has_no_key_or_no_response_is_rejected() {
    #[derive(Debug, thiserror::Error)]
    #[error("never")]
    struct Never;
    impl Failure for Never {
        fn disposition(&self) -> Disposition {
            Disposition::Retry
        }
        fn reason(&self) -> &'static str {
            "never"
        }
    }
    for error in [Error::<Never>::Key(KeyError::NoParts), Error::ResponseNotStored] {
        assert_eq!(error.disposition(), Disposition::Reject);
    }
}
