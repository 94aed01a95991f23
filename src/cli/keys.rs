//! `switchboard keys`: lists, imports, creates, revokes and deletes keys. Only
//! `add` and `export` print a key itself.

mod secret;

use std::{
    fs,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use protocol::{
    keys::{AddKey, KeyAdded, KeyList, RemoveKey},
    limits, method,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Failure,
    args::{KeysCommand, NewKey},
    client::{Client, held, locate, ours, unreachable},
    find::{Named, NotFound, find},
    output,
    print::Printer,
};
use address::{Address, AddressError, Candidates};
use disk::{
    keys::{Forgotten, Store, read_keys, write_secret},
    settings,
};
use fleet::{CredentialKind, Family};
use keys::{Key, KeyId, Keys, Password, Role};
use pairing::{PairProblem, Pairing, Progress, Wanted};

/// The largest key file, in bytes.
const LARGEST: u64 = 1 << 20;

/// Longer than any pairing can take.
const PATIENCE: Duration = limits::PAIRING.saturating_mul(3);

/// Runs the command.
pub(super) fn keys(store: &Store, command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::List { board: None, json } => list(&held(store)?, &mut Printer::new(json)),
        KeysCommand::List {
            board: Some(board),
            json,
        } => list_of(store, &board, &mut Printer::new(json)),
        KeysCommand::Add {
            what,
            new:
                NewKey {
                    name: Some(name),
                    role: Some(role),
                    out,
                },
        } => create(store, &what, &name, role, out.as_deref()),
        KeysCommand::Add { what, .. } => import(store, &what),
        KeysCommand::Set { board, family } => secret::set(store, &board, family),
        KeysCommand::Remove { board, kid } => remove(store, &board, kid),
        KeysCommand::Forget { board } => {
            let keys = held(store)?;
            let id = board_with_key(&keys, &board)?;
            let noun = match (keys.get(&id), keys.password(&id)) {
                (None, Some(_)) => "password",
                _ => "key",
            };
            let message = match store.remove(&id)? {
                Forgotten::Deleted => format!("deleted the {noun} of {id} from this computer"),
                Forgotten::Stays(problem) => {
                    output::say(text::plain(&problem.to_string()));
                    format!(
                        "could not delete the {noun} of {id}; the board is treated as having none \
                         from now on"
                    )
                }
            };
            Ok(writeln!(output::out(), "{message}")?)
        }
        KeysCommand::Export { board } => {
            let keys = held(store)?;
            let id = board_with_key(&keys, &board)?;
            let key = keys.get(&id).map(Key::to_text);
            let password = || keys.password(&id).map(Password::to_text);
            let text = key.or_else(password).ok_or_else(|| {
                let why = keys.unavailable(&id).unwrap_or_default();
                Failure::NoStoredKey(format!("cannot read the key of {id}: {why}"))
            })?;
            Ok(writeln!(output::out(), "{}", text.as_str())?)
        }
        KeysCommand::Pair {
            board,
            code,
            replace,
        } => pair(store, &board, code.as_deref(), replace),
    }
}

/// Lists the keys on this computer, without the secrets.
fn list(keys: &Keys, printer: &mut Printer) -> Result<(), Failure> {
    let known = settings::remembered().boards;
    let row = |id: &str, kid: Option<String>, what: &str, role: Role| {
        let name = known
            .iter()
            .find(|board| board.id.as_deref() == Some(id))
            .map(|board| &*board.name);
        let value = json!({
            "id": id, "kind": what, "kid": kid, "role": role.word(), "name": name,
        });
        let name = text::plain(name.unwrap_or_default());
        let kid = kid.unwrap_or_else(|| what.to_owned());
        ([id.to_owned(), kid, role.to_string(), name], value)
    };
    let of_key = |key: &Key| match key.kid {
        // Keys of ESPHome boards have no id.
        KeyId::NONE => row(&key.board, None, "encryption key", key.role),
        kid => row(&key.board, Some(kid.to_string()), "key", key.role),
    };
    let of_password = |password: &Password| row(&password.board, None, "password", Role::Control);
    let rows: Vec<_> = keys
        .iter()
        .map(of_key)
        .chain(keys.passwords().map(of_password))
        .collect();
    let unavailable: Vec<_> = keys.all_unavailable().map(text::plain).collect();
    if !unavailable.is_empty() {
        let ids = unavailable.join(", ");
        output::say(format!("keys that cannot be read now: {ids}"));
    } else if rows.is_empty() {
        output::say("this computer has no keys");
    }
    Ok(printer.rows(&rows)?)
}

/// Lists the keys on a board.
fn list_of(store: &Store, board: &str, printer: &mut Printer) -> Result<(), Failure> {
    let client = Client::connect_ours(store, board)?;
    let list: KeyList = client.call_typed(method::KEYS_LIST, &json!({}))?;
    let rows: Vec<_> = list
        .keys
        .iter()
        .map(|key| {
            let yours = if key.yours { "this computer's" } else { "" };
            let row = [&*key.kid, &*key.role, &*key.name, yours].map(text::plain);
            (row, json!(key))
        })
        .collect();
    Ok(printer.rows(&rows)?)
}

