//! The fleet on the command line: what a person types, what is printed, and the
//! exit status. Owns no link and opens no window.

mod args;
mod channel;
mod check;
mod client;
mod clients;
mod compare;
mod doctor;
mod find;
mod keys;
mod listen;
mod logging;
mod ota;
mod output;
mod print;
mod provision;
mod proxy;
mod scene;
mod telemetry;
mod value;

use std::{
    env,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use protocol::{ComponentKey, LogFilter, Object, RpcError};
use serde_json::{Value, json};

pub use args::Args;
use args::{Command, Target};
use client::{Client, Reach, Watching};
use print::Printer;

use crate::{
    fleet::{
        BoardKey, BoardView, LogEvent, Outcome, ResyncCause, StartError, Transport,
        UnknownTransport,
    },
    keys::{Store, StoreError},
    plain,
    provisioning::Problem,
    words,
};

/// How a command of the command line ends; the exit status.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// 1: the board said no.
    #[error("{board} refused: {error}")]
    Refused { board: String, error: Box<RpcError> },
    /// 1: the board cannot be spoken with, and waiting does not help.
    #[error("{board} {problem}")]
    CannotSpeak {
        board: String,
        problem: crate::fleet::LinkProblem,
    },
    /// 1: the board has no other firmware than before.
    #[error("{board}: {problem}")]
    Update {
        board: String,
        problem: Box<crate::fleet::UpdateProblem>,
    },
    /// 1: the board is locked, and this computer has no key that it accepts.
    #[error(
        "{board}: {problem}. If you were given a key: switchboard keys add FILE. If not: hold the \
             board's button for 5 s, let it go, then: \
         switchboard keys pair {typed}"
    )]
    NoKey {
        board: String,
        typed: String,
        problem: crate::fleet::LinkProblem,
    },
    /// 1: the board is known to be locked, and its key cannot be had.
    #[error("{board}: {problem}. If it was erased and is open now: switchboard keys forget {id}")]
    KeyUnavailable {
        board: String,
        id: String,
        problem: crate::fleet::LinkProblem,
    },
    /// 1: the board gave no key.
    #[error("{board}: {problem}")]
    NotPaired {
        board: String,
        problem: crate::pairing::PairProblem,
    },
    /// 2: the keys of this computer cannot be read or saved.
    #[error(transparent)]
    Keys(#[from] StoreError),
    /// 2: what was typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// 3: no such board, or several.
    #[error("{0}")]
    NoSuchBoard(#[from] find::NotFound),
    /// 3: this computer has no key of such a board.
    #[error("{0}")]
    NoHeldKey(String),
    /// 1: the board was not given its Wi-Fi, and said why.
    #[error(transparent)]
    NotProvisioned(Problem),
    /// 3: no such port.
    #[error(transparent)]
    NoPort(Problem),
    /// 4: no board can be reached over the cable.
    #[error(transparent)]
    Cable(Problem),
    /// 4: no answer in time.
    #[error("{0}")]
    NoAnswer(String),
    /// 4: nothing can be asked at all.
    #[error(transparent)]
    Start(#[from] StartError),
    /// 1, 3 or 4: not everything that a scene wants was done; what was not was
    /// printed.
    #[error(transparent)]
    Scene(#[from] scene::Undone),
    /// 1, 2 or 4: a channel did not do what was asked.
    #[error(transparent)]
    Channel(#[from] channel::Ended),
    /// 5: something keeps boards away; it was printed.
    #[error("{}", words::count(u64::try_from(*.0).unwrap_or(u64::MAX), "fault"))]
    Faults(usize),
    /// 6: what answers is no board as the document has it; it was printed.
    #[error("{} not as docs/protocol.md has it", words::count(*.0, "point"))]
    NotConforming(u64),
    /// The reader of the output went away, or the output cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl Failure {
    fn status(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Refused { .. }
            | Self::CannotSpeak { .. }
            | Self::Update { .. }
            | Self::NoKey { .. }
            | Self::KeyUnavailable { .. }
            | Self::NotPaired { .. }
            | Self::NotProvisioned(_)
            | Self::Output(_) => 1,
            Self::Usage(_) | Self::Keys(_) => 2,
            Self::Scene(undone) => undone.status(),
            Self::Channel(ended) => ended.status(),
            Self::NoSuchBoard(_) | Self::NoPort(_) | Self::NoHeldKey(_) => 3,
            Self::NoAnswer(_) | Self::Start(_) | Self::Cable(_) => 4,
            Self::Faults(_) => 5,
            Self::NotConforming(_) => 6,
        }
    }
}

/// What the program was asked for.
pub enum Asked {
    /// Open the window; with this many virtual boards inside.
    Window {
        /// `None` without any.
        demo: Option<usize>,
        /// Where the keys of locked boards are.
        keys: Store,
        /// Where boards can call; `None`: where the window was told before, if
        /// it was.
        listen: Option<SocketAddr>,
    },
    /// It was a command of the command line, and this came of it.
    Done(ExitCode),
}

/// Reads the command line of this process and does what it says, short of
/// opening a window.
pub fn run() -> Asked {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return Asked::Done(refuse(&error)),
    };
    if let Err(problem) = log_what_happens(&args) {
        output::say(problem);
        return Asked::Done(ExitCode::from(2));
    }
    if let Err(problem) = choose_transport(args.transport) {
        output::say(problem);
        return Asked::Done(ExitCode::from(2));
    }
    let keys = Store::of(args.keys.or_else(|| {
        env::var_os("SWITCHBOARD_KEYS")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    }))
    .telling(|left| {
        let left = words::length(left);
        // Without a standard error there is no reader.
        let _ = writeln!(
            io::stderr(),
            "switchboard: waiting up to {left} for the keychain to unlock; --keys FILE uses a \
                 file instead"
        );
    });
    let command = match args.command {
        None => {
            return Asked::Window {
                demo: None,
                keys,
                listen: args.listen,
            };
        }
        Some(Command::Demo { boards }) => {
            return Asked::Window {
                demo: Some(boards),
                keys,
                listen: args.listen,
            };
        }
        Some(command) => command,
    };
    let status = match carry_out(
        command,
        Reach {
            keys: &keys,
            listen: args.listen,
        },
    ) {
        Ok(()) => 0,
        Err(failure) => {
            let status = failure.status();
            if status != 0 {
                // Where even this cannot be written there is nobody to tell.
                output::say(words::plain(&failure.to_string()));
            }
            status
        }
    };
    Asked::Done(ExitCode::from(status))
}

/// What was typed comes before the environment.
fn choose_transport(typed: Option<Transport>) -> Result<(), String> {
    const VARIABLE: &str = "SWITCHBOARD_TRANSPORT";
    let transport = match (
        typed,
        env::var_os(VARIABLE).filter(|value| !value.is_empty()),
    ) {
        (Some(transport), _) => transport,
        (None, Some(value)) => value
            .to_string_lossy()
            .parse()
            .map_err(|error: UnknownTransport| format!("{VARIABLE}: {error}"))?,
        (None, None) => return Ok(()),
    };
    transport.choose();
    Ok(())
}

/// Prints the help, the version, or a usage error.
fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // The error quotes the arguments, which may contain escape sequences
        // and line breaks: parse escaped ones instead.
        let plain = env::args_os().map(|word| words::plain(&word.to_string_lossy()));
        let words = Args::try_parse_from(plain)
            .err()
            .filter(clap::Error::use_stderr);
        let words = words.as_ref().unwrap_or(error).render();
        // A failure to write an error has no one to be reported to.
        let _ = write!(output::err(), "{words}");
    } else {
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn log_what_happens(args: &Args) -> Result<(), String> {
    let filter = match (&args.log, &args.log_file) {
        (Some(filter), _) => filter.clone(),
        (None, Some(_)) => "debug".parse()?,
        (None, None) => return Ok(()),
    };
    logging::begin(&filter, args.log_file.as_deref())
}

fn carry_out(command: Command, reach: Reach<'_>) -> Result<(), Failure> {
    let keys = reach.keys;
    if reach.listen.is_some() && !takes_calls(&command) {
        let why = "--listen is for list, show, set, toggle, press, call, log, ota, watch and \
             listen, and for the window";
        return Err(Failure::Usage(why.to_owned()));
    }
    match command {
        Command::Demo { .. } => Ok(()),
        Command::List { wait, json } => list(reach, wait.0, &mut Printer::new(json)),
        Command::Show { board, json } => {
            let client = Client::connect(reach, &board)?;
            let board = client.board()?;
            Ok(Printer::new(json).board(&board)?)
        }
        Command::Set {
            target,
            assignments,
            json,
        } => {
            let change = value::state(&target.component, &assignments).map_err(Failure::Usage)?;
            one_command(reach, &target, &mut Printer::new(json), |client, reply| {
                client
                    .fleet()
                    .set(client.key(), &target.component, change, Some(reply));
            })
        }
        Command::Toggle { target, json } => {
            one_command(reach, &target, &mut Printer::new(json), |client, reply| {
                client
                    .fleet()
                    .toggle(client.key(), &target.component, Some(reply));
            })
        }
        Command::Press { target, json } => {
            one_command(reach, &target, &mut Printer::new(json), |client, reply| {
                client
                    .fleet()
                    .press(client.key(), &target.component, Some(reply));
            })
        }
        Command::Call {
            board,
            method,
            params,
        } => call(reach, &board, &method, params.as_deref()),
        Command::Ota { board, file, json } => ota::ota(reach, &board, file, json),
        Command::Watch { board, wait, json } => {
            let printed = |what: &LogEvent| !matches!(what, LogEvent::Command { .. });
            follow(
                watched(reach, board.as_deref())?,
                printed,
                wait.map(|wait| wait.0),
                &mut Printer::new(json),
            )
        }
        Command::Log {
            board,
            level,
            wait,
            json,
        } => {
            let client = Client::connect(reach, &board)?;
            client
                .fleet()
                .follow_log(client.key(), LogFilter::UpTo(level));
            let printed = |what: &LogEvent| {
                use LogEvent::{IdClaimed, Link, Log, LogLost, NoLog, Resync};
                matches!(
                    what,
                    Log { .. }
                        | LogLost(_)
                        | NoLog(_)
                        | Link(_)
                        | IdClaimed(_)
                        | Resync(ResyncCause::NewEpoch)
                )
            };
            follow(
                Watched::one(client),
                printed,
                wait.map(|wait| wait.0),
                &mut Printer::new(json),
            )
        }
        Command::Compare(args) => compare::compare(keys, args),
        Command::Listen {
            address,
            wait,
            json,
        } => {
            let reach = Reach {
                listen: reach.listen.or(Some(address)),
                ..reach
            };
            listen::listen(reach, wait.map(|wait| wait.0), json)
        }
        Command::Telemetry {
            board,
            wait,
            json,
            csv,
        } => telemetry::telemetry(keys, &board, wait.map(|wait| wait.0), json, csv.as_deref()),
        Command::Clients { board, close, json } => clients::clients(keys, &board, close, json),
        Command::Channel(args) => channel::channel(*args),
        Command::Scene(command) => scene::scene(keys, command),
        Command::Doctor { wanted, json } => doctor::doctor(keys, wanted.as_deref(), json),
        Command::Check(args) => check::conformance(keys, &args),
        Command::Keys(command) => keys::keys(keys, command),
        Command::Proxy {
            board,
            listen,
            token,
        } => proxy::proxy(keys, &board, listen, token),
        Command::Provision {
            serial,
            ssid,
            lock,
            open,
            service,
            json,
        } => {
            let lock = if lock || open { Some(lock) } else { None };
            provision::provision(
                keys,
                &provision::Wanted {
                    serial,
                    ssid,
                    lock,
                    service,
                    json,
                },
            )
        }
    }
}

fn list(reach: Reach<'_>, wait: Duration, printer: &mut Printer) -> Result<(), Failure> {
    let mut watching = Watching::start(reach, true, true)?;
    let end = Instant::now() + wait;
    while watching.wait(end).is_some() {}
    let mut boards: Vec<_> = watching.boards().values().cloned().collect();
    boards.sort_by_cached_key(|board| (board.name.to_lowercase(), board.id.clone()));
    printer.boards(&boards)?;
    if boards.is_empty() {
        let why = watching.discovery_problem().map_or_else(
            || {
                "no board announced itself; one that does not can be named by its address, \
                 host:port"
                    .to_owned()
            },
            |problem| format!("nothing can be found by mDNS: {problem}"),
        );
        output::say(why);
    }
    Ok(())
}

fn one_command(
    reach: Reach<'_>,
    target: &Target,
    printer: &mut Printer,
    command: impl FnOnce(&Client, client::Answer),
) -> Result<(), Failure> {
    let client = Client::connect(reach, &target.board)?;
    let outcome = client.ask(|reply| command(&client, reply))?;
    let board = client.board()?;
    let (result, took) = done(&board.name, outcome)?;
    Ok(printer.done(&board, &target.component, &result, took)?)
}

fn call(reach: Reach<'_>, board: &str, method: &str, params: Option<&str>) -> Result<(), Failure> {
    let params: Object = match params {
        None => Object::new(),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            Failure::Usage(format!(
                "the parameters are a JSON object, for example {{\"id\":0}}: {error}"
            ))
        })?,
    };
    let client = Client::connect(reach, board)?;
    let outcome = client.ask(|reply| {
        client
            .fleet()
            .call(client.key(), method, params, Some(reply));
    })?;
    let (result, _) = done(&client.board()?.name, outcome)?;
    Ok(writeln!(output::out(), "{}", plain::json(&result))?)
}

