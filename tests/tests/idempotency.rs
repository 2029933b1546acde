//! The idempotency protocol on a DynamoDB that takes every request as it is sent. Each test has a
//! table of its own. Time is a clock that the test sets; nobody waits for a lease.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use futures_util::future::join_all;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::idempotency::{
    Claim, Clock, Done, Error, FixedClock, Key, Outcome, PayloadHash, Store, StoreError, Stored, idempotent,
};
use gatehouse_tests::idempotency_table::IdempotencyTable;

const MINUTE: Duration = Duration::from_secs(60);
const START: u64 = 1_800_000_000_250;

fn key() -> Key {
    Key::new(["order"]).unwrap()
}

async fn claim(store: &Store) -> Outcome {
    claim_for(store, &key(), "payload").await
}

async fn claim_for(store: &Store, key: &Key, payload: &str) -> Outcome {
    let claimed = store.claim(key, PayloadHash::of(payload), Deadline::after(MINUTE));
    claimed.await.unwrap()
}

async fn run(store: &Store) -> Claim {
    match claim(store).await {
        Outcome::Run(claim) => claim,
        other => panic!("not ours: {other:?}"),
    }
}

/// A table, a store on it, and the clock of that store.
async fn room() -> (IdempotencyTable, Store, FixedClock) {
    let (table, clock) = (IdempotencyTable::create().await, FixedClock::at(START));
    let store = table.store().with_clock(Clock::Fixed(clock.clone()));
    (table, store, clock)
}

