//! The whole protocol around a future.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};

use super::table::Fault::{LostRequest, Throttled};
use super::*;
use crate::disposition::{Disposition, Failure};
use crate::idempotency::{Done, Error, idempotent};
use serde_json::json;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("declined")]
struct Declined;

impl Failure for Declined {
    fn disposition(&self) -> Disposition {
        Disposition::Reject
    }

    fn reason(&self) -> &'static str {
        "declined"
    }
}

/// Runs work that counts, and fails until it was called so many times.
async fn count(store: &Store, calls: &AtomicU32, failures: u32) -> Result<Done<u32>, Error<Declined>> {
    let work = async {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        if call < failures { Err(Declined) } else { Ok(call) }
    };
    idempotent(store, &key(), "payload", Deadline::after(MINUTE), work).await
}

#[tokio::test]
async fn work_runs_once_and_its_response_is_replayed() {
    let (store, _, _) = store();
    let calls = AtomicU32::new(0);
    assert_eq!(count(&store, &calls, 0).await.unwrap(), Done::Ran(0));
    assert_eq!(count(&store, &calls, 0).await.unwrap(), Done::Replayed(0));
    assert_eq!(calls.into_inner(), 1);
}

#[tokio::test]
async fn work_that_fails_says_so_and_runs_again_with_the_next_delivery() {
    let (store, table, _) = store();
    let calls = AtomicU32::new(0);
    let error = count(&store, &calls, 1).await.unwrap_err();
    assert_eq!((error.disposition(), error.reason()), (Disposition::Reject, "declined"));
    assert_eq!(table.item(), None);
    assert_eq!(count(&store, &calls, 1).await.unwrap(), Done::Ran(1));
}

#[tokio::test]
async fn work_that_fails_while_the_table_is_down_says_what_the_work_said() {
    let (store, table, _) = store();
    let work = async {
        table.fail(&[Throttled; 3]);
        Err::<u32, _>(Declined)
    };
    let failed = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work).await;
    assert!(matches!(failed, Err(Error::Work(Declined))));
}

#[tokio::test]
async fn work_whose_completion_is_not_recorded_is_an_error_to_retry() {
    let (store, table, clock) = store();
    let work = async {
        table.fail(&[LostRequest; 3]);
        Ok::<_, Declined>(1_u32)
    };
    let failed = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work).await;
    assert_eq!(failed.unwrap_err().disposition(), Disposition::Retry);
    // The SDK tries less often when other tests have used up the retries that this process may make.
    table.faults_end();
    clock.set(START + 60_000);
    assert_eq!(count(&store, &AtomicU32::new(7), 0).await.unwrap(), Done::Ran(7));
}

#[tokio::test]
async fn work_is_not_started_while_another_is_at_it_or_on_a_conflict() {
    let (store, _, _) = store();
    let owner = run(&store).await;
    let calls = AtomicU32::new(0);
    let error = count(&store, &calls, 0).await.unwrap_err();
    assert!(matches!(error, Error::InProgress { .. }));
    assert_eq!(error.disposition(), Disposition::Retry);
    owner.complete(Some("1")).await.unwrap();

    let work = async { Ok::<_, Declined>(calls.fetch_add(1, Ordering::SeqCst)) };
    let error = idempotent(&store, &key(), "another", Deadline::after(MINUTE), work)
        .await
        .unwrap_err();
    assert_eq!(
        (error.disposition(), error.reason()),
        (Disposition::Reject, "idempotency-conflict")
    );
    assert_eq!(calls.into_inner(), 0);
}

#[tokio::test(start_paused = true)]
async fn work_is_stopped_at_the_deadline_when_its_lease_ends() {
    let (store, table, clock) = store();
    let finished = AtomicU32::new(0);
    let work = async {
        tokio::time::sleep(MINUTE * 2).await;
        Ok::<_, Declined>(finished.fetch_add(1, Ordering::SeqCst))
    };
    let error = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::OutOfTime));
    assert_eq!(error.disposition(), Disposition::Retry);
    assert_eq!((finished.into_inner(), table.requests().len()), (0, 1));
    clock.set(START + 60_000);
    let _next_delivery = run(&store).await;
}

#[tokio::test]
async fn a_run_that_was_overtaken_does_not_pass_off_its_response() {
    let (store, table, clock) = store();
    let work = async {
        clock.set(START + 60_000);
        run(&store).await.complete(Some("2")).await.unwrap();
        Ok::<_, Declined>(1_u32)
    };
    let failed = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work).await;
    assert!(matches!(failed, Err(Error::Store(StoreError::Overtaken))));
    assert_eq!(table.item().unwrap()["response"], json!({ "S": "2" }));
}

#[tokio::test]
async fn a_run_that_is_dropped_in_the_middle_waits_for_its_lease() {
    let (store, _, clock) = store();
    let never = std::future::pending::<Result<u32, Declined>>();
    let key = key();
    let dropped = idempotent(&store, &key, "payload", Deadline::after(MINUTE), never);
    assert!(tokio::time::timeout(Duration::from_millis(20), dropped).await.is_err());
    assert!(matches!(claim(&store).await, Outcome::InProgress { .. }));
    clock.set(START + 60_000);
    let _next_delivery = run(&store).await;
}

#[tokio::test]
async fn a_response_that_was_too_large_is_replayed_as_such() {
    let (store, _, _) = store();
    let store = store.with_most_response_bytes(3);
    let work = async || Ok::<_, Infallible>("four".to_owned());
    for expected in [Done::Ran("four".to_owned()), Done::ReplayedWithout] {
        let done = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work()).await;
        assert_eq!(done.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_stored_response_of_another_type_is_rejected_without_quoting_it() {
    let (store, _, _) = store();
    run(&store).await.complete(Some("\"secret\"")).await.unwrap();
    let error = count(&store, &AtomicU32::new(0), 0).await.unwrap_err();
    assert_eq!(
        (error.disposition(), error.reason()),
        (Disposition::Reject, "unreadable-response")
    );
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_response_that_is_no_json_still_counts_as_done() {
    let (store, _, _) = store();
    let unwritable = || std::collections::BTreeMap::from([(vec![1_u8], 1_u8)]);
    let work = async || Ok::<_, Infallible>(unwritable());
    for expected in [Done::Ran(unwritable()), Done::ReplayedWithout] {
        let done = idempotent(&store, &key(), "payload", Deadline::after(MINUTE), work()).await;
        assert_eq!(done.unwrap(), expected);
    }
}