/// Creates a key on a board for someone else.
fn create(
    store: &Store,
    board: &str,
    name: &str,
    role: Role,
    out: Option<&Path>,
) -> Result<(), Failure> {
    if name.is_empty() || name.len() > limits::KEY_NAME || name.chars().any(char::is_control) {
        let why = format!(
            "a key's name must have 1 to {} bytes and no control characters",
            limits::KEY_NAME
        );
        return Err(Failure::Usage(why));
    }
    let wanted = AddKey {
        name: name.to_owned(),
        role: role.word().to_owned(),
    };
    let client = Client::connect_ours(store, board)?;
    let KeyAdded { kid, key, .. } = client.call_typed(method::KEYS_ADD, &wanted)?;
    let key = Zeroizing::new(key);
    let kid = text::plain(&kid);
    if Keys::from_text(&key).map_or(0, |keys| keys.iter().count()) != 1 {
        return Err(Failure::NoAnswer(format!(
            "{board} reported a new key {kid}, but its response contains no valid key"
        )));
    }
    let text = Zeroizing::new(format!("{}\n", key.trim()));
    let Some(path) = out else {
        return Ok(output::out().write_all(text.as_bytes())?);
    };
    write_secret(path, &text).map_err(|error| {
        // The board sends the key only once. Without it, the key on the board
        // is useless.
        let undo = format!("switchboard keys remove {board} {kid}");
        let path = path.display();
        Failure::Usage(format!(
            "{path}: {error}. The new key {kid} is lost; to remove it from the board, run: {undo}"
        ))
    })?;
    Ok(writeln!(
        output::out(),
        "wrote key {kid} ({role}) to {}, which only you can read",
        path.display()
    )?)
}

/// Imports keys to this computer.
fn import(store: &Store, what: &str) -> Result<(), Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = match what {
        "-" => io::stdin().lock().take(LARGEST).read_to_end(&mut bytes),
        path => fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)),
    };
    read.map_err(|error| {
        let hint = "expected a key file or -; to create a key on a board, add --name NAME --role \
                    control|view";
        Failure::Usage(format!("{what}: {error}; {hint}"))
    })?;
    let keys = read_keys(&bytes, what)?;
    if keys.is_empty() {
        let expected = "expected lines of the form switchboard-key:1:BOARD:KID:ROLE:SECRET or \
                        switchboard-password:1:BOARD:SECRET";
        return Err(Failure::Usage(format!("{what}: no key found; {expected}")));
    }
    let mut out = output::out();
    for key in keys.iter() {
        store.add(key.clone())?;
        writeln!(out, "{}", saved(key))?;
    }
    for password in keys.passwords() {
        store.add(password.clone())?;
        writeln!(out, "saved the password of {}", password.board)?;
    }
    Ok(())
}

fn saved(key: &Key) -> String {
    format!("saved key {} ({}) of {}", key.kid, key.role, key.board)
}

/// Revokes a key on a board.
fn remove(store: &Store, board: &str, kid: KeyId) -> Result<(), Failure> {
    let client = Client::connect_ours(store, board)?;
    let view = client.board()?;
    let _: Value = client.call_typed(
        method::KEYS_REMOVE,
        &RemoveKey {
            kid: kid.to_string(),
        },
    )?;
    let mut out = output::out();
    writeln!(
        out,
        "{} no longer accepts the key {kid}",
        text::plain(&view.name)
    )?;
    if let (Some(id), Some((own, _))) = (&view.id, view.held)
        && own == kid
    {
        match store.remove(id)? {
            Forgotten::Deleted => {
                writeln!(out, "it was this computer's key and was deleted here too")?;
            }
            Forgotten::Stays(problem) => return Err(problem.into()),
        }
    }
    Ok(())
}

/// The id of the board that `typed` refers to among the boards with a key, by
/// id or by the name that the window remembers.
fn board_with_key(keys: &Keys, typed: &str) -> Result<String, Failure> {
    let known = settings::remembered().boards;
    let ids: Vec<&str> = keys.boards().chain(keys.all_unavailable()).collect();
    let boards: Vec<_> = ids
        .iter()
        .map(|id| {
            let name = known
                .iter()
                .find(|board| board.id.as_deref() == Some(*id))
                .map(|board| &*board.name);
            Named {
                id,
                name: name.unwrap_or(id),
                address: "",
            }
        })
        .collect();
    let found = match find(typed, &boards) {
        Ok(found) => ids.get(found.at).map(|id| (*id).to_owned()),
        Err(ambiguous @ NotFound::Ambiguous { .. }) => return Err(ambiguous.into()),
        Err(NotFound::NoMatch { .. } | NotFound::Absent { .. }) => None,
    };
    found.ok_or_else(|| {
        let available = if ids.is_empty() {
            "it has no keys".to_owned()
        } else {
            format!("it has keys for: {}", ids.join(", "))
        };
        Failure::NoStoredKey(format!(
            "this computer has no key for {typed:?}; {available}"
        ))
    })
}

/// What can happen during a pairing on the command line.
enum PairingEvent {
    Progress(Progress),
    /// The user's answer, or the code that was read; `None` at the end of the
    /// input.
    Answer(Option<String>),
}

/// Gets a key from a board in pairing mode.
fn pair(
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
            (view.where_to_ask(), view.name.clone(), view.id.clone())
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
