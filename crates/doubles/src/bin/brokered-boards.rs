//! `brokered-boards`: doubles of Tasmota boards and Homie devices on an MQTT
//! broker, controlled by commands on standard input. Prints one JSON line per
//! board and per command.

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

use clap::Parser;
use doubles::brokered::{At, Brokered, Homie, Tasmota, TasmotaModel};
use serde_json::{Value, json};

const USAGE: &str = "\
  switch BOARD on|off [N]     switch an output at the board (Tasmota)
  press BOARD [PRESS]         press the button; SINGLE, DOUBLE, HOLD (Tasmota)
  input BOARD on|off          switch the input (Tasmota)
  topic BOARD FULLTOPIC       move to other topics (Tasmota)
  report BOARD                report the sensors (Tasmota)
  set BOARD PATH VALUE        change a value (Homie)
  stop BOARD                  cut the power
  start BOARD                 power it on again
  state BOARD                 print its state
  quit                        end all
  BOARD is a number from 1";

/// Doubles of boards that are reached through an MQTT broker.
#[derive(Parser)]
#[command(version, after_help = format!("Commands on standard input:\n{USAGE}"))]
struct Arguments {
    /// The broker, HOST:PORT
    #[arg(long, default_value = "127.0.0.1:1883")]
    broker: String,
    /// A user of the broker
    #[arg(long, requires = "password")]
    user: Option<String>,
    /// The user's password
    #[arg(long)]
    password: Option<String>,
    /// How many Tasmota boards; one kind after the other
    #[arg(long, default_value_t = 0)]
    tasmota: u16,
    /// The kind of all Tasmota boards
    #[arg(long, value_parser = model)]
    model: Option<TasmotaModel>,
    /// How many Homie devices
    #[arg(long, default_value_t = 0)]
    homie: u16,
}

fn model(text: &str) -> Result<TasmotaModel, String> {
    let found = TasmotaModel::ALL
        .into_iter()
        .find(|model| model.as_str() == text);
    found.ok_or_else(|| {
        let names = TasmotaModel::ALL.map(TasmotaModel::as_str).join(", ");
        format!("accepted are {names}")
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let place = arguments.broker.rsplit_once(':');
    let Some((host, Ok(port))) = place.map(|(host, port)| (host, port.parse())) else {
        eprintln!("brokered-boards: --broker is HOST:PORT");
        return ExitCode::from(2);
    };
    let at = At {
        host: host.to_owned(),
        port,
        login: arguments.user.zip(arguments.password),
    };
    let mut boards = Vec::new();
    for number in 0..arguments.tasmota {
        let kinds = TasmotaModel::ALL;
        let usual = kinds.get(usize::from(number) % kinds.len()).copied();
        let model = arguments.model.or(usual).unwrap_or_default();
        let board = Tasmota::new(model, number + 1);
        boards.push(Brokered::start(board, at.clone()));
    }
    for number in 0..arguments.homie {
        boards.push(Brokered::start(Homie::new(number + 1), at.clone()));
    }
    for board in &boards {
        print(&json!({ "id": board.id() }));
    }
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        match line.trim() {
            "" => {}
            "quit" => break,
            line => print(&execute(&mut boards, line)),
        }
    }
    ExitCode::SUCCESS
}

fn execute(boards: &mut [Brokered], line: &str) -> Value {
    let mut words = line.splitn(3, ' ');
    let (verb, number) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let arguments = words.next().unwrap_or("").trim();
    let at = number
        .parse::<usize>()
        .ok()
        .and_then(|at| at.checked_sub(1));
    let Some(board) = at.and_then(|at| boards.get_mut(at)) else {
        return json!({ "error": format!("no board {number:?}; commands are\n{USAGE}") });
    };
    match verb {
        "stop" => board.power_off(),
        "start" => board.power_on(),
        "state" => return json!({ "done": verb, "state": board.state() }),
        _ => {
            if let Err(error) = board.act(verb, arguments) {
                return json!({ "error": error });
            }
        }
    }
    json!({ "done": verb })
}

/// Prints one line. The program goes on if standard output is closed.
fn print(line: &Value) {
    let mut out = io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
