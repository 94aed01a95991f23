//! `switchboard record` and `switchboard replay` as programs, and the commands
//! of docs/recording.md.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use record::Recorded;
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    bench::{PATIENCE, board, pushes, records},
    program,
};

pub(crate) fn switchboard(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = program::switchboard();
    command
        .args(arguments)
        .current_dir(folder)
        .env("SWITCHBOARD_KEYS", folder.join("keys"));
    command
}

/// A program that runs; it ends with the test, also if that fails.
struct Running(Option<Child>);

impl Running {
    fn start(command: &mut Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(piped.spawn().expect("the program")))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it runs")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Ends a program as Ctrl+C does; its status and what it printed since.
fn interrupt(mut running: Running) -> (bool, String) {
    let child = running.0.take().expect("it runs");
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill").success());
    let output = child.wait_with_output().expect("the program");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), printed)
}

#[test]
fn a_recording_ends_properly_when_it_is_interrupted_and_can_be_replayed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (boards, address) = board(Profile::Weather);
    let id = boards.list().first().expect("a board").id.clone();
    let recorder = ["record", &address, "--to", "lab.jsonl.gz"];
    let mut child = Running::start(&mut switchboard(folder.path(), &recorder));
    let mut told = BufReader::new(child.child().stderr.take().expect("a pipe"));
    let mut line = String::new();
    told.read_line(&mut line).expect("a line");
    assert_eq!(line, "recording to lab.jsonl.gz\n");
    let path = folder.path().join("lab.jsonl.gz");
    let end = Instant::now() + PATIENCE;
    while pushes(&records(&path)).len() < 2 {
        assert!(Instant::now() < end, "no pushes");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (success, printed) = interrupt(child);
    assert!(success && printed.starts_with("recorded "), "{printed}");
    let records = records(&path);
    let described = records.iter().position(
        |record| matches!(&record.what, Recorded::Board(board) if !board.components.is_empty()),
    );
    let happened = records
        .iter()
        .position(|record| matches!(record.what, Recorded::Push { .. } | Recorded::Event { .. }));
    assert!(described.is_some() && described < happened, "{records:#?}");

    let late = [
        "replay",
        "lab.jsonl.gz",
        "--no-mdns",
        "--now",
        "--from",
        "1h",
    ];
    let output = switchboard(folder.path(), &late)
        .output()
        .expect("the program");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("the recording is only "), "{told}");

    let other = [
        "replay",
        "lab.jsonl.gz",
        "--no-mdns",
        "--now",
        "--board",
        "Kitchen",
    ];
    let output = switchboard(folder.path(), &other)
        .output()
        .expect("the program");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("the recording has no board named Kitchen"),
        "{told}"
    );

    let again = [
        "replay",
        "lab.jsonl.gz",
        "--no-mdns",
        "--json",
        "--speed",
        "100",
    ];
    let mut replay = Running::start(&mut switchboard(folder.path(), &again));
    let mut told = BufReader::new(replay.child().stdout.take().expect("a pipe"));
    // It may say first that it waits for a controller.
    let board = loop {
        let mut line = String::new();
        told.read_line(&mut line).expect("a line");
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        if !line["board"].is_null() {
            break line;
        }
    };
    assert_eq!(board["board"], format!("replay-{id}"));
    let at = board["address"].as_str().expect("an address");
    let shown = switchboard(folder.path(), &["show", at]).output();
    let shown = String::from_utf8_lossy(&shown.expect("the program").stdout).into_owned();
    assert!(
        shown.contains("(replay)") && shown.contains("Temperature"),
        "{shown}"
    );
    let toggled = switchboard(folder.path(), &["call", at, "Device.Reboot"]).output();
    let toggled = toggled.expect("the program");
    assert_eq!(toggled.status.code(), Some(1));
    let why = String::from_utf8_lossy(&toggled.stderr).into_owned();
    assert!(why.contains("this is a replay"), "{why}");
    let (success, _) = interrupt(replay);
    assert!(success);
}

#[test]
fn wrong_arguments_and_files_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("text.jsonl"), "hello\n").expect("a file");
    for (arguments, status, words) in [
        (
            &["record", "--to", "."][..],
            2,
            "is a folder; expected a file",
        ),
        (
            &["record", "--to", "mysql://x@y/z"],
            2,
            "cannot record to mysql://",
        ),
        (
            &["record", "--to", "postgres://me:secret@localhost/lab"],
            2,
            "set PGPASSWORD instead",
        ),
        (
            &["record", "--to", "a/b/lab.jsonl"],
            1,
            "cannot record to a/b/lab.jsonl",
        ),
        (
            &["record", "--to", "lab.jsonl", "--rotate", "1"],
            2,
            "for example 64MB",
        ),
        (
            &["replay", "text.jsonl"],
            1,
            "is not a recording of Switchboard",
        ),
        (&["replay", "missing.jsonl"], 1, "cannot read missing.jsonl"),
        (
            &["replay", "text.jsonl", "--speed", "0"],
            2,
            "a factor from 0.01",
        ),
    ] {
        let output = switchboard(folder.path(), arguments)
            .output()
            .expect("the program");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

#[test]
fn the_commands_of_the_documentation_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = format!("_sbrec{}._tcp.local.", std::process::id() % 100_000);
    let _boards = VirtualBoards::start(Options {
        boards: 2,
        profile: Profile::Weather,
        service: service.clone(),
        ..Options::default()
    })
    .expect("boards");
    let text = include_str!("../../docs/recording.md");
    let mut commands = 0;
    let program = program::switchboard();
    let programs = Path::new(program.get_program());
    let programs = programs.parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    for block in text.split("```sh\n").skip(1) {
        let script = block.split("```").next().expect("a block");
        let output = Command::new("bash")
            .args(["-euc", script])
            .current_dir(folder.path())
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("SWITCHBOARD_SERVICE", &service)
            .env("SWITCHBOARD_KEYS", folder.path().join("keys"))
            .output()
            .expect("bash");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{script}\n{printed}\n{told}");
        commands += 1;
        match commands {
            1 => assert!(printed.contains("of 2 boards"), "{printed}"),
            2 => assert_eq!(printed.matches("(replay)").count(), 2, "{printed}"),
            _ => {
                assert!(printed.contains("switchboard_recording"), "{printed}");
                assert!(printed.contains("\"what\":\"push\""), "{printed}");
            }
        }
    }
    assert_eq!(commands, 3);
}
