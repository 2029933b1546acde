use std::collections::VecDeque;
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tracing::info_span;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::*;
use crate::batch::{self, HandBack, Limits};
use crate::deadline::Deadline;

const OF_THE_INVOCATION: &str = "1-5759e988-bd862e3fe1be46a994272793";
const OF_THE_UPLOAD: &str = "1-6759e988-bd862e3fe1be46a994272793";
const LAMBDA: &str = "00000000000000aa";
const UPLOADER: &str = "00000000000000bb";

/// A daemon that listens, and this thread's spans written to it.
struct Traces {
    socket: UdpSocket,
    _guard: DefaultGuard,
}

impl Traces {
    fn listen() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let daemon = Daemon::at(&socket.local_addr().unwrap().to_string()).unwrap();
        let only_steps = Targets::new().with_target(STEP, LevelFilter::INFO);
        let layer = Steps::new(daemon, "face-blur").with_filter(only_steps);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        Self { socket, _guard }
    }

    /// What was written so far: a packet to this machine is there when it is sent.
    fn documents(&self) -> Vec<Value> {
        let mut documents = Vec::new();
        let mut packet = [0; 64_000];
        while let Ok(length) = self.socket.recv(&mut packet) {
            let mut lines = packet[..length].splitn(2, |byte| *byte == b'\n');
            assert_eq!(lines.next().unwrap(), br#"{"format":"json","version":1}"#);
            documents.push(serde_json::from_slice(lines.next().unwrap()).unwrap());
        }
        documents
    }
}

fn header(trace: &str, parent: &str, sampled: u8) -> TraceHeader {
    TraceHeader::read(&format!("Root={trace};Parent={parent};Sampled={sampled}")).unwrap()
}

fn invocation(sampled: u8) -> Span {
    let span = info_span!(target: STEP, "invocation", requestId = "r-1");
    let text = format!("Root={OF_THE_INVOCATION};Parent={LAMBDA};Sampled={sampled};Lineage=1:a87bd80c:0");
    continue_in(&span, &TraceHeader::read(&text).unwrap());
    span
}

fn message() -> Span {
    info_span!(target: STEP, "message", messageId = "m-1", xrayTraceId = tracing::field::Empty)
}

fn step(name: &str, documents: &[Value]) -> Value {
    let mut named = documents.iter().filter(|document| document["name"] == name);
    let step = named.next().unwrap_or_else(|| panic!("{name} is not in {documents:?}"));
    assert!(named.next().is_none(), "{name} is there twice");
    step.clone()
}

#[test]
fn a_step_is_a_subsegment_below_the_step_around_it_with_its_fields_as_annotations() {
    let traces = Traces::listen();
    invocation(1).in_scope(|| {
        info_span!(target: STEP, "record", key = "a.jpg", tries = 2_u64).in_scope(|| {
            info_span!(target: STEP, "fetch").in_scope(|| {});
            info_span!("no step").in_scope(|| info_span!(target: STEP, "publish").in_scope(|| {}));
        });
    });
    let documents = traces.documents();
    assert_eq!(documents.len(), 3, "{documents:?}");
    let record = step("record", &documents);
    assert_eq!(
        (&record["type"], &record["parent_id"]),
        (&json!("subsegment"), &json!(LAMBDA))
    );
    assert_eq!(record["trace_id"], OF_THE_INVOCATION);
    assert_eq!(record["annotations"], json!({ "key": "a.jpg", "tries": 2 }));
    for name in ["fetch", "publish"] {
        let step = step(name, &documents);
        assert_eq!(
            (&step["parent_id"], &step["trace_id"]),
            (&record["id"], &record["trace_id"])
        );
        assert!(step["start_time"].as_f64() >= record["start_time"].as_f64());
        assert!(step["end_time"].as_f64() <= record["end_time"].as_f64());
    }
}

#[test]
fn a_message_with_a_trace_is_a_segment_of_that_trace() {
    let traces = Traces::listen();
    invocation(0).in_scope(|| {
        let message = message();
        segment_in(&message, &header(OF_THE_UPLOAD, UPLOADER, 1));
        message.in_scope(|| info_span!(target: STEP, "fetch").in_scope(|| {}));
    });
    let documents = traces.documents();
    assert_eq!(documents.len(), 2, "{documents:?}");
    let segment = step("face-blur", &documents);
    assert_eq!(segment.get("type"), None);
    assert_eq!(
        (&segment["trace_id"], &segment["parent_id"]),
        (&json!(OF_THE_UPLOAD), &json!(UPLOADER))
    );
    assert_eq!(segment["annotations"], json!({ "messageId": "m-1" }));
    assert_eq!(step("fetch", &documents)["parent_id"], segment["id"]);
}

