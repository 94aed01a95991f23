//! The program: runs a command or opens the window.

use std::{io::Write, process::ExitCode};

use switchboard::cli::{self, Demo, Invocation, Opening};

fn main() -> ExitCode {
    match cli::run() {
        Invocation::Done(status) => status,
        Invocation::Window(opening) => window(*opening),
    }
}

/// Opens the window. Sample boards run until they are stopped or it closes.
#[cfg(feature = "window")]
fn window(opening: Opening) -> ExitCode {
    use engine::Settings;
    use gui::FleetOf;

    let Opening {
        demo,
        keys,
        listen,
        brokers,
        server,
        has_options,
    } = opening;
    let launch = if demo.is_some() {
        gui::Launch::Demo
    } else if has_options {
        gui::Launch::WithOptions
    } else {
        gui::Launch::Plain
    };
    let mut samples = Samples::default();
    if let Some(demo) = demo
        && let Err(problem) = samples.start_demo(demo)
    {
        return fail(&problem);
    }
    // They would run on this computer, where a server on another computer does
    // not find them.
    let samples = server
        .is_none()
        .then(|| Box::new(samples) as Box<dyn gui::SampleBoards>);
    let options = gui::Options {
        launch,
        fleet: match server {
            Some(server) => FleetOf::Server(server),
            None => FleetOf::ThisProgram(Box::new(Settings {
                listen,
                brokers,
                ..Settings::default()
            })),
        },
        samples,
        replays: Some(Box::new(Replayer::default())),
        memory: None,
        keys,
    };
    match gui::run(options) {
        Ok(gui::Ended::Closed) => ExitCode::SUCCESS,
        Ok(gui::Ended::RaisedOther) => {
            let _ = writeln!(std::io::stdout(), "Switchboard is already open.");
            ExitCode::SUCCESS
        }
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

/// Replays recordings in this program.
#[cfg(feature = "window")]
#[derive(Default)]
struct Replayer {
    playback: Option<switchboard::playback::Playback>,
    notes: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

#[cfg(feature = "window")]
impl Replayer {
    fn notes(&self) -> Vec<String> {
        let notes = self.notes.lock();
        let mut notes = notes.unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *notes)
    }
}

#[cfg(feature = "window")]
impl gui::Replays for Replayer {
    fn start(
        &mut self,
        path: &std::path::Path,
        speed: f64,
        wake: Box<dyn Fn() + Send>,
    ) -> Result<(), String> {
        use switchboard::playback::{Event, Playback, Settings};

        self.stop();
        let settings = Settings {
            window: record::Window {
                speed,
                ..record::Window::default()
            },
            ..Settings::default()
        };
        let notes = std::sync::Arc::clone(&self.notes);
        let tell = move |event| {
            let note = match event {
                Event::Skipped(id) => Some(format!(
                    "{id} is not replayed: it was never connected during the recording."
                )),
                Event::Note(note) => Some(format!("{note}.")),
                Event::Ended(problem) => {
                    problem.map(|problem| format!("The replay has ended: {problem}."))
                }
                Event::Board(_) | Event::Waiting | Event::Playing(_) => None,
            };
            if let Some(note) = note {
                let notes = notes.lock();
                let mut notes = notes.unwrap_or_else(std::sync::PoisonError::into_inner);
                notes.push(note);
            }
            wake();
        };
        let playback = Playback::start(path, settings, tell).map_err(|error| error.to_string())?;
        self.playback = Some(playback);
        Ok(())
    }

    fn stop(&mut self) {
        self.playback = None;
    }

    fn progress(&mut self) -> gui::ReplayProgress {
        let progress = self.playback.as_ref().map(|playback| playback.progress());
        let progress = progress.unwrap_or_default();
        gui::ReplayProgress {
            boards: progress.boards,
            ended: progress.ended,
            notes: self.notes(),
        }
    }
}

#[cfg(not(feature = "window"))]
fn window(_: Opening) -> ExitCode {
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
