//! `switchboard ota`: starts a firmware update, shows its progress, and prints
//! the versions before and after. The fleet carries out the update.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Failure, client::Client, output, progress_bar::ProgressBar, watching::Reach};
use fleet::{BoardView, ImageSource, UpdateProblem, UpdateState};
use sanitize::plain;
use text::export;

/// How long to wait for progress. The fleet's own timeout for each step is
/// shorter and gives a reason.
const SILENCE: Duration = Duration::from_secs(400);

/// Runs the command.
pub(super) fn ota(reach: Reach<'_>, board: &str, file: PathBuf, json: bool) -> Result<(), Failure> {
    // Checked before anything is sent on the network.
    std::fs::metadata(&file)
        .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let client = Client::connect_ours(reach, board)?;
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
                    return Ok(progress.done(
                        &view,
                        before.as_deref(),
                        after.as_deref(),
                        begun.elapsed(),
                    )?);
                }
                UpdateState::Failed(problem) => return Err(failure(&view.name, problem)),
                _ => last = Some(state.clone()),
            }
        }
        if watching.wait(Instant::now() + SILENCE).is_none() {
            return Err(Failure::NoAnswer(format!(
                "{}: no progress for several minutes",
                view.name
            )));
        }
    }
}

fn failure(board: &str, problem: &UpdateProblem) -> Failure {
    let board = board.to_owned();
    match problem {
        UpdateProblem::Refused(error) => Failure::Refused {
            board,
            error: Box::new(error.clone()),
        },
        UpdateProblem::File(reason) => Failure::Usage(reason.clone()),
        UpdateProblem::RolledBack(_)
        | UpdateProblem::Canceled
        | UpdateProblem::InvalidAnswer(_) => Failure::Update {
            board,
            problem: Box::new(problem.clone()),
        },
        UpdateProblem::NoAnswer
        | UpdateProblem::NotConnected
        | UpdateProblem::LinkLost { .. }
        | UpdateProblem::NotBack => Failure::NoAnswer(format!("{board}: {problem}")),
    }
}

/// How progress is shown.
enum Progress {
    /// One object per line on standard output.
    Json,
    /// A bar on standard error that is redrawn in place.
    Bar(ProgressBar),
    /// A line on standard error for every 10 %.
    Lines { tenths: Option<u8> },
}

impl Progress {
    fn new(json: bool) -> Self {
        match json {
            true => Self::Json,
            false if io::stderr().is_terminal() => Self::Bar(ProgressBar::default()),
            false => Self::Lines { tenths: None },
        }
    }

    fn show(&mut self, board: &BoardView, state: &UpdateState) -> io::Result<()> {
        let text = text::plain(&text::update(state));
        match self {
            Self::Json => writeln!(output::out(), "{}", plain::json(&line(board, state))),
            // The final state is printed as the outcome.
            _ if !state.is_under_way() => self.end(),
            Self::Bar(bar) => bar.draw(state.percent().unwrap_or(0), &text),
            Self::Lines { tenths } => {
                let sending = matches!(state, UpdateState::Sending { .. });
                let tenth = state
                    .percent()
                    .filter(|_| sending)
                    .map(|percent| percent / 10);
                if sending && *tenths == tenth {
                    return Ok(());
                }
                *tenths = tenth;
                writeln!(output::err(), "{text}")
            }
        }
    }

    /// Moves to the line after the bar.
    fn end(&self) -> io::Result<()> {
        match self {
            Self::Bar(bar) => bar.end(),
            _ => Ok(()),
        }
    }

    fn done(
        &self,
        board: &BoardView,
        before: Option<&str>,
        after: Option<&str>,
        took: Duration,
    ) -> io::Result<()> {
        if matches!(self, Self::Json) {
            return Ok(());
        }
        let version = |version: Option<&str>| text::plain(version.unwrap_or("unknown"));
        let (name, before, after) = (text::plain(&board.name), version(before), version(after));
        writeln!(
            output::out(),
            "{name}  firmware {before} -> {after}  ({})",
            text::short(took)
        )
    }
}

fn line(board: &BoardView, state: &UpdateState) -> Value {
    json!({ "board": *board.name, "id": board.id.as_deref(), "update": export::update(state) })
}
