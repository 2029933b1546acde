//! The `gatehouse` command: what the functions do, on one's own machine, without AWS.
//!
//! Exit codes: 0 done; 2 usage; 65 the input is bad (its reason code and a sentence on standard
//! error, nothing written); 1 anything else.

mod detect;
mod failure;
mod file;
mod redact;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Find and hide the faces in photos.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say where the faces in a photo are
    Detect(detect::Arguments),
    /// Hide the faces in a photo and clean its metadata
    Redact(redact::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Detect(arguments) => detect::run(&arguments),
        Command::Redact(arguments) => redact::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("gatehouse: {failure}");
            failure.exit_code()
        }
    }
}
