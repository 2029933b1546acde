//! Photos in place: uploader, S3, the ledger with its stream, `dedupe-record` and `dedupe-process`.
//!
//! Events and stream records are delivered at least once and may be delivered again at any later time. A worker may stay
//! between two of its calls for as long as it likes, while another works on the same stream record: that is a function
//! that timed out for its event source, but has not stopped.

use arrayvec::ArrayVec;

use crate::explore::{BOUNDED, Model};
use crate::photos_protocol::{Expiry, Forget, OwnWrite, Protocol};
use crate::photos_state::{
    Item, LEDGER, NEWER_UPLOAD, NO_FACE, NO_LOOP, Number, ONE_WRITE, Progress, Record, State, Step, Worker, number,
};
use crate::pictures::{Content, ETag, Intents};

/// The protocol with what may happen around it.
#[derive(Debug, Clone)]
pub struct PhotosInPlace {
    /// The clauses.
    pub protocol: Protocol,
    /// What is uploaded under the one key, in this order, at any time.
    pub uploads: Vec<Content>,
    /// How many different bytes redacting one photo may give.
    pub redactions: u8,
    /// Workers that are at work at the same time.
    pub workers: usize,
    /// When the ledger's item expires.
    pub expiry: Expiry,
    /// Whether somebody else changes the item once, in an attribute that is not ours.
    pub unrelated_change: bool,
    /// Look for faces only: how far does it go where another invariant is broken already?
    pub only_faces: bool,
}

/// What can happen next.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// The uploader PUTs the next file.
    Upload,
    /// `dedupe-record` gets the event of a version: one conditional UpdateItem.
    Event(Number),
    /// A worker takes a stream record, GETs the object, and redacts it in memory to these bytes.
    Get(usize, u8),
    /// A worker makes its next call.
    Call(usize),
    /// A worker dies; its stream record will be delivered again.
    Crash(usize),
    /// DynamoDB removes the expired item.
    Expire,
    /// Somebody changes an attribute that is not ours.
    UnrelatedChange,
}

impl Model for PhotosInPlace {
    type State = State;
    type Action = Action;

    fn initial(&self) -> State {
        State {
            versions: ArrayVec::new(),
            uploaded: 0,
            item: None,
            records: ArrayVec::new(),
            workers: std::iter::repeat_n(None, self.workers).collect(),
            rejected: 0,
            forgotten: 0,
            expired: false,
            flaw: None,
        }
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.uploaded < self.uploads.len() {
            actions.push(Action::Upload);
        }
        actions.extend((state.forgotten..number(state.versions.len())).map(Action::Event));
        if state.workers.contains(&None) {
            let startable = self.startable(state);
            actions.extend((0..startable).flat_map(|record| (0..self.redactions).map(move |b| Action::Get(record, b))));
        }
        for (worker, _) in state.workers.iter().enumerate().filter(|(_, worker)| worker.is_some()) {
            actions.extend([Action::Call(worker), Action::Crash(worker)]);
        }
        if self.may_expire(state) {
            actions.push(Action::Expire);
        }
        if self.unrelated_change && !state.item.is_some_and(|item| item.touched) {
            actions.push(Action::UnrelatedChange);
        }
    }

    fn apply(&self, state: &State, action: Action) -> State {
        let mut next = state.clone();
        match action {
            Action::Upload => next.put(self.uploads[state.uploaded], false),
            Action::Event(version) => self.dedupe_record(&mut next, version),
            Action::Get(record, bytes) => self.get(&mut next, record, bytes),
            Action::Call(worker) => self.call(&mut next, worker),
            Action::Crash(worker) => next.workers[worker] = None,
            Action::Expire => self.expire(&mut next),
            Action::UnrelatedChange => {
                let item = Item {
                    touched: true,
                    ..next.item.unwrap_or_default()
                };
                self.write_item(&mut next, Some(item));
            }
        }
        next
    }

    fn is_progress(&self, state: &State, action: Action) -> bool {
        match action {
            Action::Event(version) => !state.version(version).delivered,
            Action::Get(record, _) => !state.records[record].completed && !state.is_at_work_on(record),
            Action::Call(_) => true,
            Action::Upload | Action::Crash(_) | Action::Expire | Action::UnrelatedChange => false,
        }
    }

    fn is_quiet(&self, state: &State) -> bool {
        state.versions.iter().all(|version| version.delivered)
            && state.records.iter().all(|record| record.completed)
            && state.workers.iter().all(Option::is_none)
    }