#[test]
fn of_a_trace_that_is_not_sampled_nothing_is_written_and_its_header_is_handed_on() {
    let traces = Traces::listen();
    let mut here_and_there = Vec::new();
    invocation(0).in_scope(|| {
        info_span!(target: STEP, "record").in_scope(|| here_and_there.push(here().unwrap()));
    });
    invocation(1).in_scope(|| {
        let message = message();
        segment_in(&message, &header(OF_THE_UPLOAD, UPLOADER, 0));
        message.in_scope(|| here_and_there.push(here().unwrap()));
    });
    assert!(traces.documents().is_empty());
    let expected = [
        format!("Root={OF_THE_INVOCATION};Parent={LAMBDA};Sampled=0;Lineage=1:a87bd80c:0"),
        format!("Root={OF_THE_UPLOAD};Parent={UPLOADER};Sampled=0;Lineage=1:a87bd80c:0"),
    ];
    assert_eq!(here_and_there, expected);
}

#[test]
fn a_sender_that_does_not_decide_leaves_it_to_lambda() {
    for sampled in [0, 1] {
        let traces = Traces::listen();
        let undecided = TraceHeader::read(&format!("Root={OF_THE_UPLOAD}")).unwrap();
        invocation(sampled).in_scope(|| segment_in(&message(), &undecided));
        assert_eq!(traces.documents().len(), usize::from(sampled));
    }
}

#[test]
fn outside_of_a_trace_nothing_is_written_and_there_is_no_header() {
    let traces = Traces::listen();
    info_span!(target: STEP, "warm up").in_scope(|| assert_eq!(here(), None));
    assert!(traces.documents().is_empty());
}

#[test]
fn a_failure_is_that_of_all_steps_at_work_and_its_reason_that_of_the_innermost() {
    let traces = Traces::listen();
    invocation(1).in_scope(|| {
        info_span!(target: STEP, "message").in_scope(|| {
            info_span!(target: STEP, "done").in_scope(|| {});
            info_span!(target: STEP, "record").in_scope(|| failed("lost-race", Disposition::Retry));
        });
    });
    let documents = traces.documents();
    let record = step("record", &documents);
    assert_eq!(
        (&record["fault"], &record["cause"]["exceptions"][0]["type"]),
        (&json!(true), &json!("lost-race"))
    );
    let message = step("message", &documents);
    assert_eq!((&message["fault"], message.get("cause")), (&json!(true), None));
    assert_eq!(step("done", &documents).get("fault"), None);
}

#[tokio::test]
async fn each_message_of_a_batch_goes_on_in_the_trace_of_whoever_sent_it() {
    let traces = Traces::listen();
    let traced = |id: &str, trace: &str| {
        let attributes = json!({ "AWSTraceHeader": format!("Root={trace};Parent={UPLOADER};Sampled=1") });
        json!({ "messageId": id, "body": id, "attributes": attributes })
    };
    let other = OF_THE_UPLOAD.replace("1-6", "1-7");
    let untraced = json!({ "messageId": "untraced", "body": "untraced", "attributes": {} });
    let event = json!({ "Records": [traced("one", OF_THE_UPLOAD), traced("other", &other), untraced] });
    let event: SqsEvent = serde_json::from_value(event).unwrap();
    let limits = Limits {
        concurrency: 3,
        deadline: Deadline::after(Duration::from_secs(60)),
        start_margin: Duration::ZERO,
    };
    let work = async |id: String| {
        if id == "other" {
            panic!("on purpose")
        } else {
            Ok::<(), HandBack>(())
        }
    };
    let batch = batch::process(event, limits, work);
    tracing::Instrument::instrument(batch, invocation(1)).await.unwrap();

    let documents = traces.documents();
    let of = |id: &str| {
        let mut of = documents
            .iter()
            .filter(|document| document["annotations"]["messageId"] == id);
        of.next()
            .unwrap_or_else(|| panic!("{id} is not in {documents:?}"))
            .clone()
    };
    assert_eq!(
        (&of("one")["trace_id"], &of("one")["parent_id"]),
        (&json!(OF_THE_UPLOAD), &json!(UPLOADER))
    );
    assert_eq!(
        (&of("other")["trace_id"], &of("other")["fault"]),
        (&json!(other), &json!(true))
    );
    assert_eq!(of("other")["cause"]["exceptions"][0]["type"], "panic");
    let untraced = of("untraced");
    assert_eq!(
        (&untraced["name"], &untraced["parent_id"]),
        (&json!("message"), &json!(LAMBDA))
    );
}

