//! The HTTP API, called as its clients call it. Every answer is kept: a test may look through all of them.

use std::sync::Mutex;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::House;
use super::house::User;
use crate::stack::variable;

/// The API of the deployed stack.
pub struct Api {
    connector: SharedHttpConnector,
    base: String,
    answers: Mutex<Vec<Told>>,
}

/// What somebody was told.
#[derive(Debug, Clone)]
pub struct Told {
    /// The `sub` of whoever asked; nobody's for a request without a token.
    pub to: Option<String>,
    /// What was asked for.
    pub asked: String,
    /// The whole answer: status, headers, body.
    pub text: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, or null if it is empty.
    pub body: Value,
}

impl Answer {
    /// The body of an answer with this status.
    ///
    /// # Panics
    /// If it has another.
    #[track_caller]
    pub fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The code at the end of a problem's type (RFC 9457), and the status.
    pub fn problem(&self) -> (u16, &str) {
        let kind = self.body["type"].as_str().unwrap_or_default();
        (self.status, kind.strip_prefix("urn:gatehouse:problem:").unwrap_or(kind))
    }
}

impl Api {
    /// The API that `make test` has deployed.
    pub fn connect() -> Self {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        Self {
            connector: SharedHttpConnector::new(Connector::builder().tls_provider(tls).build()),
            base: variable("GATEHOUSE_API_URL"),
            answers: Mutex::default(),
        }
    }

    /// `GET` of a path.
    pub async fn get(&self, who: Option<&User>, path: &str) -> Answer {
        self.call(who, "GET", path, None).await
    }

    /// `DELETE` of a path.
    pub async fn delete(&self, who: &User, path: &str) -> Answer {
        self.call(Some(who), "DELETE", path, None).await
    }

    /// `POST` of some JSON, under an idempotency key of its own.
    pub async fn post(&self, who: &User, path: &str, json: &Value) -> Answer {
        self.post_as(who, path, json, &House::unique()).await
    }

    /// `POST` of some JSON, under this idempotency key.
    pub async fn post_as(&self, who: &User, path: &str, json: &Value, key: &str) -> Answer {
        self.call(Some(who), "POST", path, Some((json, key))).await
    }

    /// What everybody was told so far.
    pub fn told(&self) -> Vec<Told> {
        self.answers.lock().unwrap().clone()
    }

    async fn call(&self, who: Option<&User>, method: &str, path: &str, post: Option<(&Value, &str)>) -> Answer {
        let body = post.map_or_else(SdkBody::empty, |(json, _)| SdkBody::from(json.to_string()));
        let mut request = HttpRequest::new(body);
        request.set_uri(format!("{}{path}", self.base)).unwrap();
        request.set_method(method).unwrap();
        let headers = request.headers_mut();
        if let Some(user) = who {
            headers.insert("authorization", format!("Bearer {}", user.token));
        }
        if let Some((json, key)) = post {
            headers.insert("content-type", "application/json");
            headers.insert("content-length", json.to_string().len().to_string());
            headers.insert("idempotency-key", key.to_owned());
        }
        let mut response = self.connector.call(request).await.expect("an answer");
        let body = read(&mut response).await;
        self.answers.lock().unwrap().push(Told {
            to: who.map(|user| user.sub.clone()),
            asked: format!("{method} {path}"),
            text: format!("{} {:?} {body}", response.status(), response.headers()),
        });
        Answer {
            status: response.status().as_u16(),
            body: serde_json::from_str(&body).unwrap_or(Value::Null),
        }
    }
}

async fn read(response: &mut HttpResponse) -> String {
    let body = std::mem::replace(response.body_mut(), SdkBody::empty());
    let bytes = aws_smithy_types::byte_stream::ByteStream::new(body)
        .collect()
        .await
        .unwrap();
    String::from_utf8(bytes.into_bytes().to_vec()).unwrap()
}
