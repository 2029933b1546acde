//! `core::idempotency`: callers that meet on one key, and the record that they share.
//!
//! A caller may stay between two of its calls for as long as it likes: that is how an owner becomes stale. A call may
//! take effect without its answer reaching the caller, who then repeats it with the same token; and a request may reach
//! the table long after its caller has given it up. The clock advances between any two steps.

use arrayvec::ArrayVec;

use crate::explore::Model;

/// Two callers never hold a lease at the same time.
pub const ONE_OWNER: &str = "at most one owner holds a lease";
/// Who was taken over leaves the record as it is.
pub const STALE: &str = "a stale owner changes nothing";
/// The response stays what it is until it expires.
pub const KEPT: &str = "a completed response is never replaced before it expires";
/// The record of a caller that died gives way when its lease ends.
pub const LEASE_ENDS: &str = "nobody is blocked for longer than a lease";
/// A failed run releases its claim.
pub const RELEASED: &str = "after a failure the next caller runs";
/// A claim that took effect is its caller's.
pub const OWN_CLAIM: &str = "no caller is blocked by itself";
/// Another payload under one key is a conflict.
pub const CONFLICT: &str = "another payload gets no response and no lease";
/// After its expiry a record is as if it were not there.
pub const EXPIRES: &str = "nothing is replayed after it expires";

/// A moment, in ticks.
pub type Time = u8;
/// What tells one claim from all others. Here it is also the response of the run that it started.
pub type Token = u8;

/// The clauses of the protocol.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// Complete: `IF owner = :token`.
    pub complete_if_owner: bool,
    /// Release: `IF owner = :token`.
    pub release_if_owner: bool,
    /// Claim: `leaseEndsAt <= :now` lets an abandoned record be taken over.
    pub claim_lapsed: bool,
    /// Claim: that only holds for a record in progress.
    pub claim_lapsed_only_in_progress: bool,
    /// Claim: `expiresAt <= :now` lets an expired record be replaced.
    pub claim_expired: bool,
    /// A refused claim looks at the owner in the old item: it may be its own.
    pub own_token_is_own_claim: bool,
    /// Each claim has a token of its own; otherwise a caller's claims share one.
    pub fresh_tokens: bool,
    /// A failed run releases.
    pub release_on_failure: bool,
    /// The payload's hash is compared where a record is in progress or completed.
    pub compare_payload: bool,
    /// The lease ends no later than the record expires.
    pub lease_within_expiry: bool,
}

impl Protocol {
    /// The protocol.
    pub const CURRENT: Self = Self {
        complete_if_owner: true,
        release_if_owner: true,
        claim_lapsed: true,
        claim_lapsed_only_in_progress: true,
        claim_expired: true,
        own_token_is_own_claim: true,
        fresh_tokens: true,
        release_on_failure: true,
        compare_payload: true,
        lease_within_expiry: true,
    };
}

/// A key, its callers, and a clock.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The clauses.
    pub protocol: Protocol,
    /// The payload that each caller brings.
    pub payloads: Vec<u8>,
    /// How often each caller calls, counting those calls in which it dies.
    pub calls: u8,
    /// How many requests may have no answer.
    pub lost_answers: u8,
    /// How far the clock goes.
    pub end: Time,
    /// How long a lease is.
    pub lease: Time,
    /// How long a record is kept after its last write.
    pub keep: Time,
    /// How far the first caller's clock is ahead of the others.
    pub skew: Time,
}

/// The record in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Item {
    owner: Token,
    payload: u8,
    lease_ends: Time,
    expires: Time,
    /// None while it is in progress.
    response: Option<Token>,
    /// Not an attribute: when it was claimed.
    claimed: Time,
}

/// A write to the table. What it carries was settled when the caller made it; a repetition is the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// The conditional PutItem that begins a call.
    Claim {
        /// Of the payload.
        payload: u8,
        /// The caller's time.
        at: Time,
    },
    /// The conditional UpdateItem that stores the response.
    Complete {
        /// The caller's time.
        at: Time,
    },
    /// The conditional DeleteItem after a failure.
    Release,
}

/// What a claim is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The caller owns the record until its lease ends.
    Run(Time),
    /// The response of an earlier run.
    Replay(Token),
    /// Another caller holds the lease.
    InProgress,
    /// The record is about another payload.
    Conflict,
}

/// Where a caller is in its call, and the token of that call's claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Between calls.
    Idle,
    /// About to make a request, or to repeat it.
    Asking(Token, Request),
    /// At its work, the owner until this time.
    Running(Token, Time),
}

/// One moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    now: Time,
    item: Option<Item>,
    callers: ArrayVec<Caller, 3>,
    calls: ArrayVec<u8, 3>,
    /// A request whose caller no longer waits for it. It may still take effect, once.
    late: Option<(Token, Request)>,
    lost_answers: u8,
    tokens: Token,
    /// The last run failed, and nobody has claimed since.
    failed: bool,
    flaw: Option<&'static str>,
}

