//! `gatehouse auction open`

use jiff::Timestamp;
use serde::Serialize;

use crate::api::Place;
use crate::failure::Failure;
use crate::idempotency_key::IdempotencyKey;
use crate::sealing::money;

/// The arguments of `gatehouse auction open`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    auction: Auction,
    #[command(flatten)]
    idempotency_key: IdempotencyKey,
}

/// The body of `POST /auctions`.
#[derive(Debug, clap::Args, Serialize)]
#[serde(rename_all = "camelCase")]
struct Auction {
    /// What is for sale
    #[arg(long)]
    title: String,
    /// From when on bids are taken, such as 2026-03-01T09:00:00Z [default: at once]
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_at: Option<Timestamp>,
    /// Until when bids are taken
    #[arg(long, value_name = "TIME")]
    closes_at: Timestamp,
    /// What the winner pays: their own amount, or the second highest
    #[arg(long, value_parser = ["first-price", "second-price"])]
    rule: String,
    /// The currency of all bids (ISO 4217)
    #[arg(long, value_name = "CODE")]
    currency: String,
    /// The least amount that can win; everybody sees it
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reserve: Option<String>,
    /// A name of your own, by which old files of bids know this auction
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
}

/// Runs the command: the auction as JSON goes to standard output.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let auction = &arguments.auction;
    if let Some(reserve) = &auction.reserve {
        money("--reserve", reserve, &auction.currency)?;
    }
    let api = arguments.place.connect_known()?;
    let key = arguments.idempotency_key.or_random()?;
    let body = serde_json::json!(auction).to_string();
    println!("{}", api.post("/auctions", body.as_bytes(), &key)?.document()?);
    Ok(())
}
