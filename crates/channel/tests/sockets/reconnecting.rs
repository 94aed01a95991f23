//! How connections end, how channels reconnect, and the causes they report.

use std::time::Duration;

use channel::{ChannelRuntime, ChannelSettings, ChannelState, ClosedBy, EndCause};

use crate::client::{TestClient, message, received, settings_for};
use crate::closed::ClosedPort;
use crate::server::{Manner, Server};

fn runtime() -> ChannelRuntime {
    ChannelRuntime::start().expect("a thread")
}

#[test]
fn a_close_by_the_server_is_reported_with_its_code_and_reason() {
    let server = Server::start(Manner::Close(1012, "back soon"));
    let mut client = TestClient::open(&runtime(), settings_for(&server));
    let cause = EndCause::Closed {
        by: ClosedBy::Peer,
        code: Some(1012),
        reason: "back soon".to_owned(),
    };
    assert_eq!(client.end_cause(0), cause);
    let view = client.until("the channel is closed", |view, _| {
        (view.state == ChannelState::Closed).then(|| view.clone())
    });
    assert!(
        view.past[0].lasted.is_some() && view.past[0].messages == [1, 0],
        "{view:?}"
    );
}

#[test]
fn a_channel_that_is_closed_sends_its_queue_and_does_not_reconnect() {
    let server = Server::start(Manner::Echo);
    let mut client = TestClient::open(
        &runtime(),
        ChannelSettings {
            reconnect: true,
            ..settings_for(&server)
        },
    );
    client.wait_open();
    client.channel.send(message("last")).expect("open");
    client.channel.close();
    let cause = EndCause::Closed {
        by: ClosedBy::Us,
        code: Some(1000),
        reason: String::new(),
    };
    assert_eq!(client.end_cause(0), cause);
    client.receives("last");
    client.until("the channel is closed", |view, _| {
        (view.state == ChannelState::Closed).then_some(())
    });
}

#[test]
fn a_close_at_the_same_time_as_the_servers_is_not_lost() {
    let server = Server::start(Manner::Close(1001, "next"));
    let runtime = runtime();
    // Which close comes first is random; in some runs it is the server's.
    for _ in 0..200 {
        let mut client = TestClient::open(
            &runtime,
            ChannelSettings {
                reconnect: true,
                ..settings_for(&server)
            },
        );
        client.until("a message", |_, seen| received(seen).next().map(|_| ()));
        client.channel.close();
        client.until("the channel is closed", |view, _| {
            (view.state == ChannelState::Closed).then_some(())
        });
    }
}

#[test]
fn a_reset_and_a_port_without_a_listener_have_different_causes() {
    let server = Server::start(Manner::Reset);
    let mut client = TestClient::open(&runtime(), settings_for(&server));
    assert!(
        matches!(client.end_cause(0), EndCause::Lost(_)),
        "{:?}",
        client.end_cause(0)
    );
    let closed = ClosedPort::bind().expect("a port");
    let endpoint = format!("ws://{}/", closed.address)
        .parse()
        .expect("an address");
    let mut client = TestClient::open(&runtime(), ChannelSettings::new(endpoint));
    let cause = client.end_cause(0);
    assert!(
        matches!(&cause, EndCause::Unreachable(words) if words.contains("refused")),
        "{cause}"
    );
    assert_eq!(client.channel.status().past[0].lasted, None);
}

#[test]
fn an_http_answer_is_reported_with_its_status_meaning_and_message() {
    let server = Server::start(Manner::Http(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\n\r\nno such page",
    ));
    let cause = TestClient::open(&runtime(), settings_for(&server)).end_cause(0);
    let words = cause.to_string();
    assert!(
        words.contains("404 Not Found: nothing exists at this path"),
        "{words}"
    );
    let server = Server::start(Manner::Http("SSH-2.0-OpenSSH_9.2\r\n"));
    let cause = TestClient::open(&runtime(), settings_for(&server)).end_cause(0);
    assert!(
        matches!(&cause, EndCause::NotAWebSocket(words) if words.contains("not HTTP")),
        "{cause:?}"
    );
}

#[test]
fn a_server_that_never_answers_is_abandoned() {
    let server = Server::start(Manner::Mute);
    let settings = ChannelSettings {
        connect_timeout: Duration::from_millis(200),
        ..settings_for(&server)
    };
    let cause = TestClient::open(&runtime(), settings).end_cause(0);
    assert!(
        matches!(&cause, EndCause::NoAnswer(words) if words.contains("within 0.2 s")),
        "{cause:?}"
    );
    let server = Server::start(Manner::Deaf);
    let silence = Duration::from_millis(200);
    let settings = ChannelSettings {
        ping_interval: Some(Duration::from_millis(50)),
        silence_timeout: silence,
        ..settings_for(&server)
    };
    let mut client = TestClient::open(&runtime(), settings);
    assert_eq!(client.end_cause(0), EndCause::Silent(silence));
    assert!(
        client.channel.status().past[0]
            .lasted
            .is_some_and(|lasted| lasted >= silence)
    );
}

