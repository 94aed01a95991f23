//! The bench program in Rust: this test program again, as a virtual board with
//! every component. It takes the options and lines that the programs in C and
//! MicroPython take.

use std::{
    env,
    io::{self, BufRead, Write},
};

use virtual_board::{Options, Profile, VirtualBoards, command::Command};

/// The environment variable with the options, separated by spaces.
pub(crate) const TASK: &str = "SWITCHBOARD_BENCH";

#[test]
#[ignore = "no test: the other tests start it as a process of its own"]
fn actor() {
    let Ok(task) = env::var(TASK) else { return };
    let boards = VirtualBoards::start(options(&task)).expect("a board");
    let listening = serde_json::to_string(&boards.list()[0]).expect("JSON");
    // The test runner prints on the same line.
    let _ = writeln!(io::stdout(), "\n{listening}").and_then(|()| io::stdout().flush());
    for line in io::stdin().lock().lines() {
        let done = match Command::parse(&line.expect("a line")) {
            Ok(Some(Command::Press {
                board,
                button,
                event,
            })) => boards
                .press(&board, &button, &event)
                .map_err(|error| error.to_string()),
            Ok(Some(Command::Set {
                board,
                component,
                change,
            })) => boards
                .set(&board, &component, change)
                .map_err(|error| error.to_string()),
            Ok(Some(Command::Quit)) => break,
            Ok(Some(_)) => Err("not a command of a bench program".to_owned()),
            Ok(None) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(problem) = done {
            eprintln!("{problem}");
        }
    }
    // Says goodbye by mDNS.
    drop(boards);
    std::process::exit(0);
}

fn options(task: &str) -> Options {
    let mut options = Options {
        profile: Profile::Everything,
        ..Options::default()
    };
    let mut words = task.split(' ');
    while let Some(word) = words.next() {
        if word == "--no-mdns" {
            options.mdns = false;
            continue;
        }
        let value = words.next().expect("a value");
        match word {
            "--name" => options.name = Some(value.to_owned()),
            "--port" => options.port = value.parse().expect("a port"),
            "--controllers" => options.controllers = value.parse().expect("a number"),
            "--service" => value.clone_into(&mut options.service),
            // The id of a virtual board follows from its seed.
            "--id" => options.seed = Some(seed(value)),
            _ => panic!("{word} is not an option"),
        }
    }
    options
}

fn seed(id: &str) -> u64 {
    id.bytes().fold(7, |hash: u64, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    })
}
