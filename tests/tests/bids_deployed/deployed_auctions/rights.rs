//! What the roles may do, each with its own credentials.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, Put, PutRequest, TransactWriteItem, WriteRequest};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec::{RsaesOaepSha1, RsaesOaepSha256};
use gatehouse_tests::deployed_auctions::{House, Roles};
use serde_json::{Value, json};

use super::story::AMOUNTS;

/// How long those are open that are called off.
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn intake_shows_the_public_key_and_can_not_decrypt_while_the_settlement_can() {
    let (roles, key) = (Roles::take().await, std::env::var("GATEHOUSE_SEALING_KEY_ARN").unwrap());
    let [root, intake, settlement] = [&roles.root, &roles.intake, &roles.settlement].map(aws_sdk_kms::Client::new);
    intake
        .get_public_key()
        .key_id(&key)
        .send()
        .await
        .expect("the public key for intake");
    for (algorithm, settlement_may) in [(RsaesOaepSha256, true), (RsaesOaepSha1, false)] {
        let sealed = root
            .encrypt()
            .key_id(&key)
            .encryption_algorithm(algorithm.clone())
            .plaintext(Blob::new([7; 32]));
        let sealed = sealed.send().await.unwrap().ciphertext_blob.unwrap();
        let open = |client: &aws_sdk_kms::Client| {
            let request = client.decrypt().key_id(&key).encryption_algorithm(algorithm.clone());
            request.ciphertext_blob(sealed.clone()).send()
        };
        let refused = open(&intake).await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"));
        let opened = open(&settlement).await;
        assert_eq!(opened.is_ok(), settlement_may, "{opened:?}");
    }
    for client in [&intake, &settlement] {
        let refused = client
            .create_grant()
            .key_id(&key)
            .grantee_principal(std::env::var("GATEHOUSE_BID_INTAKE_ROLE_ARN").unwrap());
        let refused = refused
            .operations(aws_sdk_kms::types::GrantOperation::Decrypt)
            .send()
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"));
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_settlement_writes_events_and_progress_but_no_sealed_bid_by_any_operation() {
    let (roles, table) = (Roles::take().await, std::env::var("GATEHOUSE_AUCTIONS_TABLE").unwrap());
    let client = aws_sdk_dynamodb::Client::new(&roles.settlement);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    // At 0 and below are no events: nobody is told of this one.
    let event = [
        ("pk", text("a test of roles")),
        ("sk", AttributeValue::N("-7".to_owned())),
        ("body", text("{}")),
    ];
    let event = event.map(|(name, value)| (name.to_owned(), value));
    let put = client
        .put_item()
        .table_name(&table)
        .set_item(Some(event.clone().into()));
    put.send().await.expect("an item without an envelope");

    let bid = event
        .into_iter()
        .chain([("attachment".to_owned(), text("an envelope"))]);
    let bid: std::collections::HashMap<_, _> = bid.collect();
    let put = client.put_item().table_name(&table).set_item(Some(bid.clone()));
    assert_eq!(put.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    let put = Put::builder()
        .table_name(&table)
        .set_item(Some(bid.clone()))
        .build()
        .unwrap();
    let items = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build());
    assert_eq!(items.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    let put = PutRequest::builder().set_item(Some(bid.clone())).build().unwrap();
    let batch = client
        .batch_write_item()
        .request_items(&table, vec![WriteRequest::builder().put_request(put).build()]);
    assert_eq!(batch.send().await.unwrap_err().code(), Some("AccessDeniedException"));
    let update = client
        .update_item()
        .table_name(&table)
        .key("pk", bid["pk"].clone())
        .key("sk", bid["sk"].clone());
    let update = update
        .update_expression("SET attachment = :envelope")
        .expression_attribute_values(":envelope", text("x"));
    assert_eq!(update.send().await.unwrap_err().code(), Some("AccessDeniedException"));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn the_settlement_deletes_its_notes_which_intake_can_not_write_and_nothing_of_an_auctions_log() {
    let house = House::connect();
    let auction = house.open("first-price", HOUR, &json!({})).await;
    let bid = auction.bid(&house.bidders[0], AMOUNTS[0]).await;
    let (roles, table) = (Roles::take().await, std::env::var("GATEHOUSE_AUCTIONS_TABLE").unwrap());
    let client = aws_sdk_dynamodb::Client::new(&roles.settlement);
    let delete = |pk: String, sk: &Value| {
        let request = client.delete_item().table_name(&table).key("pk", AttributeValue::S(pk));
        request.key("sk", AttributeValue::N(sk.to_string())).send()
    };
    let notes = delete(format!("progress/{}", auction.id), &json!(0)).await;
    notes.expect("its own notes may go");
    let forged = aws_sdk_dynamodb::Client::new(&roles.intake)
        .put_item()
        .table_name(&table);
    let forged = forged.item("pk", AttributeValue::S(format!("progress/{}", auction.id)));
    let forged = forged.item("sk", AttributeValue::N("0".to_owned())).send().await;
    assert_eq!(
        forged.unwrap_err().code(),
        Some("AccessDeniedException"),
        "intake's notes"
    );
    for position in [&json!(1), &bid["position"], &json!(0)] {
        let refused = delete(auction.id.to_string(), position).await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"), "at {position}");
    }
    assert_eq!(auction.log().await.len(), 2);
    let path = auction.path("");
    let cancelled = house.api.delete(&house.auctioneers[0], &path).await;
    cancelled.with(204);
}
