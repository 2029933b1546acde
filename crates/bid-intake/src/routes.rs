//! The API's routes, told apart by API Gateway's route key.

/// One route of `openapi.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Open an auction.
    OpenAuction,
    /// Show an auction, with its public key. Anybody, without a token.
    ShowAuction,
    /// Cancel an auction before it closes.
    CancelAuction,
    /// Place a bid.
    PlaceBid,
    /// Show a bidder the receipt of a bid of theirs.
    ShowReceipt,
    /// Withdraw a bid before the close.
    WithdrawBid,
    /// Show the result.
    ShowResult,
    /// Show the log's hashes and times. Anybody, without a token.
    ShowLog,
}

impl Route {
    /// The route of this key, such as `GET /auctions/{auctionId}`; none if it is not one of ours.
    pub fn of(key: &str) -> Option<Self> {
        Some(match key {
            "POST /auctions" => Self::OpenAuction,
            "GET /auctions/{auctionId}" => Self::ShowAuction,
            "DELETE /auctions/{auctionId}" => Self::CancelAuction,
            "POST /auctions/{auctionId}/bids" => Self::PlaceBid,
            "GET /auctions/{auctionId}/bids/{bidId}" => Self::ShowReceipt,
            "DELETE /auctions/{auctionId}/bids/{bidId}" => Self::WithdrawBid,
            "GET /auctions/{auctionId}/result" => Self::ShowResult,
            "GET /auctions/{auctionId}/log" => Self::ShowLog,
            _ => return None,
        })
    }
}
