//! A file of the older system, on the deployed stack.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use gatehouse_core::rejected::Rejection;
use gatehouse_tests::deployed_auctions::House;
use gatehouse_tests::eventually;
use gatehouse_tests::stack::PATIENCE;
use serde_json::json;

/// How long those are open that are called off.
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_file_of_the_older_system_is_rejected_by_line_where_no_key_is_set_that_opens_its_bids() {
    let house = House::connect();
    let contract = House::unique();
    let of_contract = json!({ "contract": contract });
    let auction = house.open("first-price", HOUR, &of_contract).await;
    let file = format!("[].contract,[].bid\n{contract},AQIDBAUGBwg=\n{contract},\n");
    let stack = gatehouse_tests::stack::Stack::connect().await;
    let object = format!("{}/today/encrypted.csv", house.bidders[0].sub);
    let upload = stack
        .s3
        .put_object()
        .bucket(std::env::var("GATEHOUSE_IMPORT_BUCKET").unwrap())
        .key(object);
    upload.body(file.into_bytes().into()).send().await.unwrap();

    // There is a message for each reason.
    let rejected = RefCell::new(BTreeMap::new());
    eventually("two rejected lines", PATIENCE, || async {
        for Rejection { reason, record, .. } in stack.rejections().await {
            rejected.borrow_mut().insert(record["lines"].to_string(), reason);
        }
        (rejected.borrow().len() == 2).then_some(())
    })
    .await;
    let expected = [("[2]", "legacy-key-not-set"), ("[3]", "bid-missing")];
    let expected = expected.map(|(lines, reason)| (lines.to_owned(), reason.to_owned()));
    assert_eq!(rejected.into_inner(), BTreeMap::from(expected));
    assert_eq!(auction.log().await.len(), 1, "nothing but the opening");
    let path = auction.path("");
    let cancelled = house.api.delete(&house.auctioneers[0], &path).await;
    cancelled.with(204);
}
