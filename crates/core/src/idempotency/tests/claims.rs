//! Claim, complete, release: what is in the table then.

use super::*;
use crate::disposition::{Disposition, Failure};
use crate::idempotency::Stored;
use serde_json::{Value, json};

/// An attribute of the item as a number.
fn number(item: &Value, name: &str) -> u64 {
    item[name]["N"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_run_takes_two_writes_and_no_read_and_its_replay_one() {
    let (store, table, _) = store();
    run(&store).await.complete(Some("42")).await.unwrap();
    assert_eq!(table.requests(), ["PutItem", "UpdateItem"]);

    let Outcome::Replay(stored) = claim(&store).await else {
        panic!("it was done before")
    };
    assert_eq!(stored, Stored::Response("42".into()));
    assert_eq!(table.requests(), ["PutItem", "UpdateItem", "PutItem"]);
}

#[tokio::test]
async fn the_lease_ends_at_the_deadline_in_milliseconds_and_not_after() {
    let (store, table, _) = store();
    let _claim = run(&store).await;
    let lease_ends = number(&table.item().unwrap(), "leaseEnds");
    assert!(lease_ends > START && lease_ends <= START + 60_000, "{lease_ends}");
}

#[tokio::test]
async fn the_key_is_taken_until_the_lease_ends_and_free_from_then_on() {
    let (store, table, clock) = store();
    let _crashed = run(&store).await;
    let lease_ends = number(&table.item().unwrap(), "leaseEnds");

    clock.set(lease_ends - 1);
    let Outcome::InProgress { retry_after } = claim(&store).await else {
        panic!("taken")
    };
    assert_eq!(retry_after, Duration::from_millis(1));
    clock.set(lease_ends);
    let _taken_over = run(&store).await;
}

#[tokio::test]
async fn a_completed_record_expires_after_a_day_in_seconds_though_it_is_still_in_the_table() {
    let (store, table, clock) = store();
    run(&store).await.complete(None).await.unwrap();
    let expires_at = number(&table.item().unwrap(), "expiresAt");
    assert_eq!(expires_at, START.div_ceil(1000) + 24 * 60 * 60);

    clock.set(expires_at * 1000 - 1);
    assert!(matches!(claim(&store).await, Outcome::Replay(Stored::TooLarge)));
    clock.set(expires_at * 1000);
    let _again = run(&store).await;
}

#[tokio::test]
async fn a_record_in_progress_does_not_expire_before_its_lease() {
    let (store, table, clock) = store();
    let store = store.with_expiry(Duration::ZERO);
    let _claim = run(&store).await;
    let item = table.item().unwrap();
    assert!(number(&item, "expiresAt") * 1000 >= number(&item, "leaseEnds"));
    clock.set(START + 30_000);
    assert!(matches!(claim(&store).await, Outcome::InProgress { .. }));
}

#[tokio::test]
async fn every_claim_has_another_owner_token() {
    let (store, table, _) = store();
    let mut tokens = std::collections::HashSet::new();
    for _ in 0..20 {
        let claim = run(&store).await;
        tokens.insert(table.item().unwrap()["ownerToken"]["B"].to_string());
        claim.release().await.unwrap();
    }
    assert_eq!(tokens.len(), 20);
}

#[tokio::test]
async fn a_released_key_is_free_at_once() {
    let (store, table, _) = store();
    run(&store).await.release().await.unwrap();
    assert_eq!(table.item(), None);
    let _again = run(&store).await;
}

#[tokio::test]
async fn a_stale_owner_changes_nothing_and_is_told_so() {
    let (store, table, clock) = store();
    let (slow, slower) = (run(&store).await, {
        clock.set(START + 60_000);
        run(&store).await
    });
    clock.set(START + 120_000);
    let owner = run(&store).await;
    let theirs = table.item();

    let completed = slow.complete(Some("stale")).await.unwrap_err();
    assert!(matches!(completed, StoreError::Overtaken));
    assert_eq!(completed.disposition(), Disposition::Retry);
    assert!(matches!(slower.release().await, Err(StoreError::Overtaken)));
    assert_eq!(table.item(), theirs);

    owner.complete(Some("new")).await.unwrap();
    assert_eq!(table.item().unwrap()["response"], json!({ "S": "new" }));
}

#[tokio::test]
async fn an_owner_that_is_late_but_not_overtaken_may_complete() {
    let (store, _, clock) = store();
    let late = run(&store).await;
    clock.set(START + 600_000);
    late.complete(Some("late")).await.unwrap();
    assert!(matches!(claim(&store).await, Outcome::Replay(_)));
}

#[tokio::test]
async fn another_payload_under_the_same_key_is_a_conflict_during_the_run_and_after() {
    let (store, table, _) = store();
    let owner = run(&store).await;
    assert!(matches!(try_claim(&store, "another").await, Ok(Outcome::Conflict)));
    owner.complete(None).await.unwrap();
    let record = table.item();
    assert!(matches!(try_claim(&store, "another").await, Ok(Outcome::Conflict)));
    assert_eq!(table.item(), record);
}

#[tokio::test]
async fn a_response_over_the_limit_leaves_only_the_fact() {
    let (store, table, _) = store();
    let store = store.with_most_response_bytes(10);
    run(&store).await.complete(Some("0123456789")).await.unwrap();
    assert_eq!(table.item().unwrap()["response"]["S"], "0123456789");

    let (store, table, _) = self::store();
    let store = store.with_most_response_bytes(10);
    run(&store).await.complete(Some("0123456789a")).await.unwrap();
    assert_eq!(table.item().unwrap().get("response"), None);
    assert!(matches!(claim(&store).await, Outcome::Replay(Stored::TooLarge)));
}

#[tokio::test]
async fn the_largest_record_fits_into_an_item() {
    let (_, table, clock) = store();
    let store = Store::new(table.client(), "records", &"n".repeat(255))
        .unwrap()
        .with_clock(Clock::Fixed(clock));
    let store = store.with_most_response_bytes(usize::MAX);
    run(&store).await.complete(Some(&"x".repeat(399 * 1024))).await.unwrap();
    let item = table.item().unwrap();
    assert!(item["response"]["S"].is_string(), "the response was stored");
    // Names and values as characters: more than DynamoDB counts, for numbers and for base64.
    let size: usize = item
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| name.len() + value.to_string().len())
        .sum();
    assert!(size <= 400 * 1024, "{size}");
}

#[tokio::test]
async fn a_remembered_record_needs_no_request_until_it_expires() {
    let (store, table, clock) = store();
    let store = store.with_cache(1);
    run(&store).await.complete(Some("42")).await.unwrap();
    assert!(matches!(claim(&store).await, Outcome::Replay(Stored::Response(_))));
    assert!(matches!(try_claim(&store, "another").await, Ok(Outcome::Conflict)));
    assert_eq!(table.requests(), ["PutItem", "UpdateItem"]);

    clock.set(START + 25 * 60 * 60 * 1000);
    let _again = run(&store).await;
}

#[tokio::test]
async fn a_record_in_progress_is_not_remembered() {
    let (store, table, _) = store();
    let store = store.with_cache(10);
    let owner = run(&store).await;
    assert!(matches!(claim(&store).await, Outcome::InProgress { .. }));
    owner.release().await.unwrap();
    let _again = run(&store).await;
    assert_eq!(table.requests().len(), 4);
}

#[tokio::test]
async fn two_functions_do_not_share_a_key() {
    let (store, table, clock) = store();
    let other = Store::new(table.client(), "records", "other")
        .unwrap()
        .with_clock(Clock::Fixed(clock));
    run(&store).await.complete(None).await.unwrap();
    assert!(matches!(claim(&other).await, Outcome::Run(_)));
}

#[tokio::test]
async fn without_time_nothing_is_claimed() {
    let (store, table, _) = store();
    let claimed = store
        .claim(&key(), PayloadHash::of(""), Deadline::after(Duration::ZERO))
        .await;
    assert!(matches!(claimed, Err(StoreError::NoTimeLeft)));
    assert_eq!(table.requests().len(), 0);
}

#[tokio::test]
async fn a_foreign_item_under_the_key_is_rejected() {
    let (store, table, _) = store();
    table.put(json!({ "pk": { "S": key().partition_key("test") }, "expiresAt": { "N": "9999999999" } }));
    let error = try_claim(&store, "payload").await.unwrap_err();
    assert_eq!(
        (error.disposition(), error.reason()),
        (Disposition::Reject, "malformed-idempotency-record")
    );
}

#[test]
fn an_empty_table_or_namespace_is_refused() {
    let client = Table::default().client();
    assert!(Store::new(client.clone(), "", "test").is_err());
    let error = Store::new(client, "records", "").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the namespace of the idempotency records is empty or longer than 255 bytes"
    );
}
