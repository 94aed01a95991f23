//! Components of unknown kinds: one line each, which expands to everything that
//! the board reports about them, as JSON.

use std::sync::Arc;

use eframe::egui::{
    Align2, Galley, Id, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};
use serde_json::json;

use super::{
    card::{Card, CardContext, card, labels},
    menu,
};
use crate::widgets::{
    icon,
    layout::{Within as _, between, left_of},
    text_line,
    theme::{self, HALF, UNIT, palette},
};
use fleet::ComponentView;

/// The height of a folded component.
const ROW: f32 = 28.0;

/// The maximum width of a line.
const WIDTH: f32 = 720.0;

fn json_text(card: &Card<'_>) -> String {
    let reported = json!({ "state": &card.state, "descriptor": &*card.component.descriptor });
    serde_json::to_string_pretty(&reported).unwrap_or_else(|_| format!("{:?}", card.state))
}

fn galley(card: &Card<'_>, ui: &Ui, width: f32) -> Arc<Galley> {
    text_line::wrapped(
        ui,
        &json_text(card),
        theme::monospace_small(),
        palette(ui).text,
        width,
    )
}

/// Shows the components, one line each.
pub(crate) fn lines(ui: &mut Ui, page: &CardContext<'_>, components: &[&ComponentView]) {
    let labels = labels(page.board);
    ui.spacing_mut().item_spacing.y = 0.0;
    for component in components {
        let card = card(page, component, &labels);
        ui.push_id(component.descriptor.key.to_string(), |ui| {
            folded(ui, &card);
        });
    }
}

fn folded(ui: &mut Ui, card: &Card<'_>) {
    let key = &card.component.descriptor.key;
    let kept = Id::unique(("expanded", card.page.board.key.0, key.to_string()));
    let was_open = ui.ctx().data(|data| data.get_temp(kept)).unwrap_or(false);
    let revealed = card.page.reveal == Some(key);
    let open = line(ui, card, was_open) || revealed;
    ui.ctx().data_mut(|data| data.insert_temp(kept, open));
    if !open {
        return;
    }
    let width = ui.available_width().min(WIDTH);
    let galley = galley(card, ui, left_of(width, ROW));
    let size = galley.size() + vec2(ROW, UNIT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let place = rect.min + vec2(ROW, 0.0);
    ui.painter().galley(place, galley, palette(ui).text);
    name_fields(ui, &response, card);
    if revealed {
        ui.scroll_to_rect(rect, None);
    }
}

/// The line of a component; whether it is expanded.
fn line(ui: &mut Ui, card: &Card<'_>, open: bool) -> bool {
    let palette = palette(ui);
    let width = ui.available_width().min(WIDTH);
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    ui.painter()
        .hline(rect.x_range(), rect.top(), Stroke::new(1.0, palette.border));
    let more = between(rect.right_top() - vec2(ROW, 0.0), rect.max);
    let toggle = rect.until_x(more.left());
    let response = ui.interact(toggle, ui.scope_id().with(&card.label), Sense::click());
    let name = card.name(if open { "hide fields" } else { "show fields" });
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, &name));
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(toggle, theme::CONTROL_RADIUS, palette.hovered);
    }
    let caret = if open {
        icon::CARET_DOWN
    } else {
        icon::CARET_RIGHT
    };
    let column = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to.max(from), toggle.y_range());
    let left = toggle.left();
    let paint = |ui: &Ui, rect, words: &str, font, color| {
        text_line::paint(ui, rect, Align2::LEFT_CENTER, words, font, color)
    };
    paint(
        ui,
        column(left + HALF, left + ROW),
        caret,
        theme::body(),
        palette.weak,
    );
    let third = (toggle.width() - ROW) / 3.0;
    let title = column(left + ROW, left + ROW + third - UNIT);
    let title = paint(ui, title, &card.label, theme::strong(), palette.text);
    let kind = card.component.descriptor.kind.to_string();
    let after = column(title.right() + UNIT, left + ROW + third * 1.5);
    paint(ui, after, &text::plain(&kind), theme::small(), palette.weak);
    let words = text::fields(&card.state, Some(&card.component.descriptor));
    let rest = column(left + ROW + third * 1.5 + UNIT, toggle.right());
    let look = (theme::monospace_small(), palette.weak);
    let name = card.name(&words);
    text_line::field(ui, rest, Align2::LEFT_CENTER, &words, &name, look).on_hover_text(&words);
    let menu = Rect::from_center_size(pos2(more.center().x, more.center().y), vec2(24.0, 20.0));
    menu::show(ui, card, menu);
    open != response.clicked()
}

/// Shows the JSON in a tile, which scrolls.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let galley = galley(card, ui, ui.available_width());
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
        ui.painter().galley(rect.min, galley, palette(ui).text);
        name_fields(ui, &response, card);
    });
}

fn name_fields(ui: &Ui, response: &eframe::egui::Response, card: &Card<'_>) {
    let state = serde_json::to_string(&card.state).unwrap_or_default();
    text_line::name_label(ui, response, &card.name(&format!("raw {state}")));
}