fn done(board: &str, outcome: Outcome) -> Result<(Value, Duration), Failure> {
    let no_answer = |what: &str| Err(Failure::NoAnswer(format!("{board}: {what}")));
    match outcome {
        Outcome::Done { result, took } => Ok((result, took)),
        Outcome::Refused(error) => Err(Failure::Refused {
            board: board.to_owned(),
            error: Box::new(error),
        }),
        Outcome::Unconfirmed => {
            no_answer("no answer within 5 s; whether it was carried out is not known")
        }
        Outcome::LinkLost => {
            no_answer("the link was lost; whether it was carried out is not known")
        }
        Outcome::NotConnected | Outcome::Superseded => {
            no_answer("the link was lost; nothing was sent")
        }
    }
}

/// The boards whose events are printed.
struct Watched {
    watching: Watching,
    only: Option<BoardKey>,
}

impl Watched {
    fn one(client: Client) -> Self {
        let only = Some(client.key());
        Self {
            watching: client.into_watching(),
            only,
        }
    }
}

/// What of the command line is for boards that call, too.
fn takes_calls(command: &Command) -> bool {
    use Command::{Call, List, Listen, Log, Ota, Press, Set, Show, Toggle, Watch};
    matches!(
        command,
        List { .. }
            | Show { .. }
            | Set { .. }
            | Toggle { .. }
            | Press { .. }
            | Call { .. }
            | Log { .. }
            | Ota { .. }
            | Watch { .. }
            | Listen { .. }
    )
}

