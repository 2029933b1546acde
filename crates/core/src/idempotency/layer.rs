//! The protocol as a tower middleware.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_layer::Layer;
use tower_service::Service;

use super::error::Error;
use super::key::{Key, KeyError, PayloadHash};
use super::run::{Done, run};
use super::store::Store;
use crate::deadline::Deadline;

/// What the protocol has to know of a request.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What makes two requests the same.
    pub key: Key,
    /// What it asks for.
    pub payload: PayloadHash,
    /// When its invocation ends.
    pub deadline: Deadline,
}

/// Makes a service idempotent: a request that was served before gets the response of that time.
///
/// `Identify` is a function that says who a request is: `Fn(&Request) -> Result<Identity, KeyError>`.
#[derive(Debug)]
pub struct IdempotencyLayer<Identify> {
    store: Store,
    identify: Arc<Identify>,
}

impl<Identify> IdempotencyLayer<Identify> {
    /// A layer that keeps its records in this store.
    pub fn new(store: Store, identify: Identify) -> Self {
        let identify = Arc::new(identify);
        Self { store, identify }
    }
}

impl<Identify> Clone for IdempotencyLayer<Identify> {
    fn clone(&self) -> Self {
        let (store, identify) = (self.store.clone(), Arc::clone(&self.identify));
        Self { store, identify }
    }
}

impl<S, Identify> Layer<S> for IdempotencyLayer<Identify> {
    type Service = Idempotent<S, Identify>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        Idempotent { inner, layer }
    }
}

/// A service behind an [`IdempotencyLayer`].
#[derive(Debug)]
pub struct Idempotent<S, Identify> {
    inner: S,
    layer: IdempotencyLayer<Identify>,
}

impl<S: Clone, Identify> Clone for Idempotent<S, Identify> {
    fn clone(&self) -> Self {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Self { inner, layer }
    }
}

impl<S, Identify, Request> Service<Request> for Idempotent<S, Identify>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: Serialize + DeserializeOwned + Send,
    S::Error: Send,
    Identify: Fn(&Request) -> Result<Identity, KeyError>,
    Request: Send + 'static,
{
    type Response = S::Response;
    /// As of [`idempotent`](super::idempotent), and [`Error::Key`], [`Error::ResponseNotStored`]: Reject.
    type Error = Error<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, Error<S::Error>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Error::Work)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let identity = (self.layer.identify)(&request);
        let store = self.layer.store.clone();
        // The one that said it is ready serves this request; its clone has to be asked first.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let Identity { key, payload, deadline } = identity?;
            // Called inside, so that a service that starts at once does not start before the claim.
            let work = async move { inner.call(request).await };
            match run(&store, &key, payload, deadline, work).await? {
                Done::Ran(response) | Done::Replayed(response) => Ok(response),
                Done::ReplayedWithout => Err(Error::ResponseNotStored),
            }
        })
    }
}
