//! Auctioneers, bidders, and an auction that they hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gatehouse_auction::{AuctionId, Link, Money, PublicKey, envelope, log};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Answer, Api};
use crate::eventually;
use crate::stack::{PATIENCE, variable};

/// All bids of these tests are in it.
const CURRENCY: &str = "EUR";

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Somebody in the stack's user pool.
#[derive(Clone, Deserialize)]
pub struct User {
    /// What they are called there.
    pub name: String,
    /// `auctioneers` or `bidders`.
    pub group: String,
    /// Who the API takes them for.
    pub sub: String,
    /// An access token.
    pub token: String,
}

/// The deployed auction house.
pub struct House {
    /// Its API.
    pub api: Api,
    /// Those who may open auctions.
    pub auctioneers: Vec<User>,
    /// Those who may bid.
    pub bidders: Vec<User>,
}

/// An auction that was opened there.
pub struct Auction<'a> {
    house: &'a House,
    /// Its id.
    pub id: AuctionId,
    /// When it closes.
    pub closes_at: Timestamp,
    key: PublicKey,
}

impl House {
    /// The one that `make test` has deployed.
    pub fn connect() -> Self {
        let users: Vec<User> = serde_json::from_str(&variable("GATEHOUSE_USERS")).unwrap();
        let (auctioneers, bidders) = users.into_iter().partition(|user| user.group == "auctioneers");
        Self {
            api: Api::connect(),
            auctioneers,
            bidders,
        }
    }

    /// A text that nobody had before.
    pub fn unique() -> String {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        format!("{}-{}-{number}", std::process::id(), Timestamp::now().as_nanosecond())
    }

    /// Opens an auction by this rule for so long, as the first auctioneer. `more` goes into the request.
    pub async fn open(&self, rule: &str, open_for: Duration, more: &Value) -> Auction<'_> {
        let closes_at = Timestamp::now() + SignedDuration::try_from(open_for).unwrap();
        let mut request = json!({
            "title": format!("A test's auction, {rule}"),
            "closesAt": closes_at.to_string(),
            "rule": rule,
            "currency": CURRENCY,
        });
        for (name, value) in more.as_object().unwrap() {
            request[name] = value.clone();
        }
        let opened = self
            .api
            .post(&self.auctioneers[0], "/auctions", &request)
            .await
            .with(201);
        Auction {
            house: self,
            id: opened["id"].as_str().unwrap().parse().unwrap(),
            closes_at: opened["closesAt"].as_str().unwrap().parse().unwrap(),
            key: serde_json::from_value(opened["key"].clone()).unwrap(),
        }
    }
}

impl Auction<'_> {
    /// Its path, and what comes after it.
    pub fn path(&self, rest: &str) -> String {
        format!("/auctions/{}{rest}", self.id)
    }

    /// An envelope with this amount in it.
    pub fn sealed(&self, bidder: &User, amount: &str) -> String {
        let money = Money::parse(amount, CURRENCY.parse().unwrap()).unwrap();
        envelope::seal(&self.key, self.id, &bidder.sub, &money).unwrap()
    }

    /// Posts an envelope.
    pub async fn post(&self, bidder: &User, envelope: &str) -> Answer {
        let body = json!({ "envelope": envelope });
        self.house.api.post(bidder, &self.path("/bids"), &body).await
    }

    /// Seals and posts a bid that has to be taken; its receipt.
    pub async fn bid(&self, bidder: &User, amount: &str) -> Value {
        self.post(bidder, &self.sealed(bidder, amount)).await.with(201)
    }

    /// What is told to somebody of the result, as soon as there is one.
    pub async fn result(&self, who: &User) -> Value {
        eventually("the auction settled", PATIENCE, || async {
            let answer = self.house.api.get(Some(who), &self.path("/result")).await;
            match answer.problem() {
                (404, "not-settled") => None,
                _ => Some(answer.with(200)),
            }
        })
        .await
    }

    /// The whole log, whose chain has to hold.
    pub async fn log(&self) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        loop {
            let after = links.last().map_or(0, |link| link.position);
            let path = self.path(&format!("/log?after={after}&limit=100"));
            let page = self.house.api.get(None, &path).await.with(200);
            links.extend(serde_json::from_value::<Vec<Link>>(page["links"].clone()).unwrap());
            if page.get("next").is_none() {
                break;
            }
        }
        log::verify(self.id, links.iter().copied()).expect("a whole chain");
        links
    }
}
