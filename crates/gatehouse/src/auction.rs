//! `gatehouse auction`

mod ask;
mod log;
mod open;
mod result;
mod verify;

use crate::failure::Failure;

/// What can be done with an auction.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Open an auction (auctioneers)
    Open(open::Arguments),
    /// Show an auction, with the public key that seals its bids
    Show(ask::Auction),
    /// Cancel an auction before its close (the auctioneer who opened it)
    Cancel(ask::Auction),
    /// Withdraw a bid before the close (its bidder)
    Withdraw(ask::Bid),
    /// Fetch the receipt of a bid again (its bidder)
    Receipt(ask::Bid),
    /// Show the result of a settled auction
    Result(ask::Auction),
    /// Fetch the whole log: times and hashes
    Log(log::Arguments),
    /// Check that nothing in the log was changed, removed or put elsewhere
    Verify(verify::Arguments),
}

/// Runs the command.
pub fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Open(arguments) => open::run(arguments),
        Command::Show(arguments) => ask::show(arguments),
        Command::Cancel(arguments) => ask::cancel(arguments),
        Command::Withdraw(arguments) => ask::withdraw(arguments),
        Command::Receipt(arguments) => ask::receipt(arguments),
        Command::Result(arguments) => ask::result(arguments),
        Command::Log(arguments) => log::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
    }
}
