//! `switchboard monitor`: the program at one end of a pseudoterminal, a virtual
//! or a fake board at the other.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod program;

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::symlink,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use virtual_board::{
    Options, VirtualBoards,
    serial::{SerialBoard, SerialPort},
};

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `switchboard monitor --json`.
struct Monitor {
    program: Child,
    keyboard: Option<ChildStdin>,
    screen: BufReader<ChildStdout>,
}

impl Monitor {
    fn start(arguments: &[&str]) -> Self {
        let mut program = program::switchboard()
            // A test ends also if a line is never shown.
            .args(["monitor", "--json", "--for", "30s"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        Self {
            keyboard: program.stdin.take(),
            screen: BufReader::new(program.stdout.take().expect("piped")),
            program,
        }
    }

    /// The next line with this text in it.
    fn shows(&mut self, text: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut shown = Vec::new();
        while Instant::now() < end {
            let mut line = String::new();
            let read = self.screen.read_line(&mut line).expect("a screen");
            assert!(read > 0, "it ended after {shown:?}: {}", self.said());
            let line: Value = serde_json::from_str(&line).expect("an object");
            if line["text"].as_str().expect("a text").contains(text) {
                return line;
            }
            shown.push(line);
        }
        panic!("{text:?} is not in {shown:?}");
    }

    fn type_line(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().expect("open");
        writeln!(keyboard, "{line}").expect("it reads");
    }

    fn said(&mut self) -> String {
        let mut said = String::new();
        let mut stderr = self.program.stderr.take().expect("piped");
        stderr.read_to_string(&mut said).expect("text");
        said
    }

    /// Waits until it ends on its own, and does something again and again
    /// meanwhile.
    fn ended_while(mut self, mut act: impl FnMut()) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            act();
            if let Some(status) = self.program.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "it goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn monitor(arguments: &[&str]) -> Output {
    program::switchboard()
        .arg("monitor")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program")
}

fn says(output: &Output, status: i32, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(why), "{why:?} is not in {said}");
}

#[test]
fn a_virtual_board_is_read_and_answers_what_is_typed() {
    let options = Options {
        started: false,
        service: program::service(),
        ..Options::default()
    };
    let boards = Arc::new(VirtualBoards::start(options).expect("boards"));
    let serial = SerialBoard::start(Arc::clone(&boards), |_| {}).expect("a port");
    let mut monitor = Monitor::start(&[serial.path()]);
    let connected = monitor.shows("connected to");
    assert_eq!(connected["kind"], "port");
    let started = monitor.shows("started without a network");
    assert_eq!(started["kind"], "output");
    assert!(started["at"].as_f64().expect("a time") > 1e9);
    monitor.type_line("call");
    let sent = monitor.shows("call");
    assert_eq!(sent["kind"], "sent");
    monitor.shows("is stopped");
    // The other end is gone.
    drop(serial);
    monitor.shows("unplugged");
}

#[test]
fn what_happened_to_a_board_is_marked() {
    let mut port = SerialPort::open().expect("a port");
    let mut monitor = Monitor::start(&[port.path()]);
    monitor.shows("connected to");
    port.write(
        b"rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n\
          \x1b[0;33mW (31) wifi: weak\x1b[0m\r\n\
          \x1b[0;31mE (32) wifi: gone\x1b[0m\r\n\
          Guru Meditation Error: Core  0 panic'ed (LoadProhibited).\r\n\
          \x1b]0;owned\x07\xff\xfebytes\r\n\
          10 %\r20 %\r30 %\r\n\
          panicked at src/main.rs:1:1:\r\nno memory\r\n> ",
    )
    .expect("written");
    for (text, kind, explanation) in [
        (
            "rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
            "reset",
            Some("Reset by a drop of the supply voltage; check the cable and the power supply"),
        ),
        ("W (31) wifi: weak", "warning", None),
        ("E (32) wifi: gone", "error", None),
        (
            "Guru Meditation Error: Core  0 panic'ed (LoadProhibited).",
            "panic",
            None,
        ),
        ("\u{fffd}\u{fffd}bytes", "output", None),
        ("30 %", "output", None),
        ("panicked at src/main.rs:1:1:", "panic", None),
        ("no memory", "panic", None),
        // A prompt has no end.
        (">", "output", None),
    ] {
        let line = monitor.shows("");
        assert_eq!(line["text"], text);
        assert_eq!(line["kind"], kind, "{text}");
        assert_eq!(line["explanation"].as_str(), explanation, "{text}");
    }
}

#[test]
fn the_cable_may_be_pulled_out_and_come_back_as_another_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("board");
    let first = SerialPort::open().expect("a port");
    symlink(first.path(), &link).expect("a link");
    let mut monitor = Monitor::start(&[&link.display().to_string()]);
    monitor.shows("connected to");
    let mut second = SerialPort::open().expect("a port");
    assert_ne!(first.path(), second.path());
    std::fs::remove_file(&link).expect("removed");
    drop(first);
    monitor.shows("unplugged");
    symlink(second.path(), &link).expect("a link");
    monitor.shows("connected to");
    second.write(b"back\r\n").expect("written");
    monitor.shows("back");
    monitor.type_line("still typed");
    monitor.shows("still typed");
    let end = Instant::now() + PATIENCE;
    let mut received = Vec::new();
    while received != b"still typed\r\n" {
        received.extend(second.read().expect("there"));
        assert!(Instant::now() < end, "{}", received.escape_ascii());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_port_without_a_reset_line_says_so() {
    let port = SerialPort::open().expect("a port");
    let mut monitor = Monitor::start(&[port.path(), "--reset"]);
    let line = monitor.shows("no reset line");
    assert_eq!(line["kind"], "port");
}

#[test]
fn problems_with_the_port_end_the_command() {
    says(
        &monitor(&["/dev/no-such-port"]),
        3,
        "there is no serial port",
    );
    says(&monitor(&["/dev/null"]), 4, "as a serial port");
    says(&monitor(&["/dev/null", "--baud", "0"]), 2, "--baud");
    let port = SerialPort::open().expect("a port");
    let mut other = Monitor::start(&[port.path()]);
    other.shows("connected to");
    says(&monitor(&[port.path()]), 4, "is in use by monitor-");
}

#[test]
fn the_text_has_the_time_and_words_for_what_happened() {
    let mut port = SerialPort::open().expect("a port");
    port.write(b"\x1b[32mI (1) fine\x1b[0m\r\npanicked at a.rs:1:1: no\r\nrst:0x1 (POWERON)\r\n")
        .expect("written");
    let output = monitor(&[port.path(), "--for", "1s"]);
    says(&output, 0, "connected to");
    let shown = String::from_utf8_lossy(&output.stdout);
    let rests: Vec<&str> = shown
        .lines()
        .map(|line| {
            assert_eq!(line.as_bytes()[2], b':', "{line}");
            line.split_once("  ").expect("a time").1
        })
        .collect();
    assert_eq!(
        rests,
        [
            "         I (1) fine",
            "PANIC    panicked at a.rs:1:1: no",
            "RESET    rst:0x1 (POWERON)",
            "         Reset by power on, or the reset button",
        ]
    );
}

#[test]
fn a_closed_output_ends_the_command_without_an_error() {
    let mut port = SerialPort::open().expect("a port");
    let mut monitor = Monitor::start(&[port.path()]);
    monitor.shows("connected to");
    // An output without a reader.
    let nothing = Command::new("true").stdout(Stdio::piped()).spawn();
    let mut nothing = nothing.expect("true");
    let gone = nothing.stdout.take().expect("piped");
    nothing.wait().expect("it ends");
    monitor.screen = BufReader::new(gone);
    // More than once: a program that another test starts at this moment holds
    // the reader until it runs.
    let status = monitor.ended_while(|| port.write(b"more\r\n").expect("written"));
    assert_eq!(status.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn in_a_terminal_keys_are_sent_as_lines_and_ctrl_c_ends() {
    let mut port = SerialPort::open().expect("a port");
    let program = program::switchboard();
    let command = format!(
        "'{}' monitor {}; echo status $?; stty -a",
        program.get_program().to_string_lossy(),
        port.path()
    );
    // script(1) gives it its own terminal.
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script");
    let mut keyboard = terminal.stdin.take().expect("piped");
    let mut screen = terminal.stdout.take().expect("piped");
    let mut shown = String::new();
    let mut until = |text: &str| {
        while !shown.contains(text) {
            let mut bytes = [0; 256];
            let read = screen.read(&mut bytes).expect("a screen");
            assert!(read > 0, "it ended: {shown}");
            shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    };
    until("connected to");
    keyboard.write_all(b"hel\x1b[Ao\x7fp").expect("typed");
    until("> help");
    keyboard.write_all(b"\r").expect("typed");
    let end = Instant::now() + PATIENCE;
    let mut received = Vec::new();
    while received != b"help\r\n" {
        received.extend(port.read().expect("there"));
        assert!(Instant::now() < end, "{}", received.escape_ascii());
        std::thread::sleep(Duration::from_millis(5));
    }
    // Ctrl+R, Ctrl+C.
    keyboard.write_all(b"\x12").expect("typed");
    until("no reset line");
    keyboard.write_all(b"\x03").expect("typed");
    until("status 0");
    // The terminal is as it was.
    until(" icanon");
    until(" echo ");
    drop(keyboard);
    let _ = terminal.wait();
}
