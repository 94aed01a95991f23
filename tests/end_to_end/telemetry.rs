//! The telemetry client: samples arrive, lost ones are counted when the board
//! comes back, and a locked board is left alone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use telemetry::{Item, TelemetryClient, TelemetryState, TelemetryUpdate};
use virtual_board::{Profile, Role, VirtualBoards};

use crate::desk::{SOON, address, boards, name};

fn follow(boards: &VirtualBoards) -> TelemetryClient {
    TelemetryClient::start(&address(boards), Arc::new(|| {})).expect("a thread")
}

/// Receives until an event passes; returns all frames until then.
fn until(
    following: &TelemetryClient,
    what: &str,
    pass: impl Fn(&TelemetryUpdate) -> bool,
) -> (TelemetryUpdate, Vec<Item>) {
    let deadline = Instant::now() + SOON;
    let mut all = Vec::new();
    loop {
        let mut news = following.take();
        all.append(&mut news.items);
        if pass(&news) {
            return (news, all);
        }
        assert!(
            Instant::now() < deadline,
            "never: {what}, but {:?}, {:?}",
            news.state,
            news.counts
        );
        following.wait(&news.state, Duration::from_millis(200));
    }
}

#[test]
fn samples_arrive_in_consecutive_frames_with_their_description() {
    let boards = boards(Profile::Strip, 1);
    let following = follow(&boards);
    let (news, items) = until(&following, "ten frames", |news| news.counts.frames >= 10);
    assert_eq!(
        (
            news.state,
            news.counts.lost,
            news.counts.dropped,
            news.counts.malformed
        ),
        (TelemetryState::Open, 0, 0, 0)
    );
    let [Item::Described(described), frames @ ..] = items.as_slice() else {
        panic!("{items:?}")
    };
    assert_eq!(
        (described.interval_us, described.channels.len()),
        (1_000, 2)
    );
    let mut next = None;
    for item in frames {
        let Item::Frame(arrived) = item else {
            panic!("{item:?}")
        };
        let frame = &arrived.frame;
        assert!(next.is_none_or(|next| next == (frame.sequence, frame.time_us)));
        next = Some((
            frame.sequence + 1,
            frame.time_us + 1_000 * frame.rows() as u64,
        ));
    }
}

#[test]
fn a_lost_board_is_followed_again_when_it_is_back() {
    let boards = boards(Profile::Lamp, 1);
    let name = name(&boards);
    let following = follow(&boards);
    until(&following, "frames", |news| news.counts.frames > 0);
    boards.stop(&name).expect("it runs");
    until(&following, "that it is gone", |news| {
        matches!(news.state, TelemetryState::Waiting { .. })
    });
    boards.start_again(&name).expect("it was stopped");
    let (news, _) = until(&following, "that it is back", |news| {
        news.state == TelemetryState::Open
    });
    let before = news.counts.frames;
    let (news, _) = until(&following, "frames again", |news| {
        news.counts.frames > before
    });
    // No samples of the new run are missing.
    assert_eq!((news.counts.connections, news.counts.lost), (2, 0));
}

#[test]
fn a_locked_board_refuses_with_its_own_error_and_is_not_retried() {
    let boards = boards(Profile::Lamp, 1);
    boards
        .add_key(&name(&boards), "first key", Role::Control)
        .expect("a key");
    let following = follow(&boards);
    let (news, _) = until(&following, "a refusal", |news| {
        matches!(news.state, TelemetryState::Refused { .. })
    });
    let TelemetryState::Refused { why } = news.state else {
        panic!("{:?}", news.state)
    };
    assert!(why.starts_with("this board is locked"), "{why}");
}

#[test]
fn an_unreachable_board_is_reported_and_retried_until_it_is_dropped() {
    let unreachable = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").to_string()
    };
    let following = TelemetryClient::start(&unreachable, Arc::new(|| {})).expect("a thread");
    until(&following, "that it cannot be reached", |news| {
        matches!(news.state, TelemetryState::Waiting { .. })
    });
    let ended = Instant::now();
    drop(following);
    assert!(ended.elapsed() < Duration::from_secs(2));
}
