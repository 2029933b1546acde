//! `gatehouse auction log`, and the log as `gatehouse auction verify` reads it

use std::path::Path;

use gatehouse_auction::{AuctionId, Link};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::api::{Api, Place};
use crate::failure::Failure;
use crate::file;
use crate::sealing::auction_id;

/// How many entries are asked for at a time.
const PAGE: usize = 100;
/// The longest log that is read, in entries: beyond any auction's, and it fits into memory.
const MOST_LINKS: usize = 1_000_000;
/// The largest file that is read as a log, in bytes.
const FILE_LIMIT: u64 = 256 << 20;

/// The arguments of `gatehouse auction log`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The auction's id
    #[arg(long, value_name = "ID")]
    auction: String,
}

/// An auction's log as anybody may see it: what stands where, when it came, and the chain of hashes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// Whose log it is.
    pub auction_id: AuctionId,
    /// One for each event, from position 1.
    pub links: Vec<Link>,
    /// Says that there are more, in an answer of the API.
    #[serde(default, skip_serializing)]
    next: Option<IgnoredAny>,
}

/// Runs the command: the whole log as one JSON document goes to standard output.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let log = Log::fetch(&arguments.place.connect()?, auction_id(&arguments.auction)?)?;
    println!("{}", serde_json::json!(log));
    Ok(())
}

impl Log {
    /// Fetches a whole log, page by page.
    pub fn fetch(api: &Api, auction: AuctionId) -> Result<Self, Failure> {
        let mut links: Vec<Link> = Vec::new();
        loop {
            let after = links.last().map_or(0, |link| link.position);
            let page: Self = api
                .get(&format!("/auctions/{auction}/log?after={after}&limit={PAGE}"))?
                .json()?;
            let reached = page.links.last().map_or(after, |link| link.position);
            let goes_on = page.next.is_some();
            if page.auction_id != auction || (goes_on && reached <= after) {
                let detail = format!("the API's answer after position {after} is not a page of this auction's log");
                return Err(Failure::input("unexpected-answer", detail));
            }
            links.extend(page.links);
            if links.len() > MOST_LINKS {
                return Err(Failure::input(
                    "log-too-long",
                    format!("the log has more than {MOST_LINKS} entries"),
                ));
            }
            if !goes_on {
                return Ok(Self {
                    auction_id: auction,
                    links,
                    next: None,
                });
            }
        }
    }

    /// Reads a log that was fetched before.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = file::read_text(path, FILE_LIMIT)?;
        let log: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::input("bad-log", format!("--log: {}: {error}", path.display())))?;
        if log.next.is_some() {
            let detail = format!(
                "--log: {} is one page of a log: `gatehouse auction log` fetches all",
                path.display()
            );
            return Err(Failure::input("bad-log", detail));
        }
        Ok(log)
    }
}
