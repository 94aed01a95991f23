//! The menu for groups, order and hidden boards.

use std::collections::BTreeSet;

use eframe::egui::{Button, Popup, Ui, WidgetInfo, accesskit::Role};

use crate::{
    model::{
        action::{Overlay, WindowAction},
        arrangement::{Arrangement, Grouping, Sorting, grouping_word, sorting_word},
        page_context::PageContext,
    },
    widgets::icon,
};

/// The button that opens the menu.
pub(super) fn button(ui: &mut Ui, context: &PageContext<'_>) {
    let button = ui.add(Button::new(icon::SLIDERS_HORIZONTAL).frame_when_inactive(false));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "List options"));
    let button = button.on_hover_text("Groups, order and hidden boards");
    Popup::menu(&button).show(|ui| {
        ui.set_min_width(160.0);
        let now = context.model.arrangement();
        let choose = |ui: &mut Ui, chosen: bool, words: &str, to: Arrangement| {
            if ui.add(Button::selectable(chosen, words)).clicked() {
                context.push(WindowAction::Arrange(to));
                ui.close();
            }
        };
        for grouping in Grouping::ALL {
            let to = Arrangement {
                grouping,
                folded: BTreeSet::new(),
                ..now.clone()
            };
            choose(ui, now.grouping == grouping, grouping_word(grouping), to);
        }
        ui.separator();
        for sorting in Sorting::ALL {
            choose(
                ui,
                now.sorting == sorting,
                sorting_word(sorting),
                Arrangement {
                    sorting,
                    ..now.clone()
                },
            );
        }
        ui.separator();
        let to = Arrangement {
            with_hidden: !now.with_hidden,
            ..now.clone()
        };
        choose(ui, now.with_hidden, "Show hidden boards", to);
        let forgotten = context.model.forgotten().len();
        if forgotten > 0
            && ui
                .button(format!("Forgotten boards ({forgotten})…"))
                .clicked()
        {
            context.push(WindowAction::OpenOverlay(Overlay::Forgotten));
            ui.close();
        }
    });
}
