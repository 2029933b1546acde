use super::*;
use crate::deadline::Deadline;
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn limits(concurrency: usize) -> Limits {
    Limits {
        concurrency,
        deadline: Deadline::after(Duration::from_secs(60)),
        start_margin: Duration::from_secs(5),
    }
}

/// Changes of these items, with the sequence numbers 1, 2, …
fn event(items: &[&str]) -> StreamEvent {
    let record = |(index, item): (usize, &&str)| {
        let number = (index + 1).to_string();
        json!({ "eventName": "MODIFY", "dynamodb": { "SequenceNumber": number, "Keys": { "pk": { "S": item } } } })
    };
    StreamEvent {
        records: items.iter().enumerate().map(record).collect(),
    }
}

async fn handed_back<Work, Done>(event: StreamEvent, limits: Limits, work: Work) -> Vec<String>
where
    Work: Fn(StreamRecord) -> Done,
    Done: Future<Output = Result<(), HandBack>>,
{
    let answer = process(event, limits, work).await.unwrap();
    let failures = answer.batch_item_failures.into_iter();
    failures.map(|failure| failure.item_identifier.unwrap()).collect()
}

#[tokio::test]
async fn the_lowest_failed_sequence_number_comes_first_whoever_fails_first() {
    let work = async |record: StreamRecord| match record.sequence_number.as_str() {
        "2" => {
            tokio::task::yield_now().await;
            Err(HandBack)
        }
        "11" => Err(HandBack),
        _ => Ok(()),
    };
    let items = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    assert_eq!(handed_back(event(&items), limits(12), work).await, ["2", "11"]);
}

#[tokio::test]
async fn a_record_that_fails_or_panics_keeps_no_other_from_being_done() {
    let done = Mutex::new(Vec::new());
    let work = async |record: StreamRecord| {
        assert_ne!(record.sequence_number, "1", "on purpose");
        done.lock().unwrap().push(record.sequence_number);
        Ok(())
    };
    let numbers = handed_back(event(&["a", "b", "a", "c"]), limits(1), work).await;
    assert_eq!(numbers, ["1"]);
    let mut done = done.into_inner().unwrap();
    done.sort();
    assert_eq!(done, ["2", "3", "4"]);
}

#[tokio::test]
async fn changes_of_one_item_run_in_their_order_and_items_run_side_by_side() {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let order = Mutex::new(Vec::new());
    let work = async |record: StreamRecord| {
        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if record.keys == json!({ "pk": { "S": "a" } }) {
            order.lock().unwrap().push(record.sequence_number);
        }
        running.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    };
    assert_eq!(
        handed_back(event(&["a", "b", "a", "c", "a"]), limits(8), work).await,
        [""; 0]
    );
    assert_eq!(*order.lock().unwrap(), ["1", "3", "5"]);
    assert_eq!(most.into_inner(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_started_or_not_ended_before_the_deadline_is_handed_back() {
    let limits = Limits {
        deadline: Deadline::after(Duration::from_secs(30)),
        ..limits(1)
    };
    let work = async |record: StreamRecord| {
        let seconds = if record.sequence_number == "2" { 40 } else { 1 };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(())
    };
    assert_eq!(handed_back(event(&["a", "b", "c"]), limits, work).await, ["2", "3"]);
}

#[tokio::test]
async fn a_record_without_a_sequence_number_hands_back_the_batch() {
    let mut event = event(&["a", "b"]);
    event.records[1]["dynamodb"]["SequenceNumber"] = json!("");
    let answer = process(event, limits(1), async |_| Ok(())).await;
    assert_eq!(answer.unwrap_err(), RecordWithoutSequenceNumber);
}
