//! The `gatehouse` command: what the functions do to photos, on one's own machine, without AWS; and what a bidder, an
//! auctioneer or an onlooker does with sealed bids; and what a person on call does with what failed in a stack, or with
//! what lay in a bucket before.
//!
//! Exit codes: 0 done; 2 usage; 65 the input is bad (its reason code and a sentence on standard
//! error, nothing written); 1 anything else.

mod account;
mod api;
mod auction;
mod backfill;
mod bid;
mod detect;
mod failure;
mod file;
mod idempotency_key;
mod post;
mod queue;
mod receipt;
mod redact;
mod seal;
mod sealing;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Find and hide the faces in photos; seal bids and check what became of them; look after what failed.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say where the faces in a photo are
    Detect(detect::Arguments),
    /// Hide the faces in a photo and clean its metadata
    Redact(redact::Arguments),
    /// Seal a bid: print the envelope that nobody can open before the auction's close
    Seal(seal::Arguments),
    /// Seal a bid and post it: print the receipt
    Bid(bid::Arguments),
    /// Post a bid that was sealed before: print the receipt
    Post(post::Arguments),
    /// Open, show, cancel and verify auctions
    #[command(subcommand)]
    Auction(auction::Command),
    /// See what failed in a stack, put it back to work, or drop it
    #[command(subcommand)]
    Queue(queue::Command),
    /// Have a stack hide the faces in what lay in its source bucket before
    Backfill(backfill::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Detect(arguments) => detect::run(&arguments),
        Command::Redact(arguments) => redact::run(&arguments),
        Command::Seal(arguments) => seal::run(&arguments),
        Command::Bid(arguments) => bid::run(&arguments),
        Command::Post(arguments) => post::run(&arguments),
        Command::Auction(command) => auction::run(&command),
        Command::Queue(command) => queue::run(&command),
        Command::Backfill(arguments) => backfill::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("gatehouse: {failure}");
            failure.exit_code()
        }
    }
}
