//! The command line: parses arguments, runs a command on the fleet, prints its
//! result and sets the exit status. Owns no connection and opens no window.

mod args;
mod backup;
mod bridge;
mod channel;
mod check;
mod client;
mod clients;
mod compare;
mod completions;
mod doctor;
mod factory_reset;
mod failure;
mod find;
mod flash;
mod follow;
mod keys;
mod listen;
mod logging;
mod monitor;
mod new;
mod ota;
mod output;
mod print;
mod progress_bar;
mod provision;
mod proxy;
mod record;
mod remembered;
#[cfg(feature = "window")]
mod replay;
mod scene;
mod serve;
mod sign;
mod telemetry;
mod typed;
mod value;
mod watching;

use std::{
    env,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{CommandFactory, Parser};
use protocol::{LogFilter, Object};
use serde_json::Value;

pub use args::{Args, DemoFamily};
use args::{Command, Target};
use client::Client;
use failure::Failure;
use follow::{Watched, follow, watched};
use net::client::Trust;
use print::Printer;
use watching::{Reach, Watching};

use disk::keys::Store;
use engine::{Transport, UnknownTransport};
use fleet::{Broker, BrokerAddress, LogEvent, Outcome, PASSWORD_VARIABLE, ResyncCause, Trigger};
use remote::Server;
use sanitize::plain;
use zeroize::Zeroizing;

/// The boards of a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demo {
    /// How many, 1 to 1000.
    pub boards: usize,
    /// Which.
    pub family: DemoFamily,
}

/// What the caller does after [`run`].
pub enum Invocation {
    /// Open the window.
    Window(Box<Opening>),
    /// Exit: a command has run.
    Done(ExitCode),
}

/// How the window is opened.
pub struct Opening {
    /// The boards to start; `None` for no demo.
    pub demo: Option<Demo>,
    /// Where the keys of locked boards are stored.
    pub keys: Store,
    /// Where to accept inbound connections; `None` uses the window's saved
    /// setting.
    pub listen: Option<SocketAddr>,
    /// MQTT brokers, in addition to the window's saved ones.
    pub brokers: Vec<Broker>,
    /// The server that keeps the fleet; `None` if this program does.
    pub server: Option<Server>,
    /// Whether options were given that a window that is already open may not
    /// have.
    pub has_options: bool,
}

/// The definition of the command line, for its documentation.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

/// Parses the command line of this process and runs its command, except for
/// opening the window.
pub fn run() -> Invocation {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return Invocation::Done(refuse(&error)),
    };
    if let Err(problem) = start_logging(&args) {
        output::say(problem);
        return Invocation::Done(ExitCode::from(2));
    }
    if let Err(problem) = choose_transport(args.transport) {
        output::say(problem);
        return Invocation::Done(ExitCode::from(2));
    }
    let has_options = args.listen.is_some()
        || !args.mqtt.is_empty()
        || args.keys.is_some()
        || args.transport.is_some()
        || args.connect.is_some()
        || args.log.is_some()
        || args.log_file.is_some();
    let keys = Store::of(args.keys.or_else(|| {
        env::var_os("SWITCHBOARD_KEYS")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    }))
    .telling(|left| {
        let left = text::length(left);
        output::say(format_args!(
            "waiting up to {left} for the keychain to unlock; to use a file instead, pass --keys \
             FILE"
        ));
    });
    let brokers = brokers(args.mqtt, &args.mqtt_prefix);
    let server = args.connect.map(|server| known_by(server, args.name));
    let opening = |demo| {
        Invocation::Window(Box::new(Opening {
            demo,
            keys: keys.clone(),
            listen: args.listen,
            brokers: brokers.clone(),
            server: server.clone(),
            has_options,
        }))
    };
    let command = match args.command {
        None => return opening(None),
        Some(Command::Demo { boards, family }) if server.is_none() => {
            return opening(Some(Demo { boards, family }));
        }
        Some(_) if server.is_some() => {
            output::say("--connect is only for the window: leave out the command");
            return Invocation::Done(ExitCode::from(2));
        }
        Some(command) => command,
    };
    let status = match run_command(
        command,
        Reach {
            keys: &keys,
            listen: args.listen,
            brokers: &brokers,
        },
    ) {
        Ok(()) => 0,
        Err(failure) => {
            let status = failure.status();
            if status != 0 {
                output::say(text::plain(&failure.to_string()));
            }
            status
        }
    };
    Invocation::Done(ExitCode::from(status))
}

/// How a server knows this window: by the token of the environment, if its
/// address has none, and by a name.
fn known_by(mut server: Server, name: Option<String>) -> Server {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if server.token.text().is_empty()
        && let Some(token) = variable("SWITCHBOARD_TOKEN")
    {
        server.token = token.as_str().into();
    }
    let user = || variable("USER").or_else(|| variable("USERNAME"));
    server.name = name.or_else(user).unwrap_or_default();
    server
}