/// As many instances of a function: each its own client, all the same clock.
async fn instances(table: &IdempotencyTable, clock: &FixedClock) -> Vec<Store> {
    let stores = join_all((0..32).map(|_| table.store_elsewhere())).await;
    let on_the_clock = |store: Store| store.with_clock(Clock::Fixed(clock.clone()));
    stores.into_iter().map(on_the_clock).collect()
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_32_concurrent_claims_exactly_one_runs_in_each_of_200_rounds() {
    let (table, _, clock) = room().await;
    let instances = instances(&table, &clock).await;
    for round in 0..200 {
        let key = Key::new([format!("round {round}")]).unwrap();
        let claims = instances.iter().map(|store| claim_for(store, &key, "payload"));
        let outcomes = join_all(claims).await;
        let runs = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Run(_)));
        let others = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::InProgress { .. }));
        assert_eq!((runs.count(), others.count()), (1, 31), "round {round}");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn of_32_concurrent_claims_on_a_lapsed_lease_exactly_one_takes_over() {
    let (table, store, clock) = room().await;
    let instances = instances(&table, &clock).await;
    for round in 0..20 {
        let _killed = run(&store).await;
        clock.set(table.number("leaseEnds").await);
        let mut outcomes = join_all(instances.iter().map(claim)).await;
        outcomes.retain(|outcome| matches!(outcome, Outcome::Run(_)));
        assert_eq!(outcomes.len(), 1, "round {round}");
        let Some(Outcome::Run(owner)) = outcomes.pop() else {
            panic!("a run")
        };
        owner.release().await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_process_that_is_killed_loses_nothing_and_its_key_is_taken_over_after_the_lease_and_not_before() {
    let table = IdempotencyTable::create().await;
    let mut process = Command::new(env!("CARGO_BIN_EXE_claim_and_wait"))
        .arg(&table.name)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(said, "claimed\n");

    let lease_ends = table.number("leaseEnds").await;
    let clock = FixedClock::at(lease_ends - 1);
    let store = table.store().with_clock(Clock::Fixed(clock.clone()));
    assert!(matches!(claim(&store).await, Outcome::InProgress { retry_after } if retry_after.as_millis() == 1));
    clock.set(lease_ends);
    run(&store).await.complete(Some("done")).await.unwrap();
    assert!(matches!(claim(&store).await, Outcome::Replay(Stored::Response(response)) if response == "done"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_run_that_is_dropped_in_the_middle_runs_again_after_its_lease() {
    let (table, store, clock) = room().await;
    let never = std::future::pending::<Result<u32, Infallible>>();
    let key = key();
    let dropped = idempotent(&store, &key, "payload", Deadline::after(MINUTE), never);
    let _ = tokio::time::timeout(Duration::from_secs(1), dropped).await.unwrap_err();
    assert!(matches!(claim(&store).await, Outcome::InProgress { .. }));
    clock.set(table.number("leaseEnds").await);
    let work = async { Ok::<_, Infallible>(7_u32) };
    let done = idempotent(&store, &key, "payload", Deadline::after(MINUTE), work).await;
    assert_eq!(done.unwrap(), Done::Ran(7));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_stale_owner_is_refused_and_the_new_owners_record_stands() {
    let (table, store, clock) = room().await;
    let slow = run(&store).await;
    clock.set(table.number("leaseEnds").await);
    let slower = run(&store).await;
    clock.set(table.number("leaseEnds").await);
    let owner = run(&store).await;

    let in_progress = table.item().await;
    assert!(matches!(slow.complete(Some("stale")).await, Err(StoreError::Overtaken)));
    assert!(matches!(slower.release().await, Err(StoreError::Overtaken)));
    assert_eq!(table.item().await, in_progress);

    owner.complete(Some("new")).await.unwrap();
    assert!(matches!(claim(&store).await, Outcome::Replay(Stored::Response(response)) if response == "new"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_stale_owner_is_refused_after_the_new_owner_completed() {
    let (table, store, clock) = room().await;
    let (slow, key) = (run(&store).await, key());
    clock.set(table.number("leaseEnds").await);
    run(&store).await.complete(Some("new")).await.unwrap();
    let completed = table.item().await;
    assert!(matches!(slow.complete(Some("stale")).await, Err(StoreError::Overtaken)));
    assert_eq!(table.item().await, completed);
    assert!(matches!(claim_for(&store, &key, "payload").await, Outcome::Replay(_)));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_response_is_replayed_and_another_payload_is_a_conflict() {
    let (table, store, _) = room().await;
    let (key, calls) = (key(), AtomicU32::new(0));
    let work = async || Ok::<_, Infallible>((calls.fetch_add(1, Ordering::SeqCst), "ümlaut \u{1F600}".to_owned()));
    for expected in [
        Done::Ran((0, "ümlaut \u{1F600}".into())),
        Done::Replayed((0, "ümlaut \u{1F600}".into())),
    ] {
        let done = idempotent(&store, &key, "payload", Deadline::after(MINUTE), work()).await;
        assert_eq!(done.unwrap(), expected);
    }
    let record = table.item().await;
    let conflict = idempotent(&store, &key, "another", Deadline::after(MINUTE), work()).await;
    assert!(matches!(conflict, Err(Error::Conflict)));
    assert_eq!((calls.load(Ordering::SeqCst), table.item().await), (1, record));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_expired_record_that_is_still_in_the_table_runs_again_and_not_a_second_earlier() {
    let (table, store, clock) = room().await;
    run(&store).await.complete(Some("old")).await.unwrap();
    let expires_at = table.number("expiresAt").await;
    assert_eq!(expires_at, START / 1000 + 1 + 24 * 60 * 60);

    clock.set(expires_at * 1000 - 1);
    assert!(matches!(claim(&store).await, Outcome::Replay(_)));
    clock.set(expires_at * 1000);
    let again = run(&store).await;
    assert!(
        !table.item().await.unwrap().contains_key("response"),
        "nothing is left of the old record"
    );
    again.release().await.unwrap();
    assert_eq!(table.item().await, None);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn work_that_fails_gives_the_key_back() {
    let (table, store, _) = room().await;
    let work = async { Err::<(), _>("declined") };
    let failed = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work).await;
    assert!(matches!(failed, Err(Error::Work("declined"))));
    assert_eq!(table.item().await, None);
}

/// Turns the next answers into an internal error, after the request took effect.
#[derive(Debug, Clone, Default)]
struct LosesAnswers(Arc<AtomicU32>);

impl Intercept for LosesAnswers {
    fn name(&self) -> &'static str {
        "LosesAnswers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let to_lose = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if to_lose.is_ok() {
            *context.response_mut().status_mut() = 500.try_into().unwrap();
        }
        Ok(())
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn each_call_that_is_repeated_because_its_answer_was_lost_succeeds() {
    let table = IdempotencyTable::create().await;
    let losing = LosesAnswers::default();
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = table.client.config().to_builder().retry_config(retries);
    let config = config.interceptor(losing.clone()).build();
    let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config), &table.name, "test").unwrap();

    losing.0.store(1, Ordering::SeqCst);
    let owner = run(&store).await;
    losing.0.store(1, Ordering::SeqCst);
    owner.release().await.unwrap();
    assert_eq!(table.item().await, None);

    let owner = run(&store).await;
    losing.0.store(2, Ordering::SeqCst);
    owner.complete(Some("done")).await.unwrap();
    assert_eq!(losing.0.load(Ordering::SeqCst), 0, "answers were lost");
    assert!(matches!(claim(&store).await, Outcome::Replay(Stored::Response(response)) if response == "done"));
}
