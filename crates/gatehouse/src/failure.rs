//! Why a command failed, and the exit code that says so.

use std::path::Path;
use std::process::ExitCode;

/// `EX_DATAERR` of sysexits.h: the input is bad.
const BAD_INPUT: u8 = 65;

/// What stopped a command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The photo can't be taken: exit code 65.
    #[error("{reason}: {0}", reason = .0.reason())]
    Photo(#[from] gatehouse_redact::Error),
    /// The file given with `--faces` can't be used: exit code 65.
    #[error("bad-faces-file: {0}")]
    Faces(String),
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
    /// A function that wraps what the system said about this file.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }

    /// The exit code that scripts rely on.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Photo(_) | Self::Faces(_) => ExitCode::from(BAD_INPUT),
            Self::Detector(_) | Self::File { .. } => ExitCode::FAILURE,
        }
    }
}
