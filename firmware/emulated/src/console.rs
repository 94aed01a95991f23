//! The serial port: reads commands of a user at the board, and prints JSON, one
//! line per message.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
};
use core::fmt::{self, Write};

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, pipe::Pipe};
use protocol::{ComponentKey, Object, Source, State};
use serde_json::{Value, json};

use crate::{Board, cost, machine, memory};

const USAGE: &str = "press button:0 [press|double_press|long_press], set light:0 on=true \
     brightness=40, lock, pair, call ws://10.0.2.2:7433 (or off), memory, \
     cost [COMMANDS], erase, panic, off";

/// The longest line that is read.
const LINE: usize = 512;

/// Received bytes that were not read yet. Bytes that do not fit are lost, as at
/// any serial port.
static INPUT: Pipe<CriticalSectionRawMutex, 256> = Pipe::new();

/// The serial port's interrupt: bytes were received.
pub(crate) fn interrupted() {
    while let Some(byte) = machine::serial_input() {
        let _ = INPUT.try_write(&[byte]);
    }
}

/// Prints one line.
pub(crate) fn print(line: &Value) {
    // This cannot fail.
    let _ = writeln!(Serial, "{line}");
}

/// Output byte by byte, without allocating: a panic can use it.
pub(crate) struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(machine::serial_output);
        Ok(())
    }
}

/// Writes raw bytes.
pub(crate) fn send(bytes: &[u8]) {
    bytes.iter().copied().for_each(machine::serial_output);
}

/// Waits for received bytes.
pub(crate) async fn read(bytes: &mut [u8]) -> usize {
    INPUT.read(bytes).await
}

/// Collects received bytes into commands.
#[derive(Default)]
pub(crate) struct CommandLines(String);

impl CommandLines {
    /// Runs each complete line as a command.
    pub(crate) fn read(&mut self, bytes: &[u8], board: &Board) {
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => {
                    if let Err(error) = execute(self.0.trim(), board) {
                        print(&json!({ "error": error }));
                    }
                    self.0.clear();
                }
                byte if self.0.len() < LINE => self.0.push(char::from(*byte)),
                _ => {}
            }
        }
    }
}

fn execute(line: &str, board: &Board) -> Result<(), String> {
    let mut words = line.split_ascii_whitespace();
    match words.next() {
        None => Ok(()),
        Some("press") => {
            let key = component(words.next())?;
            board
                .press(&key, words.next().unwrap_or("press"))
                .map_err(|error| error.message)
        }
        Some("set") => {
            let key = component(words.next())?;
            let change = words.map(field).collect::<Result<Object, String>>()?;
            board
                .observe(&key, State::from(change), Source::Physical)
                .map_err(|error| error.message)
        }
        Some("memory") => {
            let memory::Usage { free, used, most } = memory::usage();
            print(&json!({ "heap": { "free": free, "used": used, "most": most } }));
            Ok(())
        }
        Some("cost") => {
            let asked = words.next().map(str::parse).transpose();
            let commands = match asked {
                Ok(asked) => asked.unwrap_or(1_000).clamp(1, cost::MOST),
                Err(_) => return Err(USAGE.to_owned()),
            };
            let cost::Cost { command, push } =
                cost::measure(commands).map_err(|error| error.to_string())?;
            print(&json!({
                "instructions": { "commands": commands, "command": command, "push": push },
            }));
            Ok(())
        }
        Some("erase") => {
            board.factory_reset();
            Ok(())
        }
        #[expect(clippy::panic, reason = "requested, to test how a panic is handled")]
        Some("panic") => panic!("asked for"),
        Some("off") => machine::exit(0),
        Some(_) => match embedded::serial_console::execute(line, board) {
            Some(printed) => {
                print(&json!({ "owner": printed }));
                Ok(())
            }
            None => Err(USAGE.to_owned()),
        },
    }
}

fn component(word: Option<&str>) -> Result<ComponentKey, String> {
    word.and_then(|word| word.parse().ok())
        .ok_or_else(|| USAGE.to_owned())
}

/// Parses `name=value`; a value that is not JSON is a string.
fn field(word: &str) -> Result<(String, Value), String> {
    let (name, value) = word.split_once('=').ok_or_else(|| USAGE.to_owned())?;
    Ok((
        name.to_owned(),
        serde_json::from_str(value).unwrap_or_else(|_| value.into()),
    ))
}
