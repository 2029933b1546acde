//! `gatehouse queue show`

use gatehouse_queues::Message;
use gatehouse_queues::listing::{self, Shown};
use serde_json::{Value, json};

use super::QueueName;
use super::progress::Progress;
use super::table::{Table, time};
use crate::failure::Failure;

/// The arguments of `gatehouse queue show`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    queue: QueueName,
    /// Also show so many messages
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (house, queue) = arguments.queue.open().await?;
    let depth = listing::depth(&house.sqs, &queue).await?;
    let progress = Progress::over(depth.visible);
    let shown = listing::show(&house.sqs, &queue, arguments.limit, |seen| progress.add(seen)).await;
    progress.end();
    let shown = shown?;
    if arguments.json {
        let messages: Vec<Value> = shown.messages.iter().map(as_json).collect();
        println!(
            "{}",
            json!({ "stack": house.stack.name, "queue": queue.name, "reasons": shown.reasons, "messages": messages })
        );
        return Ok(());
    }
    print!("{}", reasons(&shown));
    if !shown.messages.is_empty() {
        print!("\n{}", messages(&shown.messages));
    }
    Ok(())
}

fn as_json(message: &Message) -> Value {
    json!({ "id": message.id, "reason": message.reason(), "detail": message.detail(), "function": message.function(),
        "about": message.about(), "when": message.when(), "sentAt": message.sent_at })
}

fn reasons(shown: &Shown) -> Table {
    let mut table = Table::new(["REASON", "MESSAGES", "OLDEST", "NEWEST"]);
    for (reason, count) in &shown.reasons {
        let (oldest, newest) = (time(count.oldest), time(count.newest));
        table.row([reason.clone(), count.messages.to_string(), oldest, newest]);
    }
    table
}

fn messages(messages: &[Message]) -> Table {
    let mut table = Table::new(["WHEN", "REASON", "ABOUT", "DETAIL"]);
    for message in messages {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let reason = message.reason().to_owned();
        table.row([
            time(message.when()),
            reason,
            or_dash(message.about()),
            or_dash(message.detail()),
        ]);
    }
    table
}
