//! What the settlement does, as far as the API shows it.

use aws_sdk_kms::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_auction::{Event, Outcome, Winner, rules};
use gatehouse_auction_log::AppendError;
use serde_json::json;

use super::{Auction, House, Person};

impl House {
    /// Sets the clock to the close and closes the auction in its log, whoever is faster at first.
    pub async fn close(&self, auction: &Auction) {
        self.set_clock(auction.closes_at);
        loop {
            let last = self.log.last(auction.id).await.unwrap().unwrap();
            let event = Event::AuctionClosed {};
            match self
                .log
                .append(auction.id, &last.head(), &event, None, auction.closes_at)
                .await
            {
                Ok(_) => return,
                Err(AppendError::Overtaken(_)) => (),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Names a winner, who bid and pays so many EUR.
    pub async fn settle(&self, auction: &Auction, winner: &Person, bid: u64, amount: &str, price: &str) {
        let plaintext = json!({"amount": amount, "price": price, "currency": "EUR"}).to_string();
        let request = self
            .kms
            .encrypt()
            .key_id(&self.result_key)
            .plaintext(Blob::new(plaintext));
        let sealed = request
            .encryption_context("auction", auction.id.to_string())
            .send()
            .await
            .unwrap();
        let state = self.log.load(auction.id).await.unwrap().unwrap();
        let outcome = Outcome {
            winner: Some(Winner {
                bid,
                bidder: winner.subject.clone(),
            }),
            bids: state.bid_count(),
            valid: state.bid_count(),
            invalid: std::collections::BTreeMap::new(),
            log_head: state.head().hash,
            sealed: Some(STANDARD.encode(sealed.ciphertext_blob.unwrap())),
        };
        let event = rules::settle(&state, outcome).unwrap();
        self.log
            .append(auction.id, &state.head(), &event, None, self.now())
            .await
            .unwrap();
    }
}
