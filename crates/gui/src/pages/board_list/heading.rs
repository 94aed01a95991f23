//! A heading of the list: it folds its boards, counts them, turns them all on
//! or off, and takes boards that are dropped on it.

use eframe::egui::{
    Align, Align2, Button, Layout, Rect, RichText, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::drag;
use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        arrangement::Group,
        page_context::PageContext,
        switching,
    },
    widgets::{
        icon,
        layout::Within as _,
        text_line,
        theme::{self, UNIT, palette},
    },
};

/// The width of the two buttons at the right.
const BUTTONS: f32 = 72.0;

/// Shows the heading.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, group: &Group) {
    let palette = palette(ui);
    let rect = Rect::from_min_size(
        ui.max_rect().min,
        vec2(ui.available_width(), theme::LIST_HEADING),
    );
    let id = ui.scope_id().with(("heading", &group.words));
    let response = ui.interact(rect, id, Sense::click());
    let boards = text::count(group.boards.len() as u64, "board");
    let name = match group.switches {
        0 => format!("{}: {boards}", group.words),
        _ => format!("{}: {boards}, {} on", group.words, group.on),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, !group.folded, &name));
    let plate = rect.inset(vec2(6.0, 1.0));
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(plate, theme::CONTROL_RADIUS, palette.control);
    }
    if let Some(room) = &group.room
        && drag::target(&response, context, room)
    {
        let stroke = Stroke::new(1.5, palette.accent);
        ui.painter()
            .rect_stroke(plate, theme::CONTROL_RADIUS, stroke, StrokeKind::Inside);
    }
    let inner = rect.inset(vec2(UNIT + 4.0, 0.0));
    let sign = match group.folded {
        true => icon::CARET_RIGHT,
        false => icon::CARET_DOWN,
    };
    let left = Align2::LEFT_CENTER;
    text_line::paint(ui, inner, left, sign, theme::body(), palette.weak);
    let buttons = if group.switches > 0 { BUTTONS } else { 0.0 };
    let place = inner
        .after_x(inner.left() + 20.0)
        .until_x(inner.right() - buttons);
    let counts = format!(" · {}", group.counts());
    let counts = text_line::line(ui, &counts, theme::small(), palette.weak, place.width());
    let words = place.until_x(place.right() - counts.size().x);
    let words = text_line::paint(ui, words, left, &group.words, theme::strong(), palette.weak);
    let at = pos2(words.right(), place.center().y - counts.size().y / 2.0);
    ui.painter().galley(at, counts, palette.weak);
    if group.switches > 0 {
        let right = inner.after_x(inner.right() - buttons);
        let builder = UiBuilder::new()
            .max_rect(right)
            .layout(Layout::right_to_left(Align::Center));
        ui.scope_builder(builder, |ui| all_buttons(ui, context, group));
    }
    let response = response.on_hover_text(match group.folded {
        true => format!("{name}. Click to expand"),
        false => format!("{name}. Click to collapse"),
    });
    if response.clicked() {
        let mut arrangement = context.model.arrangement().clone();
        if !arrangement.folded.remove(&group.words) {
            arrangement.folded.insert(group.words.clone());
        }
        context.push(WindowAction::Arrange(arrangement));
    }
}

/// The buttons that turn all boards of the group on or off, right to left.
fn all_buttons(ui: &mut Ui, context: &PageContext<'_>, group: &Group) {
    ui.spacing_mut().item_spacing.x = 2.0;
    ui.spacing_mut().button_padding.x = 6.0;
    for (word, on) in [("Off", false), ("On", true)] {
        let words = RichText::new(word).small().color(palette(ui).weak);
        let button = ui.add(Button::new(words).frame_when_inactive(false));
        let name = format!("{}: all {}", group.words, word.to_lowercase());
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let hint = format!(
            "Turn {} the main switches of all boards in {}",
            word.to_lowercase(),
            group.words
        );
        if button.on_hover_text(hint).clicked() {
            let place = format!(" in {}", group.words);
            let batch = switching::switch_all(context.model, &group.boards, on, &place);
            context.extend(batch.map(BoardCommand::Send));
        }
    }
}
