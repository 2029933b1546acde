//! `gatehouse bid`

use std::path::PathBuf;

use crate::api::Place;
use crate::failure::Failure;
use crate::file;
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
    /// The auction's public key, a JWK in a file: nothing is posted if the API names another one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Save the envelope here before it is posted, so that `gatehouse post FILE` can send the very same again
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    idempotency_key: IdempotencyKey,
}

/// Runs the command: the receipt as JSON goes to standard output.
///
/// Run again, it seals again: another envelope, which replaces the first. To send the first again is
/// [`post`]'s work, with what was saved.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let api = arguments.place.connect_known()?;
    let bid = &arguments.bid;
    let known = arguments.key.as_deref().map(sealing::read_key).transpose()?;
    let envelope = bid.seal_for(&api, known.as_ref())?;
    let auction = sealing::auction_id(&bid.auction)?;
    let key = &arguments.idempotency_key;
    let Some(path) = &arguments.save else {
        return post::send(&api, auction, &envelope, key);
    };
    file::write_new(path, &format!("{envelope}\n"))?;
    post::send(&api, auction, &envelope, key).map_err(|failure| failure.of_saved_bid(path))
}
