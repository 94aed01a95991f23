//! `switchboard provision`: the program at one end of a pseudoterminal, a
//! virtual or a fake board at the other.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod program;

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use protocol::improv::{
    Command as Asked, ErrorState, Item, Packet, PacketKind, Reader, RpcResult, State,
};
use serde_json::Value;
use virtual_board::{
    Options, VirtualBoards,
    serial::{SerialBoard, SerialPort},
};

const LAB: &str = "Switchboard Lab";
const PASSWORD: &str = "blinking lights";

/// A virtual board behind a port, announced under this test's own service type.
fn board(service: &str) -> (SerialBoard, Arc<VirtualBoards>) {
    let options = Options {
        started: false,
        service: service.to_owned(),
        ..Options::default()
    };
    let boards = Arc::new(VirtualBoards::start(options).expect("boards"));
    (
        SerialBoard::start(Arc::clone(&boards), |_| {}).expect("a port"),
        boards,
    )
}

/// Runs `switchboard provision` with these arguments and this input.
fn provision(arguments: &[&str], typed: &str) -> Output {
    let folder =
        std::env::temp_dir().join(format!("switchboard-provisioning-{}", std::process::id()));
    provision_with(&folder, &[], arguments, typed)
}

/// The same with this folder for settings and keys, and more options before the
/// command.
fn provision_with(folder: &Path, options: &[&str], arguments: &[&str], typed: &str) -> Output {
    let mut program = program::switchboard()
        .args(options)
        .arg("provision")
        .args(arguments)
        .env("XDG_CONFIG_HOME", folder)
        .env("SWITCHBOARD_KEYS", folder.join("keys"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = program.stdin.take().expect("piped");
    // It may exit before it reads.
    let _ = writeln!(stdin, "{typed}");
    drop(stdin);
    program.wait_with_output().expect("it ends")
}

fn ended(output: &Output, status: i32, why: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(why), "{why:?} is not in {said}");
    for secret in [PASSWORD, "wrong password"] {
        assert!(
            !said.contains(secret) && !String::from_utf8_lossy(&output.stdout).contains(secret),
            "{said}"
        );
    }
}

#[test]
fn a_board_is_given_its_network_and_found_on_it() {
    let service = "_sbimprova._tcp.local.";
    let (serial, boards) = board(service);
    let output = provision(
        &[
            "--serial",
            serial.path(),
            "--ssid",
            LAB,
            "--service",
            service,
            "--json",
        ],
        PASSWORD,
    );
    ended(&output, 0, "Connecting the board to Switchboard Lab");
    let line: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let listening = &boards.list()[0];
    assert_eq!(line["id"], listening.id.as_str());
    assert_eq!(line["address"], listening.address.to_string());
    assert_eq!(line["url"], format!("http://{}/", listening.address));
    assert_eq!(line["ssid"], LAB);
}

/// A folder for settings and keys, which is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!(
            "switchboard-provisioning-{name}-{}",
            std::process::id()
        ));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn keys(&self) -> String {
        fs::read_to_string(self.0.join("keys")).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The secret of the only key in a file.
fn secret(keys: &str) -> &str {
    keys.trim().rsplit_once(':').expect("a key").1
}

#[test]
fn a_board_is_locked_over_the_cable_and_its_key_is_only_in_the_store() {
    let service = "_sbimprovd._tcp.local.";
    let (serial, boards) = board(service);
    let folder = Folder::new("lock");
    let arguments = [
        "--serial",
        serial.path(),
        "--ssid",
        LAB,
        "--service",
        service,
        "--lock",
        "--json",
    ];
    let log = folder.0.join("log").display().to_string();
    let options = [
        "--log",
        "trace,switchboard=trace,serialport=trace",
        "--log-file",
        &log,
    ];
    let output = provision_with(&folder.0, &options, &arguments, PASSWORD);
    ended(&output, 0, "is locked with key");
    let line: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(line["locked"], true);
    let listening = &boards.list()[0];
    let keys = folder.keys();
    assert!(
        keys.starts_with(&format!("switchboard-key:1:{}:", listening.id)),
        "the key is saved"
    );
    assert_eq!(keys.lines().count(), 1);
    let switchboard = |words: &[&str], keys: &Path| {
        program::switchboard()
            .args(words)
            .env("XDG_CONFIG_HOME", &folder.0)
            .env("SWITCHBOARD_KEYS", keys)
            .output()
            .expect("the program")
    };
    let address = listening.address.to_string();
    let network = switchboard(
        &["log", &address, "--level", "debug", "--for", "500ms"],
        &folder.0.join("keys"),
    );
    assert_eq!(
        network.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&network.stderr)
    );
    let logged = fs::read_to_string(&log).expect("a log");
    for said in [
        &output.stdout,
        &output.stderr,
        &network.stdout,
        &network.stderr,
        logged.as_bytes(),
    ] {
        assert!(!String::from_utf8_lossy(said).contains(secret(&keys)));
    }
    let elsewhere = Folder::new("elsewhere");
    let stranger = program::switchboard()
        .args(["show", &address])
        .env("XDG_CONFIG_HOME", &elsewhere.0)
        .env("SWITCHBOARD_KEYS", elsewhere.0.join("keys"))
        .output()
        .expect("the program");
    assert_eq!(
        stranger.status.code(),
        Some(1),
        "without the key there is no way in"
    );
    // With another network it keeps its key, because it can store only eight.
    let again = [
        "--serial",
        serial.path(),
        "--ssid",
        "Open Bench",
        "--service",
        service,
        "--lock",
    ];
    ended(
        &provision_with(&folder.0, &[], &again, ""),
        0,
        "The key is saved on this computer",
    );
    assert_eq!(folder.keys(), keys);
}

