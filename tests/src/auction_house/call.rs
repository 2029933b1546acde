//! Requests as API Gateway hands them on.

use std::sync::atomic::{AtomicU32, Ordering};

use gatehouse_auction::AuctionId;
use serde_json::{Map, Value, json};

static KEYS: AtomicU32 = AtomicU32::new(0);

/// Somebody with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who it is: the claim `sub`.
    pub subject: String,
    group: &'static str,
}

impl Person {
    /// Somebody in the group `auctioneers`.
    pub fn auctioneer(subject: &str) -> Self {
        Self::in_group(subject, "auctioneers")
    }

    /// Somebody in the group `bidders`.
    pub fn bidder(subject: &str) -> Self {
        Self::in_group(subject, "bidders")
    }

    /// Somebody in another group.
    pub fn in_group(subject: &str, group: &'static str) -> Self {
        let subject = subject.to_owned();
        Self { subject, group }
    }
}

/// One request. Its fields may be changed before it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// Such as `GET /auctions/{auctionId}`.
    pub route: &'static str,
    /// Who calls, if they have a token.
    pub person: Option<Person>,
    /// The values in the path.
    pub path: Map<String, Value>,
    /// The query's.
    pub query: Map<String, Value>,
    /// In lower case.
    pub headers: Map<String, Value>,
    /// As it is sent.
    pub body: Option<String>,
}

impl Call {
    /// `POST /auctions`, with a key of its own.
    pub fn open(auctioneer: &Person, auction: &Value) -> Self {
        Self::new("POST /auctions").by(auctioneer).posting(auction)
    }

    /// `POST /auctions/{auctionId}/bids`, with a key of its own.
    pub fn bid(bidder: &Person, auction: AuctionId, envelope: &str) -> Self {
        let call = Self::new("POST /auctions/{auctionId}/bids").by(bidder).of(auction);
        call.posting(&json!({"envelope": envelope}))
    }

    /// Another route, by nobody.
    pub fn new(route: &'static str) -> Self {
        Self {
            route,
            person: None,
            path: Map::new(),
            query: Map::new(),
            headers: Map::new(),
            body: None,
        }
    }

    /// By this person.
    #[must_use]
    pub fn by(self, person: &Person) -> Self {
        let person = Some(person.clone());
        Self { person, ..self }
    }

    /// Of this auction.
    #[must_use]
    pub fn of(mut self, auction: AuctionId) -> Self {
        self.path.insert("auctionId".into(), json!(auction));
        self
    }

    /// Of this bid.
    #[must_use]
    pub fn bid_id(mut self, bid: &Value) -> Self {
        self.path.insert("bidId".into(), bid.clone());
        self
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.into(), json!(value));
        self
    }

    /// With this parameter.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.query.insert(name.into(), json!(value));
        self
    }

    fn posting(self, body: &Value) -> Self {
        let key = format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        let call = self
            .header("content-type", "application/json")
            .header("idempotency-key", &key);
        let body = Some(body.to_string());
        Self { body, ..call }
    }

    /// API Gateway's payload, format 2.0.
    pub fn event(&self) -> Value {
        let mut context = json!({"requestId": "JKJaXmPLvHcESHA=", "routeKey": self.route, "stage": "$default"});
        if let Some(Person { subject, group }) = &self.person {
            let claims = json!({"sub": subject, "cognito:groups": format!("[{group}]"), "token_use": "id"});
            context["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
        }
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route,
            "rawPath": "/",
            "headers": self.headers,
            "pathParameters": self.path,
            "requestContext": context,
            "isBase64Encoded": false,
        });
        if !self.query.is_empty() {
            event["queryStringParameters"] = json!(self.query);
        }
        if let Some(body) = &self.body {
            event["body"] = json!(body);
        }
        event
    }
}
