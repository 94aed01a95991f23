//! `switchboard channel`: its input, output, recordings and exit statuses.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc::sync_channel,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::closed::ClosedPort;
use crate::program::switchboard;
use crate::server::{Manner, SOON, Server};
use crate::terminal::on_a_terminal;

/// Runs the command with this standard input.
pub(crate) fn channel(words: &[&str], input: &str) -> Output {
    let mut child = switchboard()
        .arg("channel")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // A command that ends early does not read its input.
    let _ = child
        .stdin
        .take()
        .expect("its input")
        .write_all(input.as_bytes());
    let id = child.id();
    let (send, output) = sync_channel(1);
    thread::spawn(move || drop(send.send(child.wait_with_output())));
    output
        .recv_timeout(6 * SOON)
        .unwrap_or_else(|_| {
            let _ = Command::new("kill").arg(id.to_string()).status();
            panic!("channel {words:?} did not end within {:?}", 6 * SOON)
        })
        .expect("its output")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn file(name: &str) -> (PathBuf, String) {
    let path =
        std::env::temp_dir().join(format!("switchboard-command-{name}-{}", std::process::id()));
    let words = path.display().to_string();
    (path, words)
}

#[test]
fn lines_are_sent_and_received_messages_are_printed() {
    let server = Server::start(Manner::Echo);
    let output = channel(&[&server.url(), "--count", "3"], "one\n\ntwo \u{e4}\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        ("one\n\ntwo \u{e4}\n".to_owned(), String::new())
    );
}

#[test]
fn the_end_of_the_input_closes_the_channel_after_everything_was_sent() {
    let server = Server::start(Manner::Echo);
    let lines: String = (0..5_000).map(|n| format!("{n}\n")).collect();
    let output = channel(&[&server.url(), "--json"], &lines);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let sent: Vec<&str> = lines
        .iter()
        .filter(|line| line["way"] == "out")
        .filter_map(|line| line["text"].as_str())
        .collect();
    assert!(
        sent.len() == 5_000
            && sent
                .iter()
                .enumerate()
                .all(|(n, text)| *text == n.to_string())
    );
    let last = lines.last().expect("an end");
    assert_eq!(
        (&last["what"], &last["by"], &last["code"]),
        (&"end".into(), &"us".into(), &1000.into())
    );
}

#[test]
fn the_command_waits_for_answers_after_the_end_of_the_input() {
    let server = Server::start(Manner::EchoAfter(700));
    for words in [&[][..], &["--send", "foo"]] {
        let begun = Instant::now();
        let output = channel(
            &[&[&*server.url()], words].concat(),
            if words.is_empty() { "foo\n" } else { "" },
        );
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(0), "foo\n".to_owned())
        );
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{:?}",
            begun.elapsed()
        );
    }
    // Longer than the timeout of the close handshake, during which messages
    // still arrive.
    let slow = Server::start(Manner::EchoAfter(3_500));
    let output = channel(&[&slow.url(), "--linger", "0s"], "foo\n");
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), String::new())
    );
    let output = channel(&[&slow.url(), "--linger", "8s"], "foo\n");
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "foo\n".to_owned())
    );
    // A server that sends without end extends the wait tenfold, not forever.
    let feed = Server::start(Manner::Flood(u32::MAX));
    let begun = Instant::now();
    let output = channel(&[&feed.url(), "--linger", "100ms"], "foo\n");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stdout.starts_with(b"{\"n\":0}\n"));
    let output = channel(&[&feed.url(), "--count", "3"], "");
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().count()),
        (Some(0), 3)
    );
}

#[test]
fn messages_are_escaped_on_a_terminal_and_unchanged_in_a_pipe() {
    let server = Server::start(Manner::Echo);
    let hostile = "a\u{1b}[31mred\u{7}\u{202e}\u{9b}b";
    let piped = channel(&[&server.url(), "--send", hostile, "--count", "1"], "");
    assert_eq!(text(&piped.stdout), format!("{hostile}\n"));
    let json = text(
        &channel(
            &[&server.url(), "--send", hostile, "--count", "1", "--json"],
            "",
        )
        .stdout,
    );
    assert!(
        json.chars()
            .all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'),
        "{json:?}"
    );
    let line = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an object"))
        .find(|line| line["way"] == "in");
    assert_eq!(line.expect("the answer")["text"], hostile);
    let command = format!(
        "\"$SWITCHBOARD\" channel {} --send \"$HOSTILE\" --count 1",
        server.url()
    );
    let Some(on_terminal) = on_a_terminal(&command, ("HOSTILE", hostile)) else {
        return;
    };
    let shown = text(&on_terminal.stdout);
    assert_eq!(
        shown.trim_end(),
        "a\u{fffd}[31mred\u{fffd}\u{fffd}\u{fffd}b",
        "{shown:?}"
    );
}

#[test]
fn texts_are_sent_once_or_repeated() {
    let server = Server::start(Manner::Echo);
    let output = channel(
        &[&server.url(), "--send", "a", "--send", "b", "--count", "2"],
        "",
    );
    assert_eq!(text(&output.stdout), "a\nb\n");
    let output = channel(
        &[
            &server.url(),
            "--send",
            "again",
            "--repeat",
            "500/s",
            "--count",
            "20",
        ],
        "",
    );
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "again\n".repeat(20))
    );
    let output = channel(
        &[
            &server.url(),
            "--send",
            "x",
            "--send",
            "y",
            "--repeat",
            "5/s",
        ],
        "",
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_path_selects_what_is_printed_of_json() {
    let server = Server::start(Manner::Echo);
    let input = "[{\"c\":\"1.5\"},{\"c\":2}]\nno json\n{\"d\":1}\n[{\"c\":null}]\n";
    let output = channel(&[&server.url(), "--path", "/*/c", "--count", "2"], input);
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "\"1.5\"\n2\nnull\n".to_owned())
    );
    assert_eq!(
        channel(&[&server.url(), "--path", "$.c"], "").status.code(),
        Some(2)
    );
}

