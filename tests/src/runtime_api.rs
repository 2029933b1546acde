//! A Lambda Runtime API of our own, to run a `bootstrap` file by itself and see every answer
//! (Lambda developer guide, "Using the Lambda runtime API for custom runtimes").

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

/// A function's process, run from its `bootstrap` file.
pub struct Function {
    process: Child,
    events: mpsc::UnboundedSender<Value>,
    answers: mpsc::UnboundedReceiver<Answer>,
    /// From the start of the process to its first request for an invocation.
    pub cold_start: Duration,
    output: tempfile::NamedTempFile,
}

/// What a function said of an invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It succeeded.
    Response(Value),
    /// It failed.
    Error(Value),
}

struct Api {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<Answer>,
    started: mpsc::UnboundedSender<Instant>,
    trace_header: Option<String>,
}

impl Function {
    /// Starts the process with these variables, and waits until it asks for its first invocation.
    ///
    /// # Panics
    /// If it does not within ten seconds.
    pub async fn start(bootstrap: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_with(bootstrap, variables, None).await
    }

    /// The same, where each invocation comes with this tracing header.
    ///
    /// # Panics
    /// As [`Function::start`].
    pub async fn start_in_trace(bootstrap: &Path, variables: &[(&str, &str)], header: &str) -> Self {
        Self::start_with(bootstrap, variables, Some(header.to_owned())).await
    }

    async fn start_with(bootstrap: &Path, variables: &[(&str, &str)], trace_header: Option<String>) -> Self {
        let (events, to_serve) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let (started, mut starts) = mpsc::unbounded_channel();
        let api = Arc::new(Api {
            events: Mutex::new(to_serve),
            answers: answered,
            started,
            trace_header,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(api);
        let url = crate::rekognition::serve(router).await;

        let output = tempfile::NamedTempFile::new().unwrap();
        let before = Instant::now();
        let process = Command::new(bootstrap)
            .env("AWS_LAMBDA_RUNTIME_API", url.trim_start_matches("http://"))
            .env("AWS_LAMBDA_FUNCTION_NAME", "face-blur")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .envs(variables.iter().copied())
            .stdout(output.reopen().unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", bootstrap.display()));
        let first = tokio::time::timeout(Duration::from_secs(10), starts.recv());
        let first = first
            .await
            .expect("the function did not ask for an invocation")
            .unwrap();
        Self {
            process,
            output,
            events,
            answers,
            cold_start: first.duration_since(before),
        }
    }

    /// Hands one event to the function and waits for what it says of it.
    ///
    /// # Panics
    /// If it says nothing within two minutes.
    pub async fn invoke(&mut self, event: Value) -> Answer {
        self.events.send(event).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(120), self.answers.recv());
        answer.await.expect("the function did not answer").unwrap()
    }

    /// The JSON lines that the function has written so far: its log, and its metrics in CloudWatch's embedded format.
    pub fn lines(&self) -> Vec<Value> {
        let written = std::fs::read_to_string(self.output.path()).unwrap();
        written
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The processor time that the process has taken so far, in all of its threads.
    pub fn processor_time(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let of_thread = |path: std::path::PathBuf| -> u64 {
            let times = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
            times.split_whitespace().next().map_or(0, |time| time.parse().unwrap())
        };
        Duration::from_nanos(threads.map(|thread| of_thread(thread.unwrap().path())).sum())
    }

    /// The most memory that the process had resident so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes * 1024
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    let _ = api.started.send(Instant::now());
    let Some(event) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(60);
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "r-1".to_owned()),
        ("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string()),
        (
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:000000000000:function:f".into(),
        ),
    ];
    let trace = api
        .trace_header
        .iter()
        .map(|header| ("Lambda-Runtime-Trace-Id", header.clone()));
    let headers = AppendHeaders(headers.into_iter().chain(trace));
    (headers, event.to_string()).into_response()
}

async fn response(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api
        .answers
        .send(Answer::Response(serde_json::from_slice(&body).unwrap()));
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.answers.send(Answer::Error(serde_json::from_slice(&body).unwrap()));
    StatusCode::ACCEPTED
}
