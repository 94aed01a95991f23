//! Usual speeds of a replay, as buttons below the field for any other.

use eframe::egui::{Button, Ui, WidgetInfo, accesskit::Role, vec2};

use crate::widgets::theme::HALF;

/// As recorded, and so that a minute takes 6 s, an hour 1 min, a day 2.4 min.
const SPEEDS: [&str; 4] = ["1", "10", "60", "600"];

/// Shows the speeds; a click puts one into the field, whose text is `typed`.
pub(super) fn show(ui: &mut Ui, typed: &mut String) -> bool {
    let before = typed.clone();
    ui.add_space(HALF);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = HALF;
        for speed in SPEEDS {
            let chosen = typed.trim() == speed;
            let button = Button::selectable(chosen, format!("{speed}×")).min_size(vec2(48.0, 28.0));
            let response = ui.add(button);
            let name = format!("Speed {speed}×");
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
            if response.clicked() {
                speed.clone_into(typed);
            }
        }
    });
    *typed != before
}