fn watched(reach: Reach<'_>, board: Option<&str>) -> Result<Watched, Failure> {
    match board {
        None => Ok(Watched {
            watching: Watching::start(reach, true, true)?,
            only: None,
        }),
        Some(board) => Client::connect(reach, board).map(Watched::one),
    }
}

/// Prints what happens, until the time is over.
fn follow(
    watched: Watched,
    printed: impl Fn(&LogEvent) -> bool,
    wait: Option<Duration>,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let Watched { mut watching, only } = watched;
    let end = wait.map(|wait| Instant::now() + wait);
    loop {
        // Without an end it is waited an hour at a time, again and again.
        let until = end.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
        match watching.wait(until) {
            Some(changes) => {
                for entry in &changes.log {
                    if only.is_none_or(|only| only == entry.board) && printed(&entry.what) {
                        printer.event(watching.boards().get(&entry.board), entry)?;
                    }
                }
                if changes.missed > 0 {
                    printer.missed(changes.missed)?;
                }
            }
            None if end.is_some() => return Ok(()),
            None => {}
        }
    }
}

/// A result as one line of JSON.
fn result_line(
    board: &BoardView,
    component: &ComponentKey,
    result: &Value,
    took: Duration,
) -> Value {
    json!({ "board": board.name, "id": board.id, "component": component, "took_ms": took.as_secs_f64() * 1e3, "result": result })
}
