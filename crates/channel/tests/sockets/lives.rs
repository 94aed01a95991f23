//! How channels end and begin again, and what is said of why.

use std::{net::TcpListener, time::Duration};

use channel::{By, Cause, Host, Settings, State};

use crate::client::{Waiting, came, settings_for, text};
use crate::server::{Manner, Server};

fn host() -> Host {
    Host::start().expect("a thread")
}

#[test]
fn a_close_by_the_server_is_told_with_its_code_and_reason() {
    let server = Server::start(Manner::Close(1012, "back soon"));
    let mut waiting = Waiting::open(&host(), settings_for(&server));
    let cause = Cause::Closed {
        by: By::Peer,
        code: Some(1012),
        reason: "back soon".to_owned(),
    };
    assert_eq!(waiting.end(0), cause);
    let view = waiting.until("it is closed", |view, _| {
        (view.state == State::Closed).then(|| view.clone())
    });
    assert!(
        view.lives[0].lasted.is_some() && view.lives[0].messages == [1, 0],
        "{view:?}"
    );
}

#[test]
fn a_close_by_us_is_answered_and_nothing_is_opened_again() {
    let server = Server::start(Manner::Echo);
    let mut waiting = Waiting::open(
        &host(),
        Settings {
            reconnect: true,
            ..settings_for(&server)
        },
    );
    waiting.is_open();
    waiting.channel.send(text("last")).expect("it is open");
    waiting.channel.close();
    let cause = Cause::Closed {
        by: By::Us,
        code: Some(1000),
        reason: String::new(),
    };
    assert_eq!(waiting.end(0), cause);
    waiting.hears("last");
    waiting.until("it is closed", |view, _| {
        (view.state == State::Closed).then_some(())
    });
}

#[test]
fn a_close_that_meets_the_close_of_the_server_is_not_lost() {
    let server = Server::start(Manner::Close(1001, "next"));
    let host = host();
    // Which of them comes first is chance: often enough it is the server's.
    for _ in 0..200 {
        let mut waiting = Waiting::open(
            &host,
            Settings {
                reconnect: true,
                ..settings_for(&server)
            },
        );
        waiting.until("a message", |_, seen| came(seen).next().map(|_| ()));
        waiting.channel.close();
        waiting.until("it is closed", |view, _| {
            (view.state == State::Closed).then_some(())
        });
    }
}

#[test]
fn a_reset_and_a_port_without_a_listener_are_told_apart() {
    let server = Server::start(Manner::Reset);
    let mut waiting = Waiting::open(&host(), settings_for(&server));
    assert!(
        matches!(waiting.end(0), Cause::Lost(_)),
        "{:?}",
        waiting.end(0)
    );
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let place = format!("ws://{free}/").parse().expect("an address");
    let mut waiting = Waiting::open(&host(), Settings::new(place));
    let cause = waiting.end(0);
    assert!(
        matches!(&cause, Cause::Unreachable(words) if words.contains("refused")),
        "{cause}"
    );
    assert_eq!(waiting.channel.view().lives[0].lasted, None);
}

#[test]
fn who_answers_in_http_is_told_with_the_status_what_it_means_and_what_it_said() {
    let server = Server::start(Manner::Http(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\nno such page",
    ));
    let cause = Waiting::open(&host(), settings_for(&server)).end(0);
    let words = cause.to_string();
    assert!(
        words.contains("404 Not Found: there is nothing at this path"),
        "{words}"
    );
    let server = Server::start(Manner::Http("SSH-2.0-OpenSSH_9.2\r\n"));
    let cause = Waiting::open(&host(), settings_for(&server)).end(0);
    assert!(
        matches!(&cause, Cause::NotAWebSocket(words) if words.contains("no HTTP")),
        "{cause:?}"
    );
}

#[test]
fn who_never_answers_is_given_up() {
    let server = Server::start(Manner::Mute);
    let settings = Settings {
        connect_within: Duration::from_millis(200),
        ..settings_for(&server)
    };
    let cause = Waiting::open(&host(), settings).end(0);
    assert!(
        matches!(&cause, Cause::NoAnswer(words) if words.contains("within 0.2 s")),
        "{cause:?}"
    );
    let server = Server::start(Manner::Deaf);
    let silence = Duration::from_millis(200);
    let settings = Settings {
        ping: Some(Duration::from_millis(50)),
        silence,
        ..settings_for(&server)
    };
    let mut waiting = Waiting::open(&host(), settings);
    assert_eq!(waiting.end(0), Cause::Silent(silence));
    assert!(
        waiting.channel.view().lives[0]
            .lasted
            .is_some_and(|lasted| lasted >= silence)
    );
}

