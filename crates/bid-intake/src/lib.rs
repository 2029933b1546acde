//! Lambda function: an HTTP API that opens auctions and takes sealed bids in.
