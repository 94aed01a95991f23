//! `switchboard ota`: sends an image, shows how that does, and says which versions there were before and after. What is sent when
//! the fleet decides.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Failure,
    client::{Client, Reach},
};
use crate::{
    fleet::{BoardView, ImageSource, UpdateProblem, UpdateState},
    record, words,
};

/// How long nothing may change before this gives up. The fleet ends each step of an update before, and says why.
const SILENCE: Duration = Duration::from_secs(400);

/// The width of the bar, in characters.
const BAR: usize = 32;

/// Carries the command out.
pub(super) fn ota(reach: Reach<'_>, board: &str, file: PathBuf, json: bool) -> Result<(), Failure> {
    // Said before anything is looked for on the network.
    std::fs::metadata(&file).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let client = Client::connect(reach, board)?;
    let key = client.key();
    let begun = Instant::now();
    client.fleet().update(key, ImageSource::File(file));
    let mut watching = client.into_watching();
    let mut progress = Progress::new(json);
    let mut last = None;
    loop {
        let Some(view) = watching.boards().get(&key).cloned() else {
            return Err(Failure::NoAnswer("the board is gone".to_owned()));
        };
        if last != view.update
            && let Some(state) = &view.update
        {
            progress.show(&view, state)?;
            match state {
                UpdateState::Done { before, after } => {
                    return Ok(progress.done(&view, before.as_deref(), after.as_deref(), begun.elapsed())?);
                }
                UpdateState::Failed(problem) => return Err(failure(&view.name, problem)),
                _ => last = Some(state.clone()),
            }
        }
        if watching.wait(Instant::now() + SILENCE).is_none() {
            return Err(Failure::NoAnswer(format!("{}: nothing was heard for minutes", view.name)));
        }
    }
}

fn failure(board: &str, problem: &UpdateProblem) -> Failure {
    let board = board.to_owned();
    match problem {
        UpdateProblem::Refused(error) => Failure::Refused { board, error: Box::new(error.clone()) },
        UpdateProblem::File(reason) => Failure::Usage(reason.clone()),
        UpdateProblem::CameBack(_) | UpdateProblem::Cancelled | UpdateProblem::Nonsense(_) => {
            Failure::Update { board, problem: Box::new(problem.clone()) }
        }
        UpdateProblem::NoAnswer
        | UpdateProblem::NotConnected
        | UpdateProblem::LinkLost { .. }
        | UpdateProblem::NotBack => Failure::NoAnswer(format!("{board}: {problem}")),
    }
}

/// How the progress is shown.
enum Progress {
    /// One object a line on standard output.
    Json,
    /// A bar on standard error that is drawn over itself.
    Bar { drawn: usize },
    /// A line on standard error for every tenth.
    Lines { tenths: Option<u8> },
}

impl Progress {
    fn new(json: bool) -> Self {
        match json {
            true => Self::Json,
            false if io::stderr().is_terminal() => Self::Bar { drawn: 0 },
            false => Self::Lines { tenths: None },
        }
    }

    fn show(&mut self, board: &BoardView, state: &UpdateState) -> io::Result<()> {
        let text = words::plain(&words::update(state));
        match self {
            Self::Json => writeln!(io::stdout().lock(), "{}", line(board, state)),
            // What comes last is said as the outcome.
            _ if !state.is_under_way() => self.end(),
            Self::Bar { drawn } => {
                let filled = usize::from(state.percent().unwrap_or(0)) * BAR / 100;
                let bar = format!("[{}{}] {text}", "#".repeat(filled), " ".repeat(BAR - filled));
                let width = bar.chars().count();
                let mut err = io::stderr().lock();
                write!(err, "\r{bar}{}", " ".repeat(drawn.saturating_sub(width)))?;
                *drawn = width;
                err.flush()
            }
            Self::Lines { tenths } => {
                let sending = matches!(state, UpdateState::Sending { .. });
                let tenth = state.percent().filter(|_| sending).map(|percent| percent / 10);
                if sending && *tenths == tenth {
                    return Ok(());
                }
                *tenths = tenth;
                writeln!(io::stderr().lock(), "{text}")
            }
        }
    }

    /// Leaves the line of the bar.
    fn end(&self) -> io::Result<()> {
        match self {
            Self::Bar { drawn: 1.. } => writeln!(io::stderr().lock()),
            _ => Ok(()),
        }
    }

    fn done(&self, board: &BoardView, before: Option<&str>, after: Option<&str>, took: Duration) -> io::Result<()> {
        if matches!(self, Self::Json) {
            return Ok(());
        }
        let version = |version: Option<&str>| words::plain(version.unwrap_or("unknown"));
        let (name, before, after) = (words::plain(&board.name), version(before), version(after));
        writeln!(io::stdout().lock(), "{name}  firmware {before} -> {after}  ({})", words::short(took))
    }
}

fn line(board: &BoardView, state: &UpdateState) -> Value {
    json!({ "board": board.name, "id": board.id, "update": record::update(state) })
}
