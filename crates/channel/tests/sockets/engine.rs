//! What goes over a channel, both ways: messages, pings, many at once, more
//! than is kept, and what is recorded of it.

use std::time::Duration;

use channel::{Content, Direction, Full, Host, Keep, Reader, Recorder, SendError, State, What};

use crate::client::{Waiting, came, settings_for, text};
use crate::server::{Manner, SOON, Server};

#[test]
fn what_is_sent_to_an_echo_comes_back_and_is_counted_both_ways() {
    let server = Server::start(Manner::Echo);
    let mut waiting = Waiting::open(&Host::start().expect("a thread"), settings_for(&server));
    waiting.is_open();
    waiting.channel.send(text("{\"a\":1}")).expect("it is open");
    waiting
        .channel
        .send(Content::Binary(vec![0, 255].into()))
        .expect("it is open");
    let view = waiting.until("both are back", |view, _| {
        (view.received.messages == 2).then(|| view.clone())
    });
    let came: Vec<&Content> = came(&waiting.seen).collect();
    assert_eq!(
        came,
        [&text("{\"a\":1}"), &Content::Binary(vec![0, 255].into())]
    );
    assert_eq!(
        (view.sent.messages, view.sent.bytes, view.received.bytes),
        (2, 9, 9)
    );
    // The handshake is in what went over TCP: some 200 bytes each way.
    assert!(
        view.sent.wire > 100 + 9 + 12 && view.received.wire > 100 + 9 + 4,
        "{view:?}"
    );
    let offsets: Vec<Duration> = waiting.seen.iter().map(|entry| entry.offset).collect();
    assert!(offsets.is_sorted(), "{offsets:?}");
}

#[test]
fn pings_are_sent_in_their_interval_and_by_hand_and_their_round_trips_are_measured() {
    let server = Server::start(Manner::Echo);
    let settings = channel::Settings {
        ping: Some(Duration::from_millis(20)),
        ..settings_for(&server)
    };
    let mut waiting = Waiting::open(&Host::start().expect("a thread"), settings);
    let view = waiting.until("five are answered", |view, _| {
        (view.pings.answered >= 5).then(|| view.clone())
    });
    assert!(
        view.pings.sent >= 5 && view.pings.median().is_some_and(|took| took < SOON),
        "{view:?}"
    );
    let server = Server::start(Manner::Echo);
    let mut waiting = Waiting::open(&Host::start().expect("a thread"), settings_for(&server));
    assert_eq!(waiting.channel.ping(), Err(SendError::NotOpen));
    waiting.is_open();
    waiting.channel.ping().expect("it is open");
    waiting.until("it is answered", |view, _| {
        (view.pings.answered == 1).then_some(())
    });
    assert_eq!(waiting.channel.view().pings.sent, 1);
}

#[test]
fn three_channels_of_one_thread_do_not_hold_each_other_up() {
    let host = Host::start().expect("a thread");
    let (echo, mute, flood) = (
        Server::start(Manner::Echo),
        Server::start(Manner::Mute),
        Server::start(Manner::Flood(20_000)),
    );
    let _mute = Waiting::open(&host, settings_for(&mute));
    let mut flooded = Waiting::open(&host, settings_for(&flood));
    let mut echoed = Waiting::open(&host, settings_for(&echo));
    echoed.is_open();
    for n in 0..20 {
        echoed
            .channel
            .send(text(&n.to_string()))
            .expect("it is open");
        echoed.hears(&n.to_string());
    }
    let view = flooded.until("all have come", |view, _| {
        (view.state == State::Closed).then(|| view.clone())
    });
    assert_eq!(view.received.messages, 20_000);
}

#[test]
fn who_looks_on_is_told_how_much_was_forgotten_and_memory_has_its_bound() {
    let server = Server::start(Manner::Flood(5_000));
    let keep = Keep {
        entries: 100,
        ..Keep::default()
    };
    let settings = channel::Settings {
        keep,
        ..settings_for(&server)
    };
    let host = Host::start().expect("a thread");
    let (ended, end) = std::sync::mpsc::channel();
    let channel = host.open(settings, Duration::ZERO, move || {
        let _ = ended.send(());
    });
    while channel.view().state != State::Closed {
        end.recv_timeout(SOON).expect("it is woken");
    }
    let since = channel.since(0, usize::MAX);
    assert_eq!(since.entries.len(), 100);
    // Connecting, open, five thousand messages, the end.
    assert_eq!(since.forgotten + 100, 5_003);
    assert_eq!(channel.view().received.messages, 5_000);
}

