//! An HTTP API that opens auctions, takes sealed bids in, and shows results. `openapi.yaml` is its contract.
//!
//! **What happens when something fails.** There is no queue behind an HTTP request: an error is answered, as a
//! problem (RFC 9457), and never swallowed. A service that is throttled or down, or too little time left:
//! 503 with `Retry-After`, and the request may be sent again. A panic or a record that can't be read: 500.
//! Whatever the client has done wrong: 4xx, with the member named. A lost answer is what `Idempotency-Key`
//! is for: the same POST again gets the same answer, byte for byte, and nothing is made twice.
//!
//! **Why nothing is half done.** Each request has one write that counts: an event is appended right behind the one
//! that the decision was made on, or it isn't. A bid that was answered with 201 is before the close in the
//! log, and counts; a close that comes first refuses every bid in flight. What is made before an auction's
//! first event (a schedule, and a key if each auction has its own) means nothing without that event.
//!
//! **Who may do what** is decided by the claims that API Gateway has verified, and by nothing that the client
//! says. This function can't decrypt a bid: its role has no `kms:Decrypt` on any sealing key. Neither body,
//! token, envelope nor caller is ever logged.

mod allowance;
mod answer;
mod auctions;
mod bids;
mod caller;
mod chain;
pub mod config;
mod error;
mod event;
mod fields;
mod keys;
mod new_auction;
mod once;
mod outcome;
mod own_time;
mod problem;
mod request;
mod result_key;
mod routes;
mod schedule;

pub use allowance::{Allowance, AllowanceError, Tried};
pub use answer::Answer;
pub use event::HttpEvent;
pub use keys::{AUCTION_TAG, SealingKey, SealingKeyError, SealingKeys};
pub use problem::{Invalid, Kind, Problem};
pub use result_key::{ResultKey, ResultKeyError};
pub use schedule::{ScheduleError, Schedules};

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use futures_util::FutureExt;
use gatehouse_auction_log::AuctionLog;
use gatehouse_core::aws::with_attempt_timeout;
use gatehouse_core::deadline::Deadline;
use gatehouse_core::disposition::{Disposition, Failure, innermost_cause};
use gatehouse_core::flags::{Flags, Switch};
use gatehouse_core::idempotency::{Store, UnusableName};
use gatehouse_core::telemetry::trace::{self, AwsCalls, STEP, TraceHeader};
use gatehouse_event_store::EventStore;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tracing::{Instrument, Span, error, field, info, info_span, warn};

use config::Config;
use error::IntakeError;
use own_time::Calls;
use problem::kinds;
use request::Request;
use routes::Route;

/// A request takes some ten milliseconds; with less than this left, nothing is begun that would be cut off.
const START_MARGIN: Duration = Duration::from_secs(1);
/// What it takes to give the answer.
const ANSWER_MARGIN: Duration = Duration::from_millis(200);
/// One try of one call of DynamoDB, which answers in milliseconds: all three tries fit into an invocation.
const DYNAMODB_TIMEOUT: Duration = Duration::from_secs(2);
/// The namespace of the idempotency records.
const NAMESPACE: &str = "bid-intake";

/// What the handler works with. Built once per process.
#[derive(Clone)]
pub struct Deps {
    /// The auctions.
    pub log: AuctionLog,
    /// What was answered to which `Idempotency-Key`.
    pub idempotency: Store,
    /// Who counts what bidders try.
    pub allowance: Allowance,
    /// Where new auctions get their key from.
    pub keys: SealingKeys,
    /// Who has auctions settled at their close.
    pub schedules: Schedules,
    /// Who opens the sealed part of results.
    pub results: ResultKey,
    /// What is switched off.
    pub flags: Flags,
    calls: Calls,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("log", &self.log).finish_non_exhaustive()
    }
}

