//! The serial port: Wi-Fi by Improv.

use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::desk::SOON;
use crate::emulator::{AtAPort, Flash};
use protocol::improv::{Command as Asked, ErrorState, Item, Packet, PacketKind, Reader};

/// Runs `switchboard provision` at this port with this password; returns its
/// exit status and its output.
fn provision(board: &AtAPort, ssid: &str, password: &str) -> (Option<i32>, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args([
            "provision",
            "--serial",
            &board.port,
            "--ssid",
            ssid,
            "--json",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = program.stdin.take().expect("piped");
    // It may exit before it reads.
    let _ = writeln!(stdin, "{password}");
    drop(stdin);
    let output = program.wait_with_output().expect("it ends");
    let said = [output.stderr, output.stdout].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn it_is_provisioned_at_its_serial_port_and_keeps_the_network_over_a_power_loss() {
    let flash = Flash::erased("provisioned").expect("a file");
    let board = AtAPort::boot_with(&flash);
    let (status, said) = provision(&board, "Switchboard Lab", "wrong password");
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("check the password"), "{said}");
    assert!(
        !flash.holds(b"wrong password"),
        "what did not work was stored"
    );
    let (status, said) = provision(&board, "Switchboard Lab", "blinking lights");
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("\"ssid\":\"Switchboard Lab\"") && said.contains("\"address\":\"10."),
        "{said}"
    );
    assert!(!said.contains("already connected to a network"), "{said}");
    assert!(flash.holds(b"Switchboard Lab"));
    drop(board);

    let board = AtAPort::boot_with(&flash);
    let (status, said) = provision(&board, "Open Bench", "");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("already connected to a network"), "{said}");
}

/// The client's end of a board's serial port.
struct Port {
    port: Box<dyn serialport::SerialPort>,
    reader: Reader,
}

impl Port {
    fn open(path: &str) -> Self {
        let port = serialport::new(path, 115_200)
            .timeout(Duration::from_millis(500))
            .open()
            .expect("the port");
        Self {
            port,
            reader: Reader::default(),
        }
    }

    /// Writes these bytes until a matching response arrives, and repeats them
    /// after each half second of silence.
    fn answer<T>(
        &mut self,
        bytes: &[u8],
        what: &str,
        mut pass: impl FnMut(&Item) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + SOON;
        self.port.write_all(bytes).expect("written");
        loop {
            assert!(Instant::now() < deadline, "the board never said {what}");
            let mut read = [0; 256];
            match self.port.read(&mut read) {
                Ok(length) => {
                    if let Some(found) = self
                        .reader
                        .receive(&read[..length])
                        .iter()
                        .find_map(&mut pass)
                    {
                        return found;
                    }
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    self.port.write_all(bytes).expect("written");
                }
                Err(error) => panic!("the port: {error}"),
            }
        }
    }
}

#[test]
#[ignore = "run by firmware/emulated/check"]
fn broken_and_unknown_packets_are_answered_and_the_console_keeps_working() {
    let flash = Flash::erased("packets").expect("a file");
    let board = AtAPort::boot_with(&flash);
    let mut port = Port::open(&board.port);
    let state = Asked::RequestState.to_packet().expect("a packet").encode();
    // Bytes written before it has booted are lost.
    port.answer(&state, "its state", |item| {
        matches!(item, Item::Packet(packet) if packet.kind() == PacketKind::State).then_some(())
    });
    let unknown = Packet::new(PacketKind::Command, vec![0x42, 0])
        .expect("a packet")
        .encode();
    let mut broken = state.clone();
    let checksum = broken.len() - 2;
    broken[checksum] ^= 1;
    for (packet, error) in [
        (broken, ErrorState::InvalidPacket),
        (unknown, ErrorState::UnknownCommand),
    ] {
        let answered = port.answer(&packet, "an error", |item| match item {
            Item::Packet(packet) if packet.kind() == PacketKind::Error => {
                packet.data().first().copied().filter(|error| *error != 0)
            }
            _ => None,
        });
        assert_eq!(answered, u8::from(error));
    }
    let mut said = String::new();
    port.answer(b"what?\r\n", "the console's help", |item| {
        if let Item::Text(text) = item {
            said.push_str(&String::from_utf8_lossy(text));
        }
        said.contains("press button:0").then_some(())
    });
}
