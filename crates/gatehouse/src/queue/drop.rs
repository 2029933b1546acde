//! `gatehouse queue drop`

use std::io::{self, BufRead, IsTerminal, Write};

use gatehouse_queues::{Report, drop, listing};
use serde_json::json;

use super::QueueName;
use super::progress::Progress;
use crate::failure::Failure;

/// The arguments of `gatehouse queue drop`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    queue: QueueName,
    /// Only messages with this reason code
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// Without `--yes` it asks, and where nobody can be asked that is a [`Failure::Usage`], before anything is looked at.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let somebody_is_there = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !arguments.yes && !somebody_is_there {
        return Err(Failure::Usage("nobody can be asked here: --yes drops without asking"));
    }
    let (house, queue) = arguments.queue.open_failures().await?;
    let depth = listing::depth(&house.sqs, &queue).await?;
    let reason = arguments.reason.as_deref();
    let which = match reason {
        Some(reason) => format!("All messages with the reason {reason}, of about {}", depth.total()),
        None => format!("About {} messages", depth.total()),
    };
    let question = format!(
        "{which} in {} of {} will be gone for good.",
        queue.name, house.stack.name
    );
    if !arguments.yes && !agreed(&question) {
        return Err(Failure::Declined);
    }
    let (progress, mut report) = (Progress::over(depth.visible), Report::default());
    let outcome = drop::drop(&house.sqs, &queue, reason, &mut report, |seen| progress.add(seen)).await;
    progress.end();
    if arguments.json {
        println!(
            "{}",
            json!({ "stack": house.stack.name, "queue": queue.name, "dropped": report })
        );
    } else {
        println!("{} dropped", report.done);
        if report.others > 0 {
            println!("{} of other reasons left alone", report.others);
        }
    }
    Ok(outcome?)
}

/// Whether the person at the terminal types the very word.
fn agreed(question: &str) -> bool {
    eprint!("{question} Type \"drop\" to go on: ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "drop"
}
