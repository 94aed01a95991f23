//! The columns of the table of links: what each says about a board, how that is
//! judged and sorted, and how wide the column is.

use std::time::Duration;

use super::{
    health_level::{self, Level},
    health_sensors::{MEMORY, SIGNAL, kib, sensor},
};
use crate::{
    model::{frame_context::FrameContext, link_kind::LinkKind},
    widgets::{layout::left_of, theme::UNIT},
};
use fleet::{BoardView, seconds};

/// The columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Trouble,
    Board,
    Median,
    Most,
    Worst,
    Missed,
    Drops,
    Signal,
    Memory,
    Cause,
}

impl Column {
    pub(super) const ALL: [Self; 10] = [
        Self::Trouble,
        Self::Board,
        Self::Median,
        Self::Most,
        Self::Worst,
        Self::Missed,
        Self::Drops,
        Self::Signal,
        Self::Memory,
        Self::Cause,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Trouble => "Link",
            Self::Board => "Board",
            Self::Median => "Median",
            Self::Most => "p95",
            Self::Worst => "Worst",
            Self::Missed => "Pings missed",
            Self::Drops => "Drops",
            Self::Signal => "RSSI",
            Self::Memory => "Free memory",
            Self::Cause => "Last disconnect",
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Trouble => {
                "Worst first: no link, stale, then missed pings, drops and round trips"
            }
            Self::Board => "By name",
            Self::Median => "Half of the round trips were shorter",
            Self::Most => "95 of 100 round trips were shorter",
            Self::Worst => "The longest round trip",
            Self::Missed => "Pings without a response within 5 s",
            Self::Drops => "How often the link was lost",
            Self::Signal => "Wi-Fi signal strength at the board",
            Self::Memory => "Free memory on the board",
            Self::Cause => "Why and when the link was lost most recently",
        }
    }

    /// The width of a column whose contents have nearly one length. The state
    /// of the link is in words only where there is one line.
    fn width(self, has_second_line: bool) -> f32 {
        match self {
            Self::Trouble if has_second_line => 52.0,
            Self::Trouble => 104.0,
            Self::Median | Self::Most | Self::Worst => 76.0,
            Self::Missed => 96.0,
            Self::Drops => 56.0,
            Self::Signal => 74.0,
            Self::Memory => 102.0,
            Self::Board | Self::Cause => 0.0,
        }
    }

    pub(super) fn is_number(self) -> bool {
        !matches!(self, Self::Trouble | Self::Board | Self::Cause)
    }

    pub(super) fn content(self, board: &BoardView, title: &str, context: &FrameContext) -> String {
        let health = &board.health;
        let time = |time: Option<Duration>| time.map(text::short).unwrap_or_default();
        match self {
            Self::Trouble => LinkKind::of(&board.link).word().to_owned(),
            Self::Board => title.to_owned(),
            Self::Median => time(health.quantile(0.5)),
            Self::Most => time(health.quantile(0.95)),
            Self::Worst => time(health.worst()),
            Self::Missed => health.missed().to_string(),
            Self::Drops => health.drops().to_string(),
            Self::Signal => diagnostic(board, SIGNAL),
            Self::Memory => diagnostic(board, MEMORY),
            Self::Cause => health.ends().next_back().map_or_else(String::new, |end| {
                let ago = text::ago(context.wall_age(end.at));
                format!("{}, {ago}", text::problem_of(board, &end.problem))
            }),
        }
    }

    /// How the figure is judged.
    pub(super) fn level(self, board: &BoardView) -> Level {
        let health = &board.health;
        let time = |time: Option<Duration>| time.map_or(Level::Good, health_level::of_round_trip);
        let some = |count: u32| {
            if count > 0 {
                Level::Doubtful
            } else {
                Level::Good
            }
        };
        match self {
            Self::Median => time(health.quantile(0.5)),
            Self::Most => time(health.quantile(0.95)),
            Self::Worst => time(health.worst()),
            Self::Missed => some(health.missed()),
            Self::Drops => some(health.drops()),
            Self::Signal => {
                latest(board, SIGNAL).map_or(Level::Good, |dbm| health_level::SIGNAL.level(dbm))
            }
            Self::Memory => {
                memory(board).map_or(Level::Good, |kib| health_level::MEMORY.level(kib))
            }
            Self::Trouble | Self::Board | Self::Cause => Level::Good,
        }
    }

    /// The sort key: largest first, then by the next figure.
    pub(super) fn rank(self, board: &BoardView) -> [f64; 3] {
        let health = &board.health;
        let time =
            |time: Option<Duration>| time.map_or(f64::NEG_INFINITY, |time| time.as_secs_f64());
        // Low values are bad; unknown ones come last.
        let low = |value: Option<f64>| value.map_or(f64::NEG_INFINITY, |value| -value);
        let first = match self {
            Self::Trouble => {
                let (state, count) = trouble(board);
                return [
                    f64::from(state),
                    f64::from(count),
                    time(health.quantile(0.95)),
                ];
            }
            Self::Board => 0.0,
            Self::Median => time(health.quantile(0.5)),
            Self::Most => time(health.quantile(0.95)),
            Self::Worst => time(health.worst()),
            Self::Missed => health.missed().into(),
            Self::Drops => health.drops().into(),
            Self::Signal => low(latest(board, SIGNAL)),
            Self::Memory => low(memory(board)),
            Self::Cause => health
                .ends()
                .next_back()
                .map_or(f64::NEG_INFINITY, |end| seconds(end.at)),
        };
        [first, 0.0, 0.0]
    }
}