#[test]
fn a_message_above_the_limit_ends_the_channel_and_one_below_does_not() {
    let server = Server::start(Manner::Large(100_000));
    let mut waiting = Waiting::open(
        &host(),
        Settings {
            largest: 99_999,
            ..settings_for(&server)
        },
    );
    assert_eq!(waiting.end(0), Cause::TooLarge { limit: 99_999 });
    let mut waiting = Waiting::open(
        &host(),
        Settings {
            largest: 100_000,
            ..settings_for(&server)
        },
    );
    waiting.until("it comes", |_, seen| {
        came(seen)
            .any(|content| content.len() == 100_000)
            .then_some(())
    });
}

#[test]
fn headers_are_sent_and_a_subprotocol_is_agreed_on_or_refused() {
    let server = Server::start(Manner::Headers(Some("b.v1")));
    let header = |text: &str| text.parse().expect("a header");
    let settings = Settings {
        headers: vec![
            header("Authorization: Bearer abc"),
            header("X-Two: 1"),
            header("X-Two: 2"),
        ],
        protocols: ["a.v1", "b.v1"]
            .iter()
            .map(|name| name.parse().expect("a subprotocol"))
            .collect(),
        ..settings_for(&server)
    };
    let mut waiting = Waiting::open(&host(), settings);
    for line in [
        "authorization: Bearer abc",
        "x-two: 1",
        "x-two: 2",
        "sec-websocket-protocol: a.v1,b.v1",
    ] {
        waiting.hears(line);
    }
    assert_eq!(
        waiting.channel.view().state,
        State::Open(Some("b.v1".to_owned()))
    );
    let refuses = |chosen, offered: &[&str]| {
        let server = Server::start(Manner::Headers(chosen));
        let protocols = offered
            .iter()
            .map(|name| name.parse().expect("a subprotocol"))
            .collect();
        Waiting::open(
            &host(),
            Settings {
                protocols,
                ..settings_for(&server)
            },
        )
        .end(0)
        .to_string()
    };
    assert!(refuses(None, &["a.v1"]).contains("chose none of the subprotocols"));
    assert!(refuses(Some("c.v1"), &["a.v1"]).contains("that was not offered"));
    assert!(refuses(Some("c.v1"), &[]).contains("none was offered"));
}

#[test]
fn it_is_opened_again_for_as_long_as_is_asked_and_each_life_is_kept() {
    let server = Server::start(Manner::Close(1001, ""));
    let mut waiting = Waiting::open(
        &host(),
        Settings {
            reconnect: true,
            ..settings_for(&server)
        },
    );
    // The waits before it are below 1 and 1.8 s.
    waiting.until("the third life", |view, _| (view.ended >= 3).then_some(()));
    waiting.hears("hello 3");
    let view = waiting.channel.view();
    assert!(
        view.lives
            .iter()
            .all(|life| life.cause.is_in_order() && life.messages[0] == 1),
        "{view:?}"
    );
    waiting.channel.close();
    waiting.until("it is closed", |view, _| {
        (view.state == State::Closed).then_some(())
    });
}

#[test]
fn who_waits_tries_at_once_when_told_to() {
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let place = format!("ws://{free}/").parse().expect("an address");
    let mut waiting = Waiting::open(
        &host(),
        Settings {
            reconnect: true,
            ..Settings::new(place)
        },
    );
    for attempt in 1..12 {
        waiting.until("it waits", |view, _| {
            (view.ended >= attempt && matches!(view.state, State::Waiting(_))).then_some(())
        });
        waiting.channel.try_now();
    }
}

#[test]
fn a_handle_that_is_dropped_closes_its_channel_with_a_close_frame() {
    let server = Server::start(Manner::Echo);
    let host = host();
    let mut waiting = Waiting::open(&host, settings_for(&server));
    waiting.is_open();
    let path =
        std::env::temp_dir().join(format!("switchboard-dropped-{}.jsonl", std::process::id()));
    waiting
        .channel
        .record(Some(channel::Recorder::create(&path, "").expect("a file")));
    drop(waiting);
    // The recording is written by a thread that ends when the channel has.
    let deadline = std::time::Instant::now() + crate::server::SOON;
    while !std::fs::read_to_string(&path)
        .expect("it is there")
        .contains("\"by\":\"us\"")
    {
        assert!(std::time::Instant::now() < deadline, "it is never closed");
        std::thread::yield_now();
    }
    std::fs::remove_file(&path).expect("it is there");
}
