//! A frame, as a row of the list.

use eframe::egui::{Align2, CornerRadius, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::subscription::Row;

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        icon, json_text,
        layout::between,
        log_row::NAMES,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::Direction;

/// Time, direction and size of a frame, and the round trip of a response.
pub(super) fn facts(row: &Row, context: &FrameContext) -> String {
    let time = context.time_of_day(row.frame.at);
    let direction = match row.frame.way {
        Direction::Out => "to the board",
        Direction::In => "from the board",
        Direction::Link => "link",
    };
    let mut facts = format!("{time}  {direction}");
    if row.frame.way != Direction::Link {
        facts.push_str(&format!("  {}", text::bytes(row.frame.size as f64)));
        if row.frame.encrypted {
            facts.push_str("  encrypted");
        }
    }
    if let Some((_, took)) = row.request {
        facts.push_str(&format!("  answered in {}", text::short(took)));
    }
    facts
}

/// Shows a frame on one line; returns whether it was clicked.
pub(super) fn show(ui: &mut Ui, row: &Row, chosen: bool, context: &FrameContext) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::PUSH_ROW);
    let (rect, response) = ui
        .push_id(("frame", row.frame.number % NAMES), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let name = format!(
        "{}  {}  {}",
        facts(row, context),
        row.parsed.method,
        row.parsed.line
    );
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, &name));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let plate = rect.expand2(vec2(HALF, 0.0));
    if chosen || response.has_focus() {
        ui.painter().rect_filled(
            plate,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.chosen,
        );
    } else if response.hovered() {
        ui.painter().rect_filled(
            plate,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control,
        );
    }
    let (sign, color) = match (row.frame.way, row.parsed.method.ends_with("error")) {
        (_, true) => (icon::WARNING, palette.bad),
        (Direction::Out, _) => (icon::ARROW_UP, palette.underway),
        (Direction::In, _) => (icon::ARROW_DOWN, palette.good),
        (Direction::Link, _) => (icon::DOT, palette.weak),
    };
    let time = context.time_of_day(row.frame.at);
    let size = if row.frame.way == Direction::Link {
        String::new()
    } else {
        text::bytes(row.frame.size as f64)
    };
    let took = row
        .request
        .map(|(_, took)| text::short(took))
        .unwrap_or_default();
    let method = match &row.parsed.id {
        Some(id) => format!("{} #{id}", row.parsed.method),
        None => row.parsed.method.clone(),
    };
    let (monospace, weak) = (theme::monospace_small(), palette.weak);
    let columns = [
        (
            24.0,
            Align2::CENTER_CENTER,
            sign,
            if row.frame.way == Direction::Link {
                theme::icon()
            } else {
                theme::body()
            },
            color,
        ),
        (92.0, Align2::LEFT_CENTER, &*time, monospace.clone(), weak),
        (56.0, Align2::RIGHT_CENTER, &*size, monospace.clone(), weak),
        (64.0, Align2::RIGHT_CENTER, &*took, monospace.clone(), weak),
        (
            216.0,
            Align2::LEFT_CENTER,
            &*method,
            theme::body(),
            palette.text,
        ),
    ];
    let mut left = rect.left();
    for (width, align, words, font, color) in columns {
        let right = (left + width).min(rect.right());
        text_line::paint(
            ui,
            between(pos2(left, rect.top()), pos2(right - UNIT, rect.bottom())),
            align,
            words,
            font,
            color,
        );
        left = right;
    }
    let rest = between(pos2(left, rect.top()), rect.max);
    json_text::paint_line(ui, rest, &row.parsed.line, &theme::monospace_small());
    response.clicked()
}