/// What can happen next. The number is the caller's.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// A call begins: the caller reads its clock and draws a token.
    Begin(usize),
    /// The request takes effect and is answered.
    Answered(usize),
    /// The request takes effect, but the caller sees a time-out and will repeat it.
    AnswerLost(usize),
    /// The caller sees a time-out and will repeat the request; this one is still under way.
    Delayed(usize),
    /// A request that was still under way takes effect.
    LateEffect,
    /// The work succeeds.
    Succeed(usize),
    /// The work fails.
    Fail(usize),
    /// The caller dies.
    Crash(usize),
    /// The clock advances.
    Tick,
    /// DynamoDB removes the expired record.
    Remove,
}

impl Model for Idempotency {
    type State = State;
    type Action = Action;

    fn initial(&self) -> State {
        State {
            now: 0,
            item: None,
            callers: self.payloads.iter().map(|_| Caller::Idle).collect(),
            calls: self.payloads.iter().map(|_| 0).collect(),
            late: None,
            lost_answers: 0,
            tokens: 0,
            failed: false,
            flaw: None,
        }
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (index, caller) in state.callers.iter().enumerate() {
            match caller {
                Caller::Idle if state.calls[index] < self.calls => actions.push(Action::Begin(index)),
                Caller::Idle => continue,
                Caller::Running(..) => actions.extend([Action::Succeed(index), Action::Fail(index)]),
                Caller::Asking(..) => {
                    actions.push(Action::Answered(index));
                    if state.lost_answers < self.lost_answers {
                        actions.extend([Action::AnswerLost(index), Action::Delayed(index)]);
                    }
                }
            }
            if *caller != Caller::Idle {
                actions.push(Action::Crash(index));
            }
        }
        if state.late.is_some() {
            actions.push(Action::LateEffect);
        }
        if state.now < self.end {
            actions.push(Action::Tick);
        }
        if state.item.is_some_and(|item| item.expires <= state.now) {
            actions.push(Action::Remove);
        }
    }

    fn apply(&self, state: &State, action: Action) -> State {
        let mut next = state.clone();
        match action {
            Action::Begin(index) => self.begin(&mut next, index),
            Action::Answered(index) => self.answered(&mut next, index),
            Action::AnswerLost(index) => {
                next.lost_answers += 1;
                if let Caller::Asking(token, request) = state.callers[index] {
                    self.take_effect(&mut next, token, request);
                }
            }
            Action::Delayed(index) => {
                next.lost_answers += 1;
                if let Caller::Asking(token, request) = state.callers[index] {
                    next.late = Some((token, request));
                }
            }
            Action::LateEffect => {
                if let Some((token, request)) = next.late.take() {
                    self.take_effect(&mut next, token, request);
                }
            }
            Action::Succeed(index) => next.ask(
                index,
                Request::Complete {
                    at: self.clock(state, index),
                },
            ),
            Action::Fail(index) if self.protocol.release_on_failure => next.ask(index, Request::Release),
            Action::Fail(index) => {
                next.failed |= next.owns(index);
                next.callers[index] = Caller::Idle;
            }
            Action::Crash(index) => next.callers[index] = Caller::Idle,
            Action::Tick => next.now += 1,
            Action::Remove => next.item = None,
        }
        next
    }

    fn is_progress(&self, _state: &State, action: Action) -> bool {
        matches!(action, Action::Answered(_) | Action::Succeed(_))
    }

    fn is_quiet(&self, state: &State) -> bool {
        state.callers.iter().all(|caller| *caller == Caller::Idle)
    }

    fn broken(&self, state: &State) -> Vec<&'static str> {
        let holds_a_lease = |caller: &&Caller| matches!(caller, Caller::Running(_, ends) if *ends > state.now);
        let mut broken: Vec<_> = state.flaw.into_iter().collect();
        if state.callers.iter().filter(holds_a_lease).count() > 1 {
            broken.push(ONE_OWNER);
        }
        broken
    }

    fn describe(&self, before: &State, action: Action, after: &State) -> String {
        let became = if before.item == after.item {
            String::new()
        } else {
            after
                .item
                .map_or("; the record is gone".to_owned(), |item| match item.response {
                    None => format!("; in progress for {} until {}", item.owner, item.lease_ends),
                    Some(response) => format!("; completed by {} with response {response}", item.owner),
                })
        };
        match action {
            Action::Tick => format!("it is {} o'clock", after.now),
            Action::Remove | Action::LateEffect => format!("{action:?}{became}"),
            Action::Begin(index)
            | Action::Answered(index)
            | Action::AnswerLost(index)
            | Action::Delayed(index)
            | Action::Succeed(index)
            | Action::Fail(index)
            | Action::Crash(index) => {
                format!(
                    "{action:?}: {:?}, then {:?}{became}",
                    before.callers[index], after.callers[index]
                )
            }
        }
    }
}

