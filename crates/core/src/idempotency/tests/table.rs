//! A DynamoDB table in memory behind the SDK's HTTP client: it knows the three requests of the
//! protocol, and has the faults that a test asks for. The end-to-end tests run the same requests
//! against a DynamoDB that knows all of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// What happens to one request on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    Throttled,
    InternalError,
    /// It never arrived.
    LostRequest,
    /// It took effect, and nobody heard of it.
    LostAnswer,
    AccessDenied,
}

/// The table. Its clones are the same table.
#[derive(Debug, Clone, Default)]
pub struct Table(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    items: BTreeMap<String, Value>,
    requests: Vec<(String, Value)>,
    faults: VecDeque<Fault>,
}

impl Table {
    pub fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        Client::from_conf(config.build())
    }

    /// The next requests have these faults, one each.
    pub fn fail(&self, faults: &[Fault]) {
        self.inner().faults.extend(faults);
    }

    /// Faults that no request has had yet are over.
    pub fn faults_end(&self) {
        self.inner().faults.clear();
    }

    /// The one item, if there is one.
    pub fn item(&self) -> Option<Value> {
        let inner = self.inner();
        assert!(inner.items.len() < 2, "one item at most");
        inner.items.values().next().cloned()
    }

    pub fn put(&self, item: Value) {
        self.inner().items.insert(text(&item["pk"]["S"]), item);
    }

    /// The names of the requests so far, with those that had a fault.
    pub fn requests(&self) -> Vec<String> {
        self.inner().requests.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Lets a request of the past arrive once more: the network had kept a copy.
    pub fn arrives_again(&self, index: usize) {
        let mut inner = self.inner();
        let (name, body) = inner.requests[index].clone();
        inner.serve(&name, &body);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl HttpConnector for Table {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let name = target.rsplit('.').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let mut inner = self.inner();
        inner.requests.push((name.clone(), body.clone()));
        let (status, answer) = match inner.faults.pop_front() {
            None => inner.serve(&name, &body),
            Some(Fault::Throttled) => (400, error("ProvisionedThroughputExceededException")),
            Some(Fault::InternalError) => (500, error("InternalServerError")),
            Some(Fault::AccessDenied) => (400, error("AccessDeniedException")),
            Some(Fault::LostRequest) => return time_out(),
            Some(Fault::LostAnswer) => {
                inner.serve(&name, &body);
                return time_out();
            }
        };
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer.to_string()));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

fn time_out() -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Err(ConnectorError::timeout("no answer".into())))
}

fn error(name: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": "said the table" })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn number(value: &Value) -> Option<u64> {
    value["N"].as_str().map(|digits| digits.parse().unwrap())
}

impl Inner {
    fn serve(&mut self, name: &str, body: &Value) -> (u16, Value) {
        let key = match name {
            "PutItem" => text(&body["Item"]["pk"]["S"]),
            _ => text(&body["Key"]["pk"]["S"]),
        };
        let old = self.items.get(&key).cloned();
        if !holds(
            text(&body["ConditionExpression"]).as_str(),
            old.as_ref(),
            &body["ExpressionAttributeValues"],
        ) {
            let mut answer = error("ConditionalCheckFailedException");
            if body["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
                && let Some(old) = old
            {
                answer["Item"] = old;
            }
            return (400, answer);
        }
        match name {
            "PutItem" => {
                self.items.insert(key, body["Item"].clone());
            }
            "UpdateItem" => update(self.items.get_mut(&key).unwrap(), body),
            "DeleteItem" => {
                self.items.remove(&key);
            }
            other => panic!("the protocol has no {other}"),
        }
        (200, json!({}))
    }
}

fn holds(condition: &str, old: Option<&Value>, values: &Value) -> bool {
    let attribute = |name: &str| old.map_or(&Value::Null, |old| &old[name]);
    let past =
        |name: &str, now: &str| number(attribute(name)).is_some_and(|time| time <= number(&values[now]).unwrap());
    let ours = attribute("ownerToken") == &values[":owner"];
    match condition {
        "attribute_not_exists(pk) OR expiresAt <= :seconds OR leaseEnds <= :milliseconds" => {
            old.is_none() || past("expiresAt", ":seconds") || past("leaseEnds", ":milliseconds")
        }
        "ownerToken = :owner" => ours,
        "attribute_not_exists(pk) OR (ownerToken = :owner AND attribute_exists(leaseEnds))" => {
            old.is_none() || (ours && !attribute("leaseEnds").is_null())
        }
        other => panic!("the protocol has no condition {other}"),
    }
}

fn update(item: &mut Value, body: &Value) {
    let values = &body["ExpressionAttributeValues"];
    item["expiresAt"] = values[":expiry"].clone();
    item.as_object_mut().unwrap().remove("leaseEnds");
    match text(&body["UpdateExpression"]).as_str() {
        "SET expiresAt = :expiry, #response = :response REMOVE leaseEnds" => {
            item["response"] = values[":response"].clone()
        }
        "SET expiresAt = :expiry REMOVE leaseEnds" => {}
        other => panic!("the protocol has no update {other}"),
    }
}