#[test]
fn round_trips_of_pings_are_printed_to_standard_error() {
    let server = Server::start(Manner::Echo);
    let output = channel(
        &[
            &server.url(),
            "--ping",
            "20ms",
            "--print-pings",
            "--for",
            "500ms",
        ],
        "",
    );
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), String::new())
    );
    let messages = text(&output.stderr);
    assert!(
        messages.lines().count() >= 2
            && messages.lines().all(|line| line.starts_with("round trip ")),
        "{messages}"
    );
}

#[test]
fn a_recording_is_printed_like_the_live_channel() {
    let server = Server::start(Manner::Echo);
    let (path, name) = file("recording");
    let live = channel(
        &[&server.url(), "--count", "2", "--json", "--record", &name],
        "{\"a\":1}\ntwo\n",
    );
    assert_eq!(live.status.code(), Some(0), "{}", text(&live.stderr));
    let read = channel(&["--read", &name, "--json"], "");
    assert_eq!(
        (read.status.code(), text(&read.stdout)),
        (Some(0), text(&live.stdout))
    );
    assert_eq!(
        text(&channel(&["--read", &name], "").stdout),
        "{\"a\":1}\ntwo\n"
    );
    assert_eq!(
        text(&channel(&["--read", &name, "--path", "/a"], "").stdout),
        "1\n"
    );
    std::fs::write(&path, "no recording").expect("written");
    let none = channel(&["--read", &name], "");
    assert_eq!(none.status.code(), Some(2));
    assert!(
        text(&none.stderr).contains("is not a recording of a channel"),
        "{}",
        text(&none.stderr)
    );
    std::fs::remove_file(path).expect("it is there");
    assert_eq!(
        channel(&[&server.url(), "--record", "/nowhere/at/all"], "")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_refusal_exits_with_1_and_its_reason() {
    for (manner, words, why) in [
        (
            Manner::Http("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nnot here\n"),
            &[][..],
            "403 Forbidden: the server does not allow this connection",
        ),
        (
            Manner::Headers(None),
            &["--protocol", "a.v1"],
            "none of the offered subprotocols",
        ),
        (Manner::Http("hello\r\n"), &[], "does not speak WebSocket"),
        (
            Manner::Large(2_000),
            &["--largest", "1000", "--for", "10s"],
            "larger than the limit of 1000 bytes",
        ),
        (
            Manner::Close(1008, "go away"),
            &["--for", "10s"],
            "1008 policy violation (go away)",
        ),
    ] {
        let server = Server::start(manner);
        let url = server.url();
        let output = channel(&[&[&*url], words].concat(), "");
        assert_eq!(
            output.status.code(),
            Some(1),
            "{why}: {}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains(why),
            "{}",
            text(&output.stderr)
        );
    }
    let server = Server::start(Manner::Echo);
    let tls = channel(&[&server.url().replace("ws:", "wss:")], "");
    assert_eq!(tls.status.code(), Some(1));
    assert!(
        text(&tls.stderr).contains("no TLS with"),
        "{}",
        text(&tls.stderr)
    );
}

#[test]
fn invalid_arguments_exit_with_2() {
    for words in [
        &[][..],
        &["ftp://a/"],
        &["ws://127.0.0.1:9/", "--header", "no colon"],
        &["ws://127.0.0.1:9/", "--protocol", "two words"],
        &["ws://127.0.0.1:9/", "--repeat", "5/s"],
        &["ws://127.0.0.1:9/", "--send", "a", "--repeat", "5000/s"],
        &["ws://127.0.0.1:9/", "--count", "0"],
        &["ws://127.0.0.1:9/", "--read", "a"],
        &["ws://127.0.0.1:9/", "--ca", "/nowhere/at/all.pem"],
    ] {
        assert_eq!(channel(words, "").status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn an_unreachable_server_or_an_early_end_exits_with_4() {
    let closed = ClosedPort::bind().expect("a port");
    let free = closed.address;
    let output = channel(&[&format!("ws://{free}/")], "");
    assert_eq!(output.status.code(), Some(4));
    assert!(
        text(&output.stderr).contains("could not reach"),
        "{}",
        text(&output.stderr)
    );
    let server = Server::start(Manner::Close(1000, ""));
    let early = channel(&[&server.url(), "--count", "2"], "");
    assert_eq!(
        (early.status.code(), text(&early.stdout)),
        (Some(4), "hello 1\n".to_owned())
    );
    assert!(
        text(&early.stderr).contains("after 1 of 2 messages"),
        "{}",
        text(&early.stderr)
    );
    let again = channel(
        &[&format!("ws://{free}/"), "--reconnect", "--for", "300ms"],
        "",
    );
    assert_eq!(again.status.code(), Some(4), "{}", text(&again.stderr));
}

#[test]
fn the_command_reconnects_on_request() {
    let server = Server::start(Manner::Close(1001, "next"));
    let output = channel(&[&server.url(), "--reconnect", "--count", "2"], "");
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "hello 1\nhello 2\n".to_owned())
    );
    let messages = text(&output.stderr);
    assert!(
        messages.contains("1001 going away (next)") && messages.contains("reconnecting in"),
        "{messages}"
    );
}