#[test]
fn who_must_have_everything_gets_it_however_slowly_it_is_taken() {
    let server = Server::start(Manner::Flood(30_000));
    let keep = Keep {
        entries: 50,
        bytes: 1 << 20,
        full: Full::Wait,
    };
    let mut waiting = Waiting::open(
        &Host::start().expect("a thread"),
        channel::Settings {
            keep,
            ..settings_for(&server)
        },
    );
    waiting.until("all have come", |view, seen| {
        assert!(view.received.messages <= came(seen).count() as u64 + 51);
        (view.state == State::Closed && came(seen).count() == 30_000).then_some(())
    });
    let numbers = came(&waiting.seen).enumerate();
    assert!(
        numbers
            .into_iter()
            .all(|(n, content)| content.text() == Some(&format!("{{\"n\":{n}}}")))
    );
    assert_eq!(waiting.forgotten, 0);
}

#[test]
fn a_message_is_repeated_at_a_rate_and_as_often_as_was_asked() {
    let server = Server::start(Manner::Echo);
    let mut waiting = Waiting::open(&Host::start().expect("a thread"), settings_for(&server));
    waiting.is_open();
    waiting
        .channel
        .repeat(text("again"), "500/s".parse().expect("a rate"), Some(100))
        .expect("it is open");
    waiting.until("a hundred are back", |view, _| {
        (view.received.messages == 100).then_some(())
    });
    waiting.until("it has ended", |view, _| {
        view.repeating.is_none().then_some(())
    });
    let sent: Vec<Duration> = waiting
        .seen
        .iter()
        .filter(|entry| matches!(entry.what, What::Message(Direction::Out, _)))
        .map(|entry| entry.offset)
        .collect();
    assert_eq!(sent.len(), 100);
    assert!(
        sent[99] - sent[0] >= Duration::from_millis(90),
        "not faster than asked: {:?}",
        sent[99] - sent[0]
    );
    waiting
        .channel
        .repeat(text("more"), "1000/s".parse().expect("a rate"), None)
        .expect("it is open");
    waiting.until("it goes on", |view, _| {
        (view.received.messages > 150).then_some(())
    });
    waiting.channel.stop_repeating();
    waiting.until("it has ended", |view, _| {
        view.repeating.is_none().then_some(())
    });
}

#[test]
fn more_than_is_taken_is_refused_and_what_was_not_sent_is_counted() {
    let server = Server::start(Manner::Deaf);
    let settings = channel::Settings {
        silence: Duration::from_millis(500),
        ..settings_for(&server)
    };
    let mut waiting = Waiting::open(&Host::start().expect("a thread"), settings);
    waiting.is_open();
    let large = Content::Binary(vec![7; 1 << 20].into());
    let mut sent = 0;
    while waiting.channel.send(large.clone()) == Ok(()) {
        sent += 1;
        assert!(sent < 1_000, "what nobody takes is not taken for ever");
    }
    let cause = waiting.end(0);
    assert!(
        cause.to_string().contains("nothing was heard for 0.5 s"),
        "{cause}"
    );
    let view = waiting.channel.view();
    assert!(view.unsent >= 15 && view.queued == 0, "{view:?}");
}

#[test]
fn what_happens_is_recorded_while_it_is_asked_for_and_read_back() {
    let server = Server::start(Manner::Echo);
    let path =
        std::env::temp_dir().join(format!("switchboard-channel-{}.jsonl", std::process::id()));
    let mut waiting = Waiting::open(&Host::start().expect("a thread"), settings_for(&server));
    waiting.is_open();
    waiting.channel.send(text("before")).expect("it is open");
    waiting.hears("before");
    let recorder = Recorder::create(&path, &server.url()).expect("a file");
    assert!(waiting.channel.record(Some(recorder)).is_none());
    waiting.channel.send(text("during")).expect("it is open");
    waiting.hears("during");
    let recorder = waiting.channel.record(None).expect("it was recorded");
    waiting.channel.send(text("after")).expect("it is open");
    waiting.hears("after");
    assert_eq!(recorder.finish(), Ok(2));
    let reader = Reader::open(&path).expect("a recording");
    assert_eq!(reader.address(), server.url());
    let read: Vec<What> = reader.map(|entry| entry.expect("a line").what).collect();
    assert_eq!(
        read,
        [
            What::Message(Direction::Out, text("during")),
            What::Message(Direction::In, text("during"))
        ]
    );
    std::fs::remove_file(&path).expect("it is there");
}
