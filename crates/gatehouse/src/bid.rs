//! `gatehouse bid`

use std::path::PathBuf;

use crate::api::Place;
use crate::failure::Failure;
use crate::idempotency_key::IdempotencyKey;
use crate::post;
use crate::sealing::{self, Bid};

/// The arguments of `gatehouse bid`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    bid: Bid,
    /// The auction's public key, a JWK in a file, instead of the one that the API names
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    idempotency_key: IdempotencyKey,
}

/// Runs the command: the receipt as JSON goes to standard output.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let api = arguments.place.connect_known()?;
    let bid = &arguments.bid;
    let envelope = match &arguments.key {
        Some(path) => bid.seal(&sealing::read_key(path)?)?,
        None => bid.seal_for(&api)?,
    };
    post::send(
        &api,
        sealing::auction_id(&bid.auction)?,
        &envelope,
        &arguments.idempotency_key,
    )
}
