//! The commands that are one request each. What the API answers goes to standard output as JSON.

use crate::api::Place;
use crate::failure::Failure;
use crate::sealing::auction_id;

/// Which auction.
#[derive(Debug, clap::Args)]
pub struct Auction {
    #[command(flatten)]
    place: Place,
    /// The auction's id
    #[arg(long, value_name = "ID")]
    auction: String,
}

/// Which bid.
#[derive(Debug, clap::Args)]
pub struct Bid {
    #[command(flatten)]
    auction: Auction,
    /// The bid's id, from its receipt
    #[arg(long, value_name = "ID")]
    bid: u64,
}

impl Auction {
    fn path(&self) -> Result<String, Failure> {
        Ok(format!("/auctions/{}", auction_id(&self.auction)?))
    }
}

impl Bid {
    fn path(&self) -> Result<String, Failure> {
        Ok(format!("{}/bids/{}", self.auction.path()?, self.bid))
    }
}

/// `gatehouse auction show`; anybody may.
pub fn show(auction: &Auction) -> Result<(), Failure> {
    let document = auction.place.connect()?.get(&auction.path()?)?.document()?;
    println!("{document}");
    Ok(())
}

/// `gatehouse auction result`
pub fn result(auction: &Auction) -> Result<(), Failure> {
    let document = auction
        .place
        .connect_known()?
        .get(&format!("{}/result", auction.path()?))?
        .document()?;
    println!("{document}");
    Ok(())
}

/// `gatehouse auction cancel`
pub fn cancel(auction: &Auction) -> Result<(), Failure> {
    auction.place.connect_known()?.delete(&auction.path()?)?;
    Ok(())
}

/// `gatehouse auction receipt`
pub fn receipt(bid: &Bid) -> Result<(), Failure> {
    let document = bid.auction.place.connect_known()?.get(&bid.path()?)?.document()?;
    println!("{document}");
    Ok(())
}

/// `gatehouse auction withdraw`
pub fn withdraw(bid: &Bid) -> Result<(), Failure> {
    bid.auction.place.connect_known()?.delete(&bid.path()?)?;
    Ok(())
}
