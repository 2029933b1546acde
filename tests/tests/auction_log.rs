//! The log of auctions on a DynamoDB that evaluates every condition. Each test has a table of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use gatehouse_auction::log::verify;
use gatehouse_auction::{Auction, AuctionId, Entry, Event, Head, LogError, Phase, Refusal, Terms, rules};
use gatehouse_auction_log::{AppendError, AuctionLog, NoTimeLeft, PlaceError, ReadError, SNAPSHOT_AFTER};
use gatehouse_core::deadline::Deadline;
use gatehouse_event_store::EventStore;
use gatehouse_tests::auction_log::{MINUTES, Room, bid, decide, envelope, opening, place, terms};
use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn operations(expected: &[(&str, u32)]) -> BTreeMap<String, u32> {
    expected
        .iter()
        .map(|(name, times)| ((*name).to_owned(), *times))
        .collect()
}

async fn whole_log(log: &AuctionLog, id: AuctionId) -> Vec<Entry> {
    log.entries(id, 0, usize::MAX).await.unwrap()
}

/// Appends bids one behind the other, each by a bidder of its own, without deciding anything.
async fn append_bids(log: &AuctionLog, id: AuctionId, bidders: impl Iterator<Item = String>) {
    let mut head = log.last(id).await.unwrap().unwrap().head();
    for bidder in bidders {
        let event = bid(&bidder, &bidder);
        let appended = log.append(id, &head, &event, Some(bidder), Timestamp::now());
        head = appended.await.unwrap().head();
    }
}