/// The columns of a table of some width, from left to right.
pub(super) struct Columns {
    /// The columns in a row, with their widths.
    pub(super) shown: Vec<(Column, f32)>,
    /// The state and the last disconnect have a line of their own, where they
    /// are not cut.
    pub(super) has_second_line: bool,
}

/// A name takes at least this width.
const LEAST_NAME: f32 = 112.0;

impl Columns {
    /// The columns that fit. In a narrow table the last disconnect gets a
    /// second line; in a narrower one the median and the worst are left out.
    pub(super) fn fitting(width: f32) -> Self {
        let mut columns = Column::ALL.to_vec();
        let rest = width - fixed(&columns, false);
        if rest >= LEAST_NAME + 220.0 {
            let name = (rest * 0.35).clamp(LEAST_NAME, 260.0);
            let cause = left_of(rest - name, UNIT);
            return Self {
                shown: widths(&columns, false, name, cause),
                has_second_line: false,
            };
        }
        columns.retain(|column| *column != Column::Cause);
        if width - fixed(&columns, true) < LEAST_NAME {
            columns.retain(|column| !matches!(column, Column::Median | Column::Worst));
        }
        let name = left_of(width, fixed(&columns, true)).max(LEAST_NAME.min(width));
        Self {
            shown: widths(&columns, true, name, 0.0),
            has_second_line: true,
        }
    }
}

/// The width of all columns of one length.
fn fixed(columns: &[Column], has_second_line: bool) -> f32 {
    let widths = columns.iter().map(|column| column.width(has_second_line));
    widths.sum()
}

fn widths(columns: &[Column], has_second_line: bool, name: f32, cause: f32) -> Vec<(Column, f32)> {
    let width = |column: &Column| match column {
        Column::Board => name,
        Column::Cause => cause,
        other => other.width(has_second_line),
    };
    columns
        .iter()
        .map(|column| (*column, width(column)))
        .collect()
}

/// How many problems a board has: the state of its link, then missed pings and
/// drops.
fn trouble(board: &BoardView) -> (u8, u32) {
    let state = match LinkKind::of(&board.link) {
        LinkKind::Unreachable => 5,
        LinkKind::Locked => 4,
        LinkKind::Stale => 3,
        LinkKind::Connecting => 2,
        LinkKind::Announced => 1,
        LinkKind::Connected => 0,
    };
    let health = &board.health;
    (state, health.missed().saturating_add(health.drops()))
}

fn latest(board: &BoardView, class: &str) -> Option<f64> {
    sensor(board, class)?.reported.number()
}

/// The free memory in KiB.
fn memory(board: &BoardView) -> Option<f64> {
    let scale = kib(sensor(board, MEMORY)?)?;
    Some(latest(board, MEMORY)? * scale)
}

fn diagnostic(board: &BoardView, class: &str) -> String {
    let Some(view) = sensor(board, class) else {
        return String::new();
    };
    let value = view.reported.number();
    value.map_or_else(String::new, |value| {
        text::reading(value, Some(&view.descriptor))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_table_and_the_cause_is_never_squeezed() {
        for width in [1_060.0, 1_400.0, 2_400.0] {
            let columns = Columns::fitting(width);
            let sum: f32 = columns.shown.iter().map(|(_, width)| width).sum();
            assert!((sum - width).abs() <= UNIT + 0.1, "{width}: {sum}");
            assert!(!columns.has_second_line);
            assert!(
                columns
                    .shown
                    .iter()
                    .any(|(column, width)| { *column == Column::Cause && *width >= 180.0 })
            );
        }
        let medium = Columns::fitting(780.0);
        assert!(medium.has_second_line);
        assert_eq!(medium.shown.len(), 9);
        assert_eq!(Columns::fitting(520.0).shown.len(), 7);
    }
}
