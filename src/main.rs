//! The program: runs a command or opens the window.

use std::{io::Write, net::SocketAddr, process::ExitCode};

use disk::keys::Store;
use fleet::Broker;
use switchboard::cli::{self, Demo, Invocation};

fn main() -> ExitCode {
    match cli::run() {
        Invocation::Done(status) => status,
        Invocation::Window {
            demo,
            keys,
            listen,
            brokers,
        } => window(demo, keys, listen, brokers),
    }
}

/// Opens the window. Sample boards run until they are stopped or it closes.
#[cfg(feature = "window")]
fn window(
    demo: Option<Demo>,
    keys: Store,
    listen: Option<SocketAddr>,
    brokers: Vec<Broker>,
) -> ExitCode {
    use fleet::Settings;

    let mut samples = Samples::default();
    if let Some(demo) = demo
        && let Err(problem) = samples.start_demo(demo)
    {
        return fail(&problem);
    }
    let options = gui::Options {
        fleet: Settings {
            listen,
            brokers,
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

/// Boards that run in this program.
#[cfg(feature = "window")]
#[derive(Default)]
struct Samples {
    virtual_boards: Vec<virtual_board::VirtualBoards>,
    doubles: Vec<doubles::ForeignBoards>,
}

#[cfg(feature = "window")]
impl Samples {
    fn start_demo(&mut self, demo: Demo) -> Result<(), String> {
        use doubles::{BoardsOptions, ForeignBoards, ForeignFamily};
        use gui::SampleBoards as _;
        use switchboard::cli::DemoFamily;

        let family = match demo.family {
            DemoFamily::Switchboard => return self.start(demo.boards),
            DemoFamily::Shelly => ForeignFamily::Shelly,
            DemoFamily::Wled => ForeignFamily::Wled,
        };
        let options = BoardsOptions::demo(family, demo.boards);
        let started = ForeignBoards::start(&options).map_err(|e| e.to_string())?;
        self.doubles.push(started);
        Ok(())
    }
}

#[cfg(feature = "window")]
impl gui::SampleBoards for Samples {
    fn start(&mut self, boards: usize) -> Result<(), String> {
        let options = virtual_board::Options {
            boards,
            ..virtual_board::Options::default()
        };
        let started = virtual_board::VirtualBoards::start(options).map_err(|e| e.to_string())?;
        self.virtual_boards.push(started);
        Ok(())
    }

    fn stop(&mut self) {
        self.virtual_boards.clear();
        self.doubles.clear();
    }

    fn ids(&self) -> Vec<String> {
        let ours = self
            .virtual_boards
            .iter()
            .flat_map(virtual_board::VirtualBoards::list)
            .map(|board| board.id);
        let foreign = self
            .doubles
            .iter()
            .flat_map(doubles::ForeignBoards::list)
            .map(|board| board.id);
        ours.chain(foreign).collect()
    }
}

#[cfg(not(feature = "window"))]
fn window(_: Option<Demo>, _: Store, _: Option<SocketAddr>, _: Vec<Broker>) -> ExitCode {
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
