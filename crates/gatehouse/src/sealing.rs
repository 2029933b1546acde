//! A bid, from its arguments to its envelope.

use std::path::Path;

use gatehouse_auction::{AuctionId, Money, MoneyError, PublicKey, envelope};
use serde::Deserialize;

use crate::api::Api;
use crate::failure::Failure;
use crate::file;

/// More than any amount, key or envelope has, in bytes.
pub const TEXT_LIMIT: u64 = 16 << 10;

/// What is bid, where, and by whom.
#[derive(Debug, clap::Args)]
pub struct Bid {
    /// The auction's id
    #[arg(long, value_name = "ID")]
    pub auction: String,
    /// Whose bid it is: the claim `sub` of the bidder's token
    #[arg(long, value_name = "SUB")]
    pub bidder: String,
    /// The amount, such as 125000.00; `-` reads it from standard input, and keeps it out of the shell's history
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub amount: String,
    /// The auction's currency, such as EUR (ISO 4217)
    #[arg(long, value_name = "CODE")]
    pub currency: String,
}

/// Who may open the envelope: the members of interest of `GET /auctions/{auctionId}`.
#[derive(Debug, Deserialize)]
pub struct Auction {
    id: AuctionId,
    currency: String,
    key: PublicKey,
}

impl Bid {
    /// Seals the bid for an auction that the API knows; with `known`, only if that is the auction's key.
    ///
    /// [`Failure::Input`] for another currency than the auction's, or another key than the known one: such a bid would be
    /// found invalid at the close only, or could be read by whoever put the key in its place.
    pub fn seal_for(&self, api: &Api, known: Option<&PublicKey>) -> Result<String, Failure> {
        let id = auction_id(&self.auction)?;
        let auction: Auction = api.get(&format!("/auctions/{id}"))?.json()?;
        if auction.id != id {
            let detail = format!("asked for auction {id}, the API answered with {}", auction.id);
            return Err(Failure::input("unexpected-answer", detail));
        }
        if auction.currency != self.currency {
            let detail = format!("--currency: auction {id} takes bids in {}", auction.currency);
            return Err(Failure::input("wrong-currency", detail));
        }
        if known.is_some_and(|known| *known != auction.key) {
            let detail = format!("--key: the API names another key for auction {id}");
            return Err(Failure::input("other-key", detail));
        }
        self.seal(&auction.key)
    }

    /// Seals the bid with this key.
    pub fn seal(&self, key: &PublicKey) -> Result<String, Failure> {
        let auction = auction_id(&self.auction)?;
        let money = self.money()?;
        envelope::seal(key, auction, &self.bidder, &money)
            .map_err(|error| Failure::input("not-sealed", error.to_string()))
    }

    fn money(&self) -> Result<Money, Failure> {
        let typed;
        let amount = if self.amount == "-" {
            typed = file::read_text(Path::new("-"), TEXT_LIMIT)?;
            typed.trim()
        } else {
            self.amount.as_str()
        };
        money("--amount", amount, &self.currency)
    }
}

/// An amount in a currency; the error never repeats the amount.
pub fn money(argument: &str, amount: &str, currency: &str) -> Result<Money, Failure> {
    let parsed = currency.parse().and_then(|currency| Money::parse(amount, currency));
    parsed.map_err(|error: MoneyError| {
        let argument = if matches!(error, MoneyError::Currency) {
            "--currency"
        } else {
            argument
        };
        Failure::input(error.code(), format!("{argument}: {error}"))
    })
}

/// An auction's id.
pub fn auction_id(text: &str) -> Result<AuctionId, Failure> {
    let parsed = text.parse();
    parsed.map_err(|error| {
        Failure::input(
            "bad-auction-id",
            format!("--auction: {text:?} is not an auction's id: {error}"),
        )
    })
}

/// A public key in a file, as a JWK (RFC 7517).
pub fn read_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = file::read_text(path, TEXT_LIMIT)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::input("bad-key", format!("--key: {}: {error}", path.display())))
}