#[cfg(target_os = "linux")]
#[test]
fn in_a_terminal_a_board_is_locked_unless_the_user_declines() {
    for (service, answer, locked) in [
        ("_sbimprovg._tcp.local.", "", true),
        ("_sbimprovh._tcp.local.", "n", false),
    ] {
        let (serial, _boards) = board(service);
        let folder = Folder::new(&format!("asked-{locked}"));
        let program = program::switchboard();
        let program = program.get_program().to_string_lossy();
        let command = format!(
            "'{program}' provision --serial {} --ssid '{LAB}' --service {service}",
            serial.path()
        );
        // script(1) gives it its own terminal.
        let mut terminal = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("XDG_CONFIG_HOME", &folder.0)
            .env("SWITCHBOARD_KEYS", folder.0.join("keys"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script");
        let mut keyboard = terminal.stdin.take().expect("piped");
        let mut screen = terminal.stdout.take().expect("piped");
        let mut shown = String::new();
        for (question, typed) in [("Password of", PASSWORD), ("[Y/n]", answer)] {
            while !shown.contains(question) {
                let mut bytes = [0; 256];
                let read = screen.read(&mut bytes).expect("a screen");
                assert!(read > 0, "it ended: {shown}");
                shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            writeln!(keyboard, "{typed}").expect("it reads");
        }
        screen.read_to_string(&mut shown).expect("a screen");
        assert_eq!(terminal.wait().expect("it ends").code(), Some(0), "{shown}");
        assert_eq!(shown.contains("is locked with key"), locked, "{shown}");
        assert_eq!(folder.keys().lines().count(), usize::from(locked));
        assert!(!locked || !shown.contains(secret(&folder.keys())));
    }
}

#[test]
fn a_board_is_not_locked_if_its_key_could_not_be_saved() {
    let service = "_sbimprove._tcp.local.";
    let (serial, boards) = board(service);
    let folder = Folder::new("unsaved");
    // A folder in place of the file.
    fs::create_dir(folder.0.join("keys")).expect("a folder");
    let arguments = [
        "--serial",
        serial.path(),
        "--ssid",
        LAB,
        "--service",
        service,
        "--lock",
    ];
    ended(
        &provision_with(&folder.0, &[], &arguments, PASSWORD),
        2,
        "keys",
    );
    // It did not receive its network either.
    assert!(
        boards
            .add_key(&boards.list()[0].id, "a test", virtual_board::Role::Control)
            .is_err(),
        "it does not run"
    );
}

#[test]
fn a_board_that_is_left_open_is_reported() {
    let service = "_sbimprovf._tcp.local.";
    let (serial, _boards) = board(service);
    let folder = Folder::new("open");
    let arguments = [
        "--serial",
        serial.path(),
        "--ssid",
        LAB,
        "--service",
        service,
    ];
    ended(
        &provision_with(&folder.0, &[], &arguments, PASSWORD),
        0,
        "use --lock",
    );
    let output = provision_with(
        &folder.0,
        &[],
        &[&arguments[..], &["--open", "--json"]].concat(),
        PASSWORD,
    );
    ended(&output, 0, "");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("--lock"));
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).expect("one object")["locked"],
        false
    );
    assert_eq!(folder.keys(), "");
}

