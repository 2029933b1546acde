//! Each piece of work once, however often its event is delivered: claim, run, record, replay.
//!
//! Triggers deliver at least once, and clients repeat requests. A handler that charges a card or sends
//! a letter names each piece of work by a [`Key`]; DynamoDB keeps one record per key, and whoever
//! claims it finds out what to do ([`Outcome`]):
//!
//! | outcome | the record | so |
//! | --- | --- | --- |
//! | `Run` | none, expired, or of a lease that lapsed | do the work |
//! | `Replay` | completed, same payload | answer as then |
//! | `InProgress` | claimed, its lease runs | try again later |
//! | `Conflict` | of another payload | refuse |
//!
//! The one thing to know: **every claim has an owner token of its own**, and only its owner changes
//! the record. Who was so slow that the lease lapsed and somebody else claimed the key is told so
//! ([`StoreError::Overtaken`]) and changes nothing. The lease ends with the invocation.
//!
//! What becomes of a fault, in each call:
//!
//! | fault | claim | complete | release |
//! | --- | --- | --- | --- |
//! | throttled, 5xx, request lost, once | repeated: `Run` | repeated: recorded | repeated: free |
//! | took effect, answer lost, once | finds its own token: `Run` | changes nothing more: recorded | nothing left: free |
//! | the same with every try | Retry; free, or taken until the lease ends if it took effect | Retry; if it took effect the next delivery replays, else it runs after the lease | the work's error; free, or taken until the lease ends |
//! | crash right after it | taken until the lease ends, then `Run` | replayed | free |
//!
//! [`idempotent`] does all of it around a future, [`IdempotencyLayer`] around a tower service, and
//! [`Store::claim`] leaves it to you. A handler becomes idempotent like this:
//!
//! ```
//! use gatehouse_core::deadline::Deadline;
//! use gatehouse_core::idempotency::{Error, Key, Store, idempotent};
//! # use std::convert::Infallible;
//! # async fn charge(_order: &str) -> Result<String, Infallible> { Ok("receipt".into()) }
//!
//! async fn handle(store: &Store, order: &str, body: &str, deadline: Deadline) -> Result<String, Error<Infallible>> {
//!     let key = Key::new(["charge", order])?;
//!     let done = idempotent(store, &key, body, deadline, charge(order)).await?;
//!     done.response().ok_or(Error::ResponseNotStored)
//! }
//! ```
//!
//! A whole function behind the layer:
//!
//! ```no_run
//! use gatehouse_core::deadline::Deadline;
//! use gatehouse_core::idempotency::{IdempotencyLayer, Identity, Key, PayloadHash, Store};
//! use lambda_runtime::{LambdaEvent, service_fn};
//! use serde_json::Value;
//! use tower_layer::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), lambda_runtime::Error> {
//! let client = aws_sdk_dynamodb::Client::new(&gatehouse_core::aws::config());
//! let store = Store::new(client, "idempotency", "charge")?;
//! let layer = IdempotencyLayer::new(store, |event: &LambdaEvent<Value>| {
//!     Ok(Identity {
//!         key: Key::new([event.payload["order"].as_str().unwrap_or_default()])?,
//!         payload: PayloadHash::of(event.payload.to_string()),
//!         deadline: Deadline::of(&event.context),
//!     })
//! });
//! let charge = service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, lambda_runtime::Error>(event.payload) });
//! lambda_runtime::run(layer.layer(charge)).await
//! # }
//! ```

mod cache;
mod claim;
mod clock;
mod error;
mod key;
mod layer;
mod record;
mod run;
mod store;

pub use claim::Claim;
pub use clock::{Clock, FixedClock};
pub use error::{Error, StoreError, UnusableName};
pub use key::{Key, KeyError, PayloadHash};
pub use layer::{IdempotencyLayer, Idempotent, Identity};
pub use record::Stored;
pub use run::{Done, idempotent};
pub use store::{Outcome, Store};

#[cfg(test)]
mod tests;
