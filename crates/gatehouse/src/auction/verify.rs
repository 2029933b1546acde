//! `gatehouse auction verify`

use std::path::PathBuf;

use gatehouse_auction::{AuctionId, Head, log};
use serde_json::json;

use super::log::Log;
use super::result::AuctionResult;
use crate::api::Api;
use crate::failure::Failure;
use crate::receipt::Receipt;
use crate::sealing::auction_id;

/// The arguments of `gatehouse auction verify`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["api", "log"]))]
pub struct Arguments {
    /// The API's address, to fetch the log from
    #[arg(long, value_name = "URL", requires = "auction")]
    api: Option<String>,
    /// A log as `gatehouse auction log` prints it: nothing is asked of anybody
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The auction's id
    #[arg(long, value_name = "ID")]
    auction: Option<String>,
    /// A receipt that the log has to agree with; may be given more than once
    #[arg(long = "receipt", value_name = "FILE")]
    receipts: Vec<PathBuf>,
    /// A result, as `gatehouse auction result` prints it, that this log has to end with
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// A log that is not whole, or does not agree with a receipt or the result, is a [`Failure::Log`], one line for each thing.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Log {
        auction_id: auction,
        links,
        ..
    } = arguments.log()?;
    let receipts: Vec<Receipt> = arguments
        .receipts
        .iter()
        .map(|path| Receipt::read(path))
        .collect::<Result<_, _>>()?;
    let result = arguments.result.as_deref().map(AuctionResult::read).transpose()?;

    let chain = log::verify(auction, links.iter().copied());
    let mut wrong = Vec::new();
    wrong.extend(chain.as_ref().err().map(|broken| format!("log-broken: {broken}")));
    wrong.extend(receipts.iter().flat_map(|receipt| receipt.compare(auction, &links)));
    wrong.extend(result.as_ref().and_then(|result| result.compare(auction, &links)));
    match chain {
        Ok(head) if wrong.is_empty() => {
            arguments.say(auction, &head, &receipts);
            Ok(())
        }
        _ => Err(Failure::Log(wrong)),
    }
}

impl Arguments {
    fn log(&self) -> Result<Log, Failure> {
        let asked = self.auction.as_deref().map(auction_id).transpose()?;
        let log = match (&self.log, &self.api, asked) {
            (Some(path), ..) => Log::read(path)?,
            (None, Some(url), Some(auction)) => Log::fetch(&Api::at(url, None)?, auction)?,
            _ => {
                return Err(Failure::input(
                    "no-log",
                    "--log, or --api with --auction, has to be given",
                ));
            }
        };
        match asked {
            Some(asked) if asked != log.auction_id => {
                let detail = format!("--log: it is the log of auction {}, not of {asked}", log.auction_id);
                Err(Failure::input("other-auction", detail))
            }
            _ => Ok(log),
        }
    }

    fn say(&self, auction: AuctionId, head: &Head, receipts: &[Receipt]) {
        let positions: Vec<u64> = receipts.iter().map(Receipt::position).collect();
        if self.json {
            let head = json!({ "position": head.position, "at": head.at, "hash": head.hash });
            println!(
                "{}",
                json!({ "auctionId": auction, "head": head, "receipts": positions })
            );
            return;
        }
        println!(
            "The log of auction {auction} is whole: {} entries, the last of {}.",
            head.position, head.at
        );
        println!("Its head is {}.", head.hash);
        for position in positions {
            println!("The receipt for position {position} agrees with it.");
        }
        if self.result.is_some() {
            println!("It ends with the result: this winner, these counts, these invalid bids.");
        }
    }
}
