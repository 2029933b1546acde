//! What is in a queue, without changing it.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use jiff::Timestamp;
use serde::Serialize;

use crate::error::{QueueError, failed};
use crate::message::Message;
use crate::pass::{Pass, WAIT, receive};
use crate::stack::Queue;

/// How many messages there are, as SQS counts them: about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Depth {
    /// Those that can be received now.
    pub visible: u64,
    /// Those that somebody has received and not deleted.
    pub in_flight: u64,
    /// Those that can be received later.
    pub delayed: u64,
}

impl Depth {
    /// All of them.
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// How old the oldest message is that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Age {
    /// Seconds since it was first sent.
    pub seconds: u64,
    /// Whether all messages were seen. If not, there may be an older one.
    pub exact: bool,
}

/// One line of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// How many messages there are.
    pub depth: Depth,
    /// None if none was received.
    pub oldest: Option<Age>,
}

/// The messages of one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// How many.
    pub messages: u64,
    /// When the first of them was rejected or sent.
    pub oldest: Option<Timestamp>,
    /// When the last of them was.
    pub newest: Option<Timestamp>,
}

/// What is in a queue.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// By reason.
    pub reasons: BTreeMap<String, Count>,
    /// The first messages that were received, as many as were asked for.
    pub messages: Vec<Message>,
}

/// How many messages are in a queue.
///
/// # Errors
/// [`QueueError::Aws`]
pub async fn depth(sqs: &Client, queue: &Queue) -> Result<Depth, QueueError> {
    let names = [
        Attribute::ApproximateNumberOfMessages,
        Attribute::ApproximateNumberOfMessagesNotVisible,
        Attribute::ApproximateNumberOfMessagesDelayed,
    ];
    let request = sqs.get_queue_attributes().queue_url(&queue.url);
    let answer = request.set_attribute_names(Some(names.to_vec())).send().await;
    let attributes = answer
        .map_err(failed("GetQueueAttributes"))?
        .attributes
        .unwrap_or_default();
    let [visible, in_flight, delayed] = names.map(|name| {
        attributes
            .get(&name)
            .and_then(|number| number.parse().ok())
            .unwrap_or_default()
    });
    Ok(Depth {
        visible,
        in_flight,
        delayed,
    })
}

/// How many messages are in a queue, and how old the oldest of a handful is. Nobody misses a message for it: the handful
/// is received without being hidden.
///
/// # Errors
/// [`QueueError::Aws`]
pub async fn list(sqs: &Client, queue: &Queue) -> Result<Listed, QueueError> {
    let depth = depth(sqs, queue).await?;
    if depth.visible == 0 {
        return Ok(Listed { depth, oldest: None });
    }
    let handful = receive(sqs, &queue.url, 0, WAIT).await?;
    let all = handful.len() as u64 >= depth.total();
    let oldest = handful.iter().filter_map(|message| message.sent_at).min();
    let oldest = oldest.map(|sent| Age {
        seconds: Timestamp::now().duration_since(sent).as_secs().max(0).unsigned_abs(),
        exact: all,
    });
    Ok(Listed { depth, oldest })
}

/// Goes over all messages that nobody else holds, and lets them go again. `seen` hears of each batch's size.
///
/// # Errors
/// [`QueueError::Aws`]; what was received until then comes back by itself.
pub async fn show(sqs: &Client, queue: &Queue, limit: usize, mut seen: impl FnMut(u64)) -> Result<Shown, QueueError> {
    let (mut pass, mut shown) = (Pass::over(sqs, &queue.url), Shown::default());
    let outcome = loop {
        match pass.next().await {
            Ok(Some(messages)) => {
                seen(messages.len() as u64);
                for message in messages {
                    shown.count(&message);
                    pass.keep(message.handle.clone());
                    if shown.messages.len() < limit {
                        shown.messages.push(message);
                    }
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    pass.end().await;
    outcome.map(|()| shown)
}

impl Shown {
    fn count(&mut self, message: &Message) {
        let when = message.when();
        let count = self.reasons.entry(message.reason().to_owned()).or_insert(Count {
            messages: 0,
            oldest: None,
            newest: None,
        });
        count.messages += 1;
        count.oldest = count.oldest.into_iter().chain(when).min();
        count.newest = count.newest.max(when);
    }
}