    fn broken(&self, state: &State) -> Vec<&'static str> {
        let mut broken: Vec<_> = state.flaw.into_iter().collect();
        if self.is_quiet(state) {
            broken.extend(state.wrong_at_the_end());
        }
        if !state.ledger_is_true() {
            broken.push(LEDGER);
        }
        if self.only_faces {
            broken.retain(|invariant| [NO_FACE, BOUNDED].contains(invariant));
        }
        broken
    }

    fn describe(&self, before: &State, action: Action, after: &State) -> String {
        crate::photos_words::describe(before, action, after)
    }
}

impl PhotosInPlace {
    /// Records from the first up to this one may be delivered.
    fn startable(&self, state: &State) -> usize {
        let completed = state.records.iter().take_while(|record| record.completed).count();
        if self.protocol.records_in_order {
            (completed + 1).min(state.records.len())
        } else {
            state.records.len()
        }
    }

    fn may_expire(&self, state: &State) -> bool {
        state.item.is_some()
            && match self.expiry {
                Expiry::Never => false,
                Expiry::AfterTheLastDelivery | Expiry::IntentsAfterTheLastDelivery => self.is_quiet(state),
                Expiry::BeforeLateDuplicates => !state.expired && self.is_quiet(state),
                Expiry::AnyTime => !state.expired,
            }
    }

    fn expire(&self, state: &mut State) {
        if matches!(
            self.expiry,
            Expiry::AfterTheLastDelivery | Expiry::IntentsAfterTheLastDelivery
        ) {
            state.records.clear();
            state.forgotten = number(state.versions.len());
        } else {
            state.expired = true;
        }
        let without_intents = |item| Item {
            intents: Intents::default(),
            ..item
        };
        let kept = state
            .item
            .filter(|_| self.expiry == Expiry::IntentsAfterTheLastDelivery)
            .map(without_intents);
        self.write_item(state, kept);
    }

    /// Writes or removes the item; the stream gets a record if the filter lets it through.
    fn write_item(&self, state: &mut State, new: Option<Item>) {
        let old = std::mem::replace(&mut state.item, new);
        if old == new {
            return; // an update that changes nothing has no record
        }
        let Some(image) = new.or(old) else { return };
        let removed = new.is_none();
        let Some((sequencer, source)) = image.accepted else {
            return;
        };
        let same_sequencer = old.is_some_and(|old| old.accepted.is_some_and(|(before, _)| before == sequencer));
        let ignored = (removed && self.protocol.filter_removals)
            || (!removed && same_sequencer && self.protocol.filter_same_sequencer)
            || (image.progress != Progress::Pending && self.protocol.filter_not_pending);
        if ignored {
            return;
        }
        if state
            .records
            .try_push(Record {
                sequencer,
                source,
                intents: image.intents,
                completed: false,
            })
            .is_err()
        {
            state.flaw = Some(BOUNDED);
        }
    }

    fn dedupe_record(&self, state: &mut State, number: Number) {
        state.versions[usize::from(number)].delivered = true;
        let etag = state.version(number).content.etag();
        if !self.is_accepted(state.item, number, etag) {
            return;
        }
        let kept = state.item.unwrap_or_default();
        let item = Item {
            accepted: Some((number, etag)),
            progress: Progress::Pending,
            ..kept
        };
        self.write_item(state, Some(item));
    }

    fn is_accepted(&self, item: Option<Item>, number: Number, etag: ETag) -> bool {
        let Some(item) = item else { return true };
        let Some((newest, _)) = item.accepted else {
            return !self.protocol.absent_by_key;
        };
        let own = item
            .output
            .is_some_and(|(output, version)| match self.protocol.own_write {
                OwnWrite::ETagAndVersion => output == etag && version == number,
                OwnWrite::ETag => output == etag,
                OwnWrite::Version => version == number,
                OwnWrite::Unknown => false,
            });
        let newer = newest < number || !self.protocol.accept_newer_only;
        !self.protocol.first_event_only && newer && !own
    }

    /// Steps 1 to 3 of `dedupe-process`: GET, proof, redaction. Only GET is a call.
    fn get(&self, state: &mut State, record: usize, bytes: u8) {
        let Record {
            sequencer,
            source,
            intents,
            ..
        } = state.records[record];
        let fetched = number(state.versions.len() - 1);
        let content = state.version(fetched).content;
        if self.protocol.get_if_match && content.etag() != source {
            state.records[record].completed = true;
            return;
        }
        let found = self.protocol.look_up_intents && intents.contains(content);
        let version = if self.protocol.record_fetched_version {
            fetched
        } else {
            sequencer
        };
        let (output, step) = match content.redact(bytes) {
            _ if found => (content, Step::Record),
            None => (
                content,
                if self.protocol.reject_before_mark {
                    Step::Reject
                } else {
                    Step::MarkRejected
                },
            ),
            Some(same) if same == content && self.protocol.unchanged_is_not_written => (same, Step::Record),
            Some(output) => (
                output,
                if self.protocol.claim_before_put {
                    Step::Claim
                } else {
                    Step::Put
                },
            ),
        };
        if let Some(idle) = state.workers.iter_mut().find(|worker| worker.is_none()) {
            *idle = Some(Worker {
                record,
                fetched,
                output,
                version,
                found,
                step,
            });
        }
    }

