//! What the steps are made of: text, a row to choose, what is going on, and
//! what went wrong.

use eframe::egui::{
    Align2, Color32, CornerRadius, Label, Rect, Response, RichText, Role, Sense, Stroke, TextEdit,
    TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use crate::{
    model::page_context::PageContext,
    widgets::{
        icon,
        layout::Within as _,
        status_icons, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The height of a row.
const ROW: f32 = 32.0;
/// The height of a row with a detail below its title.
const HIGH_ROW: f32 = 44.0;

/// The title of a step.
pub(super) fn title(ui: &mut Ui, words: &str) {
    let label = text_line::label(ui, words, words, theme::strong(), palette(ui).text);
    label.widget_info(|| WidgetInfo::labeled(Role::Heading, true, words));
    ui.add_space(HALF);
}

/// Text that explains.
pub(super) fn paragraph(ui: &mut Ui, words: &str) {
    wrapped(ui, words, palette(ui).weak);
}

/// Text that matters.
pub(super) fn statement(ui: &mut Ui, words: &str) {
    wrapped(ui, words, palette(ui).text);
}

fn wrapped(ui: &mut Ui, words: &str, color: Color32) {
    ui.add(Label::new(RichText::new(words).color(color)).wrap());
}

/// What went wrong, if something did.
pub(super) fn problem(ui: &mut Ui, problem: Option<&String>) {
    let Some(words) = problem else {
        return;
    };
    let palette = palette(ui);
    ui.add_space(UNIT);
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(icon::WARNING).color(palette.bad));
        ui.add(Label::new(RichText::new(words).color(palette.bad)).wrap());
    });
}

/// What is going on.
pub(super) fn doing(ui: &mut Ui, context: &PageContext<'_>, words: &str) {
    ui.add_space(UNIT);
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(16.0, 18.0), Sense::hover());
        status_icons::pulse(ui, rect.center(), palette(ui).underway);
        let label = ui.add(Label::new(RichText::new(words).color(palette(ui).text)).wrap());
        label.widget_info(|| WidgetInfo::labeled(Role::Status, true, words));
    });
    context.moving();
}

/// One of several rows, which can be chosen. `detail` is shown next to its
/// title, `end` at its end.
pub(super) struct Row<'a> {
    pub(super) title: &'a str,
    pub(super) detail: &'a str,
    pub(super) end: &'a str,
    /// The signal strength, in dBm.
    pub(super) signal: Option<i8>,
    pub(super) chosen: bool,
}

impl Row<'_> {
    /// Shows it. Its name is the title with the detail and the end.
    pub(super) fn show(&self, ui: &mut Ui) -> Response {
        let height = if self.detail.is_empty() {
            ROW
        } else {
            HIGH_ROW
        };
        let size = vec2(ui.available_width(), height);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let parts = [self.detail, self.end]
            .into_iter()
            .filter(|part| !part.is_empty());
        let parts: Vec<&str> = parts.collect();
        let name = match parts.as_slice() {
            [] => self.title.to_owned(),
            parts => format!("{}: {}", self.title, parts.join(", ")),
        };
        let enabled = ui.is_enabled();
        response
            .widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, self.chosen, &name));
        self.plate(ui, rect, &response);
        self.texts(ui, rect);
        match self.detail {
            "" => response,
            // There may be no room for all of it.
            detail => response.on_hover_text(detail),
        }
    }

    fn plate(&self, ui: &Ui, rect: Rect, response: &Response) {
        let palette = palette(ui);
        let fill = match (self.chosen, response.hovered()) {
            (true, _) => Some(palette.chosen),
            (false, true) => Some(palette.control),
            (false, false) => None,
        };
        let radius = CornerRadius::same(theme::CONTROL_RADIUS);
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, radius, fill);
        }
        if response.has_focus() {
            let stroke = Stroke::new(1.0, palette.accent);
            let inside = eframe::egui::StrokeKind::Inside;
            ui.painter().rect_stroke(rect, radius, stroke, inside);
        }
    }

    fn texts(&self, ui: &Ui, rect: Rect) {
        let palette = palette(ui);
        let inner = rect.inset(vec2(UNIT, 0.0));
        radio(ui, inner, self.chosen);
        let mut rest = inner.after_x(inner.left() + 24.0);
        if let Some(rssi) = self.signal {
            signal(ui, rest, rssi);
            rest = rest.until_x(rest.right() - 28.0);
        }
        let right = Align2::RIGHT_CENTER;
        let end = text_line::paint(ui, rest, right, self.end, theme::small(), palette.weak);
        let rest = rest.until_x(end.left() - UNIT);
        let left = Align2::LEFT_CENTER;
        let (above, below) = match self.detail.is_empty() {
            true => (rest, None),
            false => {
                let rest = rest.inset(vec2(0.0, HALF));
                let middle = rest.center().y;
                (rest.until_y(middle), Some(rest.after_y(middle)))
            }
        };
        text_line::paint(ui, above, left, self.title, theme::body(), palette.text);
        if let Some(below) = below {
            text_line::paint(ui, below, left, self.detail, theme::small(), palette.weak);
        }
    }
}

/// The mark of a row.
fn radio(ui: &Ui, rect: Rect, chosen: bool) {
    let palette = palette(ui);
    let center = pos2(rect.left() + 8.0, rect.center().y);
    let color = if chosen {
        palette.accent
    } else {
        palette.outline
    };
    ui.painter()
        .circle_stroke(center, 6.5, Stroke::new(1.5, color));
    if chosen {
        ui.painter().circle_filled(center, 3.5, color);
    }
}

/// Four bars at the right end of `rect`.
fn signal(ui: &Ui, rect: Rect, rssi: i8) {
    const BAR: f32 = 3.0;
    const STEP: f32 = 5.0;
    let palette = palette(ui);
    // The levels of the health page for links, and what most systems draw.
    let strength = match rssi {
        -55..=i8::MAX => 4,
        -67..-55 => 3,
        -77..-67 => 2,
        _ => 1,
    };
    let bottom = rect.center().y + 7.0;
    for bar in 0u8..4 {
        let at = f32::from(bar);
        let left = rect.right() - STEP * (4.0 - at) + (STEP - BAR);
        let top = bottom - 5.0 - at * 3.0;
        let color = if bar < strength {
            palette.text
        } else {
            palette.rail
        };
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + BAR, bottom));
        ui.painter().rect_filled(bar, 1.0, color);
    }
}

/// A text field with its name above; the second is whether Enter was pressed.
pub(super) fn field(
    ui: &mut Ui,
    name: &str,
    text: &mut String,
    hint: &str,
    secret: bool,
) -> (Response, bool) {
    let palette = palette(ui);
    ui.label(RichText::new(name).font(theme::small()).color(palette.weak));
    let edit = TextEdit::singleline(text)
        .password(secret)
        .hint_text(RichText::new(hint).color(palette.weak))
        .font(TextStyle::Body)
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, 28.0))
        .align(Align2::LEFT_CENTER);
    let response = ui.add(edit).accessible_name(name);
    let enter =
        response.lost_focus() && ui.input(|input| input.key_pressed(eframe::egui::Key::Enter));
    (response, enter)
}
