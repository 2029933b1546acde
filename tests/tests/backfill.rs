//! The deployed backfill: photos lie in the source bucket, nothing has told of them, and a run of the real state machine
//! with the real `bootstrap` publishes them.
//!
//! `make bench-backfill` runs it over 1,000 objects, and prints what it says of itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Instant;

use gatehouse_backfill::{BackfillError, Resumed, Status};
use gatehouse_tests::backfill::Backfill;
use gatehouse_tests::eventually;
use gatehouse_tests::photos::{sample, still_visible};
use gatehouse_tests::stack::{PATIENCE, Stack};

/// Among them two that are no photos.
fn objects() -> usize {
    let asked = std::env::var("GATEHOUSE_BACKFILL_OBJECTS");
    asked.map_or(40, |number| number.parse().expect("a number of objects"))
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_backfill_that_is_stopped_and_resumed_publishes_every_photo_once_and_no_older_one_than_was_uploaded_meanwhile()
 {
    let (stack, backfill) = (Stack::connect().await, Backfill::connect().await);
    let (prefix, photo) = ("lay-there/", sample("astronaut.jpg"));
    let (total, keys) = (objects(), |number: usize| format!("{prefix}{number:06}.jpg"));
    let mut files: Vec<(String, Vec<u8>)> = (2..total).map(|number| (keys(number), photo.clone())).collect();
    files.push((format!("{prefix}note.txt"), b"no photo".to_vec()));
    files.push((format!("{prefix}truncated.jpg"), photo[..photo.len() / 2].to_vec()));
    let patience = PATIENCE * u32::try_from(total.div_ceil(250)).unwrap();
    stack.upload_untold(&files).await;
    stack.settle().await;
    assert_eq!(backfill.published_versions(prefix).await, 0);

    let start = Instant::now();
    let execution = backfill.runs().start(prefix).await.unwrap();
    eventually("some of it published", PATIENCE, || async {
        (backfill.published_versions(prefix).await >= total / 10).then_some(())
    })
    .await;
    backfill.runs().stop(&execution).await.unwrap();
    let stopped = backfill.ended(&execution, PATIENCE).await;
    let halfway = backfill.report(&stopped).await;
    println!("stopped: {}", serde_json::to_string(&halfway).unwrap());
    assert_eq!((stopped.status, halfway.is_complete()), (Status::Stopped, false));
    assert!(halfway.missing() > 2, "nothing was left to do");

    // The last in the order of keys: its turn has not come.
    let last = keys(total - 1);
    stack.upload(&last, &sample("hopper.jpeg"), "image/jpeg").await;
    let newest = stack.published(&last).await;
    let versions = stack.published_versions(&last).await.len();

    let Resumed::Another(resumed) = backfill.runs().resume(&stopped).await.unwrap() else {
        panic!("the local AWS can't redrive");
    };
    let run = backfill.ended(&resumed, patience).await;
    let report = backfill.report(&run).await;
    println!("resumed: {}", serde_json::to_string(&report).unwrap());
    println!("{total} objects in {:.1} s", start.elapsed().as_secs_f64());
    assert_eq!((report.status, report.rejected), (Status::Succeeded, Some(2)));
    assert_eq!(
        (report.tally.objects, report.tally.published),
        (total as u64, total as u64 - 2)
    );
    assert_eq!(backfill.published_versions(prefix).await, total - 2 + versions - 1);
    assert_eq!(stack.published_now(&last).await.unwrap(), newest);
    let published = stack.published_now(&keys(2)).await.unwrap();
    assert_eq!(still_visible(&photo, &published), []);

    let mut reasons: Vec<String> = stack.rejections().await.into_iter().map(|one| one.reason).collect();
    reasons.dedup();
    assert_eq!(reasons, ["corrupt-image", "unsupported-format"]);
    assert_eq!(backfill.runs().resume(&run).await.unwrap(), Resumed::NotNeeded);
    assert_eq!(stack.dead_letters().await, 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_execution_that_never_was_can_be_neither_looked_at_nor_stopped() {
    let backfill = Backfill::connect().await;
    let execution = backfill.runs().start("there-is-nothing-under-this/").await.unwrap();
    let run = backfill.ended(&execution, PATIENCE).await;
    assert_eq!((run.status, run.counts.listed), (Status::Succeeded, 0));

    let never = format!("{execution}-never");
    for error in [
        backfill.runs().look(&never).await.unwrap_err(),
        backfill
            .runs()
            .look("arn:aws:states:us-east-1:000000000000:execution:other:one")
            .await
            .unwrap_err(),
        backfill
            .runs()
            .stop("arn:aws:states:us-east-1:000000000000:execution:other:one")
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, BackfillError::NoSuchExecution(_)), "{error}");
    }
}