/// SQS, answering with these statuses and then with 200.
#[derive(Debug, Clone, Default)]
struct Sqs {
    statuses: Arc<Mutex<VecDeque<u16>>>,
    headers: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Sqs {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = request.headers().get("x-amzn-trace-id").unwrap_or_default();
        self.headers.lock().unwrap().push(header.to_owned());
        let status = self.statuses.lock().unwrap().pop_front().unwrap_or(200);
        let body = SdkBody::from(json!({ "MessageId": "1" }).to_string());
        let mut answer = HttpResponse::new(status.try_into().unwrap(), body);
        answer.headers_mut().insert("x-amzn-requestid", "q-1");
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl Sqs {
    async fn send(&self, statuses: &[u16]) {
        self.statuses.lock().unwrap().extend(statuses);
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .interceptor(AwsCalls)
            .http_client(http_client_fn(move |_, _| connector.clone()));
        let client = Client::from_conf(config.build());
        let request = client.send_message().queue_url("https://example.org/queue");
        let _ = request.message_body("the amount is 1200").send().await;
    }
}

#[tokio::test]
async fn a_call_is_a_subsegment_with_its_tries_and_each_of_them_hands_the_trace_on() {
    let traces = Traces::listen();
    let sqs = Sqs::default();
    tracing::Instrument::instrument(sqs.send(&[503]), invocation(1)).await;
    let documents = traces.documents();
    assert_eq!(documents.len(), 1, "{documents:?}");
    let call = step("SQS", &documents);
    assert_eq!(
        (&call["namespace"], &call["parent_id"]),
        (&json!("aws"), &json!(LAMBDA))
    );
    assert_eq!(
        call["aws"],
        json!({ "operation": "SendMessage", "request_id": "q-1", "retries": 1 })
    );
    assert_eq!(
        (&call["http"]["response"]["status"], call.get("fault")),
        (&json!(200), None)
    );
    assert!(!call.to_string().contains("1200"), "{call}");

    let id = call["id"].as_str().unwrap();
    let header = format!("Root={OF_THE_INVOCATION};Parent={id};Sampled=1;Lineage=1:a87bd80c:0");
    assert_eq!(*sqs.headers.lock().unwrap(), [header.clone(), header]);
}

#[tokio::test]
async fn a_call_that_is_refused_says_so() {
    let traces = Traces::listen();
    let sqs = Sqs::default();
    tracing::Instrument::instrument(sqs.send(&[403]), invocation(1)).await;
    let call = step("SQS", &traces.documents());
    assert_eq!(
        (&call["error"], &call["http"]["response"]["status"]),
        (&json!(true), &json!(403))
    );
    assert_eq!(call["aws"]["retries"], 0);
}

#[tokio::test]
async fn a_call_of_a_trace_that_is_not_sampled_hands_it_on_and_is_not_written() {
    let traces = Traces::listen();
    let sqs = Sqs::default();
    tracing::Instrument::instrument(sqs.send(&[]), invocation(0)).await;
    assert!(traces.documents().is_empty());
    let header = format!("Root={OF_THE_INVOCATION};Parent={LAMBDA};Sampled=0;Lineage=1:a87bd80c:0");
    assert_eq!(*sqs.headers.lock().unwrap(), [header]);
}

#[test]
fn of_thousands_of_calls_as_many_are_written_as_x_ray_takes() {
    let _traces = Traces::listen();
    let place = invocation(1).in_scope(|| Place::here().unwrap());
    assert_eq!((0..2000).filter(|_| Step::call(&place).is_some()).count(), 500);
}