impl Idempotency {
    fn clock(&self, state: &State, index: usize) -> Time {
        state.now + if index == 0 { self.skew } else { 0 }
    }

    fn begin(&self, state: &mut State, index: usize) {
        let request = Request::Claim {
            payload: self.payloads[index],
            at: self.clock(state, index),
        };
        let token = if self.protocol.fresh_tokens {
            state.tokens
        } else {
            Token::try_from(index).unwrap_or_default()
        };
        state.tokens += u8::from(self.protocol.fresh_tokens);
        state.calls[index] += 1;
        state.callers[index] = Caller::Asking(token, request);
    }

    fn answered(&self, state: &mut State, index: usize) {
        let Caller::Asking(token, request) = state.callers[index] else {
            return;
        };
        state.callers[index] = match self.take_effect(state, token, request) {
            Some(Outcome::Run(lease_ends)) => Caller::Running(token, lease_ends),
            Some(Outcome::Replay(_) | Outcome::InProgress | Outcome::Conflict) | None => Caller::Idle,
        };
    }

    /// The table evaluates the condition and, where it holds, writes.
    fn take_effect(&self, state: &mut State, token: Token, request: Request) -> Option<Outcome> {
        let before = state.item;
        let outcome = match request {
            Request::Claim { payload, at } => Some(self.claim(state, token, payload, at)),
            Request::Complete { at } => {
                self.complete(state, token, at);
                None
            }
            Request::Release => {
                self.release(state, token);
                None
            }
        };
        if let Some(before) = before.filter(|before| Some(*before) != state.item) {
            if outcome.is_none() && before.owner != token {
                state.flaw = Some(STALE);
            }
            let response = state.item.and_then(|item| item.response);
            if before.response.is_some() && before.expires > state.now && before.response != response {
                state.flaw = Some(KEPT);
            }
        }
        outcome
    }

    /// `IF attribute_not_exists(pk) OR expiresAt <= :now OR (state = inProgress AND leaseEndsAt <= :now)`
    fn claim(&self, state: &mut State, token: Token, payload: u8, at: Time) -> Outcome {
        if let Some(item) = state.item.filter(|item| !self.is_free(*item, at)) {
            return self.refused(state, item, token, payload, at);
        }
        let lease_ends = at + self.lease;
        let expires = at
            + if self.protocol.lease_within_expiry {
                self.keep.max(self.lease)
            } else {
                self.keep
            };
        state.item = Some(Item {
            owner: token,
            payload,
            lease_ends,
            expires,
            response: None,
            claimed: at,
        });
        state.failed = false;
        Outcome::Run(lease_ends)
    }

    fn is_free(&self, item: Item, at: Time) -> bool {
        let expired = self.protocol.claim_expired && item.expires <= at;
        let abandoned = item.response.is_none() || !self.protocol.claim_lapsed_only_in_progress;
        expired || (self.protocol.claim_lapsed && abandoned && item.lease_ends <= at)
    }

    /// The condition failed; the old item tells why.
    fn refused(&self, state: &mut State, item: Item, token: Token, payload: u8, at: Time) -> Outcome {
        if self.protocol.own_token_is_own_claim && item.owner == token && item.response.is_none() {
            return Outcome::Run(item.lease_ends);
        }
        if item.payload != payload {
            if self.protocol.compare_payload {
                return Outcome::Conflict;
            }
            state.flaw = Some(CONFLICT);
        }
        let Some(response) = item.response else {
            if item.owner == token {
                state.flaw = Some(OWN_CLAIM);
            } else if state.failed {
                state.flaw = Some(RELEASED);
            } else if item.claimed + self.lease <= at {
                state.flaw = Some(LEASE_ENDS);
            }
            return Outcome::InProgress;
        };
        if item.expires <= at {
            state.flaw = Some(EXPIRES);
        }
        Outcome::Replay(response)
    }

    /// `SET response, expiresAt IF owner = :token`
    fn complete(&self, state: &mut State, token: Token, at: Time) {
        let item = state
            .item
            .filter(|item| item.owner == token || !self.protocol.complete_if_owner);
        if let Some(item) = item {
            state.item = Some(Item {
                response: Some(token),
                expires: at + self.keep,
                ..item
            });
        }
    }

    /// DeleteItem `IF owner = :token`
    fn release(&self, state: &mut State, token: Token) {
        let item = state
            .item
            .filter(|item| item.owner == token || !self.protocol.release_if_owner);
        if item.is_some() {
            state.item = None;
        }
    }
}

impl State {
    fn ask(&mut self, index: usize, request: Request) {
        if let Caller::Running(token, _) = self.callers[index] {
            self.callers[index] = Caller::Asking(token, request);
        }
    }

    fn owns(&self, index: usize) -> bool {
        matches!((self.callers[index], self.item), (Caller::Running(token, _), Some(item)) if item.owner == token)
    }
}
