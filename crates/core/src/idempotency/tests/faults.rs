//! A fault in each call, and a crash between each two.

use super::table::Fault::{self, AccessDenied, InternalError, LostAnswer, LostRequest, Throttled};
use super::*;
use crate::disposition::{Disposition, Failure};
use crate::idempotency::Stored;

const PASSING: [Fault; 4] = [Throttled, InternalError, LostRequest, LostAnswer];
/// So many tries has a call.
const TRIES: usize = 3;

fn is_retry<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(error.disposition(), Disposition::Retry);
}

fn after_the_lease(clock: &FixedClock) {
    clock.set(START + 60_000);
}

#[tokio::test]
async fn a_claim_with_one_fault_is_a_run_even_if_it_had_taken_effect_already() {
    for fault in PASSING {
        let (store, table, _) = store();
        table.fail(&[fault]);
        let owner = run(&store).await;
        assert_eq!(table.requests(), ["PutItem", "PutItem"], "{fault:?}");
        owner.complete(Some("42")).await.unwrap();
        assert!(matches!(claim(&store).await, Outcome::Replay(_)), "{fault:?}");
    }
}

#[tokio::test]
async fn a_completion_with_one_fault_is_recorded_even_if_it_had_taken_effect_already() {
    for fault in PASSING {
        let (store, table, _) = store();
        let owner = run(&store).await;
        table.fail(&[fault]);
        owner.complete(Some("42")).await.unwrap();
        assert_eq!(table.requests(), ["PutItem", "UpdateItem", "UpdateItem"], "{fault:?}");
        let replay = claim(&store).await;
        assert!(
            matches!(replay, Outcome::Replay(Stored::Response(response)) if response == "42"),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_release_with_one_fault_frees_the_key_even_if_it_had_taken_effect_already() {
    for fault in PASSING {
        let (store, table, _) = store();
        let owner = run(&store).await;
        table.fail(&[fault]);
        owner.release().await.unwrap();
        assert_eq!(table.item(), None, "{fault:?}");
    }
}

#[tokio::test]
async fn a_claim_that_never_succeeds_is_retry_and_the_key_is_free_after_the_lease_at_the_latest() {
    for fault in PASSING {
        let (store, table, clock) = store();
        table.fail(&[fault; TRIES]);
        is_retry(try_claim(&store, "payload").await);
        if fault == LostAnswer {
            assert!(matches!(claim(&store).await, Outcome::InProgress { .. }));
            after_the_lease(&clock);
        }
        let _next_delivery = run(&store).await;
    }
}

#[tokio::test]
async fn a_completion_that_never_succeeds_is_retry_and_the_next_delivery_knows_what_took_effect() {
    for fault in PASSING {
        let (store, table, clock) = store();
        let owner = run(&store).await;
        table.fail(&[fault; TRIES]);
        is_retry(owner.complete(Some("42")).await);
        if fault == LostAnswer {
            assert!(matches!(claim(&store).await, Outcome::Replay(_)));
        } else {
            assert!(matches!(claim(&store).await, Outcome::InProgress { .. }), "{fault:?}");
            after_the_lease(&clock);
            let _next_delivery = run(&store).await;
        }
    }
}

#[tokio::test]
async fn a_release_that_never_succeeds_is_retry_and_the_key_is_free_after_the_lease_at_the_latest() {
    for fault in PASSING {
        let (store, table, clock) = store();
        let owner = run(&store).await;
        table.fail(&[fault; TRIES]);
        is_retry(owner.release().await);
        if fault != LostAnswer {
            assert!(matches!(claim(&store).await, Outcome::InProgress { .. }), "{fault:?}");
            after_the_lease(&clock);
        }
        let _next_delivery = run(&store).await;
    }
}

#[tokio::test]
async fn what_dynamodb_does_not_allow_is_retry_without_a_second_try() {
    let (store, table, _) = store();
    table.fail(&[AccessDenied]);
    is_retry(try_claim(&store, "payload").await);
    assert_eq!(table.requests(), ["PutItem"]);
}

#[tokio::test]
async fn a_copy_of_a_claim_that_arrives_late_does_not_undo_its_completion() {
    let (store, table, _) = store();
    run(&store).await.complete(Some("42")).await.unwrap();
    let completed = table.item();
    table.arrives_again(0);
    assert_eq!(table.item(), completed);
}

#[tokio::test]
async fn copies_of_what_a_former_owner_sent_change_nothing_of_the_new_owners() {
    let (store, table, clock) = store();
    run(&store).await.release().await.unwrap();
    let former = run(&store).await;
    let _ = former.complete(Some("former")).await;
    clock.set(START + 25 * 60 * 60 * 1000);
    let owner = run(&store).await;
    assert_eq!(table.requests().len(), 5);

    assert_copies_change_nothing(&table);
    owner.complete(Some("new")).await.unwrap();
    assert_copies_change_nothing(&table);
}

fn assert_copies_change_nothing(table: &Table) {
    let theirs = table.item();
    for copy in 0..4 {
        table.arrives_again(copy);
        assert_eq!(table.item(), theirs, "request {copy}");
    }
}

#[tokio::test]
async fn a_copy_of_its_own_release_does_not_delete_a_completed_record() {
    let (store, table, _) = store();
    let owner = run(&store).await;
    table.fail(&[LostRequest; TRIES]);
    let token = table.item().unwrap()["ownerToken"].clone();
    is_retry(owner.release().await);
    let mut item = table.item().unwrap();
    assert_eq!(item["ownerToken"], token);
    item.as_object_mut().unwrap().remove("leaseEnds");
    table.put(item.clone());
    table.arrives_again(1);
    assert_eq!(table.item(), Some(item));
}

#[tokio::test]
async fn a_crash_after_the_claim_loses_nothing() {
    let (store, _, clock) = store();
    drop(run(&store).await);
    assert!(matches!(claim(&store).await, Outcome::InProgress { .. }));
    after_the_lease(&clock);
    let _next_delivery = run(&store).await;
}
