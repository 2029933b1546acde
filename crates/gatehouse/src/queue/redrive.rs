//! `gatehouse queue redrive`

use gatehouse_queues::redrive::Redrive;
use gatehouse_queues::{Report, listing};
use serde_json::json;

use super::QueueName;
use super::progress::Progress;
use crate::failure::Failure;

/// The arguments of `gatehouse queue redrive`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    queue: QueueName,
    /// Only messages with this reason code
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command. What was done is printed, also when it could not come to its end.
///
/// Messages that can't be put back stay, and are a [`Failure::NotRedriven`].
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (house, queue) = arguments.queue.open_failures().await?;
    let depth = listing::depth(&house.sqs, &queue).await?;
    let (progress, mut report) = (Progress::over(depth.visible), Report::default());
    let redrive = Redrive::new(&house.aws, &house.stack);
    let reason = arguments.reason.as_deref();
    let outcome = redrive
        .run(&queue, reason, &mut report, |seen| progress.add(seen))
        .await;
    progress.end();
    if arguments.json {
        println!(
            "{}",
            json!({ "stack": house.stack.name, "queue": queue.name, "redriven": report })
        );
    } else {
        print!("{}", words(&report));
    }
    outcome?;
    match report.left() {
        0 => Ok(()),
        left => Err(Failure::NotRedriven(left)),
    }
}

fn words(report: &Report) -> String {
    let mut lines = vec![format!("{} put back to work", report.done)];
    for (number, what) in [
        (
            report.not_needed,
            "deleted: done already, or overtaken by a newer upload",
        ),
        (
            report.twice,
            "put back, but not deleted here: they are there twice, and nothing is lost by it",
        ),
        (report.others, "of other reasons left alone"),
        (report.later, "left alone that came meanwhile"),
    ] {
        if number > 0 {
            lines.push(format!("{number} {what}"));
        }
    }
    lines.extend(report.stays.iter().map(|(why, number)| format!("{number} stay: {why}")));
    lines.join("\n") + "\n"
}
