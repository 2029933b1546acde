//! As much of AWS as a backfill's command asks for, and a memory of what it asked.

use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

pub const MACHINE: &str = "arn:aws:states:eu-west-1:111122223333:stateMachine:house-backfill";
pub const EXECUTION: &str = "arn:aws:states:eu-west-1:111122223333:execution:house-backfill:first";
pub const ANOTHER: &str = "arn:aws:states:eu-west-1:111122223333:execution:house-backfill:another";

/// What Step Functions says, and what the source and the destination bucket hold.
#[derive(Debug, Clone)]
pub struct World {
    /// The status of each execution that is looked at.
    pub status: &'static str,
    /// Its objects: listed, in batches that succeeded, in batches that failed.
    pub counts: [u64; 3],
    /// What RedriveExecution answers, if it refuses.
    pub redrive_refusal: Option<&'static str>,
    /// The keys of the source bucket.
    pub uploaded: Vec<&'static str>,
    /// The keys of the destination bucket.
    pub published: Vec<&'static str>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            status: "SUCCEEDED",
            counts: [3, 3, 0],
            redrive_refusal: None,
            uploaded: vec!["2019/", "2019/a.jpg", "2019/b &amp; c.jpg", "2019/note.txt"],
            published: vec!["2019/a.jpg", "2019/b &amp; c.jpg", "2019/other.jpg"],
        }
    }
}

struct Shared {
    world: World,
    asked: Vec<(String, Value)>,
}

/// The server; it ends with the test.
pub struct Aws {
    url: String,
    shared: Arc<Mutex<Shared>>,
    _runtime: tokio::runtime::Runtime,
}

impl Aws {
    pub fn of(world: World) -> Self {
        let asked = Vec::new();
        let shared = Arc::new(Mutex::new(Shared { world, asked }));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            shared,
            _runtime: runtime,
        }
    }

    /// Runs `gatehouse backfill`; a space parts the arguments.
    pub fn backfill(&self, arguments: &str) -> Output {
        backfill(arguments).env("AWS_ENDPOINT_URL", &self.url).output().unwrap()
    }

    /// The requests to Step Functions that change something.
    pub fn asked(&self) -> Vec<(String, Value)> {
        let asked = self.shared.lock().unwrap().asked.clone();
        let changes = |operation: &str| !operation.starts_with("Describe") && !operation.starts_with("List");
        asked.into_iter().filter(|(operation, _)| changes(operation)).collect()
    }
}

/// The command, with credentials and a region, and nothing of the user's own.
pub fn backfill(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.arg("backfill").args(arguments.split_whitespace());
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("GATEHOUSE_STACK", "house"),
    ] {
        command.env(name, value);
    }
    for name in [
        "AWS_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_SESSION_TOKEN",
        "AWS_CA_BUNDLE",
    ] {
        command.env_remove(name);
    }
    command
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut shared = shared.lock().unwrap();
    if let Some(target) = headers.get("x-amz-target") {
        let operation = target.to_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let request: Value = serde_json::from_slice(&body).unwrap();
        let answer = states(&shared.world, &operation);
        shared.asked.push((operation, request));
        return answer;
    }
    let answer = match uri.path() {
        "/" => stack(&String::from_utf8_lossy(&body)),
        path if path.starts_with("/in") => listing(&shared.world.uploaded),
        _ => listing(&shared.world.published),
    };
    match answer {
        Ok(xml) => (StatusCode::OK, xml),
        Err(xml) => (StatusCode::BAD_REQUEST, xml),
    }
}

/// AWS JSON 1.0, as Step Functions speaks it.
fn states(world: &World, operation: &str) -> (StatusCode, String) {
    let [total, succeeded, failed] = world.counts;
    let aborted = total - succeeded - failed;
    let counts = json!({
        "pending": 0, "running": 0, "succeeded": succeeded, "failed": failed, "timedOut": 0, "aborted": aborted,
        "total": total, "resultsWritten": 0,
    });
    let refused = world.redrive_refusal.filter(|_| operation == "RedriveExecution");
    if let Some(code) = refused {
        return (
            StatusCode::BAD_REQUEST,
            json!({ "__type": code, "message": "no" }).to_string(),
        );
    }
    let answer = match operation {
        "StartExecution" => json!({ "executionArn": ANOTHER, "startDate": 1_700_000_000.0 }),
        "StopExecution" => json!({ "stopDate": 1_700_000_060.0 }),
        "RedriveExecution" => json!({ "redriveDate": 1_700_000_100.0 }),
        "DescribeExecution" => json!({
            "executionArn": EXECUTION, "stateMachineArn": MACHINE, "status": world.status, "startDate": 1_700_000_000.0,
            "stopDate": 1_700_000_060.0, "input": r#"{"prefix":"2019/"}"#,
        }),
        "ListMapRuns" => json!({ "mapRuns": [{
            "executionArn": EXECUTION, "mapRunArn": "arn:map", "stateMachineArn": MACHINE, "startDate": 1_700_000_000.0,
        }] }),
        "DescribeMapRun" => json!({
            "mapRunArn": "arn:map", "executionArn": EXECUTION, "status": world.status, "startDate": 1_700_000_000.0,
            "stopDate": 1_700_000_060.0, "maxConcurrency": 10, "toleratedFailurePercentage": 10.0,
            "toleratedFailureCount": 0, "itemCounts": counts, "executionCounts": counts,
        }),
        other => panic!("{other} was not expected"),
    };
    (StatusCode::OK, answer.to_string())
}

/// The query protocol, as CloudFormation speaks it. There is one stack.
fn stack(request: &str) -> Result<String, String> {
    if !request.contains("StackName=house") || request.contains("StackName=house-") {
        let error = "<Type>Sender</Type><Code>ValidationError</Code><Message>no stack</Message>";
        return Err(format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"));
    }
    let pairs = |name: &str, pairs: &[(&str, &str)]| -> String {
        let of = |(key, value): &(&str, &str)| {
            format!("<member><{name}Key>{key}</{name}Key><{name}Value>{value}</{name}Value></member>")
        };
        pairs.iter().map(of).collect()
    };
    let outputs = pairs(
        "Output",
        &[
            ("SourceBucket", "in"),
            ("DestinationBucket", "out"),
            ("BackfillStateMachineArn", MACHINE),
        ],
    );
    let parameters = pairs(
        "Parameter",
        &[("SourcePrefix", ""), ("DestinationPrefix", ""), ("MemorySize", "1769")],
    );
    let about = "<StackName>house</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
                 <StackStatus>CREATE_COMPLETE</StackStatus>";
    let stack = format!("{about}<Outputs>{outputs}</Outputs><Parameters>{parameters}</Parameters>");
    Ok(format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>{stack}</member></Stacks></DescribeStacksResult>\
         </DescribeStacksResponse>"
    ))
}

/// Folders of the console are empty, all else is not.
fn listing(keys: &[&str]) -> Result<String, String> {
    let object = |key: &&str| {
        let size = if key.ends_with('/') { 0 } else { 5 };
        format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>")
    };
    let contents: String = keys.iter().map(object).collect();
    Ok(format!(
        "<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
    ))
}
