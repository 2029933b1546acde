//! Why a command failed, and the exit code that says so.

use std::path::Path;
use std::process::ExitCode;

/// `EX_DATAERR` of sysexits.h: the input is bad.
const BAD_INPUT: u8 = 65;
/// What the parser of the arguments ends with, too.
const USAGE: u8 = 2;

/// What stopped a command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The photo can't be taken: exit code 65.
    #[error("{reason}: {0}", reason = .0.reason())]
    Photo(#[from] gatehouse_redact::Error),
    /// The file given with `--faces` can't be used: exit code 65.
    #[error("bad-faces-file: {0}")]
    Faces(String),
    /// What was given can't be used: exit code 65.
    #[error("{code}: {detail}")]
    Input {
        /// A stable reason code.
        code: &'static str,
        /// A sentence that names the argument or field. Never an amount or a token.
        detail: String,
    },
    /// The API refused (4xx): exit code 65.
    #[error("{code}: {detail}")]
    Refused {
        /// The problem's code (RFC 9457 `type` without its prefix), or `http-STATUS`.
        code: String,
        /// What the API says about it.
        detail: String,
    },
    /// The API can't be reached or failed, again and again: exit code 1.
    #[error("{url}: {reason}")]
    Api {
        /// What was asked for.
        url: String,
        /// What came instead of an answer.
        reason: String,
    },
    /// The system gives no random numbers: exit code 1.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// A log is not what it should be; one line for each thing that is wrong: exit code 65.
    #[error("{}", .0.join("\ngatehouse: "))]
    Log(Vec<String>),
    /// A bid was not posted, or without a good answer, and its envelope is in a file: the exit code of what stopped it.
    #[error("{failure}\ngatehouse: the envelope is in {path}: `gatehouse post {path}` sends the very same again")]
    SavedBid {
        /// What stopped it.
        failure: Box<Failure>,
        /// The file.
        path: String,
    },
    /// The arguments are not enough: exit code 2.
    #[error("{0}")]
    Usage(&'static str),
    /// A stack or a queue that is not there, or not to be taken from (exit code 65), or a service that refused (1).
    #[error(transparent)]
    Queue(#[from] gatehouse_queues::QueueError),
    /// No region is set: exit code 65.
    #[error("no-region: AWS_REGION or the profile has to name the stack's region")]
    NoRegion,
    /// Some messages could not be put back, and stay in their queue: exit code 65.
    #[error("not-redriven: {0} messages stay in the queue")]
    NotRedriven(u64),
    /// Somebody was asked, and said no: exit code 1.
    #[error("nothing was dropped")]
    Declined,
    /// The stack, bucket or execution is not there (exit code 65), or a service refused (1).
    #[error(transparent)]
    Backfill(#[from] gatehouse_backfill::BackfillError),
    /// A backfill ended before everything was done: exit code 1.
    #[error("not-finished: `gatehouse backfill {bucket} --resume {execution}` goes on with it")]
    NotFinished {
        /// The source bucket.
        bucket: String,
        /// The execution's ARN.
        execution: String,
    },
    /// The command's own machinery could not start: exit code 1.
    #[error("the asynchronous runtime could not start: {0}")]
    Runtime(std::io::Error),
    /// The detector failed: exit code 1.
    #[error(transparent)]
    Detector(#[from] gatehouse_detect::Error),
    /// A file can't be read or written: exit code 1.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Failure {
    /// What was given can't be used.
    pub fn input(code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::Input { code, detail }
    }

    /// The API did not answer.
    pub fn unreachable(url: &str, error: &ureq::Error) -> Self {
        let (url, reason) = (url.to_owned(), error.to_string());
        Self::Api { url, reason }
    }

    /// A function that wraps what the system said about this file.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }

    /// The same, of a bid whose envelope is in this file.
    pub fn of_saved_bid(self, path: &Path) -> Self {
        let (failure, path) = (Box::new(self), path.display().to_string());
        Self::SavedBid { failure, path }
    }

    /// The exit code that scripts rely on.
    pub fn exit_code(&self) -> ExitCode {
        use gatehouse_queues::QueueError::{Held, NoSuchQueue, NoSuchStack};
        match self {
            Self::SavedBid { failure, .. } => failure.exit_code(),
            Self::Usage(_) => ExitCode::from(USAGE),
            Self::Photo(_) | Self::Faces(_) | Self::Input { .. } | Self::Refused { .. } | Self::Log(_) => {
                ExitCode::from(BAD_INPUT)
            }
            Self::Queue(NoSuchStack(_) | NoSuchQueue { .. } | Held(_)) | Self::NoRegion | Self::NotRedriven(_) => {
                ExitCode::from(BAD_INPUT)
            }
            Self::Backfill(error) if error.is_of_the_input() => ExitCode::from(BAD_INPUT),
            Self::Detector(_) | Self::File { .. } | Self::Api { .. } | Self::Random(_) => ExitCode::FAILURE,
            Self::Queue(_) | Self::Declined | Self::Runtime(_) => ExitCode::FAILURE,
            Self::Backfill(_) | Self::NotFinished { .. } => ExitCode::FAILURE,
        }
    }
}
