//! Deleting messages for good.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;

use crate::error::{QueueError, failed};
use crate::message::Message;
use crate::pass::Pass;
use crate::report::Report;
use crate::stack::Queue;

/// Deletes the messages that are in the queue now: all, or those of one reason. `report` has what was done, also when it
/// ends with an error; `seen` hears of each batch's size.
///
/// # Errors
/// [`QueueError::Aws`]
pub async fn drop(
    sqs: &Client,
    queue: &Queue,
    reason: Option<&str>,
    report: &mut Report,
    mut seen: impl FnMut(u64),
) -> Result<(), QueueError> {
    let mut pass = Pass::over(sqs, &queue.url);
    let outcome = loop {
        let messages = match pass.next().await {
            Ok(Some(messages)) => messages,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        seen(messages.len() as u64);
        let (asked, others) = of_reason(messages, reason);
        report.others += others.len() as u64;
        others.into_iter().for_each(|other| pass.keep(other.handle));
        match delete(sqs, &queue.url, asked.iter()).await {
            Ok(deleted) => report.done += deleted,
            Err(error) => {
                asked.into_iter().for_each(|message| pass.keep(message.handle));
                break Err(error);
            }
        }
    };
    report.later = pass.later();
    pass.end().await;
    outcome
}

/// Those of the reason, and the others.
pub(crate) fn of_reason(messages: Vec<Message>, reason: Option<&str>) -> (Vec<Message>, Vec<Message>) {
    let asked = |message: &Message| reason.is_none_or(|reason| message.reason() == reason);
    messages.into_iter().partition(asked)
}

/// Deletes up to ten messages; how many of them SQS says are gone.
pub(crate) async fn delete<'m>(
    sqs: &Client,
    url: &str,
    messages: impl Iterator<Item = &'m Message>,
) -> Result<u64, QueueError> {
    let entries: Vec<_> = messages
        .enumerate()
        .filter_map(|(index, message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
            entry.receipt_handle(&message.handle).build().ok()
        })
        .collect();
    if entries.is_empty() {
        return Ok(0);
    }
    let request = sqs.delete_message_batch().queue_url(url).set_entries(Some(entries));
    let answer = request.send().await.map_err(failed("DeleteMessageBatch"))?;
    Ok(answer.successful.len() as u64)
}
