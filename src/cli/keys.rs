//! `switchboard keys`: which keys this computer and a board have, and how one
//! comes by one. A key itself is printed by `add` and `export` alone, which are
//! asked for it.

use std::{
    fs,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use protocol::{
    Object,
    keys::{AddKey, KeyAdded, KeyList, RemoveKey},
    limits, method,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Failure,
    args::{KeysCommand, NewKey},
    client::{Client, held, locate, unreachable},
    done,
    find::{Named, NotFound, find},
    output,
    print::Printer,
};
use crate::{
    address::{Address, AddressError, Candidates},
    keys::{Forgotten, Key, KeyId, Keys, Role, Store, read_keys, write_secret},
    pairing::{PairProblem, Pairing, Progress, Wanted},
    settings, words,
};

/// The most that is read as keys, in bytes.
const LARGEST: u64 = 1 << 20;

/// Longer than a pairing can take.
const PATIENCE: Duration = limits::PAIRING.saturating_mul(3);

/// Carries the command out.
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
        } => make(store, &what, &name, role, out.as_deref()),
        KeysCommand::Add { what, .. } => import(store, &what),
        KeysCommand::Remove { board, kid } => remove(store, &board, kid),
        KeysCommand::Forget { board } => {
            let id = named(&held(store)?, &board)?;
            let words = match store.remove(&id)? {
                Forgotten::Deleted => format!("the key of {id} is deleted from this computer"),
                Forgotten::Stays(problem) => {
                    output::say(words::plain(&problem.to_string()));
                    format!(
                        "{id} is treated as a board without a key from now on; its key could not \
                             be deleted"
                    )
                }
            };
            Ok(writeln!(output::out(), "{words}")?)
        }
        KeysCommand::Export { board } => {
            let keys = held(store)?;
            let id = named(&keys, &board)?;
            let key = keys.get(&id).ok_or_else(|| {
                let why = keys.unavailable(&id).unwrap_or_default();
                Failure::NoHeldKey(format!("the key of {id} cannot be had: {why}"))
            })?;
            Ok(writeln!(output::out(), "{}", key.to_text().as_str())?)
        }
        KeysCommand::Pair {
            board,
            code,
            replace,
        } => pair(store, &board, code.as_deref(), replace),
    }
}

/// What this computer holds, without the secrets.
fn list(keys: &Keys, printer: &mut Printer) -> Result<(), Failure> {
    let known = settings::remembered().boards;
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let name = known.iter().find(|board| board.id.as_deref() == Some(&*key.board)).map(|board| &*board.name);
            let row =
                [key.board.clone(), key.kid.to_string(), key.role.to_string(), words::plain(name.unwrap_or_default())];
            (row, json!({ "id": key.board, "kid": key.kid.to_string(), "role": key.role.word(), "name": name }))
        })
        .collect();
    let unavailable: Vec<_> = keys.all_unavailable().map(words::plain).collect();
    if !unavailable.is_empty() {
        let ids = unavailable.join(", ");
        output::say(format!("keys that cannot be had now: {ids}"));
    } else if rows.is_empty() {
        output::say("this computer has no keys");
    }
    Ok(printer.rows(&rows)?)
}

/// What a board has.
fn list_of(store: &Store, board: &str, printer: &mut Printer) -> Result<(), Failure> {
    let list: KeyList = ask(store, board, method::KEYS_LIST, &Object::new())?;
    let rows: Vec<_> = list
        .keys
        .iter()
        .map(|key| {
            let yours = if key.yours { "this computer's" } else { "" };
            let row = [&*key.kid, &*key.role, &*key.name, yours].map(words::plain);
            (row, json!(key))
        })
        .collect();
    Ok(printer.rows(&rows)?)
}

