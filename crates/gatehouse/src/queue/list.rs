//! `gatehouse queue list`

use gatehouse_queues::Queue;
use gatehouse_queues::listing::{self, Listed};
use serde_json::json;

use super::StackName;
use super::table::{Table, age};
use crate::failure::Failure;

/// The arguments of `gatehouse queue list`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    stack: StackName,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let house = arguments.stack.open().await?;
    let mut lines = Vec::new();
    for queue in house.stack.queues() {
        let listed = listing::list(&house.sqs, &queue).await?;
        lines.push((queue, listed));
    }
    if arguments.json {
        let queues: Vec<_> = lines.iter().map(|(queue, listed)| as_json(queue, listed)).collect();
        println!("{}", json!({ "stack": house.stack.name, "queues": queues }));
    } else {
        print!("{}", as_table(&lines));
    }
    Ok(())
}

fn as_json(queue: &Queue, listed: &Listed) -> serde_json::Value {
    json!({ "queue": queue.name, "kind": queue.kind.as_str(), "url": queue.url,
        "messages": listed.depth, "oldest": listed.oldest })
}

/// `at least`: there are more messages than were looked at.
fn as_table(lines: &[(Queue, Listed)]) -> Table {
    let mut table = Table::new(["QUEUE", "KIND", "MESSAGES", "IN FLIGHT", "OLDEST"]);
    for (queue, Listed { depth, oldest }) in lines {
        let oldest = match oldest {
            Some(oldest) if oldest.exact => age(oldest.seconds),
            Some(oldest) => format!("at least {}", age(oldest.seconds)),
            None if depth.total() == 0 => "-".to_owned(),
            None => "not seen".to_owned(),
        };
        let numbers = [depth.visible + depth.delayed, depth.in_flight].map(|number| number.to_string());
        let [messages, in_flight] = numbers;
        table.row([
            queue.name.clone(),
            queue.kind.as_str().to_owned(),
            messages,
            in_flight,
            oldest,
        ]);
    }
    table
}
