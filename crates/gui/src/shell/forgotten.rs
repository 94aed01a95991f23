//! The list of forgotten boards, from which each is restored.

use eframe::egui::{
    Align, Button, Frame, Id, Layout, Modal, RichText, ScrollArea, Ui, WidgetInfo, accesskit::Role,
    vec2,
};

use crate::{
    model::{
        action::WindowAction,
        forgotten::{ForgottenBoard, forgotten_at, forgotten_name},
        page_context::PageContext,
    },
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, UNIT, palette},
    },
};

/// The height of a row.
const ROW: f32 = 44.0;

/// Shows it above everything else.
pub(crate) fn show(ui: &Ui, context: &PageContext<'_>) {
    let response = Modal::new(Id::unique("forgotten"))
        .frame(Frame::popup(ui.style()).inner_margin(20))
        .show(ui.ctx(), |ui| contents(ui, context));
    if response.should_close() {
        context.push(WindowAction::CloseDialog);
    }
}

fn contents(ui: &mut Ui, context: &PageContext<'_>) {
    let screen = ui.ctx().content_rect();
    ui.set_width(480.0_f32.min(left_of(screen.width(), UNIT * 8.0)));
    ui.heading("Forgotten boards");
    ui.add_space(UNIT);
    let boards = context.model.forgotten();
    let about = match boards {
        [] => "No boards are forgotten.",
        _ => {
            "They stay away, even while they announce themselves, until you restore them or add \
            them by address."
        }
    };
    ui.label(RichText::new(about).color(palette(ui).weak));
    ui.add_space(UNIT);
    let height = left_of(screen.height(), UNIT * 28.0).max(ROW * 2.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("forgotten")
        .max_height(height)
        .show_rows(ui, ROW, boards.len(), |ui, rows| {
            for at in rows {
                // The newest first.
                if let Some(forgotten) = boards.iter().rev().nth(at) {
                    ui.push_id(at, |ui| row(ui, forgotten, context));
                }
            }
        });
    ui.add_space(UNIT);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let close = ui.add(Button::new("Close").min_size(vec2(80.0, 28.0)));
        if close.clicked() {
            context.push(WindowAction::CloseDialog);
        }
    });
}

fn row(ui: &mut Ui, forgotten: &ForgottenBoard, context: &PageContext<'_>) {
    let palette = palette(ui);
    let name = forgotten_name(&forgotten.board);
    let age = text::ago(context.wall_age(forgotten_at(forgotten)));
    let size = vec2(ui.available_width(), ROW);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(ROW);
        ui.add_space(UNIT);
        let restore = ui.add(Button::new(format!(
            "{} Restore",
            icon::ARROW_COUNTER_CLOCKWISE
        )));
        restore.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Restore {name}")));
        if restore.clicked() {
            context.push(WindowAction::Restore(forgotten.board.clone()));
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add_space(4.0);
            text_line::label(ui, &name, &name, theme::strong(), palette.text);
            let facts = format!("{}  forgotten {age}", forgotten.board.address);
            text_line::label(
                ui,
                &facts,
                &format!("{name}: {facts}"),
                theme::small(),
                palette.weak,
            );
        });
    });
}
