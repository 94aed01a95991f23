//! A line of a serial port, as a row of the list. An icon and a color
//! show its meaning.

use eframe::egui::{
    Align2, Color32, CornerRadius, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};
use serial::{Line, Meaning};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        icon,
        layout::between,
        log_row::NAMES,
        text_line,
        theme::{self, HALF, Palette, UNIT, palette},
    },
};

/// The widths of the columns: time, icon.
const TIME: f32 = 92.0;
const SIGN: f32 = 20.0;

/// The icon of a meaning, its color, and the color of the text.
fn look(palette: &Palette, meaning: Meaning) -> (&'static str, Color32, Color32) {
    match meaning {
        Meaning::Output => ("", palette.text, palette.text),
        Meaning::Trace => (icon::DOT, palette.bad, palette.text),
        Meaning::Warning => (icon::WARNING, palette.doubtful, palette.doubtful),
        Meaning::Error => (icon::X_CIRCLE, palette.bad, palette.bad),
        Meaning::Panic => (icon::X_CIRCLE, palette.bad, palette.bad),
        Meaning::Reset => (icon::ARROW_CLOCKWISE, palette.underway, palette.underway),
        Meaning::Packet => (icon::BRACKETS_CURLY, palette.weak, palette.weak),
        Meaning::Sent => (icon::ARROW_UP, palette.weak, palette.weak),
        Meaning::Port => (icon::PLUGS, palette.weak, palette.weak),
    }
}

/// What a row says, for people who do not see its color.
pub(super) fn name(line: &Line, context: &FrameContext) -> String {
    let time = context.time_of_day(line.at);
    let word = match line.meaning {
        Meaning::Output | Meaning::Port => String::new(),
        other => format!("{}: ", other.word()),
    };
    let explanation = line.explanation.as_ref();
    let explanation = explanation.map_or_else(String::new, |words| format!("; {words}"));
    format!("{time}  {word}{}{explanation}", line.text)
}

/// Shows a line; returns whether it was clicked.
pub(super) fn show(ui: &mut Ui, line: &Line, chosen: bool, context: &FrameContext) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::PUSH_ROW);
    let (rect, response) = ui
        .push_id(("line", line.number % NAMES), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    response.widget_info(|| {
        WidgetInfo::selected(Role::ListBoxOption, true, chosen, name(line, context))
    });
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let plate = rect.expand2(vec2(HALF, 0.0));
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if chosen || response.has_focus() {
        ui.painter().rect_filled(plate, radius, palette.chosen);
    } else if response.hovered() {
        ui.painter().rect_filled(plate, radius, palette.control);
    }
    let (sign, sign_color, color) = look(palette, line.meaning);
    if matches!(line.meaning, Meaning::Panic | Meaning::Reset) {
        // A bar at the edge is found while scrolling.
        let bar = between(
            rect.left_top() + vec2(0.0, 1.0),
            rect.left_bottom() + vec2(3.0, -1.0),
        );
        ui.painter().rect_filled(bar, 0.0, sign_color);
    }
    let column = |left: f32, right: f32| {
        between(
            pos2(left, rect.top()),
            pos2(right.min(rect.right()), rect.bottom()),
        )
    };
    let left = rect.left() + UNIT;
    let (small, center) = (theme::monospace_small(), Align2::LEFT_CENTER);
    // The rest of a line has no time of its own.
    if !line.continues {
        let time = context.time_of_day(line.at);
        let field = column(left, left + TIME - UNIT);
        text_line::paint(ui, field, center, &time, small.clone(), palette.weak);
    }
    let at = left + TIME;
    let field = column(at, at + SIGN);
    text_line::paint(ui, field, center, sign, theme::body(), sign_color);
    let at = at + SIGN;
    let field = column(at, rect.right());
    let text = text_line::paint(ui, field, center, &line.text, small, color);
    if let Some(explanation) = &line.explanation {
        let field = column(text.right() + UNIT * 2.0, rect.right());
        if field.width() > TIME {
            text_line::paint(ui, field, center, explanation, theme::body(), palette.text);
        }
    }
    response.clicked()
}
