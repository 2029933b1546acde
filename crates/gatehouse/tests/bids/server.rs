//! A small HTTP server that answers what it was told to, one answer after another, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::Value;

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    hangs_up: bool,
}

impl Answer {
    /// JSON with this status.
    pub fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            status,
            headers,
            body: body.to_string(),
            hangs_up: false,
        }
    }

    /// A problem document with this status and code.
    pub fn problem(status: u16, code: &str) -> Self {
        let body = serde_json::json!({
            "type": format!("urn:gatehouse:problem:{code}"), "title": code, "status": status, "detail": "It says why.",
        });
        Self::json(status, &body)
    }

    /// No answer: the connection is cut while the client waits.
    pub fn none() -> Self {
        Self {
            hangs_up: true,
            ..Self::json(200, &Value::Null)
        }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Asked {
    /// The value of a header, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    asked: Vec<Asked>,
}

/// The server; it ends with the test.
pub struct Server {
    pub url: String,
    script: Arc<Mutex<Script>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Gives these answers in turn, then 410 Gone.
    pub fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Arc::new(Mutex::new(Script {
            answers: answers.into_iter().collect(),
            asked: Vec::new(),
        }));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            script,
            _runtime: runtime,
        }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let next = {
        let mut script = script.lock().unwrap();
        let (method, path, body) = (method.to_string(), uri.to_string(), body.to_vec());
        script.asked.push(Asked {
            method,
            path,
            headers,
            body,
        });
        script
            .answers
            .pop_front()
            .unwrap_or_else(|| Answer::problem(410, "nothing-left-to-say"))
    };
    assert!(!next.hangs_up, "a panic is how a handler of axum cuts the connection");
    let mut response = (StatusCode::from_u16(next.status).unwrap(), next.body).into_response();
    response.headers_mut().clear();
    for (name, value) in next.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