#[test]
fn a_board_that_prints_no_key_is_reported() {
    let folder = Folder::new("mute");
    let answer = |port: &mut SerialPort, packet: &Packet| {
        if is(packet, Asked::REQUEST_STATE) {
            say(port, &State::Ready.to_packet());
        } else if is(packet, Asked::SEND_WIFI_SETTINGS) {
            let strings = vec!["http://127.0.0.1:9/".to_owned()];
            say(
                port,
                &RpcResult {
                    command: packet.data()[0],
                    strings,
                }
                .to_packet()
                .expect("short"),
            );
        } else {
            say(port, &ErrorState::UnknownCommand.to_packet());
        }
        true
    };
    let path = folder.0.join("keys").display().to_string();
    let output = by_hand_with(&["--keys", &path], &["--ssid", LAB, "--lock"], answer);
    ended(&output, 4, "printed no key");
}

#[test]
fn after_a_wrong_password_another_attempt_succeeds_in_words() {
    let service = "_sbimprovb._tcp.local.";
    let (serial, boards) = board(service);
    let arguments = [
        "--serial",
        serial.path(),
        "--ssid",
        LAB,
        "--service",
        service,
    ];
    ended(
        &provision(&arguments, "wrong password"),
        1,
        "check the password",
    );
    let output = provision(&arguments, PASSWORD);
    ended(&output, 0, "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let listening = &boards.list()[0];
    assert_eq!(
        said.trim(),
        format!(
            "{} is on the network at {}",
            listening.name, listening.address
        )
    );
    // The program reports that the board has a network and may get another.
    let again = [
        "--serial",
        serial.path(),
        "--ssid",
        "Open Bench",
        "--service",
        service,
    ];
    ended(&provision(&again, ""), 0, "already connected to a network");
}

#[test]
fn a_missing_network_is_reported() {
    let (serial, _boards) = board("_sbimprovc._tcp.local.");
    ended(
        &provision(&["--serial", serial.path(), "--ssid", "Nowhere"], ""),
        1,
        "could not connect to \"Nowhere\"",
    );
}

#[test]
fn invalid_arguments_are_reported_before_a_port_is_opened() {
    ended(
        &provision(&["--serial", "/dev/null", "--ssid", &"n".repeat(33)], ""),
        2,
        "1 to 32 bytes",
    );
    ended(&provision(&["--serial", "/dev/null"], ""), 2, "--ssid NAME");
    ended(&provision(&["--ssid", "x"], ""), 2, "port");
}

#[test]
fn a_missing_port_and_another_device_are_told_apart() {
    ended(
        &provision(&["--serial", "/dev/no-such-port", "--ssid", "x"], ""),
        3,
        "check that the board is plugged in",
    );
    ended(
        &provision(&["--serial", "/dev/null", "--ssid", "x"], ""),
        4,
        "as a serial port",
    );
}

/// A fake board, which handles each command as the test says. It ends with the
/// program, or when the handler returns `false`.
fn by_hand(
    arguments: &[&str],
    answer: impl FnMut(&mut SerialPort, &Packet) -> bool + Send + 'static,
) -> Output {
    by_hand_with(&[], arguments, answer)
}

/// The same with options before the command.
fn by_hand_with(
    options: &[&str],
    arguments: &[&str],
    mut answer: impl FnMut(&mut SerialPort, &Packet) -> bool + Send + 'static,
) -> Output {
    let mut port = SerialPort::open().expect("a port");
    let path = port.path().to_owned();
    let (over, is_over) = channel::<()>();
    let hand = thread::spawn(move || {
        let mut reader = Reader::default();
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end
            && is_over
                .recv_timeout(Duration::from_millis(5))
                .is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            for item in reader.receive(&port.read().unwrap_or_default()) {
                if let Item::Packet(packet) = item
                    && !answer(&mut port, &packet)
                {
                    return;
                }
            }
        }
    });
    let folder =
        std::env::temp_dir().join(format!("switchboard-provisioning-{}", std::process::id()));
    let output = provision_with(
        &folder,
        options,
        &[&["--serial", &path][..], arguments].concat(),
        PASSWORD,
    );
    drop(over);
    hand.join().expect("the hand-made board");
    output
}

