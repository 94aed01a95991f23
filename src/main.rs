//! The program: a command of the command line, or the window. Decides nothing else.

use std::{io::Write, process::ExitCode};

use switchboard::cli::{self, Asked};

fn main() -> ExitCode {
    match cli::run() {
        Asked::Done(status) => status,
        Asked::Window { demo } => window(demo),
    }
}

/// Opens the window. Virtual boards that are started in it run until it is closed.
#[cfg(feature = "window")]
fn window(demo: Option<usize>) -> ExitCode {
    use switchboard::{fleet::Settings, ui};
    use virtual_board::{Options, VirtualBoards};

    let mut running = Vec::new();
    let mut start = move |boards: usize| -> Result<(), String> {
        let started = VirtualBoards::start(Options { boards, ..Options::default() }).map_err(|e| e.to_string())?;
        running.push(started);
        Ok(())
    };
    if let Some(boards) = demo
        && let Err(problem) = start(boards)
    {
        return fail(&problem);
    }
    let options = ui::Options { fleet: Settings::default(), start_virtual_boards: Some(Box::new(start)), memory: None };
    match ui::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem.to_string()),
    }
}

#[cfg(not(feature = "window"))]
fn window(_: Option<usize>) -> ExitCode {
    fail(
        "this build has no window (it was built without the feature `window`); `switchboard --help` lists the commands",
    )
}

fn fail(problem: &str) -> ExitCode {
    // Where even this cannot be written there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "switchboard: {problem}");
    ExitCode::FAILURE
}
