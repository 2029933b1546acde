//! Auctions as streams of hash-chained events.
