//! Runtime flags of the deployed stack, thrown with the command that people use while its functions run: the real
//! Parameter Store, queues, roles and `bootstrap` files. Nothing is deployed in between.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use gatehouse_tests::deployed_auctions::House;
use gatehouse_tests::eventually;
use gatehouse_tests::flags::Thrown;
use gatehouse_tests::in_place::deployed::Deployed;
use gatehouse_tests::photos::{sample, still_visible};
use gatehouse_tests::stack::{PATIENCE, Stack};
use serde_json::json;

/// The queues in which the deployed functions hold photos back.
struct Queues(aws_sdk_sqs::Client);

impl Queues {
    async fn connect() -> Self {
        Self(aws_sdk_sqs::Client::new(&gatehouse_core::aws::config()))
    }

    /// Nobody waits for a minute until held photos are looked at again.
    async fn look_often(&self, queue: &str) {
        let request = self.0.set_queue_attributes().queue_url(std::env::var(queue).unwrap());
        let request = request.attributes(QueueAttributeName::VisibilityTimeout, "1");
        request.send().await.unwrap();
    }

    /// Messages in a queue, those that are looked at just now with them.
    async fn depth(&self, queue: &str) -> usize {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let request = self.0.get_queue_attributes().queue_url(std::env::var(queue).unwrap());
        let request = request.set_attribute_names(Some(names.to_vec()));
        let attributes = request.send().await.unwrap().attributes.unwrap();
        names
            .iter()
            .map(|name| attributes[name].parse::<usize>().unwrap())
            .sum()
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn photos_are_held_while_publish_is_off_and_all_of_them_are_published_once_when_it_is_on_again() {
    const HOLD: &str = "GATEHOUSE_HOLD_QUEUE_URL";
    const IN_PLACE_HOLD: &str = "GATEHOUSE_IN_PLACE_HOLD_QUEUE_URL";
    let (stack, in_place, queues) = (
        Stack::connect().await,
        Deployed::connect().await,
        Queues::connect().await,
    );
    for queue in [HOLD, IN_PLACE_HOLD] {
        queues.look_often(queue).await;
    }
    let photo = sample("astronaut.jpg");
    let flags = Thrown::new(&["publish=off"]);
    // What is known of the flags is at most this old.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let keys: BTreeSet<String> = (0..5).map(|number| format!("held/{number}.jpg")).collect();
    for key in &keys {
        stack.upload(key, &photo, "image/jpeg").await;
    }
    in_place.upload("held.jpg", &photo).await;
    eventually("all photos held", PATIENCE, || async {
        let held = (queues.depth(HOLD).await, queues.depth(IN_PLACE_HOLD).await);
        (held == (keys.len(), 1)).then_some(())
    })
    .await;
    // Long enough for each of them to be received more than five times.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(
        (queues.depth(HOLD).await, queues.depth(IN_PLACE_HOLD).await),
        (keys.len(), 1)
    );
    assert_eq!(stack.published_versions("held/").await, [""; 0]);

    flags.and(&["publish=on"]);
    for key in &keys {
        assert_eq!(still_visible(&photo, &stack.published(key).await), [], "{key}");
    }
    assert_eq!(still_visible(&photo, &in_place.quiet("held.jpg").await), []);
    stack.settle().await;
    let published = stack.published_versions("held/").await;
    assert_eq!(
        (published.len(), published.into_iter().collect::<BTreeSet<_>>()),
        (keys.len(), keys)
    );
    let left = [HOLD, IN_PLACE_HOLD, "GATEHOUSE_IN_PLACE_RELEASE_QUEUE_URL"];
    for queue in left {
        assert_eq!(queues.depth(queue).await, 0, "{queue}");
    }
    assert_eq!((stack.dead_letters().await, stack.rejections().await), (0, vec![]));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn while_intake_is_off_bids_and_new_auctions_are_answered_503_and_an_auction_can_be_read_and_called_off() {
    let house = House::connect();
    let auction = house.open("first-price", Duration::from_secs(3600), &json!({})).await;
    let called_off = house.open("first-price", Duration::from_secs(3600), &json!({})).await;
    let envelope = auction.sealed(&house.bidders[0], "125000.00");
    let flags = Thrown::new(&["intake=off"]);
    eventually("the intake off", PATIENCE, || async {
        let answer = auction.post(&house.bidders[0], &envelope).await;
        (answer.problem() == (503, "intake-off")).then_some(())
    })
    .await;
    let told = house.api.told().pop().unwrap().text.to_ascii_lowercase();
    assert!(told.contains("retry-after") && told.contains("\"30\""), "{told}");
    let refused = house.api.post(&house.auctioneers[0], "/auctions", &json!({})).await;
    assert_eq!(refused.problem(), (503, "intake-off"));
    let cancelled = house.api.delete(&house.auctioneers[0], &called_off.path("")).await;
    cancelled.with(204);
    house.api.get(None, &auction.path("")).await.with(200);
    house.api.get(None, &auction.path("/log")).await.with(200);

    flags.and(&["intake=on"]);
    eventually("the intake on", PATIENCE, || async {
        let answer = auction.post(&house.bidders[0], &envelope).await;
        (answer.status == 201).then_some(())
    })
    .await;
    house
        .api
        .delete(&house.auctioneers[0], &auction.path(""))
        .await
        .with(204);
}
