//! `gatehouse post`, and what it shares with `gatehouse bid`

use std::path::PathBuf;

use gatehouse_auction::{AuctionId, Envelope, Seal};

use crate::api::{Api, Place};
use crate::failure::Failure;
use crate::file;
use crate::idempotency_key::IdempotencyKey;
use crate::receipt::Receipt;
use crate::sealing::{TEXT_LIMIT, auction_id};

/// The arguments of `gatehouse post`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The auction's id
    #[arg(long, value_name = "ID")]
    auction: String,
    /// The envelope, as `gatehouse seal` prints it; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    envelope: PathBuf,
    #[command(flatten)]
    idempotency_key: IdempotencyKey,
}

/// Runs the command: the receipt as JSON goes to standard output.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let envelope = file::read_text(&arguments.envelope, TEXT_LIMIT)?;
    let auction = auction_id(&arguments.auction)?;
    send(
        &arguments.place.connect_known()?,
        auction,
        envelope.trim(),
        &arguments.idempotency_key,
    )
}

/// Posts an envelope, and prints the receipt.
///
/// A receipt for something else than this envelope is printed all the same, and is a [`Failure::Log`]: keep it as a proof.
pub fn send(api: &Api, auction: AuctionId, envelope: &str, key: &IdempotencyKey) -> Result<(), Failure> {
    let hash = match Envelope::parse(envelope) {
        Ok(parsed) => parsed.sha256(),
        Err(error) => return Err(Failure::input(error.code(), error.to_string())),
    };
    let key = key.or_random()?;
    let body = serde_json::json!({ "envelope": envelope }).to_string();
    let answer = api.post(&format!("/auctions/{auction}/bids"), body.as_bytes(), &key)?;
    println!("{}", answer.document()?);

    let receipt: Receipt = answer.json()?;
    let mut wrong = receipt.contradictions();
    let imported = receipt.seal() == Some(Seal::KmsCiphertext);
    if imported || receipt.auction_id != auction || receipt.envelope_sha256 != hash {
        let what = "another auction, another envelope, or a bid that was imported";
        wrong.push(format!("other-receipt: the receipt is for {what}"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::Log(wrong))
    }
}
