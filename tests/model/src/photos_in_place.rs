//! Photos in place: uploader, S3, the ledger with its stream, `dedupe-record` and `dedupe-process`.
//!
//! Events and stream records are delivered at least once and may be delivered again at any later time. A worker may stay
//! between two of its calls for as long as it likes, while another works on the same stream record: that is a function
//! that timed out for its event source, but has not stopped.

use arrayvec::ArrayVec;

use crate::explore::{ENDLESS, Model};
use crate::photos_protocol::{Expiry, Forget, OwnWrite, Protocol};
use crate::pictures::{Content, ETag, Intents, Photo};

/// No face can be seen when nothing is under way.
pub const NO_FACE: &str = "no face is left when all is quiet";
/// The object is the redaction of the last upload, or that one is in the rejected queue.
pub const LAST_UPLOAD: &str = "the object is the redaction of the last upload when all is quiet";
/// Our own write never causes another.
pub const NO_LOOP: &str = "our own write causes no other write";
/// An upload is replaced at most once.
pub const ONE_WRITE: &str = "an upload is replaced at most once";
/// A worker replaces what it has redacted, and nothing else.
pub const NEWER_UPLOAD: &str = "no worker overwrites a newer upload";
/// What the ledger says of the accepted upload is so.
pub const LEDGER: &str = "the ledger calls nothing done or rejected that is not";

/// Versions of the object, and events: each has a number that grows, which is sequencer and version id at once.
pub type Number = u8;

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
}

/// A version in S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    pub(crate) content: Content,
    pub(crate) by_us: bool,
    /// Its event has been delivered at least once.
    pub(crate) delivered: bool,
}

/// `state` of the ledger's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Progress {
    /// The attribute is not there.
    #[default]
    Unset,
    /// An upload waits.
    Pending,
    /// A redaction is about to be written.
    Writing,
    /// The redaction is recorded.
    Done,
    /// The upload can't be redacted.
    Rejected,
}

/// The ledger's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Item {
    /// Sequencer and entity tag of the newest upload that was accepted; none in an item that only somebody else wrote.
    pub(crate) accepted: Option<(Number, ETag)>,
    pub(crate) progress: Progress,
    pub(crate) intents: Intents,
    pub(crate) output: Option<(ETag, Number)>,
    /// An attribute that is not ours was changed.
    pub(crate) touched: bool,
}

/// A record of the stream that came through the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    pub(crate) sequencer: Number,
    pub(crate) source: ETag,
    pub(crate) intents: Intents,
    /// It was worked through at least once.
    pub(crate) completed: bool,
}

/// The next call of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Claim the write in the ledger.
    Claim,
    /// PUT the output.
    Put,
    /// Record the output in the ledger.
    Record,
    /// Send the upload to the rejected queue.
    Reject,
    /// Note the rejection in the ledger.
    MarkRejected,
}

/// A run of `dedupe-process` on one stream record, between GET and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Worker {
    pub(crate) record: usize,
    pub(crate) fetched: Number,
    pub(crate) output: Content,
    /// The version to be recorded as the output.
    pub(crate) version: Number,
    /// The output was found among the intents: this worker has not written it.
    pub(crate) found: bool,
    pub(crate) step: Step,
}

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub(crate) versions: ArrayVec<Version, 8>,
    pub(crate) uploaded: usize,
    pub(crate) item: Option<Item>,
    pub(crate) records: ArrayVec<Record, 10>,
    pub(crate) workers: ArrayVec<Option<Worker>, 3>,
    /// Sequencers of what is in the rejected queue, as bits.
    pub(crate) rejected: u8,
    /// Events before this one will not be delivered any more.
    pub(crate) forgotten: Number,
    pub(crate) expired: bool,
    pub(crate) flaw: Option<&'static str>,
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
        broken
    }

    fn describe(&self, before: &State, action: Action, after: &State) -> String {
        crate::photos_words::describe(self, before, action, after)
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
            state.flaw = Some(ENDLESS);
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

impl State {
    pub(crate) fn version(&self, number: Number) -> Version {
        self.versions[usize::from(number)]
    }

    fn put(&mut self, content: Content, by_us: bool) {
        self.uploaded += usize::from(!by_us);
        self.versions.push(Version {
            content,
            by_us,
            delivered: false,
        });
    }

    fn is_at_work_on(&self, record: usize) -> bool {
        self.workers.iter().flatten().any(|worker| worker.record == record)
    }

    /// Whether what the ledger calls done, or rejected, is.
    fn ledger_is_true(&self) -> bool {
        let Some(Item {
            accepted: Some((sequencer, _)),
            progress,
            ..
        }) = self.item
        else {
            return true;
        };
        let replaced = self.versions.len() > usize::from(sequencer) + 1;
        match progress {
            Progress::Done => replaced || !self.version(sequencer).content.shows_a_face(),
            Progress::Rejected => self.rejected & 1 << sequencer != 0,
            Progress::Unset | Progress::Pending | Progress::Writing => true,
        }
    }

    /// Invariants of quiet states that are broken.
    fn wrong_at_the_end(&self) -> Vec<&'static str> {
        let Some(object) = self.versions.last() else {
            return Vec::new();
        };
        let Some(last) = self.versions.iter().rposition(|version| !version.by_us) else {
            return Vec::new();
        };
        let right = match self.versions[last].content {
            Content::Photo(Photo::Broken) => self.rejected & 1 << last != 0 && !object.by_us,
            upload @ Content::Photo(_) => (0..2).any(|bytes| upload.redact(bytes) == Some(object.content)),
            // An uploader has uploaded a redaction: it may stay as it is, and it may be redacted as any other file.
            redaction => object.content == redaction || object.content == Content::RedactedTwice,
        };
        let mut wrong = Vec::new();
        if object.content.shows_a_face() {
            wrong.push(NO_FACE);
        }
        if !right {
            wrong.push(LAST_UPLOAD);
        }
        wrong
    }
}

fn number(index: usize) -> Number {
    Number::try_from(index).expect("a handful of versions")
}
