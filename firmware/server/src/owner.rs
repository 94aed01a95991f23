//! What a person may type at a board's serial port, between the packets of
//! Improv: `lock` has it make a key and print it, `pair` opens pairing, `call`
//! says whom it calls. Who holds the cable is trusted (docs/protocol.md, "The
//! first key, and pairing").

use alloc::{format, string::String};

use crate::{Clock, Shared};
use board::{Hardware, PairingDisplay};
use noise::Role;
use protocol::outbound::OutboundUrl;

/// The longest line that is read, in bytes: an address to call, and some words
/// before it.
const LINE: usize = protocol::limits::OUTBOUND_URL + 32;

/// What can be typed.
pub const USAGE: &str = "lock (makes a key and prints it), pair (a controller may ask for one), \
     call ws://HOST:PORT/PATH (or call off)";

/// Obeys a line; what is to be printed, and nothing where it is none of these.
pub fn obey<H: Hardware, C: Clock>(line: &str, board: &Shared<H, C>) -> Option<String> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match word {
        "call" => Some(call(rest.trim(), board)),
        _ if !rest.is_empty() => None,
        "lock" => Some(match board.add_key("from the serial port", Role::Control) {
            Ok(key) => key.to_text().as_str().into(),
            Err(error) => format!("no key: {}", error.message),
        }),
        "pair" => {
            board.open_pairing();
            Some(
                "pairing is open for 120 s: the code of a controller that asks is printed here"
                    .into(),
            )
        }
        _ => None,
    }
}

/// What is printed at the board of how pairing goes. Only there: the code must
/// not be on the network.
pub fn pairing_line(shown: PairingDisplay<'_>) -> String {
    match shown {
        PairingDisplay::Nothing => "pairing is closed".into(),
        PairingDisplay::Open => "pairing is open, and no controller asks".into(),
        PairingDisplay::Code(code) => format!(
            "pairing code {code}: if the controller shows the same, press the button once, \
                 briefly; if not, press it twice"
        ),
        PairingDisplay::Confirmed => "pairing is confirmed: the controller stores its key".into(),
    }
}

/// Has the board call; what is to be printed.
fn call<H: Hardware, C: Clock>(whom: &str, board: &Shared<H, C>) -> String {
    let url = match whom {
        "off" => None,
        url => match url.parse::<OutboundUrl>() {
            Ok(url) => Some(url),
            Err(error) => return format!("{error}; or call off"),
        },
    };
    let told = match &url {
        Some(url) => format!("calls {url} from now on"),
        None => "calls nobody any more".into(),
    };
    match board.set_outbound_url(url) {
        Ok(()) => told,
        Err(error) => error.message,
    }
}

/// Lines as they come, in pieces; one that is too long is none.
#[derive(Default)]
pub struct Lines(String);

impl Lines {
    /// Obeys each line that is whole, and answers what is to be printed.
    pub fn read<H: Hardware, C: Clock>(
        &mut self,
        bytes: &[u8],
        board: &Shared<H, C>,
    ) -> Option<String> {
        self.read_with(bytes, |line| obey(line, board))
    }

    /// The same for a board that is asked elsewhere.
    pub fn read_with(
        &mut self,
        bytes: &[u8],
        mut obey: impl FnMut(&str) -> Option<String>,
    ) -> Option<String> {
        let mut printed: Option<String> = None;
        for byte in bytes {
            match byte {
                b'\r' | b'\n' => {
                    if let Some(line) = obey(&self.0) {
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
