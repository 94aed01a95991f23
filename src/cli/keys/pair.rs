//! `switchboard keys pair`: gets a key from a board in pairing mode.

use std::{
    fs,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use address::{Address, AddressError, Candidates};
use disk::keys::Store;
use fleet::{CredentialKind, Family};
use pairing::{PairProblem, Pairing, Progress, Wanted};
use protocol::limits;

use super::saved;
use crate::cli::{
    Failure,
    client::{ours, unreachable},
    output,
    watching::locate,
};

/// Longer than any pairing can take.
const PATIENCE: Duration = limits::PAIRING.saturating_mul(3);

/// What can happen during a pairing on the command line.
enum PairingEvent {
    Progress(Progress),
    /// The user's answer, or the code that was read; `None` at the end of the
    /// input.
    Answer(Option<String>),
}

/// Gets a key from a board in pairing mode.
pub(super) fn pair(
    store: &Store,
    board: &str,
    code_from: Option<&Path>,
    replace: bool,
) -> Result<(), Failure> {
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    if code_from.is_none() && !interactive {
        let why = "there is no terminal in which to compare the two codes; to read the board's \
                   code from a file or serial port, use --code FILE, or --code - for standard \
                   input";
        return Err(Failure::Usage(why.to_owned()));
    }
    let (addresses, name, id) = match locate((&Store::nowhere()).into(), board)? {
        None => {
            let address: Address = board
                .parse()
                .map_err(|error: AddressError| Failure::Usage(error.to_string()))?;
            (
                Candidates::given(address.clone()),
                address.to_string(),
                None,
            )
        }
        Some((watching, key)) => {
            let view = watching.boards().get(&key).cloned();
            let view = view.ok_or_else(|| Failure::NoAnswer("the board is gone".to_owned()))?;
            if let (false, Some(kind)) = (view.family.is_ours(), CredentialKind::of(view.family)) {
                return Err(Failure::Usage(format!(
                    "{} cannot be paired: it is a board of another family ({}); to enter its {}, \
                     run: switchboard keys set {board}",
                    text::plain(&view.name),
                    view.family.title(),
                    kind.noun()
                )));
            }
            ours(&view)?;
            (
                view.where_to_ask(),
                view.name.to_string(),
                view.id.as_deref().map(str::to_owned),
            )
        }
    };
    let (sender, events) = channel();
    let progress = sender.clone();
    let progress = move |event| {
        // The receiver may have timed out.
        let _ = progress.send(PairingEvent::Progress(event));
    };
    let wanted = Wanted {
        addresses,
        board: id,
        store: store.clone(),
        replace,
    };
    let pairing =
        Pairing::begin(wanted, progress).map_err(|error| Failure::NoAnswer(error.to_string()))?;
    let mut out = output::out();
    let (mut shown, mut asks) = (None, false);
    loop {
        match events.recv_timeout(PATIENCE) {
            Ok(PairingEvent::Progress(Progress::Waits)) => {
                output::say(
                    "the board is pairing with another controller first. If that controller is \
                     not yours, press the board's button twice to refuse it",
                );
            }
            Ok(PairingEvent::Progress(Progress::Code { board, code })) => {
                writeln!(out, "{} ({board}) code: {code}", text::plain(&name))?;
                writeln!(out, "{HOW_TO_READ}")?;
                out.flush()?;
                read_answer(code_from.map(Path::to_owned), sender.clone())?;
                asks = code_from.is_none();
                shown = Some(code);
            }
            Ok(PairingEvent::Progress(Progress::Confirmed)) if asks => {
                // The cursor is on the line with the question.
                let _ = write!(
                    output::err(),
                    "\nThe code was confirmed at the board. {QUESTION}"
                );
            }
            Ok(PairingEvent::Progress(Progress::Confirmed)) => {}
            Ok(PairingEvent::Answer(said)) => {
                let matches = match &code_from {
                    Some(_) => {
                        said.as_deref().and_then(digits) == shown.as_deref().and_then(digits)
                    }
                    None => {
                        said.is_some_and(|said| matches!(said.trim(), "y" | "Y" | "yes" | "Yes"))
                    }
                };
                if !matches {
                    return Err(Failure::NotPaired {
                        board: name,
                        problem: PairProblem::Declined,
                    });
                }
                asks = false;
                pairing.codes_match();
            }
            Ok(PairingEvent::Progress(Progress::Paired(key))) => {
                return Ok(writeln!(out, "{}", saved(&key))?);
            }
            Ok(PairingEvent::Progress(Progress::Failed(problem))) => {
                if asks {
                    let _ = writeln!(output::err());
                }
                return Err(match problem {
                    PairProblem::NoLink(problem) => {
                        unreachable(&name, board, Family::Switchboard, &problem)
                    }
                    problem @ PairProblem::HasKey { .. } => Failure::Usage(format!(
                        "{}: {problem}. To replace it, add --replace",
                        text::plain(&name)
                    )),
                    problem => Failure::NotPaired {
                        board: name,
                        problem,
                    },
                });
            }
            Err(_) => return Err(Failure::NoAnswer(format!("{name}: no response in time"))),
        }
    }
}

/// How a board shows its code.
const HOW_TO_READ: &str = "\
The board shows its code on its serial port and with its light: a long blue
flash, then each digit as that many white flashes, or one long white flash for
0. If the codes match, press the board's button once, briefly.";

const QUESTION: &str = "Do the codes match? [y/N] ";

/// Asks whether the codes match, or reads the board's code. Runs on its own
/// thread, because the board may end the pairing at the same time.
fn read_answer(code_from: Option<PathBuf>, sender: Sender<PairingEvent>) -> Result<(), Failure> {
    if code_from.is_none() {
        write!(output::err(), "{QUESTION}")?;
        io::stderr().flush()?;
    }
    let read = move || {
        let from_input = || io::stdin().lines().map_while(Result::ok);
        let said = match code_from {
            None => from_input().next(),
            Some(path) if path.as_os_str() == "-" => {
                from_input().find(|line| digits(line).is_some())
            }
            Some(path) => fs::File::open(path).ok().and_then(|file| {
                BufReader::new(file)
                    .lines()
                    .map_while(Result::ok)
                    .find(|line| digits(line).is_some())
            }),
        };
        // The pairing may have ended.
        let _ = sender.send(PairingEvent::Answer(said));
    };
    thread::Builder::new()
        .name("answer".to_owned())
        .spawn(read)?;
    Ok(())
}

/// The code in a line that a board prints: the last group of exactly six
/// digits, with or without a space in the middle.
fn digits(line: &str) -> Option<String> {
    let groups = line
        .rsplit(|c: char| !c.is_ascii_digit() && c != ' ')
        .map(str::trim);
    groups
        .filter_map(|group| {
            let bytes = group.as_bytes();
            let whole = bytes.len() == 6 && !bytes.contains(&b' ');
            let halves = bytes.len() == 7 && bytes.iter().position(|byte| *byte == b' ') == Some(3);
            (whole || halves).then(|| group.replace(' ', ""))
        })
        .find(|code| code.len() == 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_code_is_found_in_what_a_board_prints() {
        for line in [
            "123 456",
            "123456",
            "sb-7e: pairing code 123 456\r",
            r#"{"pairing_code":"123 456"}"#,
        ] {
            assert_eq!(digits(line).as_deref(), Some("123456"), "{line:?}");
        }
        for line in [
            "",
            "y",
            "yes",
            "12 456",
            "1234567",
            "123 4567",
            "pairing is open for 120 s",
        ] {
            assert_eq!(digits(line), None, "{line:?}");
        }
    }
}
