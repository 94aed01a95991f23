//! The program: runs a command or opens the window.

use std::{io::Write, net::SocketAddr, process::ExitCode};

use disk::keys::Store;
use switchboard::cli::{self, Invocation};

fn main() -> ExitCode {
    match cli::run() {
        Invocation::Done(status) => status,
        Invocation::Window { demo, keys, listen } => window(demo, keys, listen),
    }
}

/// Opens the window. Virtual boards started from it run until it closes.
#[cfg(feature = "window")]
fn window(demo: Option<usize>, keys: Store, listen: Option<SocketAddr>) -> ExitCode {
    use fleet::Settings;
    use virtual_board::{Options, VirtualBoards};

    let mut running = Vec::new();
    let mut start = move |boards: usize| -> Result<(), String> {
        let started = VirtualBoards::start(Options {
            boards,
            ..Options::default()
        })
        .map_err(|e| e.to_string())?;
        running.push(started);
        Ok(())
    };
    if let Some(boards) = demo
        && let Err(problem) = start(boards)
    {
        return fail(&problem);
    }
    let start_virtual_boards: Option<gui::StartVirtualBoards> = Some(Box::new(start));
    let options = gui::Options {
        fleet: Settings {
            listen,
            ..Settings::default()
        },
        start_virtual_boards,
        memory: None,
        keys,
    };
    match gui::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem.to_string()),
    }
}

#[cfg(not(feature = "window"))]
fn window(_: Option<usize>, _: Store, _: Option<SocketAddr>) -> ExitCode {
    fail(
        "this build has no window (it was built without the feature `window`); run `switchboard \
         --help` for the commands",
    )
}

fn fail(problem: &str) -> ExitCode {
    // Standard error may be closed.
    let _ = writeln!(std::io::stderr(), "switchboard: {problem}");
    ExitCode::FAILURE
}
