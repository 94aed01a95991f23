//! `switchboard provision`: asks for what is missing, gives a board its Wi-Fi,
//! locks it over the cable, and waits until it is found on the network.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Failure,
    client::{Client, Watching, held},
    output,
};
use crate::{
    address::Address,
    fleet::{BoardView, Lookout},
    keys::{KeyId, Store},
    plain,
    provisioning::{Board, Conversation, Credentials, Network, Password, Port, Problem, ports},
    words,
};

/// How long is waited for the board's announcement. DHCP is done by then; mDNS
/// takes a second or two.
const FOUND_WITHIN: Duration = Duration::from_secs(30);

/// What was typed.
pub(super) struct Wanted {
    pub(super) serial: Option<String>,
    pub(super) ssid: Option<String>,
    /// Whether it is to be locked; `None` where it is to be asked for.
    pub(super) lock: Option<bool>,
    pub(super) service: Option<String>,
    pub(super) json: bool,
}

pub(super) fn provision(store: &Store, wanted: &Wanted) -> Result<(), Failure> {
    let Some(path) = &wanted.serial else {
        return Err(list_ports(wanted.json)?);
    };
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    if wanted.ssid.is_none() && !person {
        let why = "the network's name is needed: --ssid NAME. Only in a terminal a list of \
             networks is offered";
        return Err(Failure::Usage(why.to_owned()));
    }
    // Before the board is bothered: a name that cannot be one.
    if let Some(ssid) = &wanted.ssid {
        credentials(ssid, Password::default())?;
    }
    let mut conversation = Conversation::open(path, Arc::new(AtomicBool::new(false)))?;
    let board = conversation.board()?;
    tell(&format!("{} on {path}", described(&board)));
    let (ssid, locked) = match &wanted.ssid {
        Some(ssid) => (ssid.clone(), true),
        None => {
            tell("It looks for networks ...");
            let Network { ssid, locked, .. } = choose(&conversation.networks()?)?;
            (ssid, locked)
        }
    };
    let password = match (person, locked) {
        (true, false) => Password::default(),
        (true, true) => Password::new(rpassword::prompt_password(format!(
            "Password of {} (empty for an open network): ",
            words::plain(&ssid)
        ))?),
        (false, _) => Password::new(first_line()?),
    };
    let credentials = credentials(&ssid, password)?;
    let lock = match wanted.lock {
        Some(lock) => lock,
        None => person && asked_to_lock()?,
    };
    // Before there is a key that would be lost.
    if lock {
        store.rehearse()?;
    }
    tell(&format!(
        "The board connects to {} ...",
        words::plain(&ssid)
    ));
    let url = conversation.connect(credentials)?;
    // A board that has a key of this computer's is asked first whether it still
    // takes it: it has places for eight.
    let has_key = board
        .hostname
        .as_ref()
        .is_some_and(|id| held(store).is_ok_and(|keys| keys.get(id).is_some()));
    let mut locked = if lock && !has_key {
        Some(lock_it(&mut conversation, &board, store)?)
    } else {
        None
    };
    let name = board
        .info
        .as_ref()
        .map_or("the board", |info| info.name.as_str())
        .to_owned();
    let found = find(&board, url.as_deref(), wanted.service.as_deref())?;
    let Some(found) = found else {
        let place = url.map_or_else(String::new, |url| format!(" at {url}"));
        return Err(Failure::NoAnswer(format!(
            "{name} is connected to {ssid}{place}, but did not announce itself here within 30 s; \
                 is this computer in the same network?"
        )));
    };
    if lock {
        let accepted = Client::connect(store, &found.address).is_ok();
        if has_key && !accepted {
            locked = Some(lock_it(&mut conversation, &board, store)?);
        }
        if !accepted {
            // It shows that the key which is saved is the board's.
            Client::connect(store, &found.address)?;
        }
        let kid = locked.map_or_else(String::new, |kid| format!(" with the key {kid}"));
        tell(&format!(
            "{} is locked{kid}; this computer has its key.",
            words::plain(&found.name)
        ));
    } else if wanted.lock.is_none() {
        tell(
            "The board is open: everyone in its network can control it. --lock locks it over the \
                 cable.",
        );
    }
    // The port is free again for a serial monitor.
    drop(conversation);
    let mut out = output::out();
    if wanted.json {
        let line = json!({
            "id": found.id, "name": found.name, "address": found.address, "ssid": ssid, "url": url, "serial": path, "locked": lock,
        });
        return Ok(writeln!(out, "{}", plain::json(&line))?);
    }
    Ok(writeln!(
        out,
        "{} is on the network at {}",
        words::plain(&found.name),
        found.address
    )?)
}

