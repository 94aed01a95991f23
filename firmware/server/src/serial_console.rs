//! Commands that a user can type at a board's serial port, between Improv
//! packets: `lock` makes a key and prints it, `pair` opens pairing, `call` sets
//! the outbound connection, `signatures` requires signed firmware, `rollback`
//! returns to the other image. Anyone at the cable is trusted
//! (docs/protocol.md, "The first key, and pairing").

use alloc::{format, string::String};

use crate::{Clock, Shared};
use board::{Hardware, PairingDisplay};
use noise::Role;
use protocol::outbound::OutboundUrl;

/// The longest line, in bytes: a command with the URL of an outbound
/// connection.
const LINE: usize = protocol::limits::OUTBOUND_URL + 32;

/// The commands, for a help text.
pub const USAGE: &str = "lock (make a key and print it), pair (let a controller request a key), \
     call ws://HOST:PORT/PATH (connect to that controller; call off to stop), \
     signatures on (accept only signed firmware; signatures off to accept any), \
     rollback (restart with the other firmware image)";

/// Runs a command; returns what to print, or `None` if the line is no command.
pub fn execute<H: Hardware, C: Clock>(line: &str, board: &Shared<H, C>) -> Option<String> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match word {
        "call" => Some(set_outbound(rest.trim(), board)),
        "signatures" => Some(set_signatures(rest.trim(), board)),
        _ if !rest.is_empty() => None,
        "lock" => Some(match board.add_key("from the serial port", Role::Control) {
            Ok(key) => key.to_text().as_str().into(),
            Err(error) => format!("no key: {}", error.message),
        }),
        "pair" => {
            board.open_pairing();
            Some(
                "pairing is open for 120 s: the code of a controller that requests a key \
                 is printed here"
                    .into(),
            )
        }
        "rollback" => Some(match board.return_to_other_image() {
            Ok(()) => "restarting with the other firmware image".into(),
            Err(error) => error.message,
        }),
        _ => None,
    }
}

/// Sets whether signed firmware is required; returns what to print.
fn set_signatures<H: Hardware, C: Clock>(word: &str, board: &Shared<H, C>) -> String {
    let required = match word {
        "on" => true,
        "off" => false,
        _ => return "signatures on, or signatures off".into(),
    };
    match board.require_signatures(required) {
        Err(error) => error.message,
        Ok(()) if board.requires_signatures() == required => {
            let only = if required { "only signed" } else { "any" };
            format!("accepts {only} firmware")
        }
        Ok(()) => "accepts only signed firmware as long as it is locked".into(),
    }
}

/// The line that is printed when pairing changes. It may only appear at the
/// board: the code must not be sent over the network.
pub fn pairing_line(shown: PairingDisplay<'_>) -> String {
    match shown {
        PairingDisplay::Nothing => "pairing is closed".into(),
        PairingDisplay::Open => "pairing is open; no controller has requested a key".into(),
        PairingDisplay::Code(code) => format!(
            "pairing code {code}: if the controller shows the same, press the button once, \
             briefly; if not, press it twice"
        ),
        PairingDisplay::Confirmed => "pairing is confirmed: the controller stores its key".into(),
    }
}

/// Sets the outbound connection; returns what to print.
fn set_outbound<H: Hardware, C: Clock>(target: &str, board: &Shared<H, C>) -> String {
    let url = match target {
        "off" => None,
        url => match url.parse::<OutboundUrl>() {
            Ok(url) => Some(url),
            Err(error) => return format!("{error}; or call off"),
        },
    };
    let done = match &url {
        Some(url) => format!("connects to {url}"),
        None => "no outbound connection".into(),
    };
    match board.set_outbound(url) {
        Ok(()) => done,
        Err(error) => error.message,
    }
}

/// Collects typed characters into lines; a line that is too long is no command.
#[derive(Default)]
pub struct SerialConsole(String);

impl SerialConsole {
    /// Runs each complete line as a command and returns what to print.
    pub fn read<H: Hardware, C: Clock>(
        &mut self,
        bytes: &[u8],
        board: &Shared<H, C>,
    ) -> Option<String> {
        self.read_with(bytes, |line| execute(line, board))
    }

    /// As [`Self::read`], with another way to run a command.
    pub fn read_with(
        &mut self,
        bytes: &[u8],
        mut execute: impl FnMut(&str) -> Option<String>,
    ) -> Option<String> {
        let mut printed: Option<String> = None;
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => {
                    if let Some(line) = execute(&self.0) {
                        let all = printed.get_or_insert_default();
                        all.push_str(&line);
                        all.push_str("\r\n");
                    }
                    self.0.clear();
                }
                byte if self.0.len() <= LINE => self.0.push(char::from(*byte)),
                _ => {}
            }
        }
        printed
    }
}