/// Makes a key on a board, for somebody.
fn make(
    store: &Store,
    board: &str,
    name: &str,
    role: Role,
    out: Option<&Path>,
) -> Result<(), Failure> {
    if name.is_empty() || name.len() > limits::KEY_NAME || name.chars().any(char::is_control) {
        let why = format!(
            "a key's name has 1 to {} bytes and no control characters",
            limits::KEY_NAME
        );
        return Err(Failure::Usage(why));
    }
    let wanted = AddKey {
        name: name.to_owned(),
        role: role.word().to_owned(),
    };
    let KeyAdded { kid, key, .. } = ask(store, board, method::KEYS_ADD, &wanted)?;
    let key = Zeroizing::new(key);
    let kid = words::plain(&kid);
    if Keys::from_text(&key).map_or(0, |keys| keys.iter().count()) != 1 {
        return Err(Failure::NoAnswer(format!(
            "{board} says that it has the new key {kid}, but what it gave is no key"
        )));
    }
    let text = Zeroizing::new(format!("{}\n", key.trim()));
    let Some(path) = out else {
        return Ok(output::out().write_all(text.as_bytes())?);
    };
    write_secret(path, &text).map_err(|error| {
        // It is told once: without it the key on the board is of no use to
        // anybody.
        let undo = format!("switchboard keys remove {board} {kid}");
        let path = path.display();
        Failure::Usage(format!(
            "{path}: {error}. The board has the key {kid}, which nobody has now: {undo}"
        ))
    })?;
    Ok(writeln!(
        output::out(),
        "key {kid} ({role}) is in {}, which only you can read",
        path.display()
    )?)
}

/// Has keys on this computer.
fn import(store: &Store, what: &str) -> Result<(), Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = match what {
        "-" => io::stdin().lock().take(LARGEST).read_to_end(&mut bytes),
        path => fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)),
    };
    read.map_err(|error| {
        let else_make = "a key is read from a file or from -, or made on a board with --name NAME \
             --role control|view";
        Failure::Usage(format!("{what}: {error}; {else_make}"))
    })?;
    let keys = read_keys(&bytes, what)?;
    if keys.is_empty() {
        let expected = "a key is one line: switchboard-key:1:BOARD:KID:ROLE:SECRET";
        return Err(Failure::Usage(format!(
            "{what}: there is no key; {expected}"
        )));
    }
    let mut out = output::out();
    for key in keys.iter() {
        store.add(key.clone())?;
        writeln!(out, "{}", had(key))?;
    }
    Ok(())
}

fn had(key: &Key) -> String {
    format!(
        "this computer has the key {} ({}) of {}",
        key.kid, key.role, key.board
    )
}

/// Makes a key worthless.
fn remove(store: &Store, board: &str, kid: KeyId) -> Result<(), Failure> {
    let client = Client::connect(store, board)?;
    let view = client.board()?;
    let _: Value = asked(
        &client,
        method::KEYS_REMOVE,
        &RemoveKey {
            kid: kid.to_string(),
        },
    )?;
    let mut out = output::out();
    writeln!(
        out,
        "{} does not accept the key {kid} any more",
        words::plain(&view.name)
    )?;
    if let (Some(id), Some((own, _))) = (&view.id, view.held)
        && own == kid
    {
        match store.remove(id)? {
            Forgotten::Deleted => {
                writeln!(out, "it was this computer's own, and is deleted here too")?;
            }
            Forgotten::Stays(problem) => return Err(problem.into()),
        }
    }
    Ok(())
}

/// Asks a board something about its keys.
fn ask<T: DeserializeOwned>(
    store: &Store,
    board: &str,
    method: &str,
    params: &impl Serialize,
) -> Result<T, Failure> {
    asked(&Client::connect(store, board)?, method, params)
}

fn asked<T: DeserializeOwned>(
    client: &Client,
    method: &str,
    params: &impl Serialize,
) -> Result<T, Failure> {
    // These are structs, each of which is an object.
    let params = match serde_json::to_value(params) {
        Ok(Value::Object(params)) => params,
        _ => Object::new(),
    };
    let outcome = client.ask(|reply| {
        client
            .fleet()
            .call(client.key(), method, params, Some(reply));
    })?;
    let name = client.board()?.name.clone();
    let (result, _) = done(&name, outcome)?;
    // The error of serde may say what it found, and that may be a key.
    serde_json::from_value(result)
        .map_err(|_| Failure::NoAnswer(format!("{name}: its answer to {method} is another")))
}

