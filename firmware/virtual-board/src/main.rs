//! `virtual-board`: boards without hardware, driven by lines on standard input.
//! One JSON line on standard output for each board that listens, and
//! `{"error":…}` for each line that cannot be obeyed.

use std::{
    io::{self, BufRead, Write},
    net::IpAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread,
};

use clap::{Parser, Subcommand};
use protocol::{limits, outbound::OutboundUrl};
use serde::Serialize;
use serde_json::json;
#[cfg(unix)]
use virtual_board::serial::SerialBoard;
use virtual_board::{Options, Origin, Profile, VirtualBoards, command::Command, image::Image};

/// Boards on this computer, over real sockets and real mDNS.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "While it runs, it obeys lines on standard input:\n  press NAME button:0\n  \
    set NAME switch:1 on=true\n  erase NAME\n  pair NAME           (then press a button of it to say yes)\n  call NAME ws://192.168.1.5:7433 (or off)\n  stop NAME\n  start NAME\n  quit\n\n\
    The Wi-Fi of a board at a serial port (--serial) is pretended:\n  \
    \"Switchboard Lab\"  asks for the password: blinking lights\n  \
    \"Open Bench\"       asks for none\n  \
    \"Far Away\"         never answers; a board gives up after 30 s"
)]
struct Arguments {
    #[command(subcommand)]
    task: Option<Task>,
    /// How many boards, 1 to 1,000
    #[arg(long, default_value_t = 1, value_name = "N")]
    boards: usize,
    /// What is on them
    #[arg(long, value_enum, default_value_t = Profile::Mixed)]
    profile: Profile,
    /// What their names begin with
    #[arg(long, value_name = "PREFIX")]
    name: Option<String>,
    /// Where they listen; 0.0.0.0 is every interface
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// The first board's port, the others have the following; 0 is any free
    /// port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Of everything random: the same seed makes the same boards, with the same
    /// ids; without it they are others each time
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Keep names and states in this folder, beyond the end of the program;
    /// without --seed, the same boards come back
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Lock them: only who has a key is obeyed. The first key of each that has
    /// none yet is written to the folder of --keys
    #[arg(long, requires = "keys")]
    locked: bool,
    /// Where the first keys go, ID.key, for their owner's eyes only
    #[arg(long, value_name = "DIR", requires = "locked")]
    keys: Option<PathBuf>,
    /// Have them call this address, and stay connected to it: for a controller
    /// that cannot connect to them
    #[arg(long, value_name = "ws://HOST:PORT/PATH")]
    call: Option<OutboundUrl>,
    /// Read each sensor this often, and let it change each time
    #[arg(long, value_name = "R", value_parser = rate)]
    samples_per_second: Option<f64>,
    /// Controllers at once on each board
    #[arg(long, default_value_t = limits::CONTROLLERS, value_name = "N", value_parser = at_least_one)]
    controllers: usize,
    /// Let web pages of this origin drive them, for example
    /// http://192.168.1.5:8080; may be given several times
    #[arg(long, value_name = "URL")]
    allow_origin: Vec<Origin>,
    /// One board behind a serial port, whose path is printed: it is in no
    /// network until it is given one by Improv, for example with `switchboard
    /// provision`
    #[arg(long, conflicts_with = "boards")]
    serial: bool,
    /// Do not announce them
    #[arg(long)]
    no_mdns: bool,
    /// The service to announce, with its domain; what a controller is told to
    /// look for.
    #[arg(long, hide = true)]
    service: Option<String>,
}

/// What is done instead of running boards.
#[derive(Subcommand)]
enum Task {
    /// Write a firmware image for virtual boards, to try updates with
    Image {
        /// What a board that runs it says of itself, 1 to 32 bytes
        #[arg(long = "version", value_name = "VERSION")]
        image_version: String,
        /// Its length in bytes
        #[arg(long, default_value_t = 200_000)]
        size: usize,
        /// It crashes when it starts, so that the board goes back to the image
        /// before it
        #[arg(long)]
        never_comes_up: bool,
        /// Where it is written
        file: PathBuf,
    },
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1_000.0 => Ok(rate),
        _ => Err("more than 0, and at most 1,000 a second".into()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "a whole number from 1 on".into())
}

/// What the main thread waits for.
enum Input {
    Line(String),
    Interrupted,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Task::Image {
        image_version,
        size,
        never_comes_up,
        file,
    }) = arguments.task
    {
        return match write_image(&image_version, size, never_comes_up, &file) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("virtual-board: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let (inputs, input) = mpsc::channel();
    let interrupted = inputs.clone();
    // Before there is anything to say goodbye for.
    if let Err(error) = ctrlc::set_handler(move || drop(interrupted.send(Input::Interrupted))) {
        eprintln!("Ctrl-C will end this without a goodbye: {error}");
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
        boards.list().iter().for_each(say);
        None
    };
    thread::spawn(move || read_lines(&inputs));
    for input in input {
        match input {
            Input::Line(line) => match Command::parse(&line) {
                Ok(None) => {}
                Ok(Some(Command::Quit)) => break,
                Ok(Some(command)) => obey(&boards, command),
                Err(error) => say(&json!({ "error": error.to_string() })),
            },
            Input::Interrupted => break,
        }
    }
    ExitCode::SUCCESS
}

fn write_image(
    version: &str,
    size: usize,
    never_comes_up: bool,
    file: &Path,
) -> Result<(), String> {
    let image = Image::new(version).map_err(|error| format!("{version:?}: {error}"))?;
    let image = Image {
        comes_up: !never_comes_up,
        ..image
    };
    files::write(file, &image.to_bytes(size), files::Access::AsBefore)
        .map_err(|error| format!("{}: {error}", file.display()))
}

/// Puts the board behind a serial port, and says which.
#[cfg(unix)]
fn at_a_serial_port(boards: &Arc<VirtualBoards>) -> io::Result<SerialBoard> {
    let serial = SerialBoard::start(Arc::clone(boards), say)?;
    if let Some(board) = boards.list().first() {
        say(&json!({ "serial": serial.path(), "id": board.id, "name": board.name }));
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
        started: !arguments.serial,
        mdns: !arguments.no_mdns,
        service: arguments
            .service
            .clone()
            .unwrap_or(Options::default().service),
    }
}

/// Passes lines on. Their end does not end the program: it may have been
/// started without a terminal.
fn read_lines(inputs: &Sender<Input>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if inputs.send(Input::Line(line)).is_err() {
            return;
        }
    }
}

fn obey(boards: &VirtualBoards, command: Command) {
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
                .for_each(say);
        }),
        Command::Quit => Ok(()),
    };
    if let Err(error) = outcome {
        say(&json!({ "error": error.to_string() }));
    }
}

/// One line on standard output. That nobody reads it is no reason to end.
fn say(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}
