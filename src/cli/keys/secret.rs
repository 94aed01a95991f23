//! `switchboard keys set`: saves the password or the encryption key of a board
//! of another family.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    time::{Duration, Instant},
};

use disk::{keys::Store, settings};
use fleet::{BoardView, CredentialError, CredentialKind, Family};
use protocol::board_id;
use zeroize::Zeroizing;

use crate::cli::{
    Failure,
    find::{Named, NotFound, find},
    output,
    watching::{Reach, Watching, locate},
};

/// More bytes than any password or key has.
const LONGEST: u64 = 4 << 10;

/// How long a board may take to say its id.
const PATIENCE: Duration = Duration::from_secs(11);

/// Reads the password or the key of a board, and saves it.
pub(super) fn set(store: &Store, typed: &str, family: Option<Family>) -> Result<(), Failure> {
    let (family, id) = which(store, typed, family)?;
    let kind = match CredentialKind::of(family) {
        Some(kind @ (CredentialKind::Password | CredentialKind::NoiseKey)) => kind,
        Some(CredentialKind::BoardKey) => {
            return Err(Failure::Usage(format!(
                "{id} is a board of Switchboard: import its key with `switchboard keys add`, or \
                 get one with `switchboard keys pair {typed}`"
            )));
        }
        None => {
            return Err(Failure::Usage(
                CredentialError::Needless(family).to_string(),
            ));
        }
    };
    let secret = read(&format!("{} of {id}: ", text::capitalized(kind.noun())))?;
    let keys = kind
        .parse(Some(&id), &secret)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    store.add(keys)?;
    let noun = kind.noun();
    Ok(writeln!(output::out(), "saved the {noun} of {id}")?)
}

/// A line of standard input, or what the user types at the prompt, without its
/// line break.
fn read(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        return Ok(Zeroizing::new(rpassword::prompt_password(prompt)?));
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().take(LONGEST).read_line(&mut line)?;
    // Some shells put a byte order mark before piped text.
    let line = line.trim_start_matches('\u{feff}');
    let line = line.trim_end_matches(['\r', '\n']);
    Ok(Zeroizing::new(line.to_owned()))
}

/// The family and the id of the board that `typed` refers to.
fn which(store: &Store, typed: &str, family: Option<Family>) -> Result<(Family, String), Failure> {
    if let Some((known, id)) = remembered(typed)? {
        return match family.filter(|family| *family != known) {
            None => Ok((known, id)),
            Some(_) => Err(Failure::Usage(format!(
                "{typed} is known as a board of the family {known}; leave out --family, or give \
                 the id of another board"
            ))),
        };
    }
    if let Some(family) = family.or_else(|| family_of(typed))
        && board_id(typed).is_ok()
    {
        return Ok((family, typed.to_owned()));
    }
    let view = on_the_network(store, typed)?;
    let id = view.id.as_ref().ok_or_else(|| {
        Failure::NoAnswer(format!(
            "{typed}: the board did not say its id; give the id instead, such as \
             esphome-0a1b2c3d4e5f, and --family"
        ))
    })?;
    Ok((family.unwrap_or(view.family), id.to_string()))
}

/// The board that the window remembers under this name or id.
fn remembered(typed: &str) -> Result<Option<(Family, String)>, Failure> {
    let known = settings::remembered().boards;
    let with_id: Vec<_> = known
        .iter()
        .filter_map(|board| Some((board, board.id.as_deref()?)))
        .collect();
    let named: Vec<_> = with_id
        .iter()
        .map(|(board, id)| Named {
            id,
            name: &board.name,
            address: &board.address,
        })
        .collect();
    match find(typed, &named) {
        Ok(found) => Ok(with_id
            .get(found.at)
            .map(|(board, id)| (board.family, (*id).to_owned()))),
        Err(ambiguous @ NotFound::Ambiguous { .. }) => Err(ambiguous.into()),
        Err(NotFound::NoMatch { .. } | NotFound::Absent { .. }) => Ok(None),
    }
}

/// The family whose ids look like this one: they end in a hardware address.
fn family_of(id: &str) -> Option<Family> {
    let (model, mac) = id.rsplit_once('-')?;
    let is_mac = mac.len() == 12 && mac.bytes().all(|digit| digit.is_ascii_hexdigit());
    match model {
        "esphome" if is_mac => Some(Family::Esphome),
        "wled" if is_mac => Some(Family::Wled),
        model if is_mac && model.starts_with("shelly") => Some(Family::Shelly),
        _ => None,
    }
}

/// The board that answers to this name or address, once it has said its id.
fn on_the_network(store: &Store, typed: &str) -> Result<std::sync::Arc<BoardView>, Failure> {
    let (mut watching, key) = match locate(store.into(), typed)? {
        Some(found) => found,
        None => {
            let watching = Watching::start(Reach::from(store), false, true)?;
            let key = watching.add_address(typed)?;
            (watching, key)
        }
    };
    let end = Instant::now() + PATIENCE;
    loop {
        let view = watching.boards().get(&key).cloned();
        if let Some(view) = view.as_ref().filter(|view| view.id.is_some()) {
            return Ok(view.clone());
        }
        if watching.wait(end).is_none() {
            return view.ok_or_else(|| Failure::NoAnswer(format!("{typed}: no response")));
        }
    }
}