/// Has the board make a key, and saves it.
fn lock_it(
    conversation: &mut Conversation,
    board: &Board,
    store: &Store,
) -> Result<KeyId, Failure> {
    tell("The board makes a key ...");
    let key = conversation.lock(board)?;
    let kid = key.kid;
    store.add(key)?;
    Ok(kid)
}

/// Whether the person wants the board locked; who just presses Enter does.
fn asked_to_lock() -> Result<bool, Failure> {
    loop {
        let _ = write!(
            output::err(),
            "Lock the board, so that only computers with its key can control it? [Y/n] "
        );
        let typed = first_line()?;
        match typed.trim().to_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => tell("y or n is expected."),
        }
    }
}

/// What happens meanwhile is for people, and none of the output.
fn tell(line: &str) {
    // Where this cannot be written nobody reads it.
    let _ = writeln!(output::err(), "{line}");
}

/// Prints which ports there are; then one of them has to be named.
fn list_ports(json: bool) -> Result<Failure, Failure> {
    let ports = ports().map_err(Failure::NoAnswer)?;
    let mut out = output::out();
    for Port { path, product, usb } in &ports {
        if json {
            writeln!(
                out,
                "{}",
                plain::json(&json!({ "serial": path, "product": product, "usb": usb }))
            )?;
        } else {
            let product = product.as_deref().map(words::plain).unwrap_or_default();
            writeln!(out, "{}", format!("{path:<20}  {product}").trim_end())?;
        }
    }
    Ok(Failure::Usage(if ports.is_empty() {
        "there is no serial port; plug the board in, with a cable that carries data".to_owned()
    } else {
        "at which port is the board? --serial PORT, one of those listed".to_owned()
    }))
}

fn credentials(ssid: &str, password: Password) -> Result<Credentials, Failure> {
    Credentials::new(ssid, password).map_err(|error| Failure::Usage(error.to_string()))
}

fn described(board: &Board) -> String {
    let where_it_is = if board.provisioned {
        ", which is in a network already,"
    } else {
        ""
    };
    match &board.info {
        Some(info) => words::plain(&format!(
            "{} ({} {}, {}){where_it_is} is",
            info.name, info.firmware, info.version, info.chip
        )),
        None => format!("A board that does not say its name{where_it_is} is"),
    }
}

/// Lets a person choose a network by its number or name.
fn choose(networks: &[Network]) -> Result<Network, Failure> {
    if networks.is_empty() {
        return Err(Failure::NoAnswer(
            "the board sees no network; bring it nearer, or name a hidden one: --ssid NAME"
                .to_owned(),
        ));
    }
    for (number, network) in networks.iter().enumerate() {
        let lock = if network.locked { "password" } else { "open" };
        tell(&format!(
            "{:>3}  {:<32}  {:>4} dBm  {lock}",
            number + 1,
            words::plain(&network.ssid),
            network.rssi
        ));
    }
    let _ = write!(output::err(), "Which one? Number or name: ");
    let typed = first_line()?;
    let by_number = typed
        .trim()
        .parse::<usize>()
        .ok()
        .and_then(|number| networks.get(number.checked_sub(1)?));
    let chosen = networks
        .iter()
        .find(|network| network.ssid == typed)
        .or(by_number);
    Ok(chosen.cloned().unwrap_or(Network {
        ssid: typed,
        rssi: 0,
        locked: true,
    }))
}

/// A line of standard input, without its end.
fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    // A byte order mark is put before what a shell pipes.
    Ok(line
        .trim_end_matches(['\r', '\n'])
        .trim_start_matches('\u{feff}')
        .to_owned())
}

/// Waits until the board announces itself.
fn find(
    board: &Board,
    url: Option<&str>,
    service: Option<&str>,
) -> Result<Option<Arc<BoardView>>, Failure> {
    let mut watching = Watching::look(Lookout::of(service))?;
    let place = url
        .and_then(|url| url.strip_prefix("http://"))
        .map(|place| place.trim_end_matches('/'));
    let is_it = |seen: &BoardView| {
        let same_id = seen.id.is_some() && seen.id == board.hostname;
        let there = place
            .and_then(|place| place.parse().ok())
            .map(|address: Address| address.to_string());
        same_id || there.is_some_and(|there| seen.address == there || seen.addresses.have(&there))
    };
    let end = Instant::now() + FOUND_WITHIN;
    loop {
        if let Some(found) = watching.boards().values().find(|seen| is_it(seen)) {
            return Ok(Some(Arc::clone(found)));
        }
        if watching.wait(end).is_none() {
            return Ok(None);
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::NoPort { .. } => Self::NoPort(problem),
            refusal if refusal.is_refusal() => Self::NotProvisioned(refusal),
            other => Self::Cable(other),
        }
    }
}
