//! `switchboard ota`: starts a firmware update, shows its progress, and prints
//! the versions before and after. The fleet carries out the update.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Failure, client::Client, output, watching::Reach};
use fleet::{BoardView, ImageSource, UpdateProblem, UpdateState};
use sanitize::plain;
use text::export;

/// How long to wait for progress. The fleet's own timeout for each step is
/// shorter and gives a reason.
const SILENCE: Duration = Duration::from_secs(400);

/// The width of the progress bar in columns, if there is room.
const BAR: usize = 32;

/// The bar is left out if it would be narrower than this.
const NARROWEST: usize = 8;

/// The assumed width of a terminal that does not report one.
const COLUMNS: usize = 80;

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
    Bar { drawn: String },
    /// A line on standard error for every 10 %.
    Lines { tenths: Option<u8> },
}

impl Progress {
    fn new(json: bool) -> Self {
        match json {
            true => Self::Json,
            false if io::stderr().is_terminal() => Self::Bar {
                drawn: String::new(),
            },
            false => Self::Lines { tenths: None },
        }
    }

    fn show(&mut self, board: &BoardView, state: &UpdateState) -> io::Result<()> {
        let text = text::plain(&text::update(state));
        match self {
            Self::Json => writeln!(output::out(), "{}", plain::json(&line(board, state))),
            // The final state is printed as the outcome.
            _ if !state.is_under_way() => self.end(),
            Self::Bar { drawn } => {
                let columns = terminal_size::terminal_size_of(io::stderr())
                    .map_or(0, |(width, _)| usize::from(width.0));
                // If the terminal does not know its size, the shell may.
                let from_shell = || {
                    std::env::var("COLUMNS")
                        .ok()?
                        .parse()
                        .ok()
                        .filter(|columns| *columns > 0)
                };
                let columns = if columns == 0 {
                    from_shell().unwrap_or(COLUMNS)
                } else {
                    columns
                };
                let bar = bar(state.percent().unwrap_or(0), &text, columns);
                if bar == *drawn {
                    return Ok(());
                }
                // Overwrite the rest of the previous bar, within the line.
                let before = drawn.chars().count().min(columns.saturating_sub(1));
                let rest = " ".repeat(before.saturating_sub(bar.chars().count()));
                // The carriage return is the only control character; the bar's
                // text is already escaped.
                let mut err = output::raw_err();
                write!(err, "\r{bar}{rest}")?;
                *drawn = bar;
                err.flush()
            }
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
            Self::Bar { drawn } if !drawn.is_empty() => writeln!(output::err()),
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

/// A bar and a text that fit on one line of a terminal. The last column stays
/// empty, because some terminals wrap after it.
fn bar(percent: u8, text: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    let length = text.chars().count();
    // Two brackets and a space.
    let width = room.saturating_sub(length + 3).min(BAR);
    if width >= NARROWEST {
        let filled = usize::from(percent.min(100)) * width / 100;
        return format!(
            "[{}{}] {text}",
            "#".repeat(filled),
            " ".repeat(width - filled)
        );
    }
    if length <= room {
        return text.to_owned();
    }
    text.chars()
        .take(room.saturating_sub(1))
        .chain((room > 0).then_some('\u{2026}'))
        .collect()
}

fn line(board: &BoardView, state: &UpdateState) -> Value {
    json!({ "board": board.name, "id": board.id, "update": export::update(state) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_and_its_text_fit_on_one_line_of_any_terminal() {
        let texts = [
            "43 %  251 KiB of 584 KiB",
            "the board is restarting with the new image",
            "",
        ];
        for (text, columns) in texts
            .iter()
            .flat_map(|text| (0..=120).map(move |columns| (text, columns)))
        {
            for percent in [0, 43, 100, 255] {
                let line = bar(percent, text, columns);
                assert!(
                    line.chars().count() <= columns.saturating_sub(1),
                    "{columns}: {line}"
                );
            }
        }
        assert_eq!(
            bar(50, "50 %", 80),
            format!("[{}{}] 50 %", "#".repeat(16), " ".repeat(16))
        );
        assert_eq!(
            bar(43, texts[0], 40),
            format!("[{}{}] {}", "#".repeat(5), " ".repeat(7), texts[0])
        );
        assert_eq!(bar(0, texts[1], 20), "the board is resta\u{2026}");
    }
}
