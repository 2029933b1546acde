//! Putting messages back where they came from.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use gatehouse_ledger::{Again, Keep, Ledger, Upload};

use crate::drop::{delete, of_reason};
use crate::error::{QueueError, failed};
use crate::message::Message;
use crate::pass::Pass;
use crate::report::{Report, Stays};
use crate::stack::{Kind, Queue, Stack};
use crate::way::{Way, way};

const LEDGER: &str = "LedgerTableName";
/// Of all messages of one call together, in bytes: less than SQS has ever allowed, with room for attributes.
const MOST_BYTES: usize = 200 * 1024;

/// Puts messages of one stack back to work.
#[derive(Debug)]
pub struct Redrive<'a> {
    sqs: Client,
    stack: &'a Stack,
    ledger: Option<Ledger>,
}

/// A message that is to be sent, and its new body.
type Outgoing<'m> = (&'m Message, String);

impl<'a> Redrive<'a> {
    /// For this stack.
    pub fn new(aws: &SdkConfig, stack: &'a Stack) -> Self {
        let ledger = stack
            .output(LEDGER)
            .map(|table| Ledger::new(aws, table, Keep::default()));
        let sqs = Client::new(aws);
        Self { sqs, stack, ledger }
    }

    /// Puts back the messages that are in the queue now: all, or those of one reason. `report` has what was done, also when
    /// it ends with an error; `seen` hears of each batch's size.
    ///
    /// # Errors
    /// [`QueueError::Aws`]. Messages that were sent and not deleted by then are there twice.
    pub async fn run(
        &self,
        queue: &Queue,
        reason: Option<&str>,
        report: &mut Report,
        mut seen: impl FnMut(u64),
    ) -> Result<(), QueueError> {
        let mut pass = Pass::over(&self.sqs, &queue.url);
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
            if let Err(error) = self.batch(queue, &asked, &mut pass, report).await {
                asked.into_iter().for_each(|message| pass.keep(message.handle));
                break Err(error);
            }
        };
        report.later = pass.later();
        pass.end().await;
        outcome
    }

    async fn batch(
        &self,
        queue: &Queue,
        messages: &[Message],
        pass: &mut Pass<'_>,
        report: &mut Report,
    ) -> Result<(), QueueError> {
        let (mut outgoing, mut in_ledger) = (BTreeMap::<String, Vec<Outgoing<'_>>>::new(), Vec::new());
        for message in messages {
            match way(self.stack, queue, message) {
                Ok(Way::Queue { url, body }) => outgoing.entry(url).or_default().push((message, body)),
                Ok(Way::Ledger(upload)) => in_ledger.push((message, upload)),
                Err(why) => stays(pass, report, message, why),
            }
        }
        for (url, messages) in outgoing {
            for part in parts(messages) {
                let (sent, refused) = self.send(queue, &url, part).await?;
                refused
                    .into_iter()
                    .for_each(|one| stays(pass, report, one, Stays::NotTaken));
                report.done += sent.len() as u64;
                self.delete(queue, &sent, report).await?;
            }
        }
        for (message, upload) in in_ledger {
            match self.start_again(&upload).await? {
                Again::Started => report.done += 1,
                Again::NotNeeded => report.not_needed += 1,
                Again::Forgotten => {
                    stays(pass, report, message, Stays::NotInTheLedger);
                    continue;
                }
            }
            self.delete(queue, &[message], report).await?;
        }
        Ok(())
    }

    /// Only what is where it belongs by now.
    async fn delete(&self, queue: &Queue, sent: &[&Message], report: &mut Report) -> Result<(), QueueError> {
        report.twice += sent.len() as u64;
        let deleted = delete(&self.sqs, &queue.url, sent.iter().copied()).await?;
        report.twice = report.twice.saturating_sub(deleted);
        Ok(())
    }

    async fn start_again(&self, upload: &Upload) -> Result<Again, QueueError> {
        let Some(ledger) = &self.ledger else {
            return Ok(Again::Forgotten);
        };
        let outcome = ledger.start_again(upload).await;
        outcome.map_err(|error| QueueError::Aws {
            operation: "UpdateItem",
            detail: std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string),
        })
    }

    /// Sends up to ten messages; those that the queue took, and those that it did not.
    async fn send<'m>(
        &self,
        from: &Queue,
        url: &str,
        messages: Vec<Outgoing<'m>>,
    ) -> Result<(Vec<&'m Message>, Vec<&'m Message>), QueueError> {
        let as_it_was = matches!(from.kind, Kind::DeadLetters(_));
        let entries = messages.iter().enumerate();
        let entries = entries.filter_map(|(index, (message, body))| entry(index, message, body, as_it_was));
        let request = self
            .sqs
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries.collect()));
        let answer = request.send().await.map_err(failed("SendMessageBatch"))?;
        let taken: BTreeSet<&str> = answer.successful.iter().map(|one| one.id.as_str()).collect();
        let numbered = messages.iter().enumerate();
        let (sent, refused): (Vec<_>, Vec<_>) =
            numbered.partition(|(index, _)| taken.contains(index.to_string().as_str()));
        let of = |part: Vec<(usize, &Outgoing<'m>)>| part.into_iter().map(|(_, (message, _))| *message).collect();
        Ok((of(sent), of(refused)))
    }
}

fn stays(pass: &mut Pass<'_>, report: &mut Report, message: &Message, why: Stays) {
    report.stays(why);
    pass.keep(message.handle.clone());
}

/// A dead letter keeps its attributes; those of a rejection say why it was rejected, and have no place in a work queue. The
/// trace header is left behind: Lambda counts in it how often a function has started itself, and would stop a settlement at
/// once that it stopped before ("Recursive loop detection").
fn entry(index: usize, message: &Message, body: &str, as_it_was: bool) -> Option<SendMessageBatchRequestEntry> {
    let entry = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(body);
    let attributes = as_it_was.then(|| message.attributes.clone());
    let attributes = attributes.filter(|attributes| !attributes.is_empty());
    entry.set_message_attributes(attributes).build().ok()
}

/// Parts that SQS takes in one call.
fn parts(messages: Vec<Outgoing<'_>>) -> Vec<Vec<Outgoing<'_>>> {
    let mut parts: Vec<(usize, Vec<Outgoing<'_>>)> = Vec::new();
    for (message, body) in messages {
        let size = body.len();
        match parts.last_mut() {
            Some((bytes, part)) if *bytes + size <= MOST_BYTES => {
                *bytes += size;
                part.push((message, body));
            }
            _ => parts.push((size, vec![(message, body)])),
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::message::tests::message;
    use serde_json::json;

    #[test]
    fn large_messages_go_in_calls_of_their_own_and_none_is_left_out() {
        let sizes = [150, 40, 40, 250, 1];
        let message = message(&json!(""));
        let messages = sizes.map(|kilobytes| (&message, "x".repeat(kilobytes * 1024))).to_vec();
        let lengths: Vec<usize> = parts(messages).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 1, 1]);
    }
}