/// The argument takes precedence over the environment variable.
fn choose_transport(argument: Option<Transport>) -> Result<(), String> {
    const VARIABLE: &str = "SWITCHBOARD_TRANSPORT";
    let transport = match (
        argument,
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

/// Prints the help, the version or a usage error.
fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // The error quotes the arguments, which may contain escape sequences,
        // line breaks and passwords. Parse escaped and masked arguments to get
        // a safe message.
        let plain = env::args_os()
            .map(|word| address::without_password(&text::plain(&word.to_string_lossy())));
        let safe = Args::try_parse_from(plain)
            .err()
            .filter(clap::Error::use_stderr);
        let message = safe.as_ref().unwrap_or(error).render();
        // Standard error may be closed.
        let _ = write!(output::err(), "{message}");
    } else {
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn start_logging(args: &Args) -> Result<(), String> {
    let filter = match (&args.log, &args.log_file) {
        (Some(filter), _) => filter.clone(),
        (None, Some(_)) => "debug".parse()?,
        (None, None) => return Ok(()),
    };
    logging::begin(&filter, args.log_file.as_deref())
}

/// Calls this on Ctrl+C and SIGTERM, which then do not end the program.
fn on_interrupt(tell: impl Fn() + Send + 'static) -> Result<(), String> {
    ctrlc::set_handler(tell).map_err(|error| format!("cannot react to Ctrl+C: {error}"))
}

/// The usual certificates, and those in the file of `--ca`.
fn trust(file: Option<&Path>) -> Result<Trust, Failure> {
    let trust = file.map_or_else(|| Ok(Trust::usual()), Trust::with_file);
    trust.map_err(|error| Failure::Usage(error.to_string()))
}

fn run_command(command: Command, reach: Reach<'_>) -> Result<(), Failure> {
    let keys = reach.keys;
    let forwards = matches!(command, Command::Bridge(_));
    if reach.listen.is_some() && !accepts_inbound(&command) && !forwards {
        let why = "--listen works only with list, show, set, toggle, press, open, close, stop, \
                   install, call, log, ota, backup, restore, factory-reset, watch, record, bridge, \
                   serve and listen, and with the window";
        return Err(Failure::Usage(why.to_owned()));
    }
    if !reach.brokers.is_empty() && !accepts_inbound(&command) {
        let why = "--mqtt works only with list, show, set, toggle, press, open, close, stop, \
                   install, call, log, ota, backup, restore, factory-reset, watch, record, \
                   serve and listen, and with the window";
        return Err(Failure::Usage(why.to_owned()));
    }
    match command {
        Command::Demo { .. } => Ok(()),
        Command::List { wait, json } => list(reach, wait.0, &mut Printer::new(json)),
        Command::Show { board, json } => {
            // The JSON contains the announcement.
            let client = match json {
                true => Client::connect(reach, &board),
                false => Client::connect_once(reach, &board),
            }?;
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
        Command::Open { target, json } => trigger(reach, &target, Trigger::Open, json),
        Command::Close { target, json } => trigger(reach, &target, Trigger::Close, json),
        Command::Stop { target, json } => trigger(reach, &target, Trigger::Stop, json),
        Command::Install { target, json } => trigger(reach, &target, Trigger::Install, json),
        Command::Call {
            board,
            method,
            params,
        } => call(reach, &board, &method, params.as_deref()),
        Command::Ota { board, file, json } => ota::ota(reach, &board, file, json),
        Command::Sign(arguments) => sign::sign(&arguments),
        Command::Completions { shell } => completions::completions(shell),
        Command::Man { folder } => completions::man(&folder),
        Command::Backup { board, file, json } => backup::backup(reach, &board, &file, json),
        Command::Restore {
            board,
            file,
            partial,
            json,
        } => backup::restore(reach, &board, &file, partial, json),
        Command::FactoryReset { board, yes, json } => {
            factory_reset::factory_reset(reach, &board, yes, json)
        }
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
        Command::Record(args) => record::record(reach, &args),
        #[cfg(feature = "window")]
        Command::Replay(args) => replay::replay(&args),
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
        Command::New(args) => new::new(&args),
        Command::Scene(command) => scene::scene(keys, command),
        Command::Doctor { wanted, json } => doctor::doctor(keys, wanted.as_deref(), json),
        Command::Check(args) => check::conformance(keys, &args),
        Command::Keys(command) => keys::keys(keys, command),
        Command::Bridge(args) => bridge::bridge(reach, *args),
        Command::Serve(args) => serve::serve(reach, *args),
        Command::Proxy {
            board,
            listen,
            token,
        } => proxy::proxy(keys, &board, listen, token),
        Command::Monitor {
            port,
            baud,
            reset,
            wait,
            json,
        } => monitor::monitor(&monitor::Options {
            port,
            baud,
            reset,
            wait: wait.map(|wait| wait.0),
            json,
        }),
        Command::Flash {
            port,
            image,
            at,
            board,
            erase,
            json,
        } => flash::flash(&flash::Options {
            port,
            image,
            merged: at.is_some(),
            board,
            erase,
            json,
        }),
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
                &provision::Options {
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
    remembered::forget_namesakes(watching.boards());
    let mut boards: Vec<_> = watching.boards().values().cloned().collect();
    boards.sort_by_cached_key(|board| (board.name.to_lowercase(), board.id.clone()));
    printer.boards(&boards)?;
    watching.broker_problems().for_each(output::say);
    if boards.is_empty() {
        let why = watching.discovery_problem().map_or_else(
            || {
                "no board announced itself; you can reach a board by its address, host:port"
                    .to_owned()
            },
            |problem| format!("mDNS discovery failed: {problem}"),
        );
        output::say(why);
    }
    Ok(())
}

fn one_command(
    reach: Reach<'_>,
    target: &Target,
    printer: &mut Printer,
    command: impl FnOnce(&Client, client::Reply),
) -> Result<(), Failure> {
    let client = Client::connect_once(reach, &target.board)?;
    let outcome = client.outcome(|reply| command(&client, reply))?;
    let board = client.board()?;
    let (result, took) = done(&board.name, outcome)?;
    Ok(printer.done(&board, &target.component, &result, took)?)
}

fn trigger(reach: Reach<'_>, target: &Target, trigger: Trigger, json: bool) -> Result<(), Failure> {
    one_command(reach, target, &mut Printer::new(json), |client, reply| {
        client
            .fleet()
            .trigger(client.key(), &target.component, trigger, Some(reply));
    })
}

fn call(reach: Reach<'_>, board: &str, method: &str, params: Option<&str>) -> Result<(), Failure> {
    let params: Object = match params {
        None => Object::new(),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            Failure::Usage(format!(
                "the parameters must be a JSON object, for example {{\"id\":0}}: {error}"
            ))
        })?,
    };
    let client = Client::connect_once(reach, board)?;
    let result = client.call(method, params)?;
    Ok(writeln!(output::out(), "{}", plain::json(&result))?)
}

/// The result of a command and how long it took.
fn done(board: &str, outcome: Outcome) -> Result<(Value, Duration), Failure> {
    let no_answer = |what: &str| Err(Failure::NoAnswer(format!("{board}: {what}")));
    match outcome {
        Outcome::Done { result, took } => Ok((result, took)),
        Outcome::Refused(error) => Err(Failure::Refused {
            board: board.to_owned(),
            error: Box::new(error),
        }),
        Outcome::Unconfirmed => {
            no_answer("no response within 5 s; the command may or may not have taken effect")
        }
        Outcome::LinkLost => {
            no_answer("the connection was lost; the command may or may not have taken effect")
        }
        Outcome::NotConnected | Outcome::Superseded => {
            no_answer("the connection was lost before the command was sent")
        }
    }
}

/// The brokers of the command line. A password that is not in the environment
/// may be in the keychain.
fn brokers(addresses: Vec<BrokerAddress>, prefix: &str) -> Vec<Broker> {
    let given = broker_password();
    let broker = |address: BrokerAddress| {
        // A broker without a user asks for no password.
        let password = given.clone().filter(|_| address.user().is_some());
        Broker {
            address,
            password,
            prefix: prefix.to_owned(),
        }
    };
    addresses.into_iter().map(broker).collect()
}

/// The password of brokers from the environment.
fn broker_password() -> Option<Zeroizing<String>> {
    let given = env::var(PASSWORD_VARIABLE).ok();
    given
        .filter(|password| !password.is_empty())
        .map(Zeroizing::new)
}

/// Whether a command supports `--listen` and `--mqtt`.
fn accepts_inbound(command: &Command) -> bool {
    use Command::{
        Backup, Call, Close, FactoryReset, Install, List, Listen, Log, Open, Ota, Press, Record,
        Restore, Serve, Set, Show, Stop, Toggle, Watch,
    };
    matches!(
        command,
        List { .. }
            | Show { .. }
            | Set { .. }
            | Toggle { .. }
            | Press { .. }
            | Open { .. }
            | Close { .. }
            | Stop { .. }
            | Install { .. }
            | Call { .. }
            | Log { .. }
            | Ota { .. }
            | FactoryReset { .. }
            | Backup { .. }
            | Restore { .. }
            | Watch { .. }
            | Record(_)
            | Serve(_)
            | Listen { .. }
    )
}
