//! `switchboard serve`: what it refuses to start with, where it says that it
//! listens, and that a window reaches a board through it.

mod program;

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::{Arc, mpsc::channel},
    time::{Duration, Instant},
};

use fleet::{BoardView, Fleet, Outcome};
use remote::Server;
use virtual_board::{Options, Profile, VirtualBoards};

type Tested = Result<(), Box<dyn Error>>;

/// A test that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

fn refused(words: &[&str]) -> Result<(Output, String), Box<dyn Error>> {
    let output = program::switchboard()
        .arg("serve")
        .args(words)
        .stdin(Stdio::null())
        .output()?;
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output, why))
}

/// A server that runs, and the lines that it prints.
struct Serving {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Serving {
    fn start(home: &Path, words: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut child = program::switchboard()
            .env("XDG_CONFIG_HOME", home)
            .env("HOME", home)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let lines = BufReader::new(out).lines();
        Ok(Self { child, lines })
    }

    fn line(&mut self) -> Result<String, Box<dyn Error>> {
        Ok(self.lines.next().ok_or("it ended")??)
    }
}

#[cfg(unix)]
impl Serving {
    /// Tells the server to end, which it does well.
    fn end(mut self) -> Tested {
        let mut told = Command::new("kill");
        told.arg(self.child.id().to_string());
        assert!(told.status()?.success());
        assert_eq!(self.child.wait()?.code(), Some(0));
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first board that is connected.
fn connected(fleet: &Fleet) -> Result<Arc<BoardView>, Box<dyn Error>> {
    let (woken, wakes) = channel();
    let mut watch = fleet.watch(move |_| {
        let _ = woken.send(());
    });
    let end = Instant::now() + PATIENCE;
    loop {
        let boards = watch.drain().boards;
        if let Some(board) = boards.into_iter().find(|board| board.link.is_up()) {
            return Ok(board);
        }
        wakes.recv_timeout(end.saturating_duration_since(Instant::now()))?;
    }
}

#[test]
fn other_computers_are_not_served_without_a_token() -> Tested {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let (output, why) = refused(&["--listen", address])?;
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(why.contains("a token is required"), "{why}");
        assert!(why.contains("--token-file"), "{why}");
    }
    Ok(())
}

#[test]
fn arguments_that_cannot_be_used_are_named() -> Tested {
    let folder = tempfile::tempdir()?;
    let file = |name: &str, text: &str| -> Result<String, Box<dyn Error>> {
        let path = folder.path().join(name);
        files::create_private(&path, text.as_bytes())?;
        Ok(path.display().to_string())
    };
    let (short, token) = (file("short", "short")?, file("token", "0123456789abcdef")?);
    let port_twice = ["--listen", "8080"];
    for (words, reason) in [
        (&["--listen", "somewhere"][..], "0.0.0.0:8080"),
        (&["--token-file", &short], "16 to 128"),
        (
            &["--token-file", &token, "--view-token-file", &token],
            "the same",
        ),
        (&["--tls-cert", &token], "--tls-key"),
        (&["--tls-cert", &token, "--tls-key", &token], "token"),
        (&["--max-clients", "0"], "1..=1000"),
        (&["ws//lamp"], "ws//lamp"),
    ] {
        let (output, why) = refused(words)?;
        assert_eq!(output.status.code(), Some(2), "{words:?}: {why}");
        assert!(why.contains(reason), "{words:?}: {why}");
    }
    let mut command = program::switchboard();
    let output = command
        .args(["--listen", "8080", "serve"])
        .args(port_twice)
        .output()?;
    let why = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{why}");
    assert!(why.contains("use two ports"), "{why}");
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_window_reaches_a_board_with_the_token_that_is_printed_once() -> Tested {
    let boards = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    })?;
    let board = boards.list().first().ok_or("no board")?.address.to_string();
    let home = tempfile::tempdir()?;
    let token = home.path().join("token");
    let recording = home.path().join("lab.jsonl");
    let words = [
        "--token-file",
        &token.display().to_string(),
        "--record",
        &recording.display().to_string(),
        &board,
    ];
    let mut serving = Serving::start(home.path(), &words)?;
    let line = serving.line()?;
    let url = line.strip_prefix("to control: ").ok_or(line.clone())?;
    let text = std::fs::read_to_string(&token)?;
    assert!(url.ends_with(&format!("#token={}", text.trim())), "{url}");
    let mode = std::fs::metadata(&token)?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let fleet = remote::connect(Server::at(url)?)?;
    let lamp = connected(&fleet)?;
    assert_eq!(&*lamp.name, "Desk lamp");
    let (answered, answer) = channel();
    let reply = Box::new(move |outcome| drop(answered.send(outcome)));
    fleet.toggle(lamp.key, &"light:0".parse()?, Some(reply));
    let outcome = answer.recv_timeout(PATIENCE)?;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    drop(fleet);
    serving.end()?;
    let recorded = std::fs::read_to_string(&recording)?;
    assert!(recorded.contains(r#""what":"command""#), "{recorded}");
    let line = Serving::start(home.path(), &words)?.line()?;
    assert!(line.ends_with("#token=…"), "{line}");
    Ok(())
}

#[test]
fn a_certificate_is_made_once_and_its_fingerprint_printed() -> Tested {
    let home = tempfile::tempdir()?;
    let mut fingerprints = Vec::new();
    for _ in 0..2 {
        let mut serving = Serving::start(home.path(), &["--tls-self-signed", "127.0.0.1:9"])?;
        let url = serving.line()?;
        assert!(url.starts_with("https://127.0.0.1:"), "{url}");
        fingerprints.push(serving.line()?);
    }
    assert!(fingerprints[0].contains("SHA-256"), "{fingerprints:?}");
    assert_eq!(fingerprints[0], fingerprints[1]);
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_server_that_is_told_to_end_ends_well() -> Tested {
    let home = tempfile::tempdir()?;
    let mut serving = Serving::start(home.path(), &["127.0.0.1:9"])?;
    let url = serving.line()?;
    let host = url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut stream = TcpStream::connect(&host)?;
    write!(
        stream,
        "GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.contains("\"status\":\"ok\""), "{answer}");
    serving.end()
}
