use super::*;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn limits() -> Limits {
    Limits {
        concurrency: 4,
        deadline: Deadline::after(Duration::from_secs(60)),
        start_margin: Duration::from_secs(5),
    }
}

fn batch(queue: &str, messages: &[(&str, &str)]) -> SqsEvent {
    let records: Vec<_> = messages
        .iter()
        .map(|(id, group)| {
            json!({
                "messageId": id,
                "body": id,
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{queue}"),
                "attributes": { "MessageGroupId": group },
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

async fn handed_back<Work, Done>(event: SqsEvent, limits: Limits, work: Work) -> Vec<String>
where
    Work: Fn(String) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    let response = process(event, limits, work).await.unwrap();
    let mut ids: Vec<_> = response
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_failure_hands_back_its_own_message_and_no_other() {
    let event = batch("photos", &[("a", ""), ("b", ""), ("c", "")]);
    let work = async |id: String| if id == "b" { Err(HandBack) } else { Ok(()) };
    assert_eq!(handed_back(event, limits(), work).await, ["b"]);
}

#[tokio::test]
async fn a_panic_hands_back_its_own_message_and_the_others_are_done() {
    let done = Mutex::new(Vec::new());
    let event = batch("photos", &[("a", ""), ("b", ""), ("c", "")]);
    let work = async |id: String| {
        assert_ne!(id, "b", "on purpose");
        done.lock().unwrap().push(id);
        Ok(())
    };
    assert_eq!(handed_back(event, limits(), work).await, ["b"]);
    assert_eq!(*done.lock().unwrap(), ["a", "c"]);
}

#[tokio::test]
async fn from_the_first_failure_of_a_fifo_group_the_rest_of_it_is_handed_back_unstarted() {
    let started = Mutex::new(Vec::new());
    let event = batch(
        "photos.fifo",
        &[("a1", "A"), ("b1", "B"), ("a2", "A"), ("a3", "A"), ("b2", "B")],
    );
    let work = async |id: String| {
        started.lock().unwrap().push(id.clone());
        if id == "a2" { Err(HandBack) } else { Ok(()) }
    };
    assert_eq!(handed_back(event, limits(), work).await, ["a2", "a3"]);
    assert!(!started.lock().unwrap().contains(&"a3".to_owned()));
}

#[tokio::test]
async fn a_group_id_in_a_standard_queue_blocks_nobody() {
    let event = batch("photos", &[("a1", "A"), ("a2", "A")]);
    let work = async |id: String| if id == "a1" { Err(HandBack) } else { Ok(()) };
    assert_eq!(handed_back(event, limits(), work).await, ["a1"]);
}

#[tokio::test(start_paused = true)]
async fn work_not_started_when_time_runs_short_is_handed_back() {
    let event = batch("photos", &[("a", ""), ("b", ""), ("c", "")]);
    let limits = Limits {
        concurrency: 1,
        deadline: Deadline::after(Duration::from_secs(30)),
        start_margin: Duration::from_secs(5),
    };
    let work = async |_| {
        tokio::time::sleep(Duration::from_secs(13)).await;
        Ok(())
    };
    assert_eq!(handed_back(event, limits, work).await, ["c"]);
}

#[tokio::test(start_paused = true)]
async fn work_that_outlives_the_invocation_is_abandoned_before_it_ends() {
    let limits = limits();
    let event = batch("photos", &[("slow", ""), ("quick", "")]);
    let work = async |id: String| {
        if id == "slow" {
            std::future::pending::<()>().await;
        }
        Ok(())
    };
    assert_eq!(handed_back(event, limits, work).await, ["slow"]);
    assert!(limits.deadline.remaining() > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn no_more_messages_than_allowed_are_worked_on_at_the_same_time() {
    let ids: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let messages: Vec<_> = ids.iter().map(|id| (id.as_str(), "")).collect();
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = async |_| {
        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        running.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    };
    assert!(handed_back(batch("photos", &messages), limits(), work).await.is_empty());
    assert_eq!(most.into_inner(), 4);
}

#[tokio::test]
async fn a_message_without_an_id_hands_back_the_batch_instead_of_an_empty_identifier() {
    let event = batch("photos", &[("a", ""), ("", "")]);
    let answer = process(event, limits(), async |_| Ok(())).await;
    assert_eq!(answer.unwrap_err(), MessageWithoutId);
}
