//! Formats output: tables for people, one JSON object per line for programs.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use protocol::{ComponentKey, Descriptor};
use serde_json::Value;

use super::output;
use fleet::{BoardView, ComponentView, LinkProblem, LinkState, LogEntry, LogEvent};
use sanitize::plain::json;
use text::export;

/// Writes to standard output; its methods fail once the output is closed.
pub(super) struct Printer {
    json: bool,
    /// The local time zone, once it was needed.
    zone: Option<TimeZone>,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self { json, zone: None }
    }

    /// Prints a list of boards.
    pub(super) fn boards(&mut self, boards: &[Arc<BoardView>]) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            return boards
                .iter()
                .try_for_each(|board| writeln!(out, "{}", json(&export::board(board))));
        }
        if boards.is_empty() {
            return Ok(());
        }
        let mut rows =
            vec![["NAME", "ID", "ADDRESS", "STATE", "FIRMWARE", "BOARD"].map(str::to_owned)];
        rows.extend(boards.iter().map(|board| {
            let announcement = board
                .announcement
                .as_ref()
                .map(|(announcement, _)| announcement);
            let info = board.info.as_ref();
            let version = info
                .map(|i| &i.version)
                .or(announcement.map(|a| &a.version));
            let product = info.map(|i| &i.board).or(announcement.map(|a| &a.board));
            [
                text::plain(&board.name),
                text::plain(board.id.as_deref().unwrap_or("-")),
                board.address.to_string(),
                link(board),
                text::plain(version.map_or("-", String::as_str)),
                text::plain(product.map_or("-", String::as_str)),
            ]
        }));
        table(&mut out, &rows)
    }

    /// Prints everything about a board.
    pub(super) fn board(&mut self, board: &BoardView) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            return writeln!(out, "{}", json(&export::board(board)));
        }
        let id = board.id.as_deref().unwrap_or("-");
        let head = format!("{}  {id}  {}  {}", board.name, board.address, link(board));
        writeln!(out, "{}", text::plain(&head))?;
        if let Some(info) = &board.info {
            let (product, platform) = (text::plain(&info.board), text::plain(&info.platform));
            write!(out, "{product} on {platform}")?;
            // What speaks MQTT may say neither.
            if !info.version.is_empty() {
                write!(out, ", firmware {}", text::plain(&info.version))?;
            }
            if info.uptime_ms > 0 || !board.family.is_brokered() {
                let up = Duration::from_millis(info.uptime_ms);
                write!(out, ", up {}", text::length(up))?;
            }
            writeln!(out)?;
        }
        writeln!(out)?;
        let rows: Vec<_> = board
            .components
            .iter()
            .map(|component| {
                let descriptor = &component.descriptor;
                [
                    descriptor.key.to_string(),
                    text::plain(&descriptor.name),
                    shown(component),
                ]
            })
            .collect();
        table(&mut out, &rows)
    }

    /// Prints the result of a command.
    pub(super) fn done(
        &mut self,
        board: &BoardView,
        component: &ComponentKey,
        result: &Value,
        took: Duration,
    ) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            return writeln!(
                out,
                "{}",
                json(&result_line(board, component, result, took))
            );
        }
        let shown = board
            .components
            .iter()
            .find(|c| c.descriptor.key == *component)
            .map(|c| shown(c));
        let shown = shown
            .filter(|shown| !shown.is_empty())
            .unwrap_or_else(|| "done".to_owned());
        let what = text::plain(&format!("{}/{component}  {shown}", board.name));
        writeln!(out, "{what}  ({})", text::short(took))
    }

    /// Prints one line of `watch`.
    pub(super) fn event(
        &mut self,
        board: Option<&Arc<BoardView>>,
        entry: &LogEntry,
    ) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            return writeln!(
                out,
                "{}",
                json(&export::event(board.map(AsRef::as_ref), entry))
            );
        }
        let about = match &entry.what {
            LogEvent::Changed { component, .. } => {
                board.and_then(|board| descriptor(board, component))
            }
            _ => None,
        };
        let zone = self.zone.get_or_insert_with(|| {
            let (zone, problem) = text::local_zone();
            problem.into_iter().for_each(output::say);
            zone
        });
        let family = board.map(|board| board.family).unwrap_or_default();
        let text::Line {
            subject,
            what,
            source,
            timing,
        } = text::event(family, &entry.what, about);
        let line = format!(
            "{}  {:<16} {:<16} {:<28} {:<22} {}",
            text::time_of_day(entry.at, zone),
            text::plain(&entry.board_name),
            text::plain(&subject),
            text::plain(&what),
            source,
            timing
        );
        writeln!(out, "{}", line.trim_end())?;
        out.flush()
    }

    /// Prints rows of a table, or one JSON object for each.
    pub(super) fn rows<const N: usize>(&mut self, rows: &[([String; N], Value)]) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            return rows
                .iter()
                .try_for_each(|(_, value)| writeln!(out, "{}", json(value)));
        }
        table(
            &mut out,
            &rows.iter().map(|(row, _)| row.clone()).collect::<Vec<_>>(),
        )
    }

    /// Reports that lines of `watch` were lost.
    pub(super) fn missed(&mut self, entries: u64) -> io::Result<()> {
        let mut out = output::out();
        if self.json {
            return writeln!(out, "{}", json(&serde_json::json!({ "missed": entries })));
        }
        writeln!(
            out,
            "({entries} more events were lost: they arrived faster than they could be printed)"
        )
    }
}

/// A command's result as a JSON object.
fn result_line(
    board: &BoardView,
    component: &ComponentKey,
    result: &Value,
    took: Duration,
) -> Value {
    serde_json::json!({
        "board": *board.name, "id": board.id.as_deref(), "component": component,
        "took_ms": took.as_secs_f64() * 1e3, "result": result,
    })
}

/// Pads each column to its widest cell. Line breaks in cells are escaped.
pub(super) fn table<const N: usize>(out: &mut impl Write, rows: &[[String; N]]) -> io::Result<()> {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| text::plain(cell)))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn descriptor<'a>(board: &'a BoardView, key: &ComponentKey) -> Option<&'a Descriptor> {
    board
        .components
        .iter()
        .map(|component| component.descriptor.as_ref())
        .find(|descriptor| descriptor.key == *key)
}

fn shown(component: &ComponentView) -> String {
    text::fields(&component.shown(), Some(&component.descriptor))
}

/// The connection state, and whether another peer claims the board's id.
fn link(board: &BoardView) -> String {
    let claimed = board
        .claims
        .last()
        .map(|claim| format!("; {}", text::also_claimed(&claim.address)));
    link_alone(board) + &claimed.unwrap_or_default()
}

fn link_alone(board: &BoardView) -> String {
    if let Some(asks) = text::credential(board) {
        return asks.to_owned();
    }
    match &board.link {
        LinkState::Unreachable {
            problem: LinkProblem::Locked,
            ..
        } => "locked".to_owned(),
        LinkState::Unreachable {
            problem: LinkProblem::WrongKey,
            ..
        } => "locked: key rejected".to_owned(),
        LinkState::Unreachable {
            problem: problem @ LinkProblem::AwaitingInbound(_),
            ..
        } => text::problem(problem),
        LinkState::Unreachable { problem, .. } => {
            format!("unreachable: {}", text::problem_of(board, problem))
        }
        _ => text::link_of(board),
    }
}
