//! `virtual-board`: boards without hardware, controlled by commands on standard
//! input. Prints one JSON line per board that listens, and `{"error":…}` for
//! each command that fails.

use std::{
    fs,
    io::{self, BufRead, Write},
    net::IpAddr,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread,
};

use ::image::{PublicKey, SigningKey, TEST_SIGNING_KEY, Target};
use clap::{Parser, Subcommand};
use protocol::{limits, outbound::OutboundUrl};
use serde::Serialize;
use serde_json::json;
#[cfg(unix)]
use virtual_board::serial::SerialBoard;
use virtual_board::{
    Options, Origin, Profile, VirtualBoards,
    command::Command,
    image::{Image, TARGET},
};

/// Boards on this computer, over real sockets and real mDNS.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "It prints one line per board and reads commands from standard input, \
    as if you were at the board:\n  \
    press NAME button:0\n  \
    set NAME switch:1 on=true\n  \
    erase NAME\n  \
    pair NAME           (then press one of its buttons to confirm)\n  \
    call NAME ws://192.168.1.5:7433 (or off)\n  \
    stop NAME\n  \
    start NAME\n  \
    quit\n\n\
    The Wi-Fi of a board at a serial port (--serial) is simulated:\n  \
    \"Switchboard Lab\"  needs the password: blinking lights\n  \
    \"Open Bench\"       needs no password\n  \
    \"Far Away\"         never answers; the board gives up after 30 s"
)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
    /// Number of boards, 1 to 1,000
    #[arg(long, default_value_t = 1, value_name = "N")]
    boards: usize,
    /// Components of the boards
    #[arg(long, value_enum, default_value_t = Profile::Mixed)]
    profile: Profile,
    /// Prefix of the boards' names
    #[arg(long, value_name = "PREFIX")]
    name: Option<String>,
    /// Address to listen on; 0.0.0.0 is every interface
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Port of the first board, the others use the following ones; 0 is any
    /// free port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Seed for everything random: the same seed makes the same boards with the
    /// same ids; without it they differ each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Save names and states in this folder; without --seed, the next start
    /// makes the same boards
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Lock the boards: clients need a key. The first key of each board without
    /// keys is written to the folder of --keys
    #[arg(long, requires = "keys")]
    locked: bool,
    /// Folder for the first keys, ID.key, readable only by you
    #[arg(long, value_name = "DIR", requires = "locked")]
    keys: Option<PathBuf>,
    /// Make the boards connect to this address and stay connected, for a
    /// controller that cannot connect to them
    #[arg(long, value_name = "ws://HOST:PORT/PATH")]
    call: Option<OutboundUrl>,
    /// Read each sensor this many times per second, with a new value each time
    #[arg(long, value_name = "R", value_parser = rate)]
    samples_per_second: Option<f64>,
    /// Controllers that may be connected to each board at once
    #[arg(
        long,
        default_value_t = limits::CONTROLLERS,
        value_name = "N",
        value_parser = at_least_one
    )]
    controllers: usize,
    /// Let web pages of this origin control the boards, for example
    /// http://192.168.1.5:8080; can be repeated
    #[arg(long, value_name = "URL")]
    allow_origin: Vec<Origin>,
    /// Public key that signed firmware is verified with, as hexadecimal digits
    /// or a file of `switchboard sign`; without it, the test key of this
    /// project, whose private half is public
    #[arg(long, value_name = "KEY", value_parser = public_key)]
    signing_key: Option<PublicKey>,
    /// Make boards whose firmware was built without a signing key
    #[arg(long, conflicts_with = "signing_key")]
    no_signing_key: bool,
    /// Run one board at a serial port and print its path: the board has no
    /// network until it is given one by Improv, for example with `switchboard
    /// provision`
    #[arg(long, conflicts_with = "boards")]
    serial: bool,
    /// Do not announce the boards by mDNS
    #[arg(long)]
    no_mdns: bool,
    /// mDNS service type to announce, with its domain
    #[arg(long, hide = true)]
    service: Option<String>,
}

/// What to do instead of running boards.
#[derive(Subcommand)]
enum Task {
    /// Write a firmware image for virtual boards, to try updates
    Image {
        /// Version that a board with this image reports, 1 to 32 bytes
        #[arg(long = "version", value_name = "VERSION")]
        image_version: String,
        /// Length in bytes
        #[arg(long, default_value_t = 200_000)]
        size: usize,
        /// Make an image that crashes at start, so that the board rolls back to
        /// the previous one
        #[arg(long)]
        never_comes_up: bool,
        /// Sign with the private key in this file instead of the test key
        #[arg(long, value_name = "KEYFILE")]
        key: Option<PathBuf>,
        /// Do not sign it
        #[arg(long, conflicts_with = "key")]
        unsigned: bool,
        /// Chip that the signature is for; the emulated board's is `emulated`
        #[arg(long, default_value = TARGET.chip, value_name = "CHIP")]
        chip: String,
        /// Board that the signature is for; the emulated board's is `qemu-virt`
        #[arg(long, default_value = TARGET.board, value_name = "BOARD")]
        board: String,
        /// Output file
        file: PathBuf,
    },
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1_000.0 => Ok(rate),
        _ => Err("expected more than 0 and at most 1,000 per second".into()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "expected an integer from 1".into())
}

