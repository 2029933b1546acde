//! The rules of a sealed-bid auction: events, hash chain, money, the envelope. Knows no AWS.
//!
//! An auction is a log of [`Event`]s, each hashed together with everything before it ([`log`]). Its state is what
//! they say in their order ([`Auction::fold`]). What a request becomes is decided by [`rules`], which read and write
//! nothing. A bid is sealed on its bidder's machine ([`envelope`]) and stays so until the close; then a [`Tally`]
//! finds the winner and the price.
//!
//! The one thing to know: **no amount is in any event.** The log can be shown to everybody in hashes, and copied to
//! anybody who may not open a bid.
//!
//! Sealed, taken in, opened, settled:
//!
//! ```
//! use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
//! use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
//! use gatehouse_auction::{
//!     Auction, AuctionId, Candidate, ContentKey, Entry, Envelope, EnvelopeError, Head, Money, PublicKey, Rule, Tally,
//!     Terms, envelope, rules,
//! };
//! use jiff::Timestamp;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In production both halves are in a KMS, and the private one never leaves it.
//! let private = PrivateDecryptingKey::generate(KeySize::Rsa2048)?;
//! let public: PublicKeyX509Der<'_> = private.public_key().as_der()?;
//! let key = PublicKey::from_spki_der("sealing-key-1", public.as_ref())?;
//!
//! // The auctioneer opens.
//! let (opens_at, closes_at): (Timestamp, Timestamp) = ("2030-01-01T12:00Z".parse()?, "2030-01-01T13:00Z".parse()?);
//! let id = AuctionId::generate(opens_at);
//! let terms = Terms {
//!     title: "A house by the sea".into(),
//!     contract: None,
//!     opens_at,
//!     closes_at,
//!     rule: Rule::SecondPrice,
//!     currency: "EUR".parse()?,
//!     reserve: Some(Money::parse("100000", "EUR".parse()?)?),
//!     key: key.clone(),
//!     kms_key: "sealing-key-1".into(),
//!     opened_by: "auctioneer".into(),
//! };
//! let opened = rules::open(id, terms, opens_at)?;
//! let first = Entry::following(&Head::start(id), opens_at, &opened, None)?;
//! let mut auction = Auction::opened(id, &first)?;
//!
//! // A bidder seals; nobody between here and the settlement can read the amount.
//! let sealed = envelope::seal(&key, id, "alice", &Money::parse("125000.00", "EUR".parse()?)?)?;
//!
//! // The intake checks what can be checked unopened, and appends.
//! let now = "2030-01-01T12:30Z".parse()?;
//! let bid = rules::place_bid(auction.terms(), id, auction.phase(), now, "alice", &Envelope::parse(&sealed)?)?;
//! auction.apply(&Entry::following(&auction.head(), now, &bid, Some(sealed.clone()))?)?;
//!
//! // The settlement closes, has each content key unwrapped, counts.
//! let closed = rules::close(auction.terms(), auction.phase(), closes_at)?;
//! auction.apply(&Entry::following(&auction.head(), closes_at, &closed, None)?)?;
//! let unwrapping = OaepPrivateDecryptingKey::new(private)?;
//! let unwrap = async |encrypted_key: &[u8]| {
//!     let mut out = vec![0; unwrapping.min_output_size()];
//!     let content_key = unwrapping.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted_key, &mut out, None);
//!     ContentKey::new(content_key.map_err(|_| EnvelopeError::DoesNotOpen)?)
//! };
//! let mut tally = Tally::new(auction.terms().currency);
//! for (bidder, standing) in auction.bids_by_position() {
//! #   let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! #   macro_rules! awaited { ($future:expr) => { runtime.block_on($future) } }
//!     let amount = awaited!(envelope::open(&Envelope::parse(&sealed)?, &unwrap))?; // or `.await`
//!     tally.valid(Candidate { bid: standing.bid, bidder: bidder.into(), at: standing.at, amount });
//! }
//! let award = tally.award(auction.terms()).ok_or("nobody reached the reserve")?;
//! assert_eq!(award.winner.bidder, "alice");
//! assert_eq!(award.price.price.amount(), "100000.00", "a single bid pays the reserve");
//!
//! // The amounts are encrypted before they go into the log.
//! let sealed_price = "what KMS makes of award.price.to_json()".to_owned();
//! let outcome = tally.outcome(auction.head().hash, Some((award.winner, sealed_price)));
//! let settled = rules::settle(&auction, outcome)?;
//! auction.apply(&Entry::following(&auction.head(), closes_at, &settled, None)?)?;
//! # Ok(())
//! # }
//! ```

pub mod envelope;
pub mod event;
pub mod hash;
pub mod id;
mod json;
pub mod key;
pub mod legacy;
pub mod log;
pub mod money;
pub mod refusal;
pub mod rules;
pub mod settlement;
pub mod state;
pub mod time;

#[cfg(test)]
mod testing;

pub use envelope::{ContentKey, Envelope, EnvelopeError};
pub use event::{Event, Phase, Rule, Seal, Terms};
pub use hash::Hash;
pub use id::AuctionId;
pub use key::PublicKey;
pub use log::{BrokenChain, Entry, Head, Link, LogError};
pub use money::{Currency, Money, MoneyError};
pub use refusal::Refusal;
pub use settlement::{Award, Candidate, Outcome, Price, Tally, Winner};
pub use state::{Auction, StandingBid};
