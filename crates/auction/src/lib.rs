//! The rules of a sealed-bid auction: events, hash chain, money, the envelope. Knows no AWS.
