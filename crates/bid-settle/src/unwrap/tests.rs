//! KMS as it answers on the wire: right, wrong, late, for an enclave.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use gatehouse_core::disposition::{Disposition, Failure};
use serde_json::{Value, json};

use super::*;

/// KMS behind the SDK's HTTP client. Its clones are the same one.
#[derive(Debug, Clone, Default)]
struct Kms(Arc<Mutex<Wire>>);

#[derive(Debug, Default)]
struct Wire {
    answers: VecDeque<(u16, Value)>,
    requests: Vec<Value>,
}

impl Kms {
    fn answering(answers: impl IntoIterator<Item = (u16, Value)>) -> Self {
        Self(Arc::new(Mutex::new(Wire {
            answers: answers.into_iter().collect(),
            requests: Vec::new(),
        })))
    }

    fn failing(codes: &[&str]) -> Self {
        Self::answering(
            codes
                .iter()
                .map(|code| (400, json!({ "__type": code, "message": "said the test" }))),
        )
    }

    fn unwrap(&self) -> Unwrap {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()));
        Unwrap::new(aws_sdk_kms::Client::from_conf(config.build()))
    }

    fn requests(&self) -> Vec<Value> {
        self.0.lock().unwrap().requests.clone()
    }
}

impl HttpConnector for Kms {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Wire { answers, requests } = &mut *self.0.lock().unwrap();
        requests.push(serde_json::from_slice(request.body().bytes().unwrap()).unwrap());
        let (status, answer) = answers.pop_front().expect("an answer for each request");
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

fn plaintext() -> (u16, Value) {
    (200, json!({ "Plaintext": "a2V5" }))
}

async fn open(kms: &Kms) -> Result<Plaintext, UnwrapError> {
    let soon = Deadline::after(Duration::from_secs(20));
    kms.unwrap().content_key("arn:key", b"wrapped", soon).await
}

#[tokio::test]
async fn a_content_key_is_asked_for_with_its_key_and_algorithm() {
    let kms = Kms::answering([plaintext()]);
    assert_eq!(open(&kms).await.unwrap().as_slice(), b"key");
    assert_eq!(
        kms.requests(),
        [json!({ "KeyId": "arn:key", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256", "CiphertextBlob": "d3JhcHBlZA==" })]
    );
}

#[tokio::test]
async fn what_kms_can_not_decrypt_is_no_fault_of_kms() {
    for code in ["InvalidCiphertextException", "IncorrectKeyException"] {
        let kms = Kms::failing(&[code]);
        assert!(matches!(open(&kms).await, Err(UnwrapError::NotForThisKey)), "{code}");
        assert_eq!(kms.requests().len(), 1, "{code} is not asked again");
    }
}

#[tokio::test]
async fn a_ciphertext_of_a_length_that_kms_does_not_take_is_not_sent() {
    for ciphertext in [Vec::new(), vec![0; LONGEST_CIPHERTEXT + 1]] {
        let kms = Kms::default();
        let soon = Deadline::after(Duration::from_secs(20));
        let opened = kms.unwrap().legacy("arn:key", &ciphertext, soon).await;
        assert!(matches!(opened, Err(UnwrapError::NotForThisKey)));
        assert_eq!(kms.requests().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_and_outages_are_waited_out() {
    let failures = [
        "ThrottlingException",
        "KMSInternalException",
        "DependencyTimeoutException",
        "KeyUnavailableException",
    ];
    let kms = Kms::failing(&failures);
    kms.0.lock().unwrap().answers.push_back(plaintext());
    assert_eq!(open(&kms).await.unwrap().as_slice(), b"key");
    assert_eq!(kms.requests().len(), 5);
}

#[tokio::test]
async fn a_key_that_can_not_be_used_says_nothing_about_the_bid_and_is_not_waited_for() {
    for code in [
        "AccessDeniedException",
        "DisabledException",
        "KMSInvalidStateException",
        "NotFoundException",
    ] {
        let kms = Kms::failing(&[code]);
        match open(&kms).await {
            Err(UnwrapError::Denied(error)) if code == "AccessDeniedException" => {
                assert_eq!(error.disposition(), Disposition::Retry);
            }
            Err(UnwrapError::Kms(error)) => assert_eq!(error.disposition(), Disposition::Retry),
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(kms.requests().len(), 1, "{code}");
    }
}

#[derive(Debug)]
struct Enclave;

impl Recipient for Enclave {
    fn attestation_document(&self) -> Result<Vec<u8>, RecipientError> {
        Ok(b"document".to_vec())
    }

    fn open(&self, ciphertext_for_recipient: &[u8]) -> Result<Plaintext, RecipientError> {
        match ciphertext_for_recipient {
            b"for the enclave" => Ok(Zeroizing::new(b"key".to_vec())),
            _ => Err(RecipientError("can't open the answer")),
        }
    }
}

#[tokio::test]
async fn an_enclave_shows_its_document_and_opens_what_is_meant_for_it() {
    let kms = Kms::answering([(200, json!({ "CiphertextForRecipient": "Zm9yIHRoZSBlbmNsYXZl" }))]);
    let unwrap = kms.unwrap().with_recipient(Arc::new(Enclave));
    let key = unwrap
        .content_key("arn:key", b"wrapped", Deadline::after(Duration::from_secs(20)))
        .await;
    assert_eq!(key.unwrap().as_slice(), b"key");
    assert_eq!(
        kms.requests()[0]["Recipient"],
        json!({ "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": "ZG9jdW1lbnQ=" })
    );
}

#[tokio::test(start_paused = true)]
async fn in_an_enclave_an_answer_in_plain_is_not_taken() {
    let kms = Kms::answering((0..1000).map(|_| plaintext()));
    let unwrap = kms.unwrap().with_recipient(Arc::new(Enclave));
    let key = unwrap
        .content_key("arn:key", b"wrapped", Deadline::after(Duration::from_secs(20)))
        .await;
    assert!(matches!(key, Err(UnwrapError::Kms(_))));
}