/// What the main thread waits for.
enum Input {
    Line(String),
    Interrupted,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(task) = &arguments.task {
        return match write_image(task) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("virtual-board: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let (inputs, input) = mpsc::channel();
    let interrupted = inputs.clone();
    // Before any board is announced.
    if let Err(error) = ctrlc::set_handler(move || drop(interrupted.send(Input::Interrupted))) {
        eprintln!("Ctrl-C will end the boards without an mDNS goodbye: {error}");
    }
    let boards = match VirtualBoards::start(options(&arguments)) {
        Ok(boards) => Arc::new(boards),
        Err(error) => {
            eprintln!("virtual-board: {error}");
            return ExitCode::FAILURE;
        }
    };
    let _serial = if arguments.serial {
        match at_a_serial_port(&boards) {
            Ok(serial) => Some(serial),
            Err(error) => {
                eprintln!("virtual-board: no serial port: {error}");
                return ExitCode::FAILURE;
            }
        }
    } else {
        boards.list().iter().for_each(print);
        None
    };
    thread::spawn(move || read_lines(&inputs));
    for input in input {
        match input {
            Input::Line(line) => match Command::parse(&line) {
                Ok(None) => {}
                Ok(Some(Command::Quit)) => break,
                Ok(Some(command)) => execute(&boards, command),
                Err(error) => print(&json!({ "error": error.to_string() })),
            },
            Input::Interrupted => break,
        }
    }
    ExitCode::SUCCESS
}

fn write_image(task: &Task) -> Result<(), String> {
    let Task::Image {
        image_version,
        size,
        never_comes_up,
        key,
        unsigned,
        chip,
        board,
        file,
    } = task;
    let image = Image::new(image_version).map_err(|error| format!("{image_version:?}: {error}"))?;
    let image = Image {
        comes_up: !never_comes_up,
        ..image
    };
    let key = match key {
        Some(path) => fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| SigningKey::parse(&text).map_err(|error| error.to_string()))
            .map_err(|error| format!("{}: {error}", path.display()))?,
        None => SigningKey::parse(TEST_SIGNING_KEY).map_err(|error| error.to_string())?,
    };
    let bytes = if *unsigned {
        image.unsigned(*size)
    } else {
        image
            .signed(*size, Target { chip, board }, &key)
            .map_err(|error| error.to_string())?
    };
    files::write(file, &bytes, files::Access::AsBefore)
        .map_err(|error| format!("{}: {error}", file.display()))
}

/// A public key as digits, or in a file.
fn public_key(value: &str) -> Result<PublicKey, String> {
    let key = PublicKey::parse(value).or_else(|| {
        fs::read_to_string(value)
            .ok()
            .and_then(|text| PublicKey::parse(&text))
    });
    key.ok_or_else(|| "expected 64 hexadecimal digits, or a file with a public key".to_owned())
}

/// Puts the board at a serial port and prints the port.
#[cfg(unix)]
fn at_a_serial_port(boards: &Arc<VirtualBoards>) -> io::Result<SerialBoard> {
    let serial = SerialBoard::start(Arc::clone(boards), print)?;
    if let Some(board) = boards.list().first() {
        print(&json!({ "serial": serial.path(), "id": board.id, "name": board.name }));
    }
    Ok(serial)
}

#[cfg(not(unix))]
fn at_a_serial_port(_: &Arc<VirtualBoards>) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no pseudo-terminals; --serial needs Linux or macOS",
    ))
}

fn options(arguments: &Arguments) -> Options {
    Options {
        boards: arguments.boards,
        profile: arguments.profile,
        name: arguments.name.clone(),
        bind: arguments.bind,
        port: arguments.port,
        seed: arguments.seed,
        state_dir: arguments.state_dir.clone(),
        keys: arguments.keys.clone().filter(|_| arguments.locked),
        call: arguments.call.clone(),
        samples_per_second: arguments.samples_per_second,
        controllers: arguments.controllers,
        allowed_origins: arguments.allow_origin.clone().leak(),
        signing_key: arguments
            .signing_key
            .or(Options::default().signing_key)
            .filter(|_| !arguments.no_signing_key),
        started: !arguments.serial,
        mdns: !arguments.no_mdns,
        service: arguments
            .service
            .clone()
            .unwrap_or(Options::default().service),
    }
}

/// Forwards lines from standard input. The end of input does not end the
/// program, which may have been started without a terminal.
fn read_lines(inputs: &Sender<Input>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if inputs.send(Input::Line(line)).is_err() {
            return;
        }
    }
}

fn execute(boards: &VirtualBoards, command: Command) {
    let outcome = match command {
        Command::Press {
            board,
            button,
            event,
        } => boards.press(&board, &button, &event),
        Command::Set {
            board,
            component,
            change,
        } => boards.set(&board, &component, change),
        Command::Erase { board } => boards.factory_reset(&board),
        Command::Pair { board } => boards.open_pairing(&board),
        Command::Call { board, url } => boards.call(&board, url),
        Command::Stop { board } => boards.stop(&board),
        Command::Start { board } => boards.start_again(&board).map(|()| {
            boards
                .list()
                .iter()
                .filter(|listening| listening.id == board || listening.name == board)
                .for_each(print);
        }),
        Command::Quit => Ok(()),
    };
    if let Err(error) = outcome {
        print(&json!({ "error": error.to_string() }));
    }
}

/// Prints one line. The program goes on if standard output is closed.
fn print(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}