/// The board whose key is meant, at hand or not: by its id, or by its name as
/// the window remembers it.
fn named(keys: &Keys, typed: &str) -> Result<String, Failure> {
    let known = settings::remembered().boards;
    let ids: Vec<&str> = keys
        .iter()
        .map(|key| key.board.as_str())
        .chain(keys.all_unavailable())
        .collect();
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
        Err(several @ NotFound::Several { .. }) => return Err(several.into()),
        Err(NotFound::Nobody { .. } | NotFound::Absent { .. }) => None,
    };
    found.ok_or_else(|| {
        let there = if ids.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has those of: {}", ids.join(", "))
        };
        Failure::NoHeldKey(format!("this computer has no key of {typed:?}; {there}"))
    })
}

/// What a pairing on the command line waits for.
enum News {
    Progress(Progress),
    /// What the person answered, or the code that was read; `None` at the end
    /// of the input.
    Answer(Option<String>),
}

/// Gets a key from a board on which pairing was opened.
fn pair(
    store: &Store,
    board: &str,
    code_from: Option<&Path>,
    replace: bool,
) -> Result<(), Failure> {
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    if code_from.is_none() && !person {
        let why = "someone has to compare two codes, and there is no terminal to ask at. With \
             --code FILE, or --code - for standard \
                   input, the code that the board shows is read from there";
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
            (view.where_to_ask(), view.name.clone(), view.id.clone())
        }
    };
    let (tell, told) = channel();
    let progress = tell.clone();
    let progress = move |news| {
        // The reader may have given up.
        let _ = progress.send(News::Progress(news));
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
        match told.recv_timeout(PATIENCE) {
            Ok(News::Progress(Progress::Waits)) => {
                let first = "the board serves another controller first. If that is not yours, \
                     press the board's button twice to refuse it";
                output::say(first);
            }
            Ok(News::Progress(Progress::Code { board, code })) => {
                writeln!(out, "{} ({board}) code: {code}", words::plain(&name))?;
                writeln!(out, "{HOW_TO_READ}")?;
                out.flush()?;
                answer(code_from.map(Path::to_owned), tell.clone())?;
                asks = code_from.is_none();
                shown = Some(code);
            }
            Ok(News::Progress(Progress::Confirmed)) if asks => {
                // In the middle of the line in which the person is asked.
                let _ = write!(
                    output::err(),
                    "\nThe code was confirmed at the board. {QUESTION}"
                );
            }
            Ok(News::Progress(Progress::Confirmed)) => {}
            Ok(News::Answer(said)) => {
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
            Ok(News::Progress(Progress::Paired(key))) => {
                return Ok(writeln!(out, "{}", had(&key))?);
            }
            Ok(News::Progress(Progress::Failed(problem))) => {
                if asks {
                    let _ = writeln!(output::err());
                }
                return Err(match problem {
                    PairProblem::NoLink(problem) => unreachable(&name, board, &problem),
                    problem @ PairProblem::HasKey { .. } => Failure::Usage(format!(
                        "{}: {problem}. To replace it: --replace",
                        words::plain(&name)
                    )),
                    problem => Failure::NotPaired {
                        board: name,
                        problem,
                    },
                });
            }
            Err(_) => return Err(Failure::NoAnswer(format!("{name}: no answer in time"))),
        }
    }
}

/// How a board shows its code.
const HOW_TO_READ: &str = "\
The board shows its code on its serial port and with its light: a long blue flash, then each digit as that many
white flashes, a long white one for 0. If the codes match, press the board's button once, briefly.";

const QUESTION: &str = "Do the codes match? [y/N] ";

/// Asks the person whether the codes match, or reads the board's code, on a
/// thread of its own: the board may end it meanwhile.
fn answer(code_from: Option<PathBuf>, tell: Sender<News>) -> Result<(), Failure> {
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
        let _ = tell.send(News::Answer(said));
    };
    thread::Builder::new()
        .name("answer".to_owned())
        .spawn(read)?;
    Ok(())
}

/// The code in a line that a board prints: the last six digits that stand
/// alone, in one group or in two of three.
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
    fn the_code_is_found_in_what_a_board_prints_and_nothing_else_is_one() {
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