/// Does something with the log while a decision is being made, which can't wait for it. By a client of its own: connections
/// are served by the thread that made them, and that is the one that is deciding.
fn meanwhile(room: &Room, work: impl AsyncFnOnce(AuctionLog) + Send + 'static) {
    let table = room.table.name.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let client = aws_sdk_dynamodb::Client::new(&gatehouse_core::aws::config());
            work(AuctionLog::new(EventStore::new(client, &table))).await;
        });
    });
    thread.join().unwrap();
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_takes_one_query_and_one_put_once_the_terms_are_known() {
    let room = Room::new().await;
    let id = room.open().await;
    room.requests.take();
    let first = place(&room.log, id, "anna", &envelope("1")).await.unwrap();
    let once = room.requests.take();
    assert_eq!(once, operations(&[("GetItem", 1), ("PutItem", 1), ("Query", 1)]));
    let second = place(&room.log, id, "bert", &envelope("2")).await.unwrap();
    assert_eq!(room.requests.take(), operations(&[("PutItem", 1), ("Query", 1)]));
    assert_eq!((first.position, second.position), (2, 3));
    assert_eq!(room.log.entry(id, 2).await.unwrap(), Some(first));
    assert_eq!(room.log.last(id).await.unwrap(), Some(second));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn what_anyone_may_see_is_read_for_half_the_price() {
    let room = Room::new().await;
    let id = room.open().await;
    place(&room.log, id, "anna", &envelope("1")).await.unwrap();
    room.requests.take();
    assert_eq!(room.log.links(id, 0, 100).await.unwrap().len(), 2);
    assert_eq!(room.requests.take(), operations(&[("Query, eventually", 1)]));
    room.log.load(id).await.unwrap();
    assert_eq!(
        room.requests.take(),
        operations(&[("Query", 2)]),
        "what is decided on is not"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_close_between_the_decision_and_the_append_refuses_the_bid() {
    let room = Room::new().await;
    let id = room.open().await;
    let mut asked = Vec::new();
    let decision = |terms: &Terms, phase, _: &Head, now| {
        asked.push(phase);
        let decided = decide(terms, phase, now, "anna", "envelope");
        if asked.len() == 1 {
            meanwhile(&room, async move |log| {
                let head = log.last(id).await.unwrap().unwrap().head();
                let closed = log.append(id, &head, &Event::AuctionClosed {}, None, Timestamp::now());
                closed.await.unwrap();
            });
        }
        decided
    };
    let placed = room.log.place(id, decision, Deadline::after(MINUTES)).await;
    assert!(
        matches!(placed, Err(PlaceError::Refused(Refusal::Closed))),
        "{placed:?}"
    );
    assert_eq!(asked, [Phase::Open, Phase::Closed]);
    assert_eq!(whole_log(&room.log, id).await.len(), 2);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn who_is_overtaken_until_the_deadline_has_appended_nothing_and_is_told_so() {
    let room = Room::new().await;
    let id = room.open().await;
    let decision = |terms: &Terms, phase, _: &Head, now| {
        meanwhile(&room, async move |log| {
            append_bids(&log, id, std::iter::once("other".to_owned())).await
        });
        decide(terms, phase, now, "anna", "envelope")
    };
    let placed = room
        .log
        .place(id, decision, Deadline::after(Duration::from_millis(100)))
        .await;
    assert!(
        matches!(placed, Err(PlaceError::NoTimeLeft(NoTimeLeft { tries })) if tries > 0),
        "{placed:?}"
    );
    let auction = room.log.load(id).await.unwrap().unwrap();
    assert_eq!((auction.standing_bid("anna"), auction.bid_count()), (None, 1));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_bid_whose_answer_was_lost_is_placed_once() {
    let room = Room::new().await;
    let id = room.open().await;
    let last = room.log.last(id).await.unwrap().unwrap();
    room.requests.lose_answers(2);
    let (head, now) = (last.head(), Timestamp::now());
    let append = async |event: Event| {
        let envelope = Some("envelope".to_owned());
        room.log.append(id, &head, &event, envelope, now).await
    };
    let appended = append(bid("anna", "envelope")).await.unwrap();
    assert!(room.requests.all_lost());
    assert_eq!(whole_log(&room.log, id).await, [last, appended]);

    // Somebody else's is not taken for it.
    let late = append(bid("bert", "envelope")).await;
    assert!(matches!(late, Err(AppendError::Overtaken(entry)) if entry.position == 2));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_is_opened_once_and_has_the_name_of_its_contract_alone() {
    let room = Room::new().await;
    let id = room.open_for(Some("7"), DAY).await;
    assert_eq!(room.log.by_contract("7").await.unwrap(), Some(id));
    assert_eq!(room.log.by_contract("8").await.unwrap(), None);

    let (now, other) = (Timestamp::now(), AuctionId::generate(Timestamp::now()));
    let again = room.log.open(&opening(id, &terms(None, now + DAY), now)).await;
    assert!(matches!(again, Err(AppendError::Overtaken(entry)) if entry.position == 1));
    let same_name = room.log.open(&opening(other, &terms(Some("7"), now + DAY), now)).await;
    assert!(matches!(same_name, Err(AppendError::ContractTaken { auction }) if auction == id.to_string()));
    assert_eq!(room.log.last(other).await.unwrap(), None);

    let no_opening = Entry::following(&Head::start(other), now, &bid("anna", "e"), None).unwrap();
    let refused = room.log.open(&no_opening).await;
    assert!(matches!(
        refused,
        Err(AppendError::Read(ReadError::Log(LogError::OutOfTurn { position: 1 })))
    ));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_that_is_not_there_is_said_to_be_missing() {
    let room = Room::new().await;
    let id = AuctionId::generate(Timestamp::now());
    assert!(matches!(place(&room.log, id, "anna", "e").await, Err(PlaceError::NotFound(missing)) if missing == id));
    let changed = room
        .log
        .change(id, |_, _| Err(Refusal::Closed), Deadline::after(MINUTES))
        .await;
    assert!(matches!(changed, Err(PlaceError::NotFound(_))));
    assert_eq!(room.log.load(id).await.unwrap(), None);
    assert_eq!(room.log.load_at_time(id, Timestamp::now()).await.unwrap(), None);
    assert_eq!(room.log.terms(id).await.unwrap(), None);
    assert!(room.log.links(id, 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_withdrawal_is_decided_on_everything_that_came_before_it() {
    let room = Room::new().await;
    let id = room.open().await;
    let first = place(&room.log, id, "anna", "first").await.unwrap();
    let mut asked = 0;
    let withdraw = |auction: &Auction, now| {
        asked += 1;
        let decided = rules::withdraw(auction, "anna", first.position, now);
        if asked == 1 {
            // A replacement overtakes the withdrawal of the bid that it replaces.
            meanwhile(&room, async move |log| {
                place(&log, id, "anna", "second").await.unwrap();
            });
        }
        Ok((decided?, None))
    };
    let withdrawn = room.log.change(id, withdraw, Deadline::after(MINUTES)).await;
    assert!(
        matches!(withdrawn, Err(PlaceError::Refused(Refusal::NoSuchBid))),
        "{withdrawn:?}"
    );
    assert_eq!(asked, 2);
    let second = room
        .log
        .load(id)
        .await
        .unwrap()
        .unwrap()
        .standing_bid("anna")
        .unwrap()
        .bid;
    let withdraw = |auction: &Auction, now| Ok((rules::withdraw(auction, "anna", second, now)?, None));
    room.log.change(id, withdraw, Deadline::after(MINUTES)).await.unwrap();
    assert_eq!(room.log.load(id).await.unwrap().unwrap().bid_count(), 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_is_seen_as_it_was_at_every_position_and_time_with_and_without_snapshots() {
    let room = Room::new().await;
    let id = room.open().await;
    let more = SNAPSHOT_AFTER as usize + 20;
    for _ in 0..2 {
        append_bids(&room.log, id, (0..more).map(|number| format!("bidder {number}"))).await;
        room.log.load(id).await.unwrap();
    }
    let entries = whole_log(&room.log, id).await;
    let (store, _) = room.table.store().await;
    let snapshot = async |up_to| {
        let found = store.latest_snapshot(&id.to_string(), up_to).await.unwrap();
        found.map(|snapshot| snapshot.version)
    };
    let first = more as u64 + 1;
    assert_eq!(
        (snapshot(u64::MAX).await, snapshot(400).await),
        (Some(entries.len() as u64), Some(first))
    );

    assert_eq!(room.log.load_at(id, 0).await.unwrap(), None);
    for position in [1, 2, first - 1, first, first + 1, 400, entries.len() as u64, 1_000] {
        let until = &entries[..entries.len().min(position as usize)];
        let expected = Auction::fold(id, until).unwrap();
        assert_eq!(
            room.log.load_at(id, position).await.unwrap().as_ref(),
            Some(&expected),
            "{position}"
        );
        let last = until.last().unwrap();
        let then = entries.iter().take_while(|entry| entry.at <= last.at);
        let expected = Auction::fold(id, then).unwrap();
        assert_eq!(
            room.log.load_at_time(id, last.at).await.unwrap(),
            Some(expected),
            "{}",
            last.at
        );
    }
    let before = entries[0].at - SignedDuration::from_millis(1);
    assert_eq!(room.log.load_at_time(id, before).await.unwrap(), None);
    assert_eq!(room.log.load(id).await.unwrap(), room.log.load_whole(id).await.unwrap());
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_auction_too_large_for_a_snapshot_loads_without_one() {
    let room = Room::new().await;
    let id = room.open().await;
    append_bids(&room.log, id, (0..1_100).map(|number| format!("{number:0>255}"))).await;
    for _ in 0..2 {
        let auction = room.log.load(id).await.unwrap().unwrap();
        assert_eq!((auction.bid_count(), auction.head().position), (1_100, 1_101));
    }
    let (store, _) = room.table.store().await;
    assert_eq!(store.latest_snapshot(&id.to_string(), u64::MAX).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_snapshot_of_another_form_is_left_aside() {
    let room = Room::new().await;
    let id = room.open().await;
    append_bids(&room.log, id, (0..5).map(|number| number.to_string())).await;
    let (store, _) = room.table.store().await;
    for (version, body) in [
        (3, "not JSON"),
        (4, r#"{"form":1,"auction":{}}"#),
        (5, r#"{"form":2,"auction":{}}"#),
    ] {
        let body = body.to_owned();
        let snapshot = gatehouse_event_store::Snapshot { version, body };
        store.save_snapshot(&id.to_string(), &snapshot).await.unwrap();
        assert_eq!(room.log.load(id).await.unwrap().unwrap().bid_count(), 5);
        assert_eq!(
            room.log.load_at(id, version).await.unwrap().unwrap().head().position,
            version
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn an_entry_that_was_altered_removed_or_moved_is_found_when_the_log_is_loaded() {
    let room = Room::new().await;
    for (tamper, fault) in [("alter", 3), ("remove", 3), ("swap", 3)] {
        let id = room.open().await;
        append_bids(&room.log, id, ["a", "b", "c", "d"].map(str::to_owned).into_iter()).await;
        room.log.load_whole(id).await.unwrap();
        tamper_with(&room, id, tamper).await;
        let error = room.log.load(id).await.unwrap_err();
        let ReadError::Log(LogError::Chain(broken)) = error else {
            panic!("{tamper}: {error:?}")
        };
        assert_eq!(broken.position, fault, "{tamper}");
        assert!(
            verify(id, room.log.links(id, 0, 100).await.unwrap()).is_err(),
            "{tamper}"
        );
    }
}

/// Changes the third entry, deletes it, or puts the fourth in its place and the other way round.
async fn tamper_with(room: &Room, id: AuctionId, how: &str) {
    let key = |position: u64| {
        let key = [
            ("pk", AttributeValue::S(id.to_string())),
            ("sk", AttributeValue::N(position.to_string())),
        ];
        key.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    };
    let (client, table) = (&room.table.client, &room.table.name);
    let item = async |position| {
        let request = client.get_item().table_name(table).set_key(Some(key(position)));
        request.send().await.unwrap().item.unwrap()
    };
    let put = async |mut item: std::collections::HashMap<String, AttributeValue>, position| {
        item.extend(key(position));
        client
            .put_item()
            .table_name(table)
            .set_item(Some(item))
            .send()
            .await
            .unwrap();
    };
    let (third, fourth) = (item(3).await, item(4).await);
    match how {
        "alter" => {
            let mut altered = third;
            let body = altered["body"].as_s().unwrap().replace("\"b\"", "\"x\"");
            altered.insert("body".to_owned(), AttributeValue::S(body));
            put(altered, 3).await;
        }
        "remove" => {
            let request = client.delete_item().table_name(table).set_key(Some(key(3)));
            request.send().await.unwrap();
        }
        _ => {
            put(fourth, 3).await;
            put(third, 4).await;
        }
    }
}
