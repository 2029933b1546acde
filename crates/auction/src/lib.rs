//! The rules of a sealed-bid auction: events, hash chain, money, the envelope. Knows no AWS.

pub mod envelope;
pub mod event;
pub mod hash;
pub mod id;
pub mod key;
pub mod legacy;
pub mod log;
pub mod money;
pub mod refusal;
pub mod rules;
pub mod settlement;
pub mod state;
pub mod time;

pub use envelope::{ContentKey, Envelope, EnvelopeError};
pub use event::{Event, Phase, Rule, Seal, Terms};
pub use hash::Hash;
pub use id::AuctionId;
pub use key::PublicKey;
pub use log::{BrokenChain, Entry, Head, Link, LogError};
pub use money::{Currency, Money, MoneyError};
pub use refusal::Refusal;
pub use settlement::{Award, Candidate, Invalid, Outcome, Price, Tally, Winner};
pub use state::{Auction, StandingBid};
