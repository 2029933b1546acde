//! One pass over a queue: each message that was there at its beginning, once.
//!
//! A message that is received is hidden from others for half a minute: longer than what is done with it takes, and short
//! enough to be no matter if the process dies. At the end those that stay are let go at once. Messages that came after the
//! beginning are left alone, or a redrive whose cause is not mended would go round for ever.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName as System};
use jiff::Timestamp;

use crate::error::{QueueError, failed};
use crate::message::Message;

/// How long a message that was received is hidden, in seconds.
const HIDDEN: i32 = 30;
/// As many as SQS delivers or takes in one call.
const BATCH: usize = 10;
/// With a wait, SQS asks all of its servers: an empty answer means that there is nothing to receive.
pub(crate) const WAIT: i32 = 1;
/// As many as SQS has in flight for one queue, at the most; and what a pass remembers.
const MOST: usize = 120_000;

pub(crate) struct Pass<'a> {
    sqs: &'a Client,
    url: &'a str,
    began: Timestamp,
    seen: HashSet<String>,
    /// Receipt handles of messages that stay, and since when they are hidden.
    hidden: VecDeque<(Instant, String)>,
    /// Answers in a row without anything new.
    nothing_new: usize,
    later: u64,
}

impl<'a> Pass<'a> {
    pub fn over(sqs: &'a Client, url: &'a str) -> Self {
        Self {
            sqs,
            url,
            began: Timestamp::now(),
            seen: HashSet::new(),
            hidden: VecDeque::new(),
            nothing_new: 0,
            later: 0,
        }
    }

    /// Up to ten messages that this pass has not had yet; none at its end.
    pub async fn next(&mut self) -> Result<Option<Vec<Message>>, QueueError> {
        while self.seen.len() < MOST {
            let received = receive(self.sqs, self.url, HIDDEN, WAIT).await?;
            if received.is_empty() {
                return Ok(None);
            }
            let fresh = self.fresh(received);
            if !fresh.is_empty() {
                self.nothing_new = 0;
                return Ok(Some(fresh));
            }
            // On a long pass, messages that stay come back before all others were there once.
            self.nothing_new += 1;
            if self.nothing_new > self.seen.len() / BATCH + 2 {
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn fresh(&mut self, received: Vec<Message>) -> Vec<Message> {
        let mut fresh = Vec::with_capacity(received.len());
        for message in received {
            let is_new = self.seen.insert(message.id.clone());
            let is_later = message.sent_at.is_some_and(|sent| sent > self.began);
            self.later += u64::from(is_new && is_later);
            if is_new && !is_later {
                fresh.push(message);
            } else {
                self.keep(message.handle);
            }
        }
        fresh
    }

    /// A message that stays in the queue.
    pub fn keep(&mut self, handle: String) {
        let longest = Duration::from_secs(HIDDEN.unsigned_abs().into());
        while self.hidden.front().is_some_and(|(since, _)| since.elapsed() > longest) {
            self.hidden.pop_front();
        }
        self.hidden.push_back((Instant::now(), handle));
    }

    /// How many messages came while it ran: they were left alone.
    pub fn later(&self) -> u64 {
        self.later
    }

    /// Lets go of the messages that stay. If that fails, they come back by themselves.
    pub async fn end(mut self) {
        let handles: Vec<String> = self.hidden.drain(..).map(|(_, handle)| handle).collect();
        for batch in handles.chunks(BATCH) {
            let entries = batch.iter().enumerate().filter_map(|(index, handle)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(handle).visibility_timeout(0).build().ok()
            });
            let request = self.sqs.change_message_visibility_batch().queue_url(self.url);
            let _ = request.set_entries(Some(entries.collect())).send().await;
        }
    }
}

/// One delivery: up to ten messages, hidden for so many seconds.
pub(crate) async fn receive(sqs: &Client, url: &str, hidden: i32, wait: i32) -> Result<Vec<Message>, QueueError> {
    let request = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(BATCH as i32);
    let request = request
        .visibility_timeout(hidden)
        .wait_time_seconds(wait)
        .message_attribute_names("All")
        .message_system_attribute_names(System::SentTimestamp);
    let received = request.send().await.map_err(failed("ReceiveMessage"))?;
    let messages = received.messages.unwrap_or_default().into_iter();
    Ok(messages.filter_map(Message::read).collect())
}
