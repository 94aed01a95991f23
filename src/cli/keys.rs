//! `switchboard keys`: lists, imports, creates, revokes and deletes keys. Only
//! `add` and `export` print a key itself.

mod pair;
mod secret;

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use protocol::{
    keys::{AddKey, KeyAdded, KeyList, RemoveKey},
    limits, method,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Failure,
    client::Client,
    find::{Named, NotFound, find},
    output,
    print::Printer,
    typed::board,
    watching::held,
};
use disk::{
    keys::{Forgotten, Store, read_keys, write_secret},
    settings,
};
use fleet::Family;
use keys::{Key, KeyId, Keys, Password, Role};

/// The largest key file, in bytes.
const LARGEST: u64 = 1 << 20;

/// How a new key is made on a board.
#[derive(Debug, clap::Args)]
#[group(id = "made", multiple = true)]
pub(super) struct NewKey {
    /// Create a key on the board with this name, for example the name of its
    /// recipient.
    #[arg(long, requires = "role")]
    pub(super) name: Option<String>,
    /// What the key allows: control allows everything, including managing keys;
    /// view is read-only.
    #[arg(long, requires = "name", value_name = "control|view")]
    pub(super) role: Option<Role>,
    /// Write the key to this file, which only you can read, instead of standard
    /// output.
    #[arg(long, requires = "name", value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys on this computer, or those on a board.
    List {
        /// A name, an id, a unique prefix of either, or host:port; by default
        /// the boards for which this computer has a key are listed.
        #[arg(value_parser = board)]
        board: Option<String>,
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Import keys to this computer or, with --name and --role, create a key on
    /// a board for someone else.
    Add {
        /// A file with one key per line, or - for standard input; with --name
        /// and --role, the board.
        #[arg(value_name = "FILE|-|BOARD", value_parser = board)]
        what: String,
        /// How it is made.
        #[command(flatten)]
        new: NewKey,
    },
    /// Save the password of a Shelly, or the encryption key of an ESPHome
    /// board, on this computer.
    ///
    /// It is read from standard input, or asked for without being shown. The
    /// encryption key is the text in the board's YAML file: 32 bytes in base64.
    Set {
        /// The board's id, its name, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The board's family, if the board cannot be found now: BOARD is then
        /// its id.
        #[arg(long, value_name = "shelly|esphome")]
        family: Option<Family>,
    },
    /// Revoke a key on its board.
    Remove {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// The key's id, as `keys list BOARD` prints it: eight hexadecimal
        /// digits.
        kid: KeyId,
    },
    /// Delete the key or the password of a board from this computer.
    Forget {
        /// The board's id, its name in the window, or a unique prefix of
        /// either.
        #[arg(value_parser = board)]
        board: String,
    },
    /// Print the key or the password of a board, to import it on another
    /// computer. The output contains the secret itself.
    Export {
        /// The board's id, its name in the window, or a unique prefix of
        /// either.
        #[arg(value_parser = board)]
        board: String,
    },
    /// Get a key from a board in pairing mode.
    ///
    /// Hold the board's button until its light blinks red (5 s), and release it
    /// within 10 s. The board then shows a code on its serial port and with its
    /// light. Compare it with the code that this command prints. If they match,
    /// press the button once, briefly, and answer yes here.
    Pair {
        /// A name, an id, a unique prefix of either, or host:port.
        #[arg(value_parser = board)]
        board: String,
        /// Do not ask: read the code that the board shows from this file or
        /// serial port, or - for standard input. A key is saved only if the
        /// codes match. The first line that contains six digits is used, such
        /// as "pairing code 123 456".
        #[arg(long, value_name = "FILE|-")]
        code: Option<PathBuf>,
        /// Replace the key that this computer already has for the board.
        #[arg(long)]
        replace: bool,
    },
}

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
        } => pair::pair(store, &board, code.as_deref(), replace),
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
