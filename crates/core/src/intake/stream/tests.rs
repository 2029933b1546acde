#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;
use crate::patience::Limit;
use crate::rejected::{RejectedQueue, Rejection};

const WHOLE: Duration = Duration::from_secs(60);

/// A queue behind the SDK's HTTP client, which takes everything.
#[derive(Debug, Clone, Default)]
struct Queue(Arc<Mutex<Vec<Rejection>>>);

impl HttpConnector for Queue {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let message = serde_json::from_str(body["MessageBody"].as_str().unwrap());
        self.0.lock().unwrap().push(message.unwrap());
        let answer = SdkBody::from(json!({ "MessageId": "1" }).to_string());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200_u16.try_into().unwrap(), answer)))
    }
}

impl Queue {
    fn rejected_queue(&self) -> RejectedQueue {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        RejectedQueue::new(Client::from_conf(config.build()), "https://example.org/queue")
    }

    fn messages(&self) -> Vec<Rejection> {
        self.0.lock().unwrap().clone()
    }
}

/// What a handler says when its own time is over.
#[derive(Debug, thiserror::Error)]
#[error("no time is left")]
struct OwnDeadline;

impl Failure for OwnDeadline {
    fn disposition(&self) -> Disposition {
        Disposition::Retry
    }

    fn reason(&self) -> &'static str {
        "deadline"
    }
}

async fn ended(work: impl Future<Output = Result<(), OwnDeadline>>, left: Duration) -> NotDone<OwnDeadline> {
    to_its_end(work, Deadline::after(left), WHOLE).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn work_that_does_not_come_to_its_end_is_told_apart_by_why() {
    use Interrupted::{Panicked, TooLate, TooLong};
    let panicked = ended(async { panic!("of one record") }, WHOLE).await;
    assert!(matches!(panicked, NotDone::Interrupted(Panicked)));
    let too_long = ended(std::future::pending(), WHOLE).await;
    assert!(matches!(too_long, NotDone::Interrupted(TooLong)));
    let too_late = ended(std::future::pending(), WHOLE / 4).await;
    assert!(matches!(too_late, NotDone::Interrupted(TooLate)));
    let failed = ended(async { Err(OwnDeadline) }, WHOLE / 4).await;
    assert!(matches!(failed, NotDone::Failed(OwnDeadline)));
}

#[tokio::test]
async fn work_that_calls_its_own_failure_a_deadline_is_given_up_like_any_other() {
    let (rejected, failures) = (Queue::default(), Queue::default());
    let intake = Intake {
        rejected: rejected.rejected_queue(),
        function: "test".to_owned(),
        concurrency: 1,
        start_margin: Duration::ZERO,
    };
    let patience = Patience {
        queue: failures.rejected_queue(),
        limit: Limit::of(Duration::ZERO),
        shown: |record| record.raw.clone(),
    };
    let record = json!({ "dynamodb": { "SequenceNumber": "1", "ApproximateCreationDateTime": 1 } });
    let event = StreamEvent {
        records: vec![record.clone()],
    };
    let work = async |_| Err(OwnDeadline);
    let answer = intake.each_stream_record(event, Deadline::after(WHOLE), &patience, work);
    assert!(answer.await.unwrap().batch_item_failures.is_empty());
    let [given_up] = &failures.messages()[..] else {
        panic!("one message")
    };
    assert_eq!((given_up.reason.as_str(), &given_up.record), ("deadline", &record));
    assert!(rejected.messages().is_empty());
}
