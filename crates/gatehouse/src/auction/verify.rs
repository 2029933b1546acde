//! `gatehouse auction verify`

use std::path::{Path, PathBuf};

use gatehouse_auction::{AuctionId, Hash, Head, Link, log};
use serde::Deserialize;
use serde_json::json;

use super::log::Log;
use crate::api::Api;
use crate::failure::Failure;
use crate::file;
use crate::receipt::Receipt;
use crate::sealing::{TEXT_LIMIT, auction_id};

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
    /// A result, as `gatehouse auction result` prints it, that has to be drawn from this log
    #[arg(long, value_name = "FILE")]
    result: Option<PathBuf>,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

/// The member of a result that says from which state of the log it was drawn.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Drawn {
    log_head: Hash,
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
    let drawn = arguments.result.as_deref().map(Drawn::read).transpose()?;

    let chain = log::verify(auction, links.iter().copied());
    let mut wrong = Vec::new();
    wrong.extend(chain.as_ref().err().map(|broken| format!("log-broken: {broken}")));
    wrong.extend(receipts.iter().flat_map(|receipt| receipt.compare(auction, &links)));
    wrong.extend(drawn.as_ref().and_then(|drawn| drawn.contradiction(&links)));
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
            println!("The result was drawn from it.");
        }
    }
}

impl Drawn {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = file::read_text(path, TEXT_LIMIT * 64)?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::input("bad-result", format!("--result: {}: {error}", path.display())))
    }

    /// Why the result can't be drawn from this log: its head has to be the entry right before the last, which says the
    /// result.
    fn contradiction(&self, links: &[Link]) -> Option<String> {
        let Some(at) = links.iter().position(|link| link.hash == self.log_head) else {
            return Some(format!(
                "result-not-in-log: no entry has the hash {} that the result names",
                self.log_head
            ));
        };
        let behind = links.len() - at - 1;
        let position = at + 1;
        (behind != 1).then(|| {
            format!("result-not-in-log: position {position}: the result was drawn here, and {behind} entries follow, not one")
        })
    }
}
