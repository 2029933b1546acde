//! Lambda function: closes an auction, opens its bids and names the winner.
