//! Appending one event behind the entry that it was decided on.

use gatehouse_auction::{AuctionId, Entry, Event, Head, LogError};
use gatehouse_event_store::AppendError as NotAppended;
use jiff::Timestamp;

use crate::read::alias;
use crate::stored::{entry, record};
use crate::{AppendError, AuctionLog, ReadError};

impl AuctionLog {
    /// Begins the log of an auction with its opening, and gives the auction the name of its contract,
    /// if the terms have one. The entry is the one after [`Head::start`].
    ///
    /// # Errors
    /// [`AppendError::Overtaken`] if the auction exists, [`AppendError::ContractTaken`];
    /// [`LogError::OutOfTurn`] in [`AppendError::Read`] if the entry is no opening at position 1.
    pub async fn open(&self, opening: &Entry) -> Result<(), AppendError> {
        self.open_for(opening, None).await
    }

    /// The same as [`AuctionLog::open`], for a contract whose name a cancelled auction has: from then on it is the new
    /// one's. Nothing can happen to a cancelled auction any more, so that the caller's knowledge does not grow old.
    ///
    /// # Errors
    /// The same; [`AppendError::ContractTaken`] if a third auction has the name.
    pub async fn open_after_cancelled(&self, opening: &Entry, cancelled: AuctionId) -> Result<(), AppendError> {
        self.open_for(opening, Some(cancelled)).await
    }

    async fn open_for(&self, opening: &Entry, cancelled: Option<AuctionId>) -> Result<(), AppendError> {
        let event = opening.event()?;
        let Event::AuctionOpened { auction, terms } = &event else {
            return Err(out_of_turn(opening).into());
        };
        if opening.position != 1 {
            return Err(out_of_turn(opening).into());
        }
        let (stream, records) = (auction.to_string(), [record(opening, event.kind())]);
        let appended = match (&terms.contract, cancelled) {
            (None, _) => self.store.append(&stream, &records).await,
            (Some(name), None) => self.store.append_with_alias(&stream, &records, &alias(name)).await,
            (Some(name), Some(cancelled)) => {
                let (name, from) = (alias(name), cancelled.to_string());
                self.store.append_and_move_alias(&stream, &records, &name, &from).await
            }
        };
        appended.map_err(not_appended)
    }

    /// Appends an event right behind `head`, which it was decided on, with the time `now` or the head's
    /// if that is later. `envelope` is a bid's. One PutItem.
    ///
    /// If the answer to an earlier try was lost, the entry stands there already: that counts as
    /// appended.
    ///
    /// # Errors
    /// [`AppendError::Overtaken`] with the entry that follows `head` instead (Retry);
    /// [`AppendError::NotAppended`], [`AppendError::Read`].
    pub async fn append(
        &self,
        id: AuctionId,
        head: &Head,
        event: &Event,
        envelope: Option<String>,
        now: Timestamp,
    ) -> Result<Entry, AppendError> {
        let next = Entry::following(head, now, event, envelope)?;
        let records = [record(&next, event.kind())];
        let appended = self.store.append(&id.to_string(), &records).await;
        appended.map(|()| next).map_err(not_appended)
    }
}

fn out_of_turn(entry: &Entry) -> LogError {
    let Entry { position, .. } = *entry;
    LogError::OutOfTurn { position }
}

fn not_appended(error: NotAppended) -> AppendError {
    match error {
        NotAppended::Overtaken(standing) => match entry(*standing) {
            Ok(standing) => AppendError::Overtaken(Box::new(standing)),
            Err(unreadable) => unreadable.into(),
        },
        NotAppended::AliasTaken { stream } => AppendError::ContractTaken { auction: stream },
        NotAppended::Store(error) => ReadError::from(error).into(),
        other => AppendError::NotAppended(other),
    }
}
