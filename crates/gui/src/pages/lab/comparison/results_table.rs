//! The results of a comparison as a table, one row per follower.

use eframe::egui::{Align2, CornerRadius, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::widgets::{
    layout::{between, left_of},
    text_line,
    theme::{self, UNIT, palette},
};
use comparison::{Cost, Measurements, Report, Row, format};

/// The columns: index into [`format::SUMS`], and tooltip. The first gets what
/// the others leave.
const COLUMNS: [(usize, &str); 10] = [
    (0, "How the client follows the board"),
    (1, "Changes that the client noticed"),
    (2, "Changes that ended before the next request"),
    (3, "Median time from the press until the client noticed it"),
    (4, "99 of 100 changes were noticed faster"),
    (5, "Requests sent"),
    (6, "Connections opened"),
    (8, BYTES),
    (9, BYTES),
    (
        10,
        "CPU time of the board's process per second because of this client",
    ),
];

const BYTES: &str =
    "Bytes over TCP, including the headers of HTTP and WebSocket and the overhead of TLS";

/// The least width of the first column, if its text is longer.
const LEAST: f32 = 96.0;

/// The index of missed changes in [`format::SUMS`].
const MISSED: usize = 2;

/// Shows the table.
pub(super) fn show(ui: &mut Ui, record: &Measurements, report: &Report) {
    let palette = palette(ui);
    let head = format::SUMS.map(str::to_owned);
    let rows: Vec<[String; 11]> = report.rows.iter().map(format::sums).collect();
    let widths = widths(ui, &head, &rows);
    line(ui, &head, None, &widths);
    for (row, cells) in report.rows.iter().zip(&rows) {
        line(ui, cells, Some(row), &widths);
    }
    ui.add_space(UNIT);
    let unknown = report.rows.iter().find_map(|row| match row.cost {
        Cost::Unknown(why) => Some(why.words()),
        Cost::Unmeasured | Cost::PerSecond(_) => None,
    });
    let mut notes = Vec::new();
    if let Some(why) = unknown {
        notes.push(format!("The cost for the board is unknown: {why}."));
    }
    if let Some(cpu) = record.tls_server {
        notes.push(format!(
            "The TLS server used {} of CPU time while all clients were following.",
            text::short(cpu)
        ));
    }
    for row in report.rows.iter().filter(|row| row.failed > 0) {
        let why = text::plain(row.problem.as_deref().unwrap_or_default());
        notes.push(format!(
            "{}: {} requests without a response; last error: {why}",
            format::follower(row.follower),
            row.failed
        ));
    }
    for note in notes {
        text_line::label(ui, &note, &note, theme::body(), palette.weak);
    }
}

/// The width of each column: that of its longest text, except the first. It is
/// the only one whose text is cut.
fn widths(ui: &Ui, head: &[String; 11], rows: &[[String; 11]]) -> [f32; COLUMNS.len()] {
    let of = |text: &String, font| {
        let line = text_line::line(ui, text, font, palette(ui).text, f32::INFINITY);
        line.size().x
    };
    let mut widths = COLUMNS.map(|(at, _)| {
        let title = of(&head[at], theme::small());
        let cells = rows.iter().map(|cells| of(&cells[at], theme::body()));
        cells.fold(title, f32::max) + UNIT * 2.0
    });
    let others: f32 = widths.iter().skip(1).sum();
    widths[0] = left_of(ui.available_width(), others).max(widths[0].min(LEAST));
    widths
}

fn line(ui: &mut Ui, cells: &[String; 11], row: Option<&Row>, widths: &[f32; COLUMNS.len()]) {
    let palette = palette(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::LINE), Sense::hover());
    if row.is_some() {
        let cells_by_name = COLUMNS
            .iter()
            .skip(1)
            .map(|(at, _)| format!("{} {}", format::SUMS[*at].to_lowercase(), cells[*at]));
        let name = format!(
            "{}: {}",
            cells[0],
            cells_by_name.collect::<Vec<_>>().join(", ")
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
        if response.hovered() {
            ui.painter().rect_filled(
                rect,
                CornerRadius::same(theme::CONTROL_RADIUS),
                palette.control,
            );
        }
    }
    let mut left = rect.left();
    for ((at, about), width) in COLUMNS.into_iter().zip(widths) {
        let place = between(
            pos2(left, rect.top()),
            pos2(left + width - UNIT, rect.bottom()),
        );
        left += width;
        let align = if at == 0 {
            Align2::LEFT_CENTER
        } else {
            Align2::RIGHT_CENTER
        };
        let (font, color) = match row {
            None => (theme::small(), palette.weak),
            Some(row) if at == MISSED && row.missed > 0 => (theme::body(), palette.bad),
            Some(_) => (theme::body(), palette.text),
        };
        text_line::paint(ui, place, align, &cells[at], font, color);
        if row.is_none() {
            ui.interact(place, ui.scope_id().with(("sums", at)), Sense::hover())
                .on_hover_text(about);
        }
    }
}
