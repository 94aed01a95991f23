//! The rooms that exist, as buttons below the field for a new one.

use eframe::egui::{Button, ScrollArea, Ui, WidgetInfo, accesskit::Role};

use crate::{
    model::{action::WindowAction, arrangement::LabelsChange, page_context::PageContext},
    widgets::theme::{HALF, LINE},
};
use fleet::BoardKey;

/// At most so many lines of rooms are shown without scrolling.
const LINES: f32 = 4.0;

/// Shows the rooms; a click assigns these boards to one.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, boards: &[BoardKey]) {
    let rooms = context.model.rooms();
    if rooms.is_empty() {
        return;
    }
    let most = LINES * (LINE + HALF);
    ui.add_space(HALF);
    let area = ScrollArea::vertical().id_salt("rooms").max_height(most);
    area.show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for room in rooms {
                let button = ui.add(Button::new(room));
                let name = format!("Assign to {room}");
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                if button.clicked() {
                    let change = LabelsChange::Room(room.to_owned());
                    context.push(WindowAction::SetLabels(boards.to_vec(), change));
                }
            }
        });
    });
}
