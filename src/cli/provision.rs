//! `switchboard provision`: asks for missing options, gives a board its Wi-Fi
//! credentials, locks it over the cable, and waits until it is found on the
//! network.

use std::{
    io::{self, BufRead, IsTerminal, Write},
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use serde_json::{Value, json};

use super::{
    Failure,
    client::Client,
    output::{self, tell},
    watching::{Watching, held},
};
use disk::keys::Store;
use engine::Lookout;
use fleet::BoardView;
use keys::KeyId;
use sanitize::plain;
use setup::{
    Board, Credentials, Expected, FOUND_WITHIN, LockProblem, Network, Password, Port, Problem,
    Session, ports,
};

/// The arguments of `switchboard provision`.
pub(super) struct Options {
    pub(super) serial: Option<String>,
    pub(super) ssid: Option<String>,
    /// Whether to lock the board; `None` to ask.
    pub(super) lock: Option<bool>,
    pub(super) service: Option<String>,
    pub(super) json: bool,
}

pub(super) fn provision(store: &Store, options: &Options) -> Result<(), Failure> {
    let Some(path) = &options.serial else {
        return Err(list_ports(options.json)?);
    };
    let interactive = io::stdin().is_terminal() && io::stderr().is_terminal();
    if options.ssid.is_none() && !interactive {
        let why = "without a terminal, the network's name is required: --ssid NAME";
        return Err(Failure::Usage(why.to_owned()));
    }
    // Reject an invalid name before contacting the board.
    if let Some(ssid) = &options.ssid {
        credentials(ssid, Password::default())?;
    }
    let mut session = Session::open(path, Arc::new(AtomicBool::new(false)))?;
    let board = session.board().clone();
    tell(&described(&board, path));
    let (ssid, locked) = match &options.ssid {
        Some(ssid) => (ssid.clone(), true),
        None => {
            tell("Scanning for networks ...");
            let Network { ssid, locked, .. } = choose(&session.networks()?)?;
            (ssid, locked)
        }
    };
    let password = match (interactive, locked) {
        (true, false) => Password::default(),
        (true, true) => Password::new(rpassword::prompt_password(format!(
            "Password of {} (empty for an open network): ",
            text::plain(&ssid)
        ))?),
        (false, _) => Password::new(first_line()?),
    };
    let credentials = credentials(&ssid, password)?;
    let lock = match options.lock {
        Some(lock) => lock,
        None => interactive && ask_to_lock()?,
    };
    // Before the board generates a key that could not be saved.
    if lock {
        store.rehearse()?;
    }
    tell(&format!(
        "Connecting the board to {} ...",
        text::plain(&ssid)
    ));
    let expected = session.connect(credentials)?;
    // If this computer already has a key, try it first: a board stores at most
    // eight keys.
    let has_key = board
        .hostname
        .as_ref()
        .is_some_and(|id| held(store).is_ok_and(|keys| keys.get(id).is_some()));
    let mut locked = if lock && !has_key {
        Some(lock_it(&mut session, store)?)
    } else {
        None
    };
    let Some(found) = find(&expected, options.service.as_deref())? else {
        let name = expected.name.as_deref().unwrap_or("the board");
        let at = expected.url.as_ref();
        let at = at.map_or_else(String::new, |url| format!(" at {url}"));
        return Err(Failure::NoAnswer(format!(
            "{name} is connected to {ssid}{at}, but was not found by mDNS within 30 s; check that \
             this computer is on the same network"
        )));
    };
    if lock {
        let accepted = Client::connect(store, &found.address).is_ok();
        if has_key && !accepted {
            locked = Some(lock_it(&mut session, store)?);
        }
        if !accepted {
            // Shows that the board accepts the saved key.
            Client::connect(store, &found.address)?;
        }
        let kid = locked.map_or_else(String::new, |kid| format!(" with key {kid}"));
        tell(&format!(
            "{} is locked{kid}. The key is saved on this computer.",
            text::plain(&found.name)
        ));
    } else if options.lock.is_none() {
        tell(
            "The board is open: everyone on its network can control it. To lock it over the \
             cable, use --lock.",
        );
    }
    // Free the port for a serial monitor.
    drop(session);
    let mut out = output::out();
    if options.json {
        let line = json!({
            "id": found.id.as_deref(), "name": *found.name, "address": *found.address,
            "ssid": ssid, "url": expected.url, "serial": path, "locked": lock,
        });
        return Ok(writeln!(out, "{}", plain::json(&line))?);
    }
    Ok(writeln!(
        out,
        "{} is on the network at {}",
        text::plain(&found.name),
        found.address
    )?)
}

/// Makes the board generate a key, and saves it.
fn lock_it(session: &mut Session, store: &Store) -> Result<KeyId, Failure> {
    tell("Generating a key on the board ...");
    Ok(session.lock(store)?.kid)
}

/// Asks whether to lock the board; the default is yes.
fn ask_to_lock() -> Result<bool, Failure> {
    loop {
        let _ = write!(
            output::err(),
            "Lock the board so that only computers with its key can control it? [Y/n] "
        );
        let typed = first_line()?;
        match typed.trim().to_lowercase().as_str() {
            "" | "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => tell("Please answer y or n."),
        }
    }
}

/// Lists the serial ports, and returns the usage error that asks for one.
fn list_ports(json: bool) -> Result<Failure, Failure> {
    let ports = ports().map_err(Failure::NoAnswer)?;
    print_ports(&ports, json)?;
    Ok(Failure::Usage(if ports.is_empty() {
        serial::no_port_found()
    } else {
        "choose one of the listed ports with --serial PORT".to_owned()
    }))
}

/// The ports at which there probably is a board.
pub(super) fn likely(ports: &[Port]) -> Vec<&Port> {
    let likely = ports.iter();
    likely
        .filter(|port| port.kind().is_likely_esp32())
        .collect()
}

/// Prints ports, one per line.
pub(super) fn print_ports(ports: &[Port], json: bool) -> io::Result<()> {
    let mut out = output::out();
    ports.iter().try_for_each(|port| {
        if json {
            writeln!(out, "{}", plain::json(&port_json(port)))
        } else {
            writeln!(out, "{}", port_line(port))
        }
    })
}

/// A port as JSON, with what its USB device reports.
fn port_json(port: &Port) -> Value {
    let usb = port.usb.as_ref();
    let id = |id: u16| format!("{id:04x}");
    json!({
        "serial": port.path,
        "product": port.product(),
        "usb": usb.is_some(),
        "vendor_id": usb.map(|usb| id(usb.vendor_id)),
        "product_id": usb.map(|usb| id(usb.product_id)),
        "serial_number": usb.and_then(|usb| usb.serial_number.as_deref()),
        "guess": port.guess(),
    })
}

/// A port on one line.
pub(super) fn port_line(port: &Port) -> String {
    let product = port.product().as_deref().map(text::plain);
    let words: Vec<_> = product.into_iter().chain(port.guess()).collect();
    format!("{:<20}  {}", port.path, words.join(", "))
        .trim_end()
        .to_owned()
}

fn credentials(ssid: &str, password: Password) -> Result<Credentials, Failure> {
    Credentials::new(ssid, password).map_err(|error| Failure::Usage(error.to_string()))
}

fn described(board: &Board, port: &str) -> String {
    let connected = if board.provisioned {
        "; it is already connected to a network"
    } else {
        ""
    };
    match &board.info {
        Some(info) => text::plain(&format!(
            "Found {} ({} {}, {}) on {port}{connected}",
            info.name, info.firmware, info.version, info.chip
        )),
        None => format!("Found a board without a name on {port}{connected}"),
    }
}

/// Lets the user choose a network by number or name.
fn choose(networks: &[Network]) -> Result<Network, Failure> {
    if networks.is_empty() {
        return Err(Failure::NoAnswer(
            "the board found no networks; move it closer to the access point, or name a hidden \
             network: --ssid NAME"
                .to_owned(),
        ));
    }
    for (number, network) in networks.iter().enumerate() {
        let lock = if network.locked { "password" } else { "open" };
        tell(&format!(
            "{:>3}  {:<32}  {:>4} dBm  {lock}",
            number + 1,
            text::plain(&network.ssid),
            network.rssi
        ));
    }
    let _ = write!(output::err(), "Network number or name: ");
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

/// A line of standard input, without its line break.
fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    // Some shells put a byte order mark before piped text.
    Ok(line
        .trim_end_matches(['\r', '\n'])
        .trim_start_matches('\u{feff}')
        .to_owned())
}

/// Waits until the board announces itself.
fn find(expected: &Expected, service: Option<&str>) -> Result<Option<Arc<BoardView>>, Failure> {
    let mut watching = Watching::look(Lookout::of(service))?;
    let end = Instant::now() + FOUND_WITHIN;
    loop {
        if let Some(found) = watching.boards().values().find(|seen| expected.is(seen)) {
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

impl From<LockProblem> for Failure {
    fn from(problem: LockProblem) -> Self {
        match problem {
            LockProblem::Store(problem) => problem.into(),
            LockProblem::Board(problem) => problem.into(),
        }
    }
}
