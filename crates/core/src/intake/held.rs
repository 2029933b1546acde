//! Messages that were put on hold: back into their queue, or on their way.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use tracing::error;

use super::{Intake, InvocationFailed, note};
use crate::batch::{self, HandBack};
use crate::deadline::Deadline;
use crate::disposition::{Disposition, Failure};
use crate::event::Malformed;
use crate::hold::{self, Hold};
use crate::stream::StreamRecord;

impl Intake {
    /// Looks at each message of the hold queue again: one whose key is still held is handed back, any other is released.
    ///
    /// # Errors
    /// [`InvocationFailed`] if all of it has to be delivered again.
    pub async fn each_held<Held, Done>(
        &self,
        event: SqsEvent,
        deadline: Deadline,
        hold: &Hold,
        is_held: Held,
    ) -> Result<SqsBatchResponse, InvocationFailed>
    where
        Held: Fn(String) -> Done,
        Done: Future<Output = bool>,
    {
        hold::note_age(&event);
        let one_message = async |body: String| {
            if is_held(body.clone()).await {
                return Err(HandBack);
            }
            hold.release(body).await.map_err(|failed| {
                let cause = std::error::Error::source(&failed).map(ToString::to_string);
                error!(reason = "release-queue-unavailable", cause, "{failed}");
                HandBack
            })
        };
        Ok(batch::process(event, self.limits(deadline), one_message).await?)
    }

    /// Gives each stream record that was on hold, one to a message, to `work`, and answers with those that have to be
    /// delivered again. The queue counts their tries.
    ///
    /// # Errors
    /// [`InvocationFailed`] if all of it has to be delivered again.
    pub async fn each_released_stream_record<Work, Done, E>(
        &self,
        event: SqsEvent,
        deadline: Deadline,
        work: Work,
    ) -> Result<SqsBatchResponse, InvocationFailed>
    where
        Work: Fn(StreamRecord) -> Done,
        Done: Future<Output = Result<(), E>>,
        E: Failure + 'static,
    {
        let one_message = async |body: String| {
            let Some(record) = StreamRecord::in_body(&body) else {
                let malformed = Malformed::new(body, "body", "is not a stream record");
                let raw = malformed.raw.clone();
                return self.reject_now(&malformed, raw).await;
            };
            let raw = record.raw.clone();
            let Err(failure) = work(record).await else {
                return Ok(());
            };
            note(&failure);
            match failure.disposition() {
                Disposition::Retry => Err(HandBack),
                Disposition::Reject => self.reject(vec![(Box::new(failure) as Box<dyn Failure>, raw)]).await,
            }
        };
        Ok(batch::process(event, self.limits(deadline), one_message).await?)
    }
}
