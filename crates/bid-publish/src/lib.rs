//! Lambda function: tells EventBridge of each event of an auction.