impl Deps {
    /// Builds the clients.
    ///
    /// # Errors
    /// [`UnusableName`] for a table's name that can't be one: a deployment has to change.
    pub fn new(config: Config, aws: &SdkConfig) -> Result<Self, UnusableName> {
        let calls = Calls::default();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&with_attempt_timeout(aws, DYNAMODB_TIMEOUT));
        let dynamodb =
            aws_sdk_dynamodb::Client::from_conf(dynamodb.interceptor(calls.clone()).interceptor(AwsCalls).build());
        let kms = aws_sdk_kms::config::Builder::from(aws).interceptor(calls.clone());
        let kms = aws_sdk_kms::Client::from_conf(kms.interceptor(AwsCalls).build());
        let scheduler = aws_sdk_scheduler::config::Builder::from(aws).interceptor(calls.clone());
        let scheduler = aws_sdk_scheduler::Client::from_conf(scheduler.interceptor(AwsCalls).build());
        Ok(Self {
            log: AuctionLog::new(EventStore::new(dynamodb.clone(), &config.auctions_table)),
            allowance: Allowance::new(dynamodb.clone(), &config.idempotency_table, config.most_bids_per_bidder),
            idempotency: Store::new(dynamodb, &config.idempotency_table, NAMESPACE)?,
            keys: SealingKeys::new(kms.clone(), config.sealing),
            schedules: Schedules::new(scheduler, config.schedules),
            results: ResultKey::new(kms, &config.result_key_arn),
            flags: Flags::new(config.flags, aws),
            calls,
            clock: Arc::new(Timestamp::now),
        })
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(clock);
        let log = self.log.with_clock({
            let clock = Arc::clone(&clock);
            move || clock()
        });
        Self { log, clock, ..self }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Tells CloudWatch the units of what is counted here.
pub fn describe() {
    gatehouse_auction_log::describe();
    Flags::describe();
    describe_counter!("AuctionsOpened", Unit::Count, "auctions opened");
    describe_counter!("BidsAccepted", Unit::Count, "bids taken into a log");
    describe_counter!("BidsWithdrawn", Unit::Count, "bids withdrawn");
    describe_counter!("Problems", Unit::Count, "requests answered with a problem, by its code");
    describe_histogram!("OwnTime", Unit::Milliseconds, "a request, apart from calls to AWS");
}

/// Answers one request, whatever happens.
///
/// # Errors
/// None: a failed invocation would be an answer that says nothing.
pub async fn handle(deps: &Deps, event: LambdaEvent<HttpEvent>) -> Result<Answer, Infallible> {
    let deadline = Deadline::of(&event.context);
    let deadline = Deadline::after(deadline.remaining().saturating_sub(ANSWER_MARGIN));
    let request_id = event.payload.request_context.request_id.as_str();
    let route = Route::of(&event.payload.route_key);
    let request = Request::new(&event.payload);
    let span = span(request_id, route, request.trace());
    let watch = deps.calls.watch();
    let outcome = guarded(deps, route, &request, deadline).instrument(span.clone()).await;
    histogram!("OwnTime").record(watch.own_time().as_secs_f64() * 1000.0);
    let _entered = span.entered();
    Ok(match outcome {
        Ok(answer) => {
            info!(status = answer.status_code, "answered");
            answer
        }
        Err(failure) => refused(&failure, request_id),
    })
}

/// The span of one request, in the trace of whoever sent it.
fn span(request_id: &str, route: Option<Route>, trace: Option<TraceHeader>) -> Span {
    let span =
        info_span!(target: STEP, "request", apiRequestId = request_id, route = ?route, xrayTraceId = field::Empty);
    if let Some(header) = trace {
        trace::segment_in(&span, &header);
    }
    span
}

/// No panic and no deadline ends a request without an answer.
async fn guarded(
    deps: &Deps,
    route: Option<Route>,
    request: &Request<'_>,
    deadline: Deadline,
) -> Result<Answer, IntakeError> {
    enough_time(deadline)?;
    // Boxed: the routes' futures are large, and only one of them runs.
    let work = AssertUnwindSafe(Box::pin(answer(deps, route, request, deadline))).catch_unwind();
    match tokio::time::timeout(deadline.remaining(), work).await {
        Ok(Ok(outcome)) => outcome,
        // Where it happened is in the line that the panic hook wrote; what it said stays out of the log.
        Ok(Err(_panic)) => Err(IntakeError::Panicked),
        Err(_elapsed) => Err(IntakeError::OutOfTime),
    }
}

async fn answer(
    deps: &Deps,
    route: Option<Route>,
    request: &Request<'_>,
    deadline: Deadline,
) -> Result<Answer, IntakeError> {
    if route.is_some_and(Route::takes_in) {
        taken_in(deps, request).await?;
    }
    match route {
        Some(Route::OpenAuction) => auctions::open(deps, request, deadline).await,
        Some(Route::ShowAuction) => auctions::show(deps, request).await,
        Some(Route::CancelAuction) => auctions::cancel(deps, request, deadline).await,
        Some(Route::PlaceBid) => bids::place(deps, request, deadline).await,
        Some(Route::ShowReceipt) => bids::show(deps, request).await,
        Some(Route::WithdrawBid) => bids::withdraw(deps, request, deadline).await,
        Some(Route::ShowResult) => outcome::show(deps, request).await,
        Some(Route::ShowLog) => chain::show(deps, request).await,
        None => {
            let detail = "This method and path are none of the API's.";
            Err(IntakeError::Plain(kinds::NO_SUCH_ROUTE, detail))
        }
    }
}

/// While the flag `intake` is off, no auction is opened, and no bid is placed or withdrawn.
async fn taken_in(deps: &Deps, request: &Request<'_>) -> Result<(), IntakeError> {
    let flags = deps.flags.now().await;
    if flags.intake() == Switch::Off {
        return Err(IntakeError::IntakeOff);
    }
    if flags.fails(&request.event.request_context.request_id) {
        return Err(IntakeError::Injected);
    }
    Ok(())
}

/// Nothing is appended that could not be answered any more.
fn enough_time(deadline: Deadline) -> Result<(), IntakeError> {
    if deadline.remaining() < START_MARGIN {
        return Err(IntakeError::OutOfTime);
    }
    Ok(())
}

fn refused(failure: &IntakeError, request_id: &str) -> Answer {
    let problem = failure.problem().with_request_id(request_id);
    let (status, code, reason) = (problem.status, problem.code, failure.reason());
    let cause = innermost_cause(failure);
    counter!("Problems", "code" => code).increment(1);
    let to_blame = if status < 500 {
        Disposition::Reject
    } else {
        Disposition::Retry
    };
    trace::failed(code, to_blame);
    match failure.disposition() {
        _ if status < 500 => info!(status, code, "refused"),
        Disposition::Retry => warn!(status, code, reason, cause, "not now: {failure}"),
        Disposition::Reject => error!(status, code, reason, cause, "failed: {failure}"),
    }
    Answer::problem(&problem)
}
