//! Photos that are held back: where they wait, and how they come back by themselves.
//!
//! Handing a message back is no way to hold it. Each delivery counts, and after `maxReceiveCount` of them, five here, it is
//! in the dead-letter queue: within an hour, at the template's visibility timeout. Changing that timeout does not help: it
//! ends twelve hours after the message was received, the next receive counts all the same, and a release would have to
//! wait for it. To switch the event source off takes somebody who switches it on again, and a role that may change its
//! own function. And a DynamoDB stream forgets after 24 hours, and stands still until then.
//!
//! So what is held leaves its queue or stream for a **hold queue**, and counts as done there. The hold queue feeds the same
//! function, and has no dead-letter queue: it may be received as often as it likes. As long as its key is held, the
//! function hands it back, and it is seen again after the visibility timeout. When the flag is on again, the function
//! sends it to the **release queue** and on its usual way: five tries, and then the dead-letter queue. Nobody has to touch
//! a message.
//!
//! **What is not lost, and for how long.** A message is sent on before it is deleted where it was: a process that dies in
//! between leaves it in both queues, never in none, and the work on it is safe to repeat. The hold queue keeps a message for
//! 14 days, the longest there is. The metric `HeldAge` is how long the oldest one has been there, in seconds, and has an
//! alarm after a week. (SQS' own `ApproximateAgeOfOldestMessage` leaves out what was received more than three times.)

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

/// The two queues.
#[derive(Debug, Clone)]
pub struct Hold {
    client: aws_sdk_sqs::Client,
    hold_queue_url: String,
    release_queue_url: String,
}

/// A queue did not take a message. The caller hands back what it has: Retry.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take the message")]
pub struct NotTaken(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Hold {
    /// The queues at these URLs.
    pub fn new(
        client: aws_sdk_sqs::Client,
        hold_queue_url: impl Into<String>,
        release_queue_url: impl Into<String>,
    ) -> Self {
        Self {
            client,
            hold_queue_url: hold_queue_url.into(),
            release_queue_url: release_queue_url.into(),
        }
    }

    /// Tells CloudWatch the units of what is counted and measured here.
    pub fn describe() {
        describe_counter!("Held", Unit::Count, "photos put on hold, by why");
        describe_counter!("Released", Unit::Count, "photos sent on their way again");
        describe_histogram!("HeldAge", Unit::Seconds, "how long photos have been on hold");
    }

    /// Puts a message on hold.
    ///
    /// # Errors
    /// [`NotTaken`] when SQS refuses or can't be reached.
    pub async fn put(&self, body: String, why: &'static str) -> Result<(), NotTaken> {
        self.send(&self.hold_queue_url, body).await?;
        counter!("Held", "why" => why).increment(1);
        Ok(())
    }

    /// Sends a message that was on hold on its way.
    ///
    /// # Errors
    /// [`NotTaken`] when SQS refuses or can't be reached.
    pub(crate) async fn release(&self, body: String) -> Result<(), NotTaken> {
        self.send(&self.release_queue_url, body).await?;
        counter!("Released").increment(1);
        Ok(())
    }

    async fn send(&self, url: &str, body: String) -> Result<(), NotTaken> {
        let request = self.client.send_message().queue_url(url).message_body(body);
        request.send().await.map_err(|error| NotTaken(error.into()))?;
        Ok(())
    }

    /// Whether these messages come from the hold queue. A batch comes from one queue.
    pub fn has_sent(&self, event: &SqsEvent) -> bool {
        let first = event
            .records
            .first()
            .and_then(|message| message.event_source_arn.as_deref());
        let name = |text: &str, separator: char| text.rsplit(separator).next().map(ToOwned::to_owned);
        first.is_some_and(|arn| name(arn, ':') == name(&self.hold_queue_url, '/'))
    }
}

/// Notes how long the oldest of these messages has been in the hold queue.
pub(crate) fn note_age(event: &SqsEvent) {
    let oldest = event.records.iter().filter_map(age).max();
    if let Some(age) = oldest {
        histogram!("HeldAge").record(age.as_secs_f64());
    }
}

fn age(message: &SqsMessage) -> Option<Duration> {
    let sent = message.attributes.get("SentTimestamp")?.parse().ok()?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    since_epoch.checked_sub(Duration::from_millis(sent))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    fn hold() -> Hold {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .build();
        let client = aws_sdk_sqs::Client::from_conf(config);
        Hold::new(
            client,
            "https://sqs.eu-west-1.amazonaws.com/1/stack-hold",
            "https://sqs.eu-west-1.amazonaws.com/1/stack",
        )
    }

    fn event(arn: &str, sent: &str) -> SqsEvent {
        let message = json!({ "eventSourceARN": arn, "attributes": { "SentTimestamp": sent } });
        serde_json::from_value(json!({ "Records": [message] })).unwrap()
    }

    #[test]
    fn messages_of_the_hold_queue_are_told_from_all_others() {
        assert!(hold().has_sent(&event("arn:aws:sqs:eu-west-1:1:stack-hold", "0")));
        for other in ["arn:aws:sqs:eu-west-1:1:stack", "arn:aws:sqs:eu-west-1:1:hold", ""] {
            assert!(!hold().has_sent(&event(other, "0")), "{other}");
        }
        assert!(!hold().has_sent(&serde_json::from_value(json!({ "Records": [] })).unwrap()));
    }

    #[test]
    fn the_age_of_a_message_is_counted_from_when_it_was_sent_and_one_without_a_time_has_none() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let sent = (now - Duration::from_secs(3600)).as_millis().to_string();
        let age_of = |sent: &str| age(&event("arn", sent).records[0]);
        assert!((3600..3660).contains(&age_of(&sent).unwrap().as_secs()));
        for bad in ["", "yesterday", "99999999999999999"] {
            assert_eq!(age_of(bad), None, "{bad}");
        }
    }
}