fn say(port: &mut SerialPort, packet: &Packet) {
    port.write(&packet.encode()).expect("the port is there");
}

fn is(packet: &Packet, number: u8) -> bool {
    packet.kind() == PacketKind::Command && packet.data().first() == Some(&number)
}

#[test]
fn a_silent_port_is_not_a_board() {
    ended(&by_hand(&["--ssid", LAB], |_, _| true), 4, "no response on");
}

#[test]
fn a_port_with_other_output_is_told_apart() {
    let output = by_hand(&["--ssid", LAB], |port, _| {
        port.write(b"ets Jul 29 2019 rst:0x1\r\nIMPROV what?\r\n")
            .is_ok()
    });
    ended(&output, 4, "does not speak Improv");
}

#[test]
fn noise_before_and_between_packets_and_a_damaged_one_do_no_harm() {
    let mut first = true;
    let output = by_hand(&["--ssid", LAB], move |port, packet| {
        let noise = |port: &mut SerialPort| {
            port.write(b"\xff\x00I (123) wifi: IMPROVised\r\nIMPR")
                .expect("there");
        };
        noise(port);
        port.write(b"\n").expect("there");
        if std::mem::take(&mut first) {
            // The first request arrived damaged, and so does the response.
            say(port, &ErrorState::InvalidPacket.to_packet());
            let mut damaged = State::Ready.to_packet().encode();
            damaged[9] = 4;
            return port.write(&damaged).is_ok();
        }
        say(port, &ErrorState::None.to_packet());
        if is(packet, Asked::REQUEST_STATE) {
            say(port, &State::Ready.to_packet());
        } else if is(packet, Asked::SEND_WIFI_SETTINGS) {
            noise(port);
            port.write(b"\n").expect("there");
            say(port, &ErrorState::UnableToConnect.to_packet());
        } else {
            say(port, &ErrorState::UnknownCommand.to_packet());
        }
        true
    });
    ended(&output, 1, "check the password");
    assert!(String::from_utf8_lossy(&output.stderr).contains("a board without a name"));
}

#[test]
fn a_port_that_disappears_while_the_board_connects_is_reported() {
    let output = by_hand(&["--ssid", LAB], |port, packet| {
        if is(packet, Asked::SEND_WIFI_SETTINGS) {
            return false;
        }
        if is(packet, Asked::REQUEST_STATE) {
            say(port, &State::Ready.to_packet());
        } else {
            let strings = ["Switchboard", "0.1.0", "chip", "Lamp"]
                .map(str::to_owned)
                .to_vec();
            say(
                port,
                &RpcResult {
                    command: packet.data()[0],
                    strings,
                }
                .to_packet()
                .expect("short"),
            );
        }
        true
    });
    ended(&output, 4, "was disconnected");
}

#[test]
fn a_board_that_requires_authorization_is_reported() {
    let output = by_hand(&["--ssid", LAB], |port, _| {
        say(port, &State::AuthorizationRequired.to_packet());
        true
    });
    ended(&output, 1, "press its button");
}
