//! `gatehouse seal`

use std::path::PathBuf;

use crate::api::Api;
use crate::failure::Failure;
use crate::sealing::{self, Bid};

/// The arguments of `gatehouse seal`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["key", "api"]))]
pub struct Arguments {
    #[command(flatten)]
    bid: Bid,
    /// The auction's public key, a JWK in a file: nothing is asked of anybody
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The API's address, to ask for the public key
    #[arg(long, value_name = "URL")]
    api: Option<String>,
}

/// Runs the command: the envelope alone goes to standard output.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let bid = &arguments.bid;
    let envelope = match (&arguments.key, &arguments.api) {
        (Some(path), _) => bid.seal(&sealing::read_key(path)?)?,
        (None, url) => bid.seal_for(&Api::at(url.as_deref().unwrap_or_default(), None)?, None)?,
    };
    println!("{envelope}");
    Ok(())
}
