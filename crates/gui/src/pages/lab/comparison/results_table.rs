//! The results of a comparison as a table, one row per follower.

use eframe::egui::{Align2, CornerRadius, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::widgets::{
    layout::between,
    text_line,
    theme::{self, UNIT, palette},
};
use comparison::{Cost, Measurements, Report, Row};

/// The columns: index into [`text::SUMS`], tooltip, and fraction of the width.
const COLUMNS: [(usize, &str, f32); 10] = [
    (0, "How the client follows the board", 0.235),
    (1, "Changes that the client noticed", 0.06),
    (2, "Changes that ended before the next request", 0.07),
    (
        3,
        "Median time from the press until the client noticed it",
        0.08,
    ),
    (4, "99 of 100 changes were noticed faster", 0.08),
    (5, "Requests sent", 0.085),
    (6, "Connections opened", 0.105),
    (8, BYTES, 0.08),
    (9, BYTES, 0.09),
    (
        10,
        "CPU time of the board's process per second because of this client",
        0.115,
    ),
];

const BYTES: &str =
    "Bytes over TCP, including the headers of HTTP and WebSocket and the overhead of TLS";

/// The index of missed changes in [`text::SUMS`].
const MISSED: usize = 2;

/// Shows the table.
pub(super) fn show(ui: &mut Ui, record: &Measurements, report: &Report) {
    let palette = palette(ui);
    line(ui, &text::SUMS.map(str::to_owned), None);
    for row in &report.rows {
        line(ui, &text::sums(row), Some(row));
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
            text::follower(row.follower),
            row.failed
        ));
    }
    for note in notes {
        text_line::label(ui, &note, &note, theme::body(), palette.weak);
    }
}

fn line(ui: &mut Ui, cells: &[String; 11], row: Option<&Row>) {
    let palette = palette(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::LINE), Sense::hover());
    if row.is_some() {
        let cells_by_name = COLUMNS
            .iter()
            .skip(1)
            .map(|(at, ..)| format!("{} {}", text::SUMS[*at].to_lowercase(), cells[*at]));
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
    for (at, about, share) in COLUMNS {
        let width = share * rect.width();
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
