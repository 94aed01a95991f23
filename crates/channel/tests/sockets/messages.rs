//! Messages and pings in both directions, limits of memory and of the send
//! queue, and recordings.

use std::time::Duration;

use channel::{
    ChannelRuntime, ChannelState, Content, Direction, EntryKind, Reader, Recorder, Retention,
    SendError, WhenFull,
};

use crate::client::{TestClient, message, received, settings_for};
use crate::server::{Manner, SOON, Server};

#[test]
fn an_echo_is_received_and_counted_in_both_directions() {
    let server = Server::start(Manner::Echo);
    let mut client = TestClient::open(
        &ChannelRuntime::start().expect("a thread"),
        settings_for(&server),
    );
    client.wait_open();
    client.channel.send(message("{\"a\":1}")).expect("open");
    client
        .channel
        .send(Content::Binary(vec![0, 255].into()))
        .expect("open");
    let view = client.until("both echoes", |view, _| {
        (view.received.messages == 2).then(|| view.clone())
    });
    let contents: Vec<&Content> = received(&client.seen).collect();
    assert_eq!(
        contents,
        [&message("{\"a\":1}"), &Content::Binary(vec![0, 255].into())]
    );
    assert_eq!(
        (view.sent.messages, view.sent.bytes, view.received.bytes),
        (2, 9, 9)
    );
    // Bytes over TCP include the handshake, about 200 bytes per direction.
    assert!(
        view.sent.wire > 100 + 9 + 12 && view.received.wire > 100 + 9 + 4,
        "{view:?}"
    );
    let offsets: Vec<Duration> = client.seen.iter().map(|entry| entry.offset).collect();
    assert!(offsets.is_sorted(), "{offsets:?}");
}

#[test]
fn pings_are_sent_at_their_interval_and_on_request_and_round_trips_are_measured() {
    let server = Server::start(Manner::Echo);
    let settings = channel::ChannelSettings {
        ping_interval: Some(Duration::from_millis(20)),
        ..settings_for(&server)
    };
    let mut client = TestClient::open(&ChannelRuntime::start().expect("a thread"), settings);
    let view = client.until("five pongs", |view, _| {
        (view.pings.answered >= 5).then(|| view.clone())
    });
    assert!(
        view.pings.sent >= 5 && view.pings.median().is_some_and(|took| took < SOON),
        "{view:?}"
    );
    let server = Server::start(Manner::Echo);
    let mut client = TestClient::open(
        &ChannelRuntime::start().expect("a thread"),
        settings_for(&server),
    );
    assert_eq!(client.channel.ping(), Err(SendError::NotOpen));
    client.wait_open();
    client.channel.ping().expect("open");
    client.until("a pong", |view, _| (view.pings.answered == 1).then_some(()));
    assert_eq!(client.channel.status().pings.sent, 1);
}

#[test]
fn channels_on_one_thread_do_not_block_each_other() {
    let runtime = ChannelRuntime::start().expect("a thread");
    let (echo, mute, flood) = (
        Server::start(Manner::Echo),
        Server::start(Manner::Mute),
        Server::start(Manner::Flood(20_000)),
    );
    let _mute = TestClient::open(&runtime, settings_for(&mute));
    let mut flooded = TestClient::open(&runtime, settings_for(&flood));
    let mut echoed = TestClient::open(&runtime, settings_for(&echo));
    echoed.wait_open();
    for n in 0..20 {
        echoed.channel.send(message(&n.to_string())).expect("open");
        echoed.receives(&n.to_string());
    }
    let view = flooded.until("all messages", |view, _| {
        (view.state == ChannelState::Closed).then(|| view.clone())
    });
    assert_eq!(view.received.messages, 20_000);
}

#[test]
fn a_display_learns_how_many_entries_were_dropped_and_memory_is_bounded() {
    let server = Server::start(Manner::Flood(5_000));
    let retention = Retention {
        entries: 100,
        ..Retention::default()
    };
    let settings = channel::ChannelSettings {
        retention,
        ..settings_for(&server)
    };
    let runtime = ChannelRuntime::start().expect("a thread");
    let (ended, end) = std::sync::mpsc::channel();
    let channel = runtime.open(settings, Duration::ZERO, move || {
        let _ = ended.send(());
    });
    while channel.status().state != ChannelState::Closed {
        end.recv_timeout(SOON).expect("a wake-up");
    }
    let since = channel.entries_since(0, usize::MAX);
    assert_eq!(since.entries.len(), 100);
    // Connecting, open, 5,000 messages, the end.
    assert_eq!(since.dropped + 100, 5_003);
    assert_eq!(channel.status().received.messages, 5_000);
}

