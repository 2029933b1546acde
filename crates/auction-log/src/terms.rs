//! The terms of auctions that this process has met: they never change, so they are read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gatehouse_auction::{AuctionId, Entry, Event, LogError, Terms};

use crate::{AuctionLog, ReadError};

/// So many auctions are remembered, each a few KB at most: a public key, a title and some times.
const MOST: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct TermsCache(Mutex<HashMap<AuctionId, Arc<Terms>>>);

impl TermsCache {
    fn get(&self, id: AuctionId) -> Option<Arc<Terms>> {
        self.lock().get(&id).cloned()
    }

    fn insert(&self, id: AuctionId, terms: &Arc<Terms>) {
        let mut known = self.lock();
        // Any one will do: forgetting costs one request.
        if known.len() >= MOST
            && let Some(one) = known.keys().next().copied()
        {
            known.remove(&one);
        }
        known.insert(id, Arc::clone(terms));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AuctionId, Arc<Terms>>> {
        // Nobody panics while holding it; if somebody did, what is remembered is right all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuctionLog {
    /// The terms of an auction: one GetItem for the first time, then none as long as this process
    /// remembers them. None if there is no such auction.
    ///
    /// # Errors
    /// [`ReadError`]; [`LogError::OutOfTurn`] in it if the log does not begin with this auction's opening.
    pub async fn terms(&self, id: AuctionId) -> Result<Option<Arc<Terms>>, ReadError> {
        if let Some(terms) = self.terms.get(id) {
            return Ok(Some(terms));
        }
        let first = self.entry(id, 1).await?;
        first.map(|first| self.terms_in(id, &first)).transpose()
    }

    /// The terms in an auction's first entry, and remembers them.
    pub(crate) fn terms_in(&self, id: AuctionId, first: &Entry) -> Result<Arc<Terms>, ReadError> {
        let Entry { position, .. } = *first;
        match first.event()? {
            Event::AuctionOpened { auction, terms } if auction == id => {
                let terms = Arc::new(terms);
                self.terms.insert(id, &terms);
                Ok(terms)
            }
            _ => Err(LogError::OutOfTurn { position }.into()),
        }
    }
}
