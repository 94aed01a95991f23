//! The sums of a comparison as a table, a row a follower.

use eframe::egui::{Align2, CornerRadius, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::super::super::{
    text,
    theme::{self, UNIT, palette},
    words,
};
use crate::comparison::{Cost, Measurements, Report, Row};
use crate::ui::room::between;

/// The columns: which of [`words::SUMS`], what it means, and its share of the
/// width.
const COLUMNS: [(usize, &str, f32); 10] = [
    (0, "Who follows", 0.235),
    (1, "Changes that it learned of", 0.06),
    (2, "Changes that were over before it asked again", 0.07),
    (3, "From the press to the sight of it, in the median", 0.08),
    (4, "Ninety-nine of a hundred were seen sooner", 0.08),
    (5, "How often it asked", 0.085),
    (6, "How many connections it opened", 0.105),
    (8, BYTES, 0.08),
    (9, BYTES, 0.09),
    (
        10,
        "Time on a processor of the board's process in a second of following, beyond the presses",
        0.115,
    ),
];

const BYTES: &str = "Bytes over TCP, with the headers of HTTP and WebSocket and what TLS adds";

/// Where the changes that were missed are among [`words::SUMS`].
const MISSED: usize = 2;

/// Shows it.
pub(super) fn show(ui: &mut Ui, record: &Measurements, report: &Report) {
    let palette = palette(ui);
    line(ui, &words::SUMS.map(str::to_owned), None);
    for row in &report.rows {
        line(ui, &words::sums(row), Some(row));
    }
    ui.add_space(UNIT);
    let unknown = report.rows.iter().find_map(|row| match row.cost {
        Cost::Unknown(why) => Some(why.words()),
        Cost::Unmeasured | Cost::PerSecond(_) => None,
    });
    let mut notes = Vec::new();
    if let Some(why) = unknown {
        notes.push(format!(
            "What a follower costs the board is not known: {why}."
        ));
    }
    if let Some(cpu) = record.tls_server {
        notes.push(format!(
            "The TLS server was on a processor for {} while all followed.",
            words::short(cpu)
        ));
    }
    for row in report.rows.iter().filter(|row| row.failed > 0) {
        let why = words::plain(row.problem.as_deref().unwrap_or_default());
        notes.push(format!(
            "{}: {} without an answer, the last: {why}",
            words::follower(row.follower),
            row.failed
        ));
    }
    for note in notes {
        text::label(ui, &note, &note, theme::body(), palette.weak);
    }
}

fn line(ui: &mut Ui, cells: &[String; 11], row: Option<&Row>) {
    let palette = palette(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::LINE), Sense::hover());
    if row.is_some() {
        let told = COLUMNS
            .iter()
            .skip(1)
            .map(|(at, ..)| format!("{} {}", words::SUMS[*at].to_lowercase(), cells[*at]));
        let name = format!("{}: {}", cells[0], told.collect::<Vec<_>>().join(", "));
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
        text::paint(ui, place, align, &cells[at], font, color);
        if row.is_none() {
            ui.interact(place, ui.scope_id().with(("sums", at)), Sense::hover())
                .on_hover_text(about);
        }
    }
}
