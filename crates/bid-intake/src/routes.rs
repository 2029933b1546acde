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

    /// Whether the flag `intake` switches it off. An auction can still be called off: its auctioneer may have to, before it
    /// closes without the bids that could not be placed.
    pub fn takes_in(self) -> bool {
        match self {
            Self::OpenAuction | Self::PlaceBid | Self::WithdrawBid => true,
            Self::CancelAuction | Self::ShowAuction | Self::ShowReceipt | Self::ShowResult | Self::ShowLog => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::event::HttpEvent;

    #[test]
    fn every_sample_event_is_of_a_route_and_every_route_has_one() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/bid-intake");
        let mut routes: Vec<String> = Vec::new();
        for file in fs::read_dir(folder).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let event: HttpEvent = serde_json::from_str(&text).unwrap();
            let route = Route::of(&event.route_key).unwrap_or_else(|| panic!("{}", event.route_key));
            routes.push(format!("{route:?}"));
        }
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes.len(), 8, "{routes:?}");
    }

    #[test]
    fn a_route_that_is_not_in_the_contract_is_none() {
        for key in [
            "$default",
            "GET /auctions",
            "POST /auctions/{auctionId}",
            "get /auctions/{auctionId}",
        ] {
            assert_eq!(Route::of(key), None, "{key}");
        }
    }
}