    fn call(&self, state: &mut State, index: usize) {
        let Some(worker) = state.workers[index] else { return };
        let next = match worker.step {
            Step::Claim => self.claim(state, worker),
            Step::Put => self.put(state, worker),
            Step::Record => self.record(state, worker),
            Step::Reject => self.reject(state, worker),
            Step::MarkRejected => self.mark_rejected(state, worker),
        };
        state.workers[index] = next;
        if next.is_none() {
            state.records[worker.record].completed = true;
        }
    }

    /// `SET state = writing, ADD intents IF sequencer = :sequencer AND state <> done`
    fn claim(&self, state: &mut State, worker: Worker) -> Option<Worker> {
        let mut item = self.if_sequencer(state, worker, self.protocol.claim_if_sequencer)?;
        if self.protocol.claim_unless_done && item.progress == Progress::Done {
            return None;
        }
        item.progress = Progress::Writing;
        if self.protocol.claim_adds_intent {
            match self.protocol.forget {
                Forget::OwnToken => item.intents.add_once_more(worker.output),
                Forget::Nothing | Forget::Hash => item.intents.add(worker.output),
            }
        }
        self.write_item(state, Some(item));
        Some(Worker {
            step: if self.protocol.claim_before_put {
                Step::Put
            } else {
                Step::Record
            },
            ..worker
        })
    }

    /// PUT with `If-Match: sourceETag`
    fn put(&self, state: &mut State, worker: Worker) -> Option<Worker> {
        let replaced = state.version(number(state.versions.len() - 1));
        let fetched = state.version(worker.fetched);
        if self.protocol.put_if_match && replaced.content.etag() != state.records[worker.record].source {
            return None;
        }
        if fetched.by_us {
            state.flaw = Some(NO_LOOP);
        } else if replaced.by_us {
            state.flaw = Some(ONE_WRITE);
        } else if replaced.content != fetched.content {
            state.flaw = Some(NEWER_UPLOAD);
        }
        state.put(worker.output, true);
        let step = if self.protocol.claim_before_put {
            Step::Record
        } else {
            Step::Claim
        };
        Some(Worker {
            version: number(state.versions.len() - 1),
            step,
            ..worker
        })
    }

    /// `SET outputETag, outputVersion, state = done IF sequencer = :sequencer`
    fn record(&self, state: &mut State, worker: Worker) -> Option<Worker> {
        let mut item = self.if_sequencer(state, worker, self.protocol.record_if_sequencer)?;
        if self.protocol.record_unless_done && item.progress == Progress::Done {
            return None;
        }
        item.progress = Progress::Done;
        item.output = Some((worker.output.etag(), worker.version));
        match self.protocol.forget {
            Forget::Nothing => {}
            Forget::Hash => item.intents.remove(worker.output),
            Forget::OwnToken if worker.found => {}
            Forget::OwnToken => item.intents.remove_one(worker.output),
        }
        self.write_item(state, Some(item));
        None
    }

    fn reject(&self, state: &mut State, worker: Worker) -> Option<Worker> {
        state.rejected |= 1 << state.records[worker.record].sequencer;
        self.protocol.reject_before_mark.then_some(Worker {
            step: Step::MarkRejected,
            ..worker
        })
    }

    /// `SET state = rejected, reason IF sequencer = :sequencer`
    fn mark_rejected(&self, state: &mut State, worker: Worker) -> Option<Worker> {
        let item = self.if_sequencer(state, worker, self.protocol.reject_if_sequencer);
        if let Some(item) = item {
            self.write_item(
                state,
                Some(Item {
                    progress: Progress::Rejected,
                    ..item
                }),
            );
        }
        let then_reject = Worker {
            step: Step::Reject,
            ..worker
        };
        (!self.protocol.reject_before_mark && item.is_some()).then_some(then_reject)
    }

    /// The item, where `sequencer = :sequencer` holds. Where that is not asked, an absent item is made by the update.
    fn if_sequencer(&self, state: &State, worker: Worker, asked: bool) -> Option<Item> {
        let sequencer = state.records[worker.record].sequencer;
        let item = state.item.unwrap_or_default();
        (!asked || item.accepted.is_some_and(|(newest, _)| newest == sequencer)).then_some(item)
    }
}