#[test]
fn a_message_above_the_limit_ends_the_connection_and_one_at_the_limit_does_not() {
    let server = Server::start(Manner::Large(100_000));
    let mut client = TestClient::open(
        &runtime(),
        ChannelSettings {
            max_message: 99_999,
            ..settings_for(&server)
        },
    );
    assert_eq!(client.end_cause(0), EndCause::TooLarge { limit: 99_999 });
    let mut client = TestClient::open(
        &runtime(),
        ChannelSettings {
            max_message: 100_000,
            ..settings_for(&server)
        },
    );
    client.until("the message", |_, seen| {
        received(seen)
            .any(|content| content.len() == 100_000)
            .then_some(())
    });
}

#[test]
fn headers_are_sent_and_a_subprotocol_is_negotiated_or_refused() {
    let server = Server::start(Manner::Headers(Some("b.v1")));
    let header = |text: &str| text.parse().expect("a header");
    let settings = ChannelSettings {
        headers: vec![
            header("Authorization: Bearer abc"),
            header("X-Two: 1"),
            header("X-Two: 2"),
        ],
        subprotocols: ["a.v1", "b.v1"]
            .iter()
            .map(|name| name.parse().expect("a subprotocol"))
            .collect(),
        ..settings_for(&server)
    };
    let mut client = TestClient::open(&runtime(), settings);
    for line in [
        "authorization: Bearer abc",
        "x-two: 1",
        "x-two: 2",
        "sec-websocket-protocol: a.v1,b.v1",
    ] {
        client.receives(line);
    }
    assert_eq!(
        client.channel.status().state,
        ChannelState::Open(Some("b.v1".to_owned()))
    );
    let refused = |chosen, offered: &[&str]| {
        let server = Server::start(Manner::Headers(chosen));
        let subprotocols = offered
            .iter()
            .map(|name| name.parse().expect("a subprotocol"))
            .collect();
        TestClient::open(
            &runtime(),
            ChannelSettings {
                subprotocols,
                ..settings_for(&server)
            },
        )
        .end_cause(0)
        .to_string()
    };
    assert!(refused(None, &["a.v1"]).contains("chose none of the offered subprotocols"));
    assert!(refused(Some("c.v1"), &["a.v1"]).contains("that was not offered"));
    assert!(refused(Some("c.v1"), &[]).contains("none was offered"));
}

#[test]
fn a_channel_reconnects_and_lists_its_past_connections() {
    let server = Server::start(Manner::Close(1001, ""));
    let mut client = TestClient::open(
        &runtime(),
        ChannelSettings {
            reconnect: true,
            ..settings_for(&server)
        },
    );
    // The delays before it are below 1 s and 1.8 s.
    client.until("the third connection", |view, _| {
        (view.ended >= 3).then_some(())
    });
    client.receives("hello 3");
    let view = client.channel.status();
    assert!(
        view.past
            .iter()
            .all(|connection| connection.cause.is_normal() && connection.messages[0] == 1),
        "{view:?}"
    );
    client.channel.close();
    client.until("the channel is closed", |view, _| {
        (view.state == ChannelState::Closed).then_some(())
    });
}

#[test]
fn a_waiting_channel_connects_at_once_on_request() {
    let closed = ClosedPort::bind().expect("a port");
    let endpoint = format!("ws://{}/", closed.address)
        .parse()
        .expect("an address");
    let mut client = TestClient::open(
        &runtime(),
        ChannelSettings {
            reconnect: true,
            ..ChannelSettings::new(endpoint)
        },
    );
    for attempt in 1..12 {
        client.until("a delay before the next attempt", |view, _| {
            (view.ended >= attempt && matches!(view.state, ChannelState::Waiting(_))).then_some(())
        });
        client.channel.retry_now();
    }
}

#[test]
fn dropping_the_handle_closes_the_channel_with_a_close_frame() {
    let server = Server::start(Manner::Echo);
    let runtime = runtime();
    let mut client = TestClient::open(&runtime, settings_for(&server));
    client.wait_open();
    let path =
        std::env::temp_dir().join(format!("switchboard-dropped-{}.jsonl", std::process::id()));
    client
        .channel
        .record(Some(channel::Recorder::create(&path, "").expect("a file")));
    drop(client);
    // The recorder's thread ends after the channel has.
    let deadline = std::time::Instant::now() + crate::server::SOON;
    while !std::fs::read_to_string(&path)
        .expect("it is there")
        .contains("\"by\":\"us\"")
    {
        assert!(
            std::time::Instant::now() < deadline,
            "the channel is not closed"
        );
        std::thread::yield_now();
    }
    std::fs::remove_file(&path).expect("it is there");
}
