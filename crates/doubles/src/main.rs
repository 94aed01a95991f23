//! `foreign-boards`: doubles of Shelly and WLED boards, controlled by commands
//! on standard input. Prints one JSON line per board and per command.

mod command;

use std::{
    io::{self, BufRead, Write},
    net::IpAddr,
    process::ExitCode,
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use clap::Parser;
use doubles::{
    Announce, BoardsOptions, ForeignBoards, ForeignFamily, ShellyOptions, WledOptions,
    shelly::{Firmware, Model, NonceRules},
    wled::Chip,
};
use serde::Serialize;
use serde_json::json;

/// Doubles of boards of other families, over real sockets and real mDNS.
#[derive(Parser)]
#[command(version, after_help = format!("Commands on standard input:\n{}", command::USAGE))]
struct Arguments {
    /// Family of the boards
    #[arg(long, value_enum)]
    family: ForeignFamily,
    /// Number of boards
    #[arg(long, default_value_t = 1, value_name = "N")]
    boards: usize,
    /// Address to listen on; 0.0.0.0 is every interface
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    bind: IpAddr,
    /// Port of the first board, the others use the following ones; 0 is any
    /// free port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Do not announce them by mDNS
    #[arg(long)]
    no_mdns: bool,
    /// Nothing changes but by commands
    #[arg(long)]
    still: bool,
    /// Change a value this many times per second
    #[arg(long, default_value_t = 0.0, value_name = "R")]
    changes_per_second: f64,
    /// Shelly: the kind of all boards; without it one kind after the other
    #[arg(long, value_parser = model)]
    model: Option<Model>,
    /// Shelly: the firmware's generation
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    firmware: u8,
    /// Shelly: the password of the user admin
    #[arg(long)]
    password: Option<String>,
    /// Shelly: how often a nonce is accepted
    #[arg(long, default_value_t = 30_000, value_name = "N")]
    nonce_uses: u64,
    /// Shelly: how long a nonce is accepted
    #[arg(long, default_value_t = 3_600, value_name = "SECONDS")]
    nonce_lifetime: u64,
    /// Shelly with a battery: where it connects to
    #[arg(long, value_name = "ws://HOST:PORT/PATH")]
    call: Option<String>,
    /// WLED: the segments at the start
    #[arg(long, default_value_t = 1, value_name = "N")]
    segments: usize,
    /// WLED: the limits of an ESP8266
    #[arg(long)]
    esp8266: bool,
}

fn model(text: &str) -> Result<Model, String> {
    let found = Model::ALL.into_iter().find(|model| model.as_str() == text);
    found.ok_or_else(|| {
        let names = Model::ALL.map(Model::as_str).join(", ");
        format!("accepted are {names}")
    })
}

/// What the main thread waits for.
enum Input {
    Line(String),
    Interrupted,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (inputs, input) = mpsc::channel();
    let interrupted = inputs.clone();
    // Before any board is announced.
    if let Err(error) = ctrlc::set_handler(move || drop(interrupted.send(Input::Interrupted))) {
        eprintln!("Ctrl-C will end the boards without an mDNS goodbye: {error}");
    }
    let boards = match ForeignBoards::start(&options(&arguments)) {
        Ok(boards) => boards,
        Err(error) => {
            eprintln!("foreign-boards: {error}");
            return ExitCode::FAILURE;
        }
    };
    boards.list().iter().for_each(print);
    thread::spawn(move || read_lines(&inputs));
    for input in input {
        match input {
            Input::Line(line) => match line.trim() {
                "" => {}
                "quit" => break,
                line => match command::execute(&boards, line) {
                    Ok(answer) => print(&answer),
                    Err(error) => print(&json!({ "error": error })),
                },
            },
            Input::Interrupted => break,
        }
    }
    ExitCode::SUCCESS
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

fn options(arguments: &Arguments) -> BoardsOptions {
    let announce = if arguments.no_mdns {
        Announce::No
    } else {
        Announce::Family
    };
    let demo = BoardsOptions::demo(arguments.family, arguments.boards);
    BoardsOptions {
        model: arguments.model,
        bind: arguments.bind,
        port: arguments.port,
        shelly: ShellyOptions {
            announce: announce.clone(),
            world: !arguments.still,
            changes_per_second: arguments.changes_per_second,
            firmware: match arguments.firmware {
                1 => Firmware::V1,
                _ => Firmware::V2,
            },
            password: arguments.password.clone(),
            nonces: NonceRules {
                uses: arguments.nonce_uses,
                lifetime: Duration::from_secs(arguments.nonce_lifetime),
                ..NonceRules::default()
            },
            server: arguments.call.clone(),
            ..demo.shelly
        },
        wled: WledOptions {
            announce,
            world: !arguments.still,
            changes_per_second: arguments.changes_per_second,
            segments: arguments.segments,
            chip: if arguments.esp8266 {
                Chip::Esp8266
            } else {
                Chip::Esp32
            },
            ..demo.wled
        },
        ..demo
    }
}

/// Prints one line. The program goes on if standard output is closed.
fn print(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        let mut out = io::stdout();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}