#[test]
fn a_slow_reader_that_needs_every_entry_gets_every_entry() {
    let server = Server::start(Manner::Flood(30_000));
    let retention = Retention {
        entries: 50,
        bytes: 1 << 20,
        when_full: WhenFull::Wait,
    };
    let mut client = TestClient::open(
        &ChannelRuntime::start().expect("a thread"),
        channel::ChannelSettings {
            retention,
            ..settings_for(&server)
        },
    );
    client.until("all messages", |view, seen| {
        assert!(view.received.messages <= received(seen).count() as u64 + 51);
        (view.state == ChannelState::Closed && received(seen).count() == 30_000).then_some(())
    });
    let numbers = received(&client.seen).enumerate();
    assert!(
        numbers
            .into_iter()
            .all(|(n, content)| content.text() == Some(&format!("{{\"n\":{n}}}")))
    );
    assert_eq!(client.dropped, 0);
}

#[test]
fn a_message_is_repeated_at_a_rate_and_a_number_of_times() {
    let server = Server::start(Manner::Echo);
    let mut client = TestClient::open(
        &ChannelRuntime::start().expect("a thread"),
        settings_for(&server),
    );
    client.wait_open();
    client
        .channel
        .repeat(
            message("again"),
            "500/s".parse().expect("a rate"),
            Some(100),
        )
        .expect("open");
    client.until("100 echoes", |view, _| {
        (view.received.messages == 100).then_some(())
    });
    client.until("the end of the repetition", |view, _| {
        view.repeating.is_none().then_some(())
    });
    let sent: Vec<Duration> = client
        .seen
        .iter()
        .filter(|entry| matches!(entry.kind, EntryKind::Message(Direction::Out, _)))
        .map(|entry| entry.offset)
        .collect();
    assert_eq!(sent.len(), 100);
    assert!(
        sent[99] - sent[0] >= Duration::from_millis(90),
        "faster than requested: {:?}",
        sent[99] - sent[0]
    );
    client
        .channel
        .repeat(message("more"), "1000/s".parse().expect("a rate"), None)
        .expect("open");
    client.until("more than 50 further echoes", |view, _| {
        (view.received.messages > 150).then_some(())
    });
    client.channel.stop_repeating();
    client.until("the end of the repetition", |view, _| {
        view.repeating.is_none().then_some(())
    });
}

#[test]
fn messages_beyond_the_queue_limit_are_refused_and_unsent_ones_are_counted() {
    let server = Server::start(Manner::Deaf);
    let settings = channel::ChannelSettings {
        silence_timeout: Duration::from_secs(3),
        ..settings_for(&server)
    };
    let mut client = TestClient::open(&ChannelRuntime::start().expect("a thread"), settings);
    client.wait_open();
    let large = Content::Binary(vec![7; 1 << 20].into());
    let mut sent = 0;
    while client.channel.send(large.clone()) == Ok(()) {
        sent += 1;
        assert!(sent < 1_000, "the queue is unlimited");
    }
    let cause = client.end_cause(0);
    assert!(
        cause.to_string().contains("nothing was received for 3 s"),
        "{cause}"
    );
    let view = client.channel.status();
    assert!(view.unsent >= 15 && view.queued == 0, "{view:?}");
}

#[test]
fn only_what_happens_during_a_recording_is_in_it() {
    let server = Server::start(Manner::Echo);
    let path =
        std::env::temp_dir().join(format!("switchboard-channel-{}.jsonl", std::process::id()));
    let mut client = TestClient::open(
        &ChannelRuntime::start().expect("a thread"),
        settings_for(&server),
    );
    client.wait_open();
    client.channel.send(message("before")).expect("open");
    client.receives("before");
    let recorder = Recorder::create(&path, &server.url()).expect("a file");
    assert!(client.channel.record(Some(recorder)).is_none());
    client.channel.send(message("during")).expect("open");
    client.receives("during");
    let recorder = client.channel.record(None).expect("a recorder");
    client.channel.send(message("after")).expect("open");
    client.receives("after");
    assert_eq!(recorder.finish(), Ok(2));
    let reader = Reader::open(&path).expect("a recording");
    assert_eq!(reader.address(), server.url());
    let read: Vec<EntryKind> = reader.map(|entry| entry.expect("a line").kind).collect();
    assert_eq!(
        read,
        [
            EntryKind::Message(Direction::Out, message("during")),
            EntryKind::Message(Direction::In, message("during"))
        ]
    );
    std::fs::remove_file(&path).expect("it is there");
}
