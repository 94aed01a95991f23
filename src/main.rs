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

/// Opens the window. Sample boards run until they are stopped or it closes.
#[cfg(feature = "window")]
fn window(demo: Option<usize>, keys: Store, listen: Option<SocketAddr>) -> ExitCode {
    use fleet::Settings;
    use gui::SampleBoards as _;

    let mut samples = Samples::default();
    if let Some(boards) = demo
        && let Err(problem) = samples.start(boards)
    {
        return fail(&problem);
    }
    let options = gui::Options {
        fleet: Settings {
            listen,
            ..Settings::default()
        },
        samples: Some(Box::new(samples)),
        memory: None,
        keys,
    };
    match gui::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem.to_string()),
    }
}

/// Virtual boards that run in this program.
#[cfg(feature = "window")]
#[derive(Default)]
struct Samples(Vec<virtual_board::VirtualBoards>);

#[cfg(feature = "window")]
impl gui::SampleBoards for Samples {
    fn start(&mut self, boards: usize) -> Result<(), String> {
        let options = virtual_board::Options {
            boards,
            ..virtual_board::Options::default()
        };
        let started = virtual_board::VirtualBoards::start(options).map_err(|e| e.to_string())?;
        self.0.push(started);
        Ok(())
    }

    fn stop(&mut self) {
        self.0.clear();
    }

    fn ids(&self) -> Vec<String> {
        let boards = self.0.iter().flat_map(virtual_board::VirtualBoards::list);
        boards.map(|board| board.id).collect()
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
