//! The program: a command of the command line, or the window. Decides nothing
//! else.

use std::{io::Write, net::SocketAddr, process::ExitCode};

use switchboard::{
    cli::{self, Asked},
    keys::Store,
};

fn main() -> ExitCode {
    match cli::run() {
        Asked::Done(status) => status,
        Asked::Window { demo, keys, listen } => window(demo, keys, listen),
    }
}

/// Opens the window. Virtual boards that are started in it run until it is
/// closed.
#[cfg(feature = "window")]
fn window(demo: Option<usize>, keys: Store, listen: Option<SocketAddr>) -> ExitCode {
    use switchboard::{fleet::Settings, ui};
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
    let start_virtual_boards: Option<ui::StartVirtualBoards> = Some(Box::new(start));
    let options = ui::Options {
        fleet: Settings {
            listen,
            ..Settings::default()
        },
        start_virtual_boards,
        memory: None,
        keys,
    };
    match ui::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem.to_string()),
    }
}

#[cfg(not(feature = "window"))]
fn window(_: Option<usize>, _: Store, _: Option<SocketAddr>) -> ExitCode {
    fail(
        "this build has no window (it was built without the feature `window`); `switchboard \
             --help` lists the commands",
    )
}

fn fail(problem: &str) -> ExitCode {
    // Where even this cannot be written there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "switchboard: {problem}");
    ExitCode::FAILURE
}
