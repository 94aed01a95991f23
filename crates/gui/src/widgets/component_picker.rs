//! The component picker: a searchable list of the components of all boards, to
//! plot, pin or add to a scene.

use eframe::egui::{
    Align2, Button, Popup, PopupCloseBehavior, Response, ScrollArea, TextEdit, Ui, WidgetInfo,
    accesskit::Role, vec2,
};

use crate::{
    model::{
        boards::Model,
        pin::{Pin, component_name},
    },
    widgets::{
        text_line,
        theme::{self, HALF, palette},
    },
};
use fleet::ComponentView;

/// The maximum number of results; typing narrows them down.
const OFFERED: usize = 100;

/// Shows the list below `button` while it is open; returns the chosen
/// component. It stays open for more.
pub(crate) fn below(
    button: &Response,
    model: &Model,
    find: &mut String,
    fits: impl Fn(&ComponentView) -> bool,
    has: impl Fn(&Pin) -> bool,
) -> Option<Pin> {
    let popup = Popup::menu(button).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup
        .show(|ui| show(ui, model, find, fits, has))
        .and_then(|shown| shown.inner)
}

fn show(
    ui: &mut Ui,
    model: &Model,
    find: &mut String,
    fits: impl Fn(&ComponentView) -> bool,
    has: impl Fn(&Pin) -> bool,
) -> Option<Pin> {
    ui.set_width(theme::COMMANDS[0] * 0.6);
    let edit = TextEdit::singleline(find)
        .hint_text("Find a component")
        .desired_width(f32::INFINITY);
    let edit = edit
        .min_size(vec2(0.0, theme::LINE))
        .align(Align2::LEFT_CENTER);
    ui.add(edit).accessible_name("Find a component");
    ui.add_space(HALF);
    let letters = find.to_lowercase();
    let parts: Vec<&str> = letters.split_whitespace().collect();
    let mut chosen = None;
    ScrollArea::vertical()
        .id_salt("offers")
        .max_height(theme::COMMANDS[1])
        .show(ui, |ui| {
            let mut offered = 0;
            for board in model.in_order() {
                let title = model.title(board);
                for view in board.components.iter().filter(|view| fits(view)) {
                    let words = format!("{title}: {}", component_name(board, view));
                    let low = words.to_lowercase();
                    if offered >= OFFERED || !parts.iter().all(|part| low.contains(part)) {
                        continue;
                    }
                    let Some(pin) = model
                        .pin(board.key, &view.descriptor.key)
                        .filter(|pin| !has(pin))
                    else {
                        continue;
                    };
                    offered += 1;
                    let button = ui.add(Button::new(&words).frame_when_inactive(false).truncate());
                    button.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, &words));
                    if button.clicked() {
                        chosen = Some(pin);
                    }
                }
            }
            if offered == 0 {
                let words = "No other components.";
                text_line::label(ui, words, words, theme::body(), palette(ui).weak);
            }
        });
    chosen
}
