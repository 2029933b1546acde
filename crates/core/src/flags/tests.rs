//! The cache, with a Parameter Store in memory behind the SDK's HTTP client. The end-to-end tests ask a real one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::json;

use super::*;

/// What the store says next.
#[derive(Debug, Clone)]
enum Says {
    Value(String),
    Error(u16, &'static str),
    Nothing,
}

/// The store. Its clones are the same store.
#[derive(Debug, Clone)]
struct Store(Arc<Mutex<(Says, Vec<HttpRequest>)>>);

impl Store {
    fn with(document: &str) -> Self {
        Self(Arc::new(Mutex::new((Says::Value(document.into()), Vec::new()))))
    }

    fn says(&self, says: Says) {
        self.0.lock().unwrap().0 = says;
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }

    fn flags(&self, cache: Duration) -> Flags {
        let connector = SharedHttpConnector::new(self.clone());
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "id", "secret", None, None, "test",
            )))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let settings = Settings {
            parameter: "/gatehouse/flags".into(),
            cache: CacheTime(cache),
            injection: Injection::Refused,
        };
        Flags::new(Some(settings), &aws)
    }
}

impl HttpConnector for Store {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut store = self.0.lock().unwrap();
        store.1.push(request);
        let (status, body) = match store.0.clone() {
            Says::Value(value) => (
                200,
                json!({ "Parameter": { "Name": "/gatehouse/flags", "Value": value } }),
            ),
            Says::Error(status, code) => (status, json!({ "__type": code, "message": "said the store" })),
            Says::Nothing => return HttpConnectorFuture::new(std::future::pending()),
        };
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

/// Cache times: one that does not end in a test, and one that ends at once.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(100);

const OFF: &str = r#"{"publish": "off", "intake": "off"}"#;
const DOWN: Says = Says::Error(500, "InternalServerError");

/// Lets a time pass by the wall clock, which is the one that counts.
async fn pass(time: Duration) {
    std::thread::sleep(time);
    tokio::task::yield_now().await;
}

/// Lets a read in the background come to its end.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn the_parameter_is_asked_for_by_its_name_and_the_request_is_signed() {
    let store = Store::with(OFF);
    store.flags(LONG).now().await;
    let requests = &store.0.lock().unwrap().1;
    let [request] = requests.as_slice() else {
        panic!("{} requests", requests.len())
    };
    assert_eq!(request.uri(), "https://ssm.eu-west-1.amazonaws.com/");
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.body().bytes(),
        Some(br#"{"Name":"/gatehouse/flags"}"#.as_slice())
    );
    assert_eq!(request.headers().get("x-amz-target"), Some("AmazonSSM.GetParameter"));
    let signature = request.headers().get("authorization").unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=id/"), "{signature}");
    assert!(signature.contains("/eu-west-1/ssm/aws4_request"), "{signature}");
}

#[tokio::test]
async fn without_settings_nothing_is_asked_and_everything_is_on() {
    let flags = Flags::none();
    assert_eq!(flags.now().await, Snapshot::NotUsed);
    assert_eq!(flags.now().await.hold("a"), None);
}

#[tokio::test]
async fn while_the_document_is_fresh_no_call_is_made_and_clones_share_it() {
    let store = Store::with(OFF);
    let flags = store.flags(LONG);
    for _ in 0..50 {
        assert_eq!(flags.now().await.hold("a"), Some("publish-off"));
        assert_eq!(flags.clone().now().await.intake(), Switch::Off);
    }
    assert_eq!(store.calls(), 1);
}

#[tokio::test]
async fn many_who_ask_at_once_make_one_call() {
    let store = Store::with(OFF);
    let flags = store.flags(LONG);
    let asked = (0..20).map(|_| flags.now());
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.intake() == Switch::Off));
    assert_eq!(store.calls(), 1);
}

#[tokio::test]
async fn in_the_second_half_of_its_time_it_is_read_in_the_background_and_after_that_it_is_waited_for() {
    let store = Store::with(OFF);
    let flags = store.flags(Duration::from_secs(2));
    flags.now().await;
    store.says(Says::Value("{}".into()));
    pass(Duration::from_millis(1100)).await;
    assert_eq!(flags.now().await.intake(), Switch::Off, "not waited for");
    settle().await;
    assert_eq!(flags.now().await.intake(), Switch::On, "read meanwhile");
    assert_eq!(store.calls(), 2);

    store.says(Says::Value(OFF.into()));
    pass(Duration::from_millis(2100)).await;
    assert_eq!(flags.now().await.intake(), Switch::Off, "waited for");
}

#[tokio::test]
async fn a_store_that_is_down_or_refuses_leaves_the_last_good_document() {
    for fault in [
        DOWN,
        Says::Error(400, "ThrottlingException"),
        Says::Value("{\"publsh\": \"on\"}".into()),
    ] {
        let store = Store::with(OFF);
        let flags = store.flags(SHORT);
        flags.now().await;
        store.says(fault.clone());
        pass(SHORT * 2).await;
        assert_eq!(flags.now().await.hold("a"), Some("publish-off"), "{fault:?}");
        settle().await;
        assert_eq!(flags.now().await.hold("a"), Some("publish-off"), "{fault:?}");
        assert!(store.calls() > 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_process_that_never_read_a_document_holds_photos_until_it_has_one() {
    for fault in [DOWN, Says::Error(400, "ParameterNotFound"), Says::Value("off".into())] {
        let store = Store::with("{}");
        store.says(fault.clone());
        let flags = store.flags(SHORT);
        assert_eq!(flags.now().await, Snapshot::Unknown, "{fault:?}");
        store.says(Says::Value("{}".into()));
        pass(SHORT * 2).await;
        settle().await;
        flags.now().await;
        settle().await;
        assert_eq!(flags.now().await.hold("a"), None, "{fault:?}");
    }
}

#[tokio::test]
async fn a_passing_fault_is_tried_again_within_the_same_read() {
    let store = Store::with("{}");
    store.says(DOWN);
    let flags = store.flags(LONG);
    // With time for the second try, on a busy machine too.
    let (answer, ()) = tokio::join!(flags.once_known(), async {
        while store.calls() == 0 {
            tokio::task::yield_now().await;
        }
        store.says(Says::Value(OFF.into()));
    });
    assert_eq!(answer.intake(), Switch::Off);
    assert_eq!(store.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_half_a_second_for_a_store_that_does_not_answer() {
    let store = Store::with(OFF);
    store.says(Says::Nothing);
    let flags = store.flags(LONG);
    let start = tokio::time::Instant::now();
    assert_eq!(flags.now().await, Snapshot::Unknown);
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    for _ in 0..10 {
        assert_eq!(flags.now().await, Snapshot::Unknown);
    }
    assert_eq!(
        start.elapsed(),
        Duration::from_millis(500),
        "the others don't wait again"
    );
    assert_eq!(flags.once_known().await, Snapshot::Unknown);
    assert_eq!(
        start.elapsed(),
        Duration::from_millis(3 * 800 + 50 + 100),
        "who can wait waits for all tries of the read, and the pauses between them"
    );
    assert_eq!(store.calls(), 3);
}

#[tokio::test]
async fn a_photo_waits_for_all_tries_of_a_read_before_it_goes_by_what_is_old() {
    let store = Store::with("{}");
    let flags = store.flags(SHORT);
    assert_eq!(flags.once_known().await.hold("a"), None);
    store.says(Says::Nothing);
    pass(SHORT * 2).await;
    flags.once_known().await;
    assert_eq!(store.calls(), 1 + 3);
}
