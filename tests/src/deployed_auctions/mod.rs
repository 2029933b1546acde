//! The deployed stack's auctions, seen from the outside: its HTTP API, and all that may be read by
//! somebody with the right to.

mod api;
mod events;
mod house;
mod leaks;
mod roles;

pub use api::{Answer, Api};
pub use events::Listener;
pub use house::{Auction, House, User};
pub use leaks::{Place, found_in, spellings};
pub use roles::Roles;
